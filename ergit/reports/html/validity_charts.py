"""The charts of the section Validity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bokeh.models import ColumnDataSource
from bokeh.models.annotations import Span
from bokeh.plotting import figure

from ergit.reports.distributions import BRIDGE_95
from ergit.reports.html.evidence_charts import BEFORE, Entry, readings_legend, strips
from ergit.reports.html.section import Chart
from ergit.reports.html.theme import FAINT, UP, chart_figure, commit_axis

HEIGHT = 240
MISSING = float("nan")


@dataclass(frozen=True)
class ConditionFacts:
    """A condition of the machine: its two `columns` in the table of conditions, in words, and its unit.

    `fields` are the names under which a record says why it has none.
    """

    title: str
    unit: str
    columns: Mapping[str, str]
    fields: tuple[str, ...]


CONDITIONS = {
    "temperature": ConditionFacts(
        "Temperature of the CPU",
        "°C",
        {"celsius_before": "before the reading", "celsius_after": "after it"},
        ("celsius_before", "celsius_after"),
    ),
    "load": ConditionFacts(
        "Foreign load",
        "cores",
        {"foreign_cores": "other programs", "steal_cores": "taken by the host of this virtual machine"},
        ("foreign_cpu_seconds", "steal_seconds"),
    ),
    "frequency": ConditionFacts(
        "Frequency of the CPU",
        "MHz",
        {"megahertz_before": "before the reading", "megahertz_after": "after it"},
        ("frequency_megahertz_before", "frequency_megahertz_after"),
    ),
}


def conditions_chart(name: str) -> Chart:
    """A condition of each reading in the order in which they were taken, for the script to fill."""
    facts = CONDITIONS[name]
    first, second = facts.columns
    source = ColumnDataSource({"number": [], "taken": [], "commit": [], first: [], second: []})
    plot = chart_figure(x_label="reading, in the order taken", y_label=facts.unit, height=HEIGHT)
    entries = strips(plot, source, (first, second), "number")
    readings_legend(plot, [(facts.columns[column], renderers) for column, renderers in entries])
    return Chart(
        name=f"validity-{name}",
        title=f"{facts.title}, reading by reading",
        description=f"Each point is a reading, in the order taken: {facts.title.lower()} in {facts.unit}.",
        model=plot,
        source=source,
        columns={
            "number": "number",
            "taken": "taken at (UTC)",
            "commit": "commit",
            **{column: f"{words} ({facts.unit})" for column, words in facts.columns.items()},
        },
    )


def drift_chart(columns: Mapping[str, Sequence[float]]) -> Chart:
    """Readings against their commit's median, in the order taken: quartiles of so many at a time."""
    source = ColumnDataSource(dict(columns))
    plot = chart_figure(x_label="reading, in the order taken", y_label="% of the commit's median", height=HEIGHT)
    _zero(plot)
    plot.varea(x="number", y1="low", y2="high", source=source, fill_color=BEFORE, fill_alpha=0.2)
    plot.line(x="number", y="median", source=source, line_color=BEFORE, line_width=2)
    return Chart(
        name="validity-drift",
        title="Did the machine drift? Readings against their commit's median, in the order taken",
        description="A line that stays near 0 is a steady machine; the band holds the middle half of the readings.",
        model=plot,
        source=source,
        columns={
            "number": "up to reading",
            "low": "lower quartile (%)",
            "median": "median (%)",
            "high": "upper quartile (%)",
        },
    )


def aa_chart(columns: Mapping[str, Sequence[object]]) -> Chart:
    """The differences of neighbours that are the same program, each with its interval, smallest first."""
    source = ColumnDataSource(dict(columns))
    plot = chart_figure(x_label="pairs, by their difference", y_label="difference (%)", height=HEIGHT)
    _zero(plot)
    plot.segment(x0="number", x1="number", y0="low", y1="high", source=source, line_color=FAINT.light)
    plot.scatter(x="number", y="difference", source=source, size=5, color=BEFORE)
    return Chart(
        name="validity-aa",
        title="The same program in two builds (A/A pairs)",
        description="Each point is a pair of neighbours that are the same program, with the 95% interval of its"
        " difference; all should hold 0.",
        model=plot,
        source=source,
        columns={
            "commit": "commit",
            "against": "against",
            "difference": "difference (%)",
            "low": "95% interval from (%)",
            "high": "to (%)",
        },
    )


def residuals_chart(columns: Mapping[str, Sequence[object]]) -> Chart:
    """The sums of the residuals of each stretch between two changes, and the band of noise alone."""
    source = ColumnDataSource(
        {
            name: list(values) if name == "commit" else [MISSING if value is None else value for value in values]
            for name, values in columns.items()
        }
    )
    plot = chart_figure(x_label="commits, oldest first", y_label="sum of residuals", height=HEIGHT + 40)
    commit_axis(plot)
    for side in (-BRIDGE_95, BRIDGE_95):
        plot.add_layout(Span(dimension="width", location=side, line_color=FAINT.light, line_dash="dashed"))
    entries: list[Entry] = [
        (words, [plot.line(x="position", y=name, source=source, line_color=colour, line_width=width)])
        for name, words, colour, width in (
            ("within", "as noise alone", BEFORE, 1.5),
            ("beyond", "leaves the band", UP.light, 2.5),
        )
    ]
    readings_legend(plot, entries)
    return Chart(
        name="validity-residuals",
        title="Does a level hold? Sums of the residuals between two changes (CUSUM)",
        description="A curve for each stretch between two changes, from 0 to 0; one beyond the dashed lines drifted.",
        model=plot,
        source=source,
        columns={"commit": "commit", "within": "sum, as noise alone", "beyond": "sum, leaves the band"},
    )


def _zero(plot: figure) -> None:
    plot.add_layout(Span(dimension="width", location=0, line_color=FAINT.light, line_dash="dashed"))
