// The changes: a table that sorts and filters, and the evidence of the one that is opened, by the hash of the address.

ergit.sections.changes = (evidence) => {
  const table = document.getElementById("changes-table");
  if (table === null) return;
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const form = document.getElementById("change-filters");
  const byId = new Map((evidence ?? []).map((one) => [one.id, one]));
  const textOf = (row, name) => row.querySelector(`[data-text="${name}"]`).textContent;
  const article = (id) => document.getElementById(id);

  // Sorting: a button in the head; the second press turns the order round.
  const sortBy = (button) => {
    const key = button.dataset.sort;
    const head = button.closest("th");
    const descends = head.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.querySelectorAll("th")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", descends ? "descending" : "ascending");
    const valueOf = (row) => (key in row.dataset ? Number(row.dataset[key]) : textOf(row, key));
    const compare = (a, b) => (typeof a === "number" ? a - b : a.localeCompare(b));
    rows.sort((a, b) => (descends ? -1 : 1) * compare(valueOf(a), valueOf(b)));
    body.append(...rows);
    ergit.tell(`Sorted by ${button.textContent}, ${descends ? "descending" : "ascending"}.`);
  };
  table.tHead.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-sort]");
    if (button) sortBy(button);
  });

  // Filters: each leaves the rows that fit it; the paths are those that the evidence names.
  const paths = new Map(
    rows.map((row) => [
      row,
      Array.from(article(row.dataset.id).querySelectorAll(".paths code"), (code) => code.textContent.toLowerCase()),
    ]),
  );
  const fits = {
    direction: (row, wanted) => row.dataset.direction === wanted,
    kind: (row, wanted) => row.dataset.kind === wanted,
    class: (row, wanted) => row.dataset.class.split(" ").includes(wanted),
    size: (row, wanted) => Math.abs(row.dataset.change) * 100 >= Number(wanted),
    path: (row, wanted) => paths.get(row).some((path) => path.includes(wanted)),
    author: (row, wanted) => textOf(row, "author").toLowerCase().includes(wanted),
    words: (row, wanted) => wanted.split(/\s+/).every((word) => textOf(row, "subject").toLowerCase().includes(word)),
  };
  const filter = () => {
    const wanted = Array.from(new FormData(form), ([name, value]) => [name, value.trim().toLowerCase()]);
    for (const row of rows) row.hidden = !wanted.every(([name, value]) => value === "" || fits[name](row, value));
    const shown = rows.filter((row) => !row.hidden).length;
    document.getElementById("changes-shown").textContent = `${shown} of ${rows.length} changes are shown.`;
  };
  form.addEventListener("input", filter);
  form.addEventListener("reset", () => setTimeout(filter)); // once the fields are empty
  form.addEventListener("submit", (event) => event.preventDefault());

  // The evidence of one change at a time: its article is shown, and the charts move into it.
  let opened = null;
  const open = async (id) => {
    const wanted = article(id);
    if (opened !== null) opened.hidden = true;
    for (const row of rows) row.toggleAttribute("data-opened", row.dataset.id === id);
    opened = wanted;
    wanted.hidden = false;
    const place = wanted.querySelector(".charts-here");
    if (place !== null) {
      const charts = document.getElementById("evidence-charts");
      place.append(charts);
      charts.hidden = false;
      await ergit.fillEvidence(byId.get(id));
    }
    const title = document.getElementById(`title-${id}`);
    title.focus({ preventScroll: true });
    wanted.scrollIntoView();
  };
  const go = {
    table: () => {
      const row = rows.find((each) => each.dataset.id === opened.id);
      row.querySelector("a").focus();
    },
    compare: (button) => ergit.compare(button.dataset.first, button.dataset.second),
    next: () => step(1),
    previous: () => step(-1),
  };
  const step = (by) => {
    const shown = rows.filter((row) => !row.hidden || row.dataset.id === opened.id);
    const next = shown[shown.findIndex((row) => row.dataset.id === opened.id) + by];
    if (next) location.hash = next.dataset.id;
    else ergit.tell("There is no further change.");
  };
  document.getElementById("changes").addEventListener("click", (event) => {
    const button = event.target.closest("button[data-go]");
    if (button) go[button.dataset.go](button);
  });
  body.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (link?.hash === location.hash) open(link.hash.slice(1)); // the address stays as it is
  });
  const follow = () => {
    const id = location.hash.slice(1);
    return rows.some((row) => row.dataset.id === id) ? open(id) : undefined;
  };
  addEventListener("hashchange", follow);
  return follow();
};

/** Fills the charts of the evidence with that of a change. */
ergit.fillEvidence = async ({ before, after, factors, conditions, interval, columns, words }) => {
  const draw = async (name, data) => {
    const chart = await ergit.draw(`evidence-${name}`);
    chart.source.data = data;
    document.querySelector(`[data-words="evidence-${name}"]`).textContent = words[name];
    return chart;
  };
  const named = (id, chart) => chart.view.model.document.get_model_by_name(id);
  const sides = [ergit.readingsAt(before, factors), ergit.readingsAt(after, factors)];
  document.getElementById("evidence-conditions").textContent =
    conditions === null
      ? ""
      : `Joules of several sessions, brought to the conditions of session ${conditions} by commits measured in both.`;

  const distribution = await draw("distribution", ergit.strips(sides, ["before", "after"]));
  const { joules, before: first, after: second } = columns.density;
  const edge = (shape, at, sign) =>
    joules.map((_, index) => (shape.length ? at + sign * 0.42 * shape[index] : Number.NaN));
  named("evidence-shapes", distribution).data = {
    joules,
    before_left: edge(first, 0, -1),
    before_right: edge(first, 0, 1),
    after_left: edge(second, 1, -1),
    after_right: edge(second, 1, 1),
  };
  const nothing = (list) => list.map(() => Number.NaN);
  const [low, high] = [columns["ecdf-before"], columns["ecdf-after"]];
  const ecdf = await draw("ecdf", {
    joules: [...low.joules, ...high.joules],
    before: [...low.share, ...nothing(high.share)],
    after: [...nothing(low.share), ...high.share],
  });
  const quantiles = await draw("quantiles", columns.quantiles);
  const bootstrap = await draw("bootstrap", columns.bootstrap);
  named("evidence-interval", bootstrap).setv({ left: interval[0], right: interval[2] });
  named("evidence-size", bootstrap).location = interval[1];
  const order = await draw("order", ergit.inOrder(sides, ["before", "after"]));
  for (const chart of [distribution, ecdf, quantiles, bootstrap, order]) chart.view.model.reset.emit();
};

/** The clean readings of commits at these positions, brought to common conditions by the factors of their sessions. */
ergit.readingsAt = (positions, factors) => {
  const { readings, sessions, commits, judged, count } = ergit.data;
  const wanted = new Set(positions);
  const scale = new Map((factors ?? []).map(([, session, factor]) => [session, factor]));
  const found = [];
  for (let row = 0; row < count; row++) {
    if (!readings.clean[row] || !wanted.has(readings.position[row])) continue;
    const factor = factors ? scale.get(sessions[readings.session[row]]) : 1;
    if (factor === undefined) continue; // a session that cannot be compared
    found.push({
      commit: commits.sha[readings.position[row]].slice(0, 10),
      joules: readings[judged][row] * factor,
      started: readings.started?.[row] ?? Number.NaN,
    });
  }
  return found;
};

/** Two sides as points side by side: x is 0 or 1, a little beside it so that points do not hide each other. */
ergit.strips = (sides, names) => {
  const points = sides.flatMap((side, number) =>
    side.map((reading, index) => ({ ...reading, number, x: number + (((index * 0.618034) % 1) - 0.5) * 0.5 })),
  );
  return {
    commit: points.map((point) => point.commit),
    x: points.map((point) => point.x),
    [names[0]]: points.map((point) => (point.number === 0 ? point.joules : Number.NaN)),
    [names[1]]: points.map((point) => (point.number === 1 ? point.joules : Number.NaN)),
  };
};

/** Two sides in the order in which the readings were taken; as they stand where that was not recorded. */
ergit.inOrder = (sides, names) => {
  const points = sides.flatMap((side, number) => side.map((reading) => ({ ...reading, number })));
  if (points.every((point) => !Number.isNaN(point.started))) points.sort((a, b) => a.started - b.started);
  return {
    number: points.map((_, index) => index + 1),
    taken: points.map(({ started }) => (Number.isNaN(started) ? null : new Date(started * 1000).toISOString())),
    commit: points.map((point) => point.commit),
    [names[0]]: points.map((point) => (point.number === 0 ? point.joules : Number.NaN)),
    [names[1]]: points.map((point) => (point.number === 1 ? point.joules : Number.NaN)),
  };
};
