// The conditions of each reading, in the order in which they were taken, from the page's readings.

ergit.sections.validity = (conditions) => {
  const { readings, commits, count } = ergit.data;
  if (readings.started === undefined) return;
  const order = Array.from({ length: count }, (_, row) => row).sort(
    (a, b) => readings.started[a] - readings.started[b],
  );
  const columnsOf = (names) => ({
    number: order.map((_, index) => index + 1),
    taken: order.map((row) => new Date(readings.started[row] * 1000).toISOString()),
    commit: order.map((row) => commits.sha[readings.position[row]].slice(0, 10)),
    ...Object.fromEntries(names.map((name) => [name, order.map((row) => readings[name]?.[row] ?? Number.NaN)])),
  });
  for (const [name, columns] of Object.entries(conditions)) {
    const details = document.getElementById(`chart-validity-${name}`).closest("details");
    const fill = async () => {
      const chart = await ergit.draw(`validity-${name}`);
      chart.source.data = columnsOf(Object.keys(columns));
    };
    details.addEventListener("toggle", fill, { once: true });
  }
};
