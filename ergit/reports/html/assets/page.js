// The page: unpacks what it holds, draws the charts, and does what their buttons say. No statistics are computed here.
"use strict";

const ergit = {
  sections: {}, // by name, what a section's script does once its charts are there: function (content, page)
  charts: new Map(), // by name: {view, source, columns, element}
  drawing: new Map(), // by name, the promise of the same
  data: null, // {commits, sessions, flags, readings: {column: typed array}, ...}
};

/** The text or bytes that the page holds under a name: Base64, then deflated. */
ergit.unpack = async (name, kind = "text") => {
  const letters = atob(document.getElementById(`packed-${name}`).textContent);
  const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream)[kind]();
};

ergit.start = async () => {
  ergit.followTheme();
  if (!("DecompressionStream" in window)) {
    document.getElementById("too-old").hidden = false;
    return;
  }
  const [library, charts, sections, facts, columns] = await Promise.all([
    ergit.unpack("bokeh"),
    ergit.unpack("charts", "json"),
    ergit.unpack("sections", "json"),
    ergit.unpack("facts", "json"),
    ergit.unpack("readings", "arrayBuffer"),
  ]);
  ergit.data = ergit.readingsOf(facts, columns);
  const script = document.createElement("script");
  script.textContent = library;
  document.head.append(script);
  Bokeh.logger.set_level("error"); // it says on the console when it is idle
  ergit.waiting = new Map(charts.map((chart) => [chart.name, chart]));
  for (const chart of charts) {
    const element = document.getElementById(`chart-${chart.name}`);
    if (element.closest("details:not([open]), [hidden]")) continue; // drawn when it is opened
    await ergit.draw(chart.name);
    await new Promise((resolve) => setTimeout(resolve)); // the page answers between two charts
  }
  for (const details of document.querySelectorAll("details")) {
    details.addEventListener("toggle", () => ergit.drawWithin(details));
  }
  for (const [name, run] of Object.entries(ergit.sections)) await run(sections[name]);
  document.documentElement.dataset.ready = "yes";
};

/** The data of the readings: each column a typed array over one buffer. */
ergit.readingsOf = (facts, buffer) => {
  const kinds = { int32: Int32Array, float32: Float32Array, float64: Float64Array };
  const readings = {};
  let offset = 0;
  for (const [name, kind] of facts.columns) {
    readings[name] = new kinds[kind](buffer, offset, facts.readings);
    offset += readings[name].byteLength;
  }
  return { ...facts, count: facts.readings, readings };
};

/** Draws the chart of that name where the page has its place, once; all who ask wait for the same drawing. */
ergit.draw = (name) => {
  if (!ergit.drawing.has(name)) ergit.drawing.set(name, ergit.drawAnew(ergit.waiting.get(name)));
  return ergit.drawing.get(name);
};

ergit.drawAnew = async (chart) => {
  const { name } = chart;
  const element = document.getElementById(`chart-${name}`);
  const manager = await Bokeh.embed.embed_item(chart.item, `canvas-${name}`);
  const view = manager.get_by_id(chart.item.root_id);
  const drawn = {
    name,
    view,
    source: view.model.document.get_model_by_id(chart.source),
    columns: chart.columns,
    element,
  };
  ergit.charts.set(name, drawn);
  ergit.leaveFocus(element);
  if (matchMedia("(pointer: coarse)").matches) ergit.leaveTouch(drawn);
  ergit.colour(view.model.document);
  element.addEventListener("click", (event) => {
    const does = event.target.closest("button[data-does]")?.dataset.does;
    if (does) ergit.does[does](drawn, event.target.closest("button"));
  });
  return drawn;
};

ergit.drawWithin = async (element) => {
  for (const figure of element.querySelectorAll("figure[data-chart]")) {
    if (!figure.closest("details:not([open])")) await ergit.draw(figure.dataset.chart);
  }
};

/** The canvases of Bokeh take no part in the order of the Tab key: the buttons do all that they could. */
ergit.leaveFocus = (root) => {
  for (const element of root.querySelectorAll("*")) {
    if (element.matches(".bk-events")) element.tabIndex = -1;
    if (element.shadowRoot) ergit.leaveFocus(element.shadowRoot);
  }
};

/** On a touch screen a finger scrolls the page; the buttons move the chart. */
ergit.leaveTouch = (chart) => {
  for (const tool of ergit.modelsOf(chart, "PanTool", "WheelZoomTool")) tool.active = false;
};

/** The models of a chart that are of these types. */
ergit.modelsOf = (chart, ...types) =>
  Array.from(chart.view.model.document._all_models.values()).filter((model) => types.includes(model.type));

ergit.does = {
  reset: (chart) => {
    for (const plot of ergit.modelsOf(chart, "Figure")) plot.reset.emit();
  },
  svg: async (chart) => {
    const theme = document.documentElement.dataset.theme;
    ergit.setTheme("light"); // as on paper, whatever the page looks like
    await new Promise((resolve) => setTimeout(resolve)); // what is drawn takes its colours
    const svg = ergit.svgOf(chart);
    ergit.setTheme(theme);
    ergit.save(`${chart.name}.svg`, "image/svg+xml", svg);
  },
  csv: (chart) => {
    const { headings, rows } = ergit.rowsOf(chart);
    const quoted = (value) => (/[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
    const lines = [headings, ...rows].map((row) => row.map((value) => quoted(ergit.plain(value))).join(","));
    ergit.save(`${chart.name}.csv`, "text/csv", `${lines.join("\n")}\n`);
  },
  table: (chart, button) => {
    const place = document.getElementById(`table-${chart.name}`);
    place.hidden = !place.hidden;
    button.setAttribute("aria-expanded", String(!place.hidden));
    button.textContent = place.hidden ? "Show as table" : "Hide the table";
    if (!place.hidden) place.replaceChildren(...ergit.tableOf(chart));
  },
};

/** A chart as it is drawn now, on white, as SVG that takes any size. */
ergit.svgOf = (chart) => {
  const svg = chart.view.export("svg").ctx.get_serialized_svg(true);
  const { width, height } = chart.view.bbox;
  return svg.replace(
    /<svg [^>]*>/,
    (tag) => `${tag.slice(0, -1)} viewBox="0 0 ${width} ${height}"><rect width="100%" height="100%" fill="#ffffff"/>`,
  );
};

const MOST_ROWS = 1000; // of a table on the page

ergit.tableOf = (chart) => {
  const { headings, rows } = ergit.rowsOf(chart);
  const table = document.createElement("table");
  const head = table.createTHead().insertRow();
  for (const heading of headings) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = heading;
    head.append(cell);
  }
  const body = table.createTBody();
  for (const row of rows.slice(0, MOST_ROWS)) {
    const line = body.insertRow();
    for (const value of row) line.insertCell().textContent = ergit.plain(value);
  }
  const note = document.createElement("p");
  note.textContent = `The first ${MOST_ROWS} of ${rows.length} rows; the CSV file has them all.`;
  return rows.length > MOST_ROWS ? [note, table] : [table];
};

/** The headings and rows of what a chart shows. */
ergit.rowsOf = (chart) => {
  const columns = Object.keys(chart.columns).map((name) => Array.from(chart.source.data[name] ?? []));
  const rows = (columns[0] ?? []).map((_, row) => columns.map((column) => column[row]));
  return { headings: Object.values(chart.columns), rows };
};

/** A value as a cell says it: what is missing is empty, and a number has no more digits than it was kept with. */
ergit.plain = (value) => {
  if (value === null || value === undefined || Number.isNaN(value)) return "";
  if (typeof value !== "number" || Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(7)));
};

ergit.save = (name, type, text) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
};

/** What the axis says of the commit at a position. */
ergit.commitName = (position) => {
  const { sha, date } = ergit.data.commits;
  return Number.isInteger(position) && sha[position] ? `${date[position]}\n${sha[position].slice(0, 7)}` : "";
};

/** Tells a person who hears the page what happened. */
ergit.tell = (text) => {
  document.getElementById("status").textContent = text;
};

// The theme: colours in light and dark. Charts are made in the light ones.

const SWAPS = new Map(Object.entries(JSON.parse(document.getElementById("swaps").textContent)));
const BACK = new Map(Array.from(SWAPS, ([light, dark]) => [dark, light]));

ergit.setTheme = (theme) => {
  document.documentElement.dataset.theme = theme;
  const button = document.getElementById("theme");
  button.setAttribute("aria-pressed", String(theme === "dark"));
  for (const chart of ergit.charts.values()) ergit.colour(chart.view.model.document);
};

/** Gives all models of a chart the colours of the theme: plain values, fixed ones of glyphs, and columns of colours. */
ergit.colour = (document_) => {
  const swaps = document.documentElement.dataset.theme === "dark" ? SWAPS : BACK;
  const swapped = (value) => {
    if (typeof value === "string") return swaps.get(value.toLowerCase());
    if (value?.constructor === Object && "value" in value) {
      const inner = swapped(value.value);
      return inner === undefined ? undefined : { ...value, value: inner };
    }
    return undefined;
  };
  for (const model of document_._all_models.values()) {
    const changed = {};
    for (const property of model) {
      const value = property.is_unset ? undefined : swapped(property.get_value());
      if (value !== undefined) changed[property.attr] = value;
    }
    if (model.type === "ColumnDataSource") ergit.colourColumns(model, swaps);
    if (Object.keys(changed).length) model.setv(changed);
  }
};

ergit.colourColumns = (source, swaps) => {
  const columns = {};
  for (const [name, column] of Object.entries(source.data)) {
    if (!name.endsWith("colour")) continue;
    columns[name] = Array.from(column, (value) => swaps.get(value) ?? value);
  }
  if (Object.keys(columns).length) source.data = { ...source.data, ...columns };
};

ergit.followTheme = () => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  ergit.setTheme(dark.matches ? "dark" : "light");
  dark.addEventListener("change", () => ergit.setTheme(dark.matches ? "dark" : "light"));
  document.getElementById("theme").addEventListener("click", () => {
    ergit.setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  });
  let before = null; // paper is white
  addEventListener("beforeprint", () => {
    before = document.documentElement.dataset.theme;
    ergit.setTheme("light");
  });
  addEventListener("beforeprint", ergit.toPaper); // a listener of its own: what is drawn has its colours after the first
  addEventListener("afterprint", () => {
    for (const printed of document.querySelectorAll(".printed")) printed.remove();
    ergit.setTheme(before);
  });
};

/** Puts a drawing that takes any width beside each chart; the style sheet shows it on paper in the chart's place. */
ergit.toPaper = () => {
  for (const chart of ergit.charts.values()) {
    if (chart.element.offsetParent === null) continue;
    const printed = document.createElement("div");
    printed.className = "printed";
    printed.innerHTML = ergit.svgOf(chart);
    document.getElementById(`canvas-${chart.name}`).after(printed);
  }
};
