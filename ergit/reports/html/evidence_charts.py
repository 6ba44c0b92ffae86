"""The charts of a change's evidence, made once and empty: the page's script fills them for the opened one."""

from typing import Any, TypeAlias

from bokeh.models import ColumnDataSource, DataRange1d, FixedTicker, HoverTool, Range1d
from bokeh.models.annotations import BoxAnnotation, Legend, LegendItem, Slope, Span
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from ergit.reports.html.section import Chart
from ergit.reports.html.theme import FAINT, FONT, FONT_SIZE, INK, PAPER, SESSIONS, chart_figure

Entry: TypeAlias = "tuple[str, list[GlyphRenderer[Any]]]"
"""An entry of a legend: its words, and what it stands for."""

BEFORE, AFTER = SESSIONS[0].light, SESSIONS[1].light
MARKS = {"before": "circle", "after": "triangle"}
HEIGHT = 280


def charts(*, has_times: bool) -> tuple[Chart, ...]:
    """Distribution, ECDF, Q-Q plot, bootstrap, and the readings in the order in which they were taken, where known."""
    order = order_chart("evidence-order", ("before", "after"), has_times=has_times)
    return (_distribution(), _ecdf(), _quantiles(), _bootstrap(), order)


def readings_legend(plot: figure, items: list[Entry]) -> None:
    """A legend above the chart, in the page's colours."""
    plot.add_layout(
        Legend(
            items=[LegendItem(label=label, renderers=renderers) for label, renderers in items],
            orientation="horizontal",
            border_line_color=None,
            background_fill_color=PAPER.light,
            label_text_color=INK.light,
            label_text_font=FONT,
            label_text_font_size=FONT_SIZE,
            margin=0,
        ),
        "above",
    )


def strips(plot: figure, source: ColumnDataSource, names: tuple[str, str], x: str) -> list[Entry]:
    """Points of two columns of joules over the same x, told apart by colour and mark; the entries of a legend."""
    entries: list[Entry] = []
    for name, colour, mark in zip(names, (BEFORE, AFTER), MARKS.values(), strict=True):
        points = plot.scatter(
            x=x, y=name, source=source, marker=mark, size=5, color=colour, fill_alpha=0.45, line_alpha=0.7
        )
        entries.append((name, [points]))
        plot.add_tools(
            HoverTool(renderers=[points], tooltips=[("commit", "@commit"), ("joules", f"@{{{name}}}{{0.0000a}}")])
        )
    return entries


def side_axis(plot: figure, names: tuple[str, str]) -> None:
    """Names the two sides along x, at 0 and 1."""
    plot.x_range = Range1d(start=-0.6, end=1.6)
    plot.xaxis.ticker = FixedTicker(ticks=[0, 1])
    plot.xaxis.major_label_overrides = {0: names[0], 1: names[1]}


def _distribution() -> Chart:
    source = ColumnDataSource({"commit": [], "x": [], "before": [], "after": []})
    shapes = ColumnDataSource(
        {name: [] for name in ("joules", "before_left", "before_right", "after_left", "after_right")},
        name="evidence-shapes",
    )
    plot = chart_figure(x_label="", y_label="joules of a run", height=HEIGHT)
    side_axis(plot, ("before", "after"))
    for name, colour in (("before", BEFORE), ("after", AFTER)):
        plot.harea(y="joules", x1=f"{name}_left", x2=f"{name}_right", source=shapes, fill_color=colour, fill_alpha=0.18)
    strips(plot, source, ("before", "after"), "x")
    return Chart(
        name="evidence-distribution",
        title="Distribution of the readings on both sides",
        description="Each point is a reading; the shape behind the points is their density.",
        model=plot,
        source=source,
        columns={"commit": "commit", "before": "before (J)", "after": "after (J)"},
    )


def _ecdf() -> Chart:
    source = ColumnDataSource({"joules": [], "before": [], "after": []})
    plot = chart_figure(x_label="joules of a run", y_label="share of the readings", height=HEIGHT)
    lines: list[Entry] = [
        (
            name,
            [
                plot.step(
                    x="joules", y=name, source=source, mode="after", line_color=colour, line_width=2, line_dash=dash
                )
            ],
        )
        for name, colour, dash in (("before", BEFORE, "solid"), ("after", AFTER, "dashed"))
    ]
    readings_legend(plot, lines)
    return Chart(
        name="evidence-ecdf",
        title="Share of the readings up to each energy (ECDF)",
        description="Two rising lines, one a side: how large a share of the readings is no larger than so many joules.",
        model=plot,
        source=source,
        columns={"joules": "joules", "before": "share before", "after": "share after"},
    )


def _quantiles() -> Chart:
    source = ColumnDataSource({"before": [], "after": []})
    plot = chart_figure(x_label="quantiles before (J)", y_label="quantiles after (J)", height=HEIGHT)
    plot.scatter(x="before", y="after", source=source, size=5, color=AFTER, fill_alpha=0.5)
    plot.add_layout(Slope(gradient=1, y_intercept=0, line_color=FAINT.light, line_dash="dashed"))
    return Chart(
        name="evidence-quantiles",
        title="Quantiles after against quantiles before (Q-Q)",
        description="Points on the dashed line: no difference. Above it: more energy after the change.",
        model=plot,
        source=source,
        columns={"before": "quantile before (J)", "after": "quantile after (J)"},
    )


def _bootstrap() -> Chart:
    source = ColumnDataSource({"low": [], "high": [], "resamples": []})
    plot = chart_figure(x_label="relative change (%)", y_label="resamples", height=HEIGHT)
    plot.y_range = DataRange1d(start=0)
    plot.add_layout(
        BoxAnnotation(
            name="evidence-interval", fill_color=FAINT.light, fill_alpha=0.2, line_color=None, left=0, right=0
        )
    )
    plot.quad(
        left="low",
        right="high",
        top="resamples",
        bottom=0,
        source=source,
        fill_color=BEFORE,
        fill_alpha=0.7,
        line_color=PAPER.light,
    )
    plot.add_layout(Span(name="evidence-size", dimension="height", location=0, line_color=INK.light, line_width=2))
    return Chart(
        name="evidence-bootstrap",
        title="How far chance would move the change (bootstrap)",
        description="A histogram of the change in resampled readings; the band is the interval of the workflow, the"
        " line its size.",
        model=plot,
        source=source,
        columns={"low": "from (%)", "high": "to (%)", "resamples": "resamples"},
    )


def order_chart(name: str, sides: tuple[str, str], *, has_times: bool) -> Chart:
    """The readings of two sides in the order in which they were taken, for the script to fill.

    Where it is not known when they were taken (`has_times`), they stand as in the table.
    """
    source = ColumnDataSource({"number": [], "taken": [], "commit": [], sides[0]: [], sides[1]: []})
    label = "reading, in the order taken" if has_times else "reading, as in the table"
    plot = chart_figure(x_label=label, y_label="joules of a run", height=HEIGHT)
    readings_legend(plot, strips(plot, source, sides, "number"))
    return Chart(
        name=name,
        title="The readings in the order in which they were taken"
        if has_times
        else "The readings as they stand in the table; when they were taken was not recorded",
        description="Each point is a reading; a slope within a side would be drift.",
        model=plot,
        source=source,
        columns={
            "number": "number",
            **({"taken": "taken at (UTC)"} if has_times else {}),
            "commit": "commit",
            sides[0]: f"{sides[0]} (J)",
            sides[1]: f"{sides[1]} (J)",
        },
    )
