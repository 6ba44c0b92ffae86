// Any two commits side by side: what the workflow knows of each, and the line that gives the verdict on both.

ergit.sections.compare = (data) => {
  const form = document.getElementById("compare-form");
  if (form === null) return;
  const { commits } = ergit.data;
  const names = ["position", "part", "readings", "median", "mad", "level", "shift"];
  const known = new Map(
    data.commits.map((values) => [values[0], Object.fromEntries(names.map((name, at) => [name, values[at]]))]),
  );
  const positions = Array.from(known.keys());
  const short = (position) => commits.sha[position].slice(0, 10);
  const titleOf = (position) => `${short(position)} ${commits.date[position]} ${commits.subject[position]}`;
  const sessionsOf = (position) => {
    const { readings, sessions, count } = ergit.data;
    const found = new Set();
    for (let row = 0; row < count; row++) {
      if (readings.position[row] === position && readings.clean[row]) found.add(sessions[readings.session[row]]);
    }
    return Array.from(found).join(", ");
  };
  const percent = (value) => `${value < 0 ? "" : "+"}${(100 * value).toFixed(1)}%`;
  const joules = (value) => (value === null ? "not known" : `${Number(value.toPrecision(4))} J`);

  const options = positions.map((position) => {
    const option = document.createElement("option");
    option.value = titleOf(position);
    if (commits.tags[position]) option.label = `${commits.tags[position]}: ${option.value}`;
    return option;
  });
  document.getElementById("compare-commits").append(...options);

  /** The position of the commit that a text names; null where it is none, or more than one. */
  const named = (text) => {
    const word = text.trim().split(/\s+/)[0];
    const tagged = positions.filter((position) => commits.tags[position].split(" ").includes(word));
    const begun = /^[0-9a-f]{4,40}$/i.test(word)
      ? positions.filter((position) => commits.sha[position].startsWith(word.toLowerCase()))
      : [];
    const found = tagged.length ? tagged : begun;
    return found.length === 1 ? found[0] : null;
  };

  const element = (name, text, more = {}) =>
    Object.assign(document.createElement(name), { textContent: text, ...more });
  const facts = (first, second) => {
    const table = document.createElement("table");
    const head = table.createTHead().insertRow();
    head.append(element("td", ""), ...["A", "B"].map((text) => element("th", text, { scope: "col" })));
    const rows = [
      ["commit", (position) => commits.sha[position].slice(0, 10)],
      ["date", (position) => commits.date[position]],
      ["subject", (position) => commits.subject[position]],
      ["sessions", sessionsOf],
      ["clean readings", (position) => String(known.get(position).readings)],
      ["median", (position) => joules(known.get(position).median)],
      ["median absolute deviation", (position) => joules(known.get(position).mad)],
      ["level between two changes", (position) => joules(known.get(position).level)],
    ];
    const body = table.createTBody();
    for (const [name, valueOf] of rows) {
      const row = body.insertRow();
      row.append(element("th", name, { scope: "row" }), element("td", valueOf(first)), element("td", valueOf(second)));
    }
    const wide = element("div", "", { className: "wide", tabIndex: 0 });
    wide.setAttribute("role", "region");
    wide.setAttribute("aria-label", "The two commits");
    wide.append(table);
    return wide;
  };

  /** What the workflow has already found of the two; nothing is computed here. */
  const found = (first, second) => {
    const [one, other] = [known.get(first), known.get(second)];
    const list = document.createElement("ul");
    const beside = [one, other].flatMap((each, side) => (each.part === null ? ["AB"[side]] : []));
    if (beside.length) {
      list.append(
        element(
          "li",
          `${beside.join(" and ")} ${beside.length > 1 ? "are" : "is"} beside the main line, which has no level there.`,
        ),
      );
    } else if (one.part !== other.part) {
      list.append(
        element(
          "li",
          "They were measured in sessions that nothing links: a difference may come from the machine or its state.",
        ),
      );
    }
    if (other.shift !== null && other.shift[0] === first) {
      const [, relative, low, high, q, differs] = other.shift;
      const verdict = differs ? "they differ" : "no difference was seen; a small one is possible";
      list.append(
        element(
          "li",
          `The workflow compared these neighbours: ${percent(relative)} (95% interval ${percent(low)} to ${percent(high)}, q = ${q}): ${verdict}.`,
        ),
      );
    }
    const [older, newer] = [Math.min(first, second), Math.max(first, second)];
    const between = data.changes.filter(([position]) => older < position && position <= newer);
    const item = element(
      "li",
      between.length
        ? `Changes from the older to the newer one (${between.length}): `
        : "The workflow found no change from the older to the newer one.",
    );
    between.slice(-20).forEach(([position, kind, relative], index) => {
      if (index) item.append(", ");
      const link = element("a", `${percent(relative)} at ${short(position)}`, { href: `#${commits.sha[position]}` });
      item.append(link, kind === "transient" ? " (passing)" : "");
    });
    if (between.length > 20) item.append("; the newest 20 of them.");
    list.append(item);
    return list;
  };

  const command = (first, second) => {
    const line = `ergit compare ${short(first)} ${short(second)}`;
    const place = element(
      "p",
      "The size of the difference, its interval and the verdict, by the same statistics as the changes: ",
    );
    const copy = element("button", "Copy", { type: "button" });
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(line);
      ergit.tell("Copied.");
    });
    place.append(element("code", line), " ", copy, " (in the study's folder)");
    return place;
  };

  const show = async () => {
    const chosen = [named(form.first.value), named(form.second.value)];
    const place = document.getElementById("compare-result");
    const wrong = ["A", "B"].filter((_, side) => chosen[side] === null);
    if (wrong.length) {
      place.replaceChildren(
        element(
          "p",
          `${wrong.join(" and ")}: this names no single commit with clean readings. Choose one of the list.`,
        ),
      );
      return;
    }
    const [first, second] = chosen;
    place.replaceChildren(facts(first, second), found(first, second), command(first, second));
    const sides = chosen.map((position) => ergit.readingsAt([position], null));
    for (const [name, columns] of [
      ["compare-readings", ergit.strips(sides, ["A", "B"])],
      ["compare-order", ergit.inOrder(sides, ["A", "B"])],
    ]) {
      const chart = await ergit.draw(name);
      chart.source.data = columns;
      chart.view.model.reset.emit();
    }
  };

  /** Shows two commits, by SHA; the first is the measured one before where it is not named. */
  ergit.compare = (first, second) => {
    const newer = positions.find((position) => commits.sha[position] === second);
    if (newer === undefined) return ergit.tell("This commit has no clean reading.");
    const older =
      first === null
        ? positions[Math.max(0, positions.indexOf(newer) - 1)]
        : positions.find((position) => commits.sha[position] === first);
    if (older !== undefined) form.first.value = titleOf(older);
    form.second.value = titleOf(newer);
    document.getElementById("compare").scrollIntoView();
    form.first.focus({ preventScroll: true });
    return show();
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    show();
  });
  form.addEventListener("change", show);
  form.querySelector("[data-does=swap]").addEventListener("click", () => {
    [form.first.value, form.second.value] = [form.second.value, form.first.value];
    show();
  });
  // The hash of a commit that is no change: that commit and the one before.
  const follow = () => {
    const id = location.hash.slice(1);
    if (!/^[0-9a-f]{40}$/.test(id) || document.getElementById(id) !== null) return false;
    ergit.compare(null, id);
    return true;
  };
  addEventListener("hashchange", follow);
  if (follow()) return undefined;
  const onLine = positions.filter((position) => known.get(position).level !== null);
  const ends = onLine.length > 1 ? onLine : positions;
  [form.first.value, form.second.value] = [titleOf(ends[0]), titleOf(ends.at(-1))];
  return show();
};
