"""The chart of the evolution: medians, levels and changes, a strip of what else is known, and the whole history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from bokeh.core.properties import value
from bokeh.events import MouseLeave, MouseMove, Tap
from bokeh.layouts import column
from bokeh.models import (
    Column,
    ColumnDataSource,
    CustomJS,
    LinearScale,
    LogAxis,
    LogScale,
    LogTicker,
    Range1d,
    RangeTool,
)
from bokeh.plotting import figure

from ergit.reports.html.theme import (
    FAINT,
    FONT,
    INK,
    LINK,
    PANEL,
    TRANSIENT,
    Colour,
    chart_figure,
    columns_source,
    commit_axis,
)

LEFT = 150  # pixels for the names of rows; the page's script takes them away on a phone
ROW = 17  # height of a row below the chart in pixels
MARKS = "marks"  # the range from bottom (0) to top (1) for what stands at the edge, whatever the axis shows


@dataclass(frozen=True)
class Levels:
    """Stretches of one level, from `first` to `last` (positions)."""

    first: Sequence[float]
    last: Sequence[float]
    joules: Sequence[float]


@dataclass(frozen=True)
class MarkedChange:
    """One change as it is drawn at `x`; it may lie anywhere in `span`. `low` and `high` are joules, its interval."""

    position: int
    x: float
    span: tuple[float, float]
    sha: str
    colour: Colour
    points_up: bool
    relative: float
    label: str
    words: str
    low: float
    high: float


@dataclass(frozen=True)
class History:
    """What is drawn; `medians` are columns, `rows` positions of commits by what is said of them."""

    commits: int
    label: str
    medians: Mapping[str, Sequence[object]]
    levels: Levels
    changes: tuple[MarkedChange, ...]
    bands: tuple[tuple[float, float], ...]
    rows: Mapping[str, list[int]]


def evolution_chart(history: History) -> tuple[Column, ColumnDataSource]:
    """The chart and the source of its medians; the script evolution.js chooses what of them is shown as y."""
    margin = 0.01 * history.commits
    span = Range1d(start=-0.7 - margin, end=history.commits - 0.3 + margin, name="span")
    medians = columns_source(history.medians, "medians")
    plots = [
        _main(history, medians, span),
        *([_strip(history, span)] if history.rows else []),
        _overview(history, span),
    ]
    return column(*plots, sizing_mode="stretch_width", spacing=0), medians


def _main(history: History, medians: ColumnDataSource, span: Range1d) -> figure:
    plot = chart_figure(x_label="", y_label=history.label, height=380)
    plot.name = "evolution"
    plot.x_range = span
    plot.y_range = Range1d(start=0, end=1)
    plot.min_border_left = LEFT
    plot.extra_y_ranges = {MARKS: Range1d(start=0, end=1)}
    plot.extra_y_scales = {MARKS: LinearScale()}
    commit_axis(plot)
    _add_log_scale(plot)
    _draw_spans(plot, history)
    _draw_readings(plot, history.commits)
    _draw_medians(plot, medians, history.commits)
    levels = history.levels
    plot.segment(
        "first",
        "y",
        "last",
        "y",
        source=columns_source(
            {"first": levels.first, "last": levels.last, "joules": levels.joules, "y": levels.joules}, "levels"
        ),
        line_color=INK.light,
        line_width=2,
        line_cap="square",
    )
    _draw_changes(plot, history)
    edge = columns_source({"x": [], "y": [], "angle": []}, "edge")
    plot.scatter("x", "y", angle="angle", source=edge, marker="triangle", size=7, color=FAINT.light, y_range_name=MARKS)
    chosen = columns_source({"x": []}, "chosen")
    plot.vspan("x", source=chosen, line_color=LINK.light, line_dash="dotted", line_width=1.5)
    for event, name in ((MouseMove, "hover"), (MouseLeave, "leave"), (Tap, "tap")):
        plot.js_on_event(event, CustomJS(code=f"ergit.evolution.{name}(cb_obj)"))
    return plot


def _add_log_scale(plot: figure) -> None:
    """A second axis and both scales, between which the script chooses."""
    linear = plot.yaxis[0]
    linear.name = "linear-axis"
    plot.ygrid.name = "grid"
    axis = LogAxis(
        name="log-axis",
        visible=False,
        ticker=LogTicker(mantissas=[1, 2, 5], desired_num_ticks=8),
        axis_label=linear.axis_label,
        **{
            name: getattr(linear, name)
            for name in (
                *("axis_line_color", "major_tick_line_color", "minor_tick_line_color"),
                *("major_label_text_color", "major_label_text_font", "major_label_text_font_size"),
                *("axis_label_text_color", "axis_label_text_font", "axis_label_text_font_size"),
                "axis_label_text_font_style",
            )
        },
    )
    plot.add_layout(axis, "left")
    scales = {"linear": LinearScale(name="linear-scale"), "log": LogScale(name="log-scale")}
    plot.js_on_event("reset", CustomJS(args=scales, code="ergit.evolution.whole()"))


def _draw_spans(plot: figure, history: History) -> None:
    """What lies behind all else: every other session, and the commits that each change may lie in."""
    bands = {"first": [first for first, _ in history.bands], "last": [last for _, last in history.bands]}
    plot.vstrip("first", "last", source=columns_source(bands), fill_color=PANEL.light, line_color=None)
    wide = [change for change in history.changes if change.span[1] - change.span[0] > 1]
    places: dict[str, list[object]] = {
        "first": [change.span[0] for change in wide],
        "last": [change.span[1] for change in wide],
        "colour": [change.colour.light for change in wide],
    }
    plot.vstrip("first", "last", source=columns_source(places), fill_color="colour", fill_alpha=0.15, line_color=None)


def _draw_readings(plot: figure, commits: int) -> None:
    """Single readings, which the script fills in when they are asked for."""
    for name, colour, marker in (("readings", FAINT, "dot"), ("flagged", TRANSIENT, "x")):
        source = columns_source({"x": [], "y": []}, name)
        size = float(np.interp(commits, [40, 2000], [18, 9])) if marker == "dot" else 6
        plot.scatter("x", "y", source=source, marker=marker, size=size, color=colour.light, alpha=0.6)


def _draw_medians(plot: figure, medians: ColumnDataSource, commits: int) -> None:
    size = float(np.interp(commits, [40, 300, 2000], [7, 5, 4]))
    for column_name in ("y", "low", "high"):
        medians.data[column_name] = [np.nan] * len(medians.data["x"])
    plot.segment(
        "x", "low", "x", "high", source=medians, line_color="colour", line_alpha=0.6, line_width=max(1, size / 4)
    )
    plot.scatter(
        "x",
        "y",
        source=medians,
        marker="marker",
        size=size,
        line_color="colour",
        fill_color="colour",
        fill_alpha="fill",
    )


def _draw_changes(plot: figure, history: History) -> None:
    """A line and a mark at each change, its interval, and labels, of which the script shows those with room."""
    changes = history.changes
    source = columns_source(
        {
            "x": [change.x for change in changes],
            "position": [change.position for change in changes],
            "colour": [change.colour.light for change in changes],
            "angle": [0.0 if change.points_up else np.pi for change in changes],
            "relative": [change.relative for change in changes],
            "label": [change.label for change in changes],
            "words": [change.words for change in changes],
            "sha": [change.sha for change in changes],
            "low_joules": [change.low for change in changes],
            "high_joules": [change.high for change in changes],
            "low": [change.low for change in changes],
            "high": [change.high for change in changes],
        },
        "changes",
    )
    plot.vspan("x", source=source, line_color="colour", line_width=1, line_alpha=0.45)
    plot.segment("x", "low", "x", "high", source=source, line_color="colour", line_width=4, line_alpha=0.9)
    plot.scatter(
        "x", value(0.97), angle="angle", source=source, marker="triangle", size=9, color="colour", y_range_name=MARKS
    )
    labels = columns_source({"x": [], "label": [], "colour": []}, "labels")
    plot.text(
        "x",
        value(0.885),
        text="label",
        source=labels,
        text_color="colour",
        text_align="center",
        text_font=value(FONT),
        text_font_size="11px",
        y_range_name=MARKS,
    )


def _strip(history: History, span: Range1d) -> figure:
    """A row for each thing that is said of commits."""
    names = [f"{words}: {len(positions):,}" for words, positions in history.rows.items()]
    plot = chart_figure(x_label="", y_label="", height=ROW * len(names) + 12)
    plot.name = "strip"
    plot.x_range = span
    plot.y_range = Range1d(start=len(names) - 0.4, end=-0.6)  # from the top down
    plot.yaxis.ticker = list(range(len(names)))
    plot.yaxis.major_label_overrides = dict(enumerate(names))
    plot.min_border_left = LEFT
    plot.min_border_top = plot.min_border_bottom = 2
    plot.xaxis.visible = False
    plot.ygrid.grid_line_color = None
    plot.background_fill_color = PANEL.light
    for row, positions in enumerate(history.rows.values()):
        marks = columns_source({"x": positions, "y": [row] * len(positions)})
        plot.scatter("x", "y", source=marks, marker="x", size=6, color=INK.light)
    plot.js_on_event(Tap, CustomJS(code="ergit.evolution.tap(cb_obj)"))
    return plot


def _overview(history: History, span: Range1d) -> figure:
    """The levels of the whole history, with the part that is shown, which can be moved."""
    plot = chart_figure(x_label="drag the frame to move along the history", y_label="", height=84)
    plot.name = "overview"
    plot.x_range = Range1d(start=span.start, end=span.end)
    plot.toolbar.active_drag = None
    plot.tools = [tool := RangeTool(x_range=span)]
    tool.overlay.fill_color = LINK.light
    tool.overlay.fill_alpha = 0.15
    tool.overlay.line_color = LINK.light
    plot.min_border_left = LEFT
    plot.min_border_top = 6
    plot.yaxis.visible = False
    plot.xaxis.major_label_text_font_size = "0px"
    plot.xaxis.axis_label_text_color = FAINT.light
    plot.ygrid.grid_line_color = None
    levels = history.levels
    plot.segment(
        "first",
        "joules",
        "last",
        "joules",
        source=columns_source({"first": levels.first, "last": levels.last, "joules": levels.joules}),
        line_color=INK.light,
        line_width=2,
    )
    return plot
