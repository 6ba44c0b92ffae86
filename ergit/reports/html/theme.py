"""The colours of the report, in light and in dark, and what all its charts share."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from bokeh.models import BasicTicker, ColumnDataSource, CustomJSTickFormatter, WheelZoomTool
from bokeh.plotting import figure


class Colour(NamedTuple):
    """One colour of the page; a chart is made with the light one, and the page's script swaps it for the dark one."""

    light: str
    dark: str


INK = Colour("#1f2328", "#e6edf3")
FAINT = Colour("#5c6570", "#9aa6b2")
GRID = Colour("#e4e7eb", "#2c333b")
PAPER = Colour("#ffffff", "#12161b")
PANEL = Colour("#f5f6f8", "#1b2128")
LINK = Colour("#0b5cad", "#6cb6ff")

# After Okabe and Ito's, which the colour-blind tell apart (https://jfly.uni-koeln.de/color/), dark enough on white.
UP = Colour("#b84a00", "#ff9057")
DOWN = Colour("#007a5a", "#3ccfa4")
TRANSIENT = Colour("#a0447a", "#e79ac6")
SESSIONS = (
    Colour("#0072b2", "#56b4e9"),
    Colour("#946200", "#e69f00"),
    Colour("#5a4fa8", "#b3a9f5"),
    Colour("#4d5258", "#c3c9d0"),
)

COLOURS: Mapping[str, Colour] = {  # by their names in the style sheet
    "ink": INK,
    "faint": FAINT,
    "grid": GRID,
    "paper": PAPER,
    "panel": PANEL,
    "link": LINK,
    "up": UP,
    "down": DOWN,
    "transient": TRANSIENT,
    **{f"session-{number}": colour for number, colour in enumerate(SESSIONS)},
}

FONT = "system-ui, sans-serif"
FONT_SIZE = "12px"


def chart_figure(
    *, x_label: str, y_label: str, height: int = 320, y_axis_type: Literal["linear", "log"] = "linear"
) -> figure:
    """An empty chart as wide as the page, in the page's colours.

    It moves along x by dragging, and zooms along x with Ctrl and the wheel. `height` is in pixels. The page has buttons
    of its own for all that a toolbar does, so there is no toolbar.
    """
    plot = figure(
        height=height,
        sizing_mode="stretch_width",
        tools="xpan",
        active_drag="xpan",
        toolbar_location=None,
        x_axis_label=x_label,
        y_axis_label=y_label,
        y_axis_type=y_axis_type,
        background_fill_color=PAPER.light,
        border_fill_color=None,  # the page's own; a filled one leaves a line at its edge
        outline_line_color=None,
        min_border_right=12,
    )
    wheel = WheelZoomTool(dimensions="width", modifiers="ctrl")
    plot.add_tools(wheel)
    plot.toolbar.active_scroll = wheel
    plot.axis.axis_line_color = FAINT.light
    plot.axis.major_tick_line_color = FAINT.light
    plot.axis.minor_tick_line_color = None
    plot.axis.major_label_text_color = INK.light
    plot.axis.major_label_text_font = FONT
    plot.axis.major_label_text_font_size = FONT_SIZE
    plot.axis.axis_label_text_color = INK.light
    plot.axis.axis_label_text_font = FONT
    plot.axis.axis_label_text_font_size = FONT_SIZE
    plot.axis.axis_label_text_font_style = "normal"
    plot.grid.grid_line_color = GRID.light
    plot.xgrid.grid_line_color = None
    return plot


def commit_axis(plot: figure) -> None:
    """Names the commits along x, where x is a commit's position: date and short SHA, from the page's own data."""
    plot.xaxis.formatter = CustomJSTickFormatter(code="return ergit.commitName(tick)")
    plot.xaxis.ticker = BasicTicker(min_interval=1, desired_num_ticks=8)


def columns_source(columns: Mapping[str, Sequence[object]], name: str | None = None) -> ColumnDataSource:
    """A source of these columns, of equal length, under the name by which a script finds it."""
    return ColumnDataSource({**columns}, name=name)
