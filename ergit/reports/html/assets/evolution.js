// The evolution: which quantity and scale is drawn, what part of the history, and what is known of one commit.

ergit.sections.evolution = (data) => {
  const chart = ergit.charts.get("evolution");
  if (chart === undefined) return;
  const model = (name) => chart.view.model.document.get_model_by_name(name);
  const [plot, medians, levels, changes, span] = ["evolution", "medians", "levels", "changes", "span"].map(model);
  const { commits, readings } = ergit.data;
  const controls = document.getElementById("evolution-controls").elements;
  const whole = { start: span.start, end: span.end };
  const count = commits.sha.length;
  let chosen = null; // the position of the commit that is told of below the chart
  let reference = medians.data.position[0]; // that of the commit which all is relative to

  medians.data = {
    ...medians.data,
    sha: medians.data.position.map((position) => commits.sha[position]),
    date: medians.data.position.map((position) => commits.date[position]),
    subject: medians.data.position.map((position) => commits.subject[position]),
  };
  const rowsOf = new Map(); // by position, the rows of the medians: one for each session
  Array.from(medians.data.position).forEach((position, row) => {
    rowsOf.set(position, [...(rowsOf.get(position) ?? []), row]);
  });
  const changesOf = new Map();
  Array.from(changes.data.position).forEach((position, row) => {
    changesOf.set(position, [...(changesOf.get(position) ?? []), row]);
  });
  const first = new Map(); // by position, its first reading
  for (let row = ergit.data.count - 1; row >= 0; row--) first.set(readings.position[row], row);
  const isJudged = () => controls.quantity.value === ergit.data.judged;

  /** What a value of the quantity is on the chosen scale. */
  const scaled = () => {
    if (controls.scale.value !== "relative") return (value) => value;
    const column = medians.data[controls.quantity.value];
    const base = (isJudged() ? data.levels[reference] : null) ?? column[rowsOf.get(reference)[0]];
    return (value) => 100 * (value / base - 1);
  };

  const draw = () => {
    const quantity = controls.quantity.value;
    const scale = scaled();
    const column = (name) => Array.from(medians.data[name], scale);
    medians.data = {
      ...medians.data,
      y: column(quantity),
      low: column(`${quantity}_low`),
      high: column(`${quantity}_high`),
    };
    const ofJudged = (values) => Array.from(values, (value) => (isJudged() ? scale(value) : NaN));
    levels.data = { ...levels.data, y: ofJudged(levels.data.joules) };
    changes.data = {
      ...changes.data,
      low: ofJudged(changes.data.low_joules),
      high: ofJudged(changes.data.high_joules),
    };
    drawReadings(quantity, scale);
    const isLog = controls.scale.value === "log";
    plot.y_scale = model(isLog ? "log-scale" : "linear-scale");
    model("linear-axis").visible = !isLog;
    model("log-axis").visible = isLog;
    model("grid").ticker = model(isLog ? "log-axis" : "linear-axis").ticker;
    const label = data.labels[quantity];
    const relative = `difference from ${commits.sha[reference].slice(0, 10)} (%)`;
    for (const axis of ["linear-axis", "log-axis"]) {
      model(axis).axis_label = controls.scale.value === "relative" ? relative : label;
    }
    show();
  };

  const drawReadings = (quantity, scale) => {
    const points = { readings: { x: [], y: [] }, flagged: { x: [], y: [] } };
    if (controls.readings.checked && readings[quantity]) {
      const perCommit = new Map();
      for (const position of readings.position) perCommit.set(position, (perCommit.get(position) ?? 0) + 1);
      for (let row = 0; row < ergit.data.count; row++) {
        const position = readings.position[row];
        const place = (row - first.get(position) + 0.5) / perCommit.get(position); // in the order of the table
        const { x, y } = points[readings.clean[row] ? "readings" : "flagged"];
        x.push(position - 0.35 + 0.7 * place);
        y.push(scale(readings[quantity][row]));
      }
    }
    for (const [name, columns] of Object.entries(points)) model(name).data = columns;
  };

  /** Fits the height to what is shown, and says what stands beyond it. */
  const show = () => {
    const { x, y, low, high, excursion } = medians.data;
    const shown = [];
    for (let row = 0; row < x.length; row++) {
      if (x[row] >= span.start && x[row] <= span.end && Number.isFinite(y[row])) shown.push(row);
    }
    const extent = (rows) => {
      const ends = rows.flatMap((row) => [y[row], low[row], high[row]]).filter(Number.isFinite);
      return ends.length ? [Math.min(...ends), Math.max(...ends)] : null;
    };
    const all = extent(shown);
    const usual = extent(shown.filter((row) => !excursion[row])) ?? all;
    const isLog = controls.scale.value === "log";
    const leavesOut = all && controls.fit.checked && !isLog && all[1] - all[0] > 1.5 * (usual[1] - usual[0]);
    const [bottom, top] = (leavesOut ? usual : all) ?? [0, 1];
    const room = 0.16 * (top - bottom) || Math.abs(top) * 0.1 || 1;
    plot.y_range.setv(
      isLog
        ? { start: bottom / (top / bottom) ** 0.06, end: top * (top / bottom) ** 0.16 }
        : { start: bottom - room / 3, end: top + room },
    );
    const beyond = shown.filter((row) => y[row] > plot.y_range.end || y[row] < plot.y_range.start);
    model("edge").data = {
      x: beyond.map((row) => x[row]),
      y: beyond.map((row) => (y[row] > plot.y_range.end ? 0.93 : 0.02)),
      angle: beyond.map((row) => (y[row] > plot.y_range.end ? 0 : Math.PI)),
    };
    const note = document.getElementById("evolution-note");
    note.textContent = beyond.length
      ? `${beyond.length} ${beyond.length === 1 ? "median lies" : "medians lie"} outside of this height, as small triangles at its edge say.`
      : "";
    if (!isJudged())
      note.textContent += " Levels and their changes are those of the judged energy alone, and are not drawn here.";
    label();
    tellSpan();
  };

  /** Labels of the largest changes in view, as far as there is room. */
  const label = () => {
    const { x, relative, label: texts, colour } = changes.data;
    const width = (62 / (plot.inner_width || 800)) * (span.end - span.start);
    const rows = Array.from(x.keys()).filter((row) => x[row] >= span.start && x[row] <= span.end);
    rows.sort((a, b) => Math.abs(relative[b]) - Math.abs(relative[a]));
    const placed = [];
    for (const row of rows) if (placed.every((other) => Math.abs(x[other] - x[row]) >= width)) placed.push(row);
    model("labels").data = {
      x: placed.map((row) => x[row]),
      label: placed.map((row) => texts[row]),
      colour: placed.map((row) => colour[row]),
    };
  };

  const tellSpan = () => {
    const from = Math.max(0, Math.ceil(span.start));
    const to = Math.min(count - 1, Math.floor(span.end));
    document.getElementById("evolution-span").textContent =
      `${to - from + 1} of ${count} commits: ${commits.date[from]} to ${commits.date[to]}`;
  };

  const clamped = (start, end) => {
    const width = Math.min(Math.max(end - start, 4), whole.end - whole.start);
    const left = Math.min(Math.max((start + end - width) / 2, whole.start), whole.end - width);
    span.setv({ start: left, end: left + width });
  };
  const moves = {
    in: (middle, half) => clamped(middle - half / 2, middle + half / 2),
    out: (middle, half) => clamped(middle - 2 * half, middle + 2 * half),
    back: (middle, half) => clamped(middle - 2 * half, middle),
    forth: (middle, half) => clamped(middle, middle + 2 * half),
  };

  const element = (name, text, attributes = {}) =>
    Object.assign(document.createElement(name), { textContent: text, ...attributes });
  const said = (value) =>
    Math.abs(value) >= 1000 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(4)));

  /** What is known of one commit, as pairs of a word and a text. */
  const factsOf = (position) => {
    const facts = [["date", `${commits.date[position]}, ${commits.author[position]}`]];
    const quantity = controls.quantity.value;
    const unit = data.labels[quantity].match(/\((\w+)\)$/)?.[1] ?? "";
    for (const row of rowsOf.get(position) ?? []) {
      const at = (name) => medians.data[name][row];
      const interval = Number.isFinite(at(`${quantity}_low`))
        ? ` (${said(at(`${quantity}_low`))} to ${said(at(`${quantity}_high`))})`
        : "";
      const several =
        rowsOf.get(position).length > 1 || ergit.data.sessions.length > 1
          ? `, session ${data.sessions[at("session")]}`
          : "";
      const median = Number.isFinite(at(quantity)) ? `${said(at(quantity))} ${unit}${interval}` : "no median";
      facts.push([
        "median",
        `${median}, ${at("readings")} clean ${at("readings") === 1 ? "reading" : "readings"}${several}`,
      ]);
    }
    if (data.levels[position] != null) facts.push(["level", `${said(data.levels[position])} J`]);
    const conditions = seenAround(position);
    if (conditions) facts.push(["conditions", conditions]);
    for (const [words, positions] of Object.entries(data.rows))
      if (positions.includes(position)) facts.push(["note", words]);
    for (const row of changesOf.get(position) ?? []) facts.push(["change", changes.data.words[row]]);
    return facts;
  };

  /** Between which bounds the conditions of a commit's readings lie, and when the first was taken. */
  const seenAround = (position) => {
    const start = first.get(position);
    if (start === undefined) return "";
    const spread = (name, form) => {
      const values = [];
      for (let row = start; row < ergit.data.count && readings.position[row] === position; row++)
        values.push(readings[name]?.[row]);
      const known = values.filter(Number.isFinite);
      if (!known.length) return null;
      const [low, high] = [Math.min(...known), Math.max(...known)].map((value) => Number(value.toPrecision(3)));
      return form(low === high ? `${low}` : `${low} to ${high}`);
    };
    const parts = [
      spread("celsius_before", (text) => `${text} °C before`),
      spread("megahertz_after", (text) => `${text} MHz`),
      spread("foreign_cores", (text) => `${text} cores used by others`),
    ];
    if (readings.started)
      parts.unshift(
        `from ${new Date(1000 * readings.started[start]).toISOString().slice(0, 16).replace("T", " ")} UTC`,
      );
    return parts.filter(Boolean).join(", ");
  };

  const choose = (position) => {
    chosen = position;
    model("chosen").data = { x: [position] };
    if (position < span.start || position > span.end) {
      const half = (span.end - span.start) / 2;
      clamped(position - half, position + half);
    }
    const sha = commits.sha[position];
    const title = element("h3", "");
    const name = ergit.data.link
      ? element("a", sha.slice(0, 10), { href: ergit.data.link.replaceAll("{commit}", sha) })
      : element("span", sha.slice(0, 10));
    name.className = "sha";
    title.append(name, ` ${commits.subject[position]}`);
    if (commits.tags[position]) title.append(element("span", ` ${commits.tags[position]}`, { className: "note" }));
    const list = element("dl", "");
    for (const [word, text] of factsOf(position)) list.append(element("dt", word), element("dd", text));
    const links = element("p", "", { className: "buttons" });
    if (changesOf.has(position)) links.append(element("a", "Evidence of the change", { href: `#${sha}` }));
    const relative = element("button", "Show all relative to this commit", { type: "button" });
    relative.disabled = !rowsOf.has(position);
    relative.addEventListener("click", () => {
      reference = position;
      controls.scale.value = "relative";
      draw();
    });
    links.append(relative);
    document.getElementById("evolution-commit").replaceChildren(title, list, links);
  };

  /** The commit nearest to a place in the chart: by its median where several are as near along the history. */
  const nearest = (event) => {
    const near = Math.max(0.5, (4 * (span.end - span.start)) / (plot.inner_width || 800));
    const candidates = [];
    for (let position = Math.ceil(event.x - near); position <= event.x + near; position++) {
      if (position >= 0 && position < count) candidates.push(position);
    }
    const distance = (position) =>
      Math.min(...(rowsOf.get(position) ?? []).map((row) => Math.abs(medians.data.y[row] - event.y)), Infinity);
    candidates.sort((a, b) => distance(a) - distance(b) || Math.abs(a - event.x) - Math.abs(b - event.x));
    return candidates[0];
  };

  const tip = document.getElementById("evolution-tip");
  ergit.evolution = {
    hover: (event) => {
      const position = nearest(event);
      tip.hidden = position === undefined;
      if (tip.hidden) return;
      const list = element("dl", "");
      for (const [word, text] of factsOf(position)) list.append(element("dt", word), element("dd", text));
      tip.replaceChildren(
        element("strong", `${commits.sha[position].slice(0, 10)} ${commits.subject[position]}`),
        list,
      );
      const box = document.getElementById("canvas-evolution").getBoundingClientRect();
      const isRight = event.sx > box.width / 2;
      tip.style.left = `${box.left + scrollX + event.sx + (isRight ? -16 - tip.offsetWidth : 16)}px`;
      tip.style.top = `${box.top + scrollY + event.sy + 12}px`;
    },
    leave: () => {
      tip.hidden = true;
    },
    tap: (event) => {
      const position = nearest(event);
      if (position !== undefined) choose(position);
    },
    whole: () => clamped(whole.start, whole.end),
    choose,
  };

  let isWaiting = false;
  const moved = () => {
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => {
      isWaiting = false;
      show();
    });
  };
  span.change.connect(moved);
  document.getElementById("evolution-controls").addEventListener("input", draw);
  document.getElementById("evolution-controls").addEventListener("submit", (event) => event.preventDefault());
  chart.element.addEventListener("click", (event) => {
    const move = event.target.closest("button[data-move]")?.dataset.move;
    if (move) moves[move]((span.start + span.end) / 2, (span.end - span.start) / 2);
  });

  const find = document.getElementById("evolution-find");
  const matches = (position, words) =>
    commits.sha[position].startsWith(words) ||
    [commits.tags, commits.subject, commits.author].some((column) => column[position].toLowerCase().includes(words));
  find.addEventListener("submit", (event) => {
    event.preventDefault();
    const words = find.elements.commit.value.trim().toLowerCase();
    if (!words) return;
    for (let step = 1; step <= count; step++) {
      const position = ((chosen ?? -1) + step) % count;
      if (matches(position, words)) return choose(position);
    }
    ergit.tell(`No commit has “${words}” in its SHA, tags, subject or author.`);
    document
      .getElementById("evolution-commit")
      .replaceChildren(element("p", `No commit has “${words}” in its SHA, tags, subject or author.`));
  });
  find.addEventListener("click", (event) => {
    const step = Number(event.target.closest("button[data-step]")?.dataset.step);
    if (step) choose(Math.min(Math.max((chosen ?? (step > 0 ? -1 : count)) + step, 0), count - 1));
  });

  const fitToWidth = () => {
    const width = document.getElementById("canvas-evolution").clientWidth;
    const isNarrow = width < 640;
    for (const name of ["evolution", "strip", "overview"]) {
      const part = model(name);
      if (part !== null) part.min_border_left = isNarrow ? 62 : 150;
    }
    plot.below[0].ticker.desired_num_ticks = Math.max(2, Math.floor(width / 150));
    if (model("strip") !== null) model("strip").left[0].visible = !isNarrow;
    document.getElementById("evolution-rows").hidden = !isNarrow;
  };
  fitToWidth();
  addEventListener("resize", fitToWidth);
  draw();
};
