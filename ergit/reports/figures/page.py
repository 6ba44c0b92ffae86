"""The page of both figures: title, legend, a panel, the commits without energy, and the commits' names."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from matplotlib import style
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ergit.records.commits import CommitRow
from ergit.reports.figures.contents import Contents
from ergit.reports.figures.labels import FONT, FONT_SIZE, plain
from ergit.reports.figures.legend import FAINT, INK
from ergit.text import counted

# On top of matplotlib's own defaults, so that nobody's matplotlibrc changes a figure.
STYLE: list[str | dict[str, object]] = [
    "default",
    {
        "font.family": FONT,
        "font.size": FONT_SIZE,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.spines.bottom": False,
        "axes.linewidth": 0.6,
        "axes.formatter.useoffset": False,
        "text.parse_math": False,  # a subject may hold any `$`
        "svg.fonttype": "none",  # text stays text
        "svg.hashsalt": "ergit",  # equal data, equal bytes
    },
]
DOTS_PER_INCH = 200

KINDS = {  # in the title, and at the axis
    "measured": ("measured", "{domain} energy of one run (J)"),
    "estimated": ("estimated from CPU time", "estimated energy, CPU time × watts (J)"),
    None: ("no clean reading", ""),
}
# In inches.
WIDTH, LEFT, RIGHT = 10.0, 1.55, 0.6
SPAN = WIDTH - LEFT - RIGHT
EDGE = 0.15  # where text begins
PANEL = 3.2  # height of a panel
ROW = 0.18  # height of a line of text

LEGEND_COLUMNS = 3
NAMED_COMMITS = 40  # as many names as the axis has room for


@dataclass(frozen=True)
class Page:
    """A figure and its panel, across which the commits stand at their positions."""

    figure: Figure
    panel: Axes

    def write(self, x: float, y: float, text: str, **settings: Any) -> None:
        """Writes text at inches from the page's top left corner."""
        self.figure.text(x / WIDTH, 1 - y / self.figure.get_figheight(), text, va="center", **settings)


def lay_out(
    contents: Contents, subject: str, handles: Sequence[Artist], headroom: float = 0.1, footroom: float = 0.0
) -> Page:
    """The page with all that both figures share, its panel still empty.

    `headroom` above the panel and `footroom` below the names of the commits are in inches.
    """
    kind, quantity = KINDS[contents.kind]
    names = _names(contents)
    entries = handles if contents.kind else ()
    top = 0.7 + ROW * ceil(len(entries) / LEGEND_COLUMNS) + headroom
    below, strip = top + PANEL + 0.08, 0.05 + 0.16 * len(contents.outcomes)
    figure = Figure((WIDTH, below + strip + 0.4 + 0.07 * max(map(len, names.values()), default=0) + footroom))

    panel = _block(figure, top, PANEL)
    panel.set(xlim=_limits(contents), xticks=[], ylabel=quantity.format(domain=contents.domain))
    panel.grid(axis="y", color=FAINT, alpha=0.25, linewidth=0.5)
    page = Page(figure, panel)
    page.write(EDGE, 0.2, f"{subject}, {kind}", fontsize=10.5, fontweight="bold")
    page.write(EDGE, 0.42, _facts(contents), color=INK)
    if contents.kind is None:
        panel.set_yticks([])
        page.write(WIDTH / 2, top + PANEL / 2, _why_empty(contents), ha="center", fontsize=11)
    _draw_legend(figure, entries, 0.55)

    under = _block(figure, below, strip)
    _draw_outcomes(under, contents)
    under.set(xlim=_limits(contents), xlabel="commits in first-parent order, oldest first, evenly spaced")
    under.set_xticks([*names], [*names.values()], rotation=90)
    return page


def positions_per_inch(contents: Contents) -> float:
    """How many commits stand on an inch of the axis."""
    low, high = _limits(contents)
    return (high - low) / SPAN


def _limits(contents: Contents) -> tuple[float, float]:
    margin = max(0.7, 0.01 * len(contents.commits))
    return -margin, len(contents.commits) - 1 + margin


def _facts(contents: Contents) -> str:
    facts = (
        f"source: {plain(', '.join(contents.sources), 24) or 'none'}",
        f"host: {plain(', '.join(contents.hosts), 40) or 'none'}",
        counted(len(contents.commits), "commit"),
        counted(contents.clean, "clean reading"),
        f"{contents.flagged:,} flagged",
        counted(len(contents.sessions), "session"),
    )
    return " · ".join(facts)


def _why_empty(contents: Contents) -> str:
    if contents.flagged:
        return f"No reading is clean: all {contents.flagged:,} are flagged. The summary says why."
    if contents.outcomes.keys() <= {"not measured yet"}:
        return "Nothing is measured yet."
    return "No commit could be measured."


def _names(contents: Contents) -> dict[int, str]:
    """Date and name of each commit, or of every second, third, … where they are too many."""
    step = ceil(len(contents.commits) / NAMED_COMMITS)
    named = list(enumerate(contents.commits))[:: step or 1]
    return {position: f"{plain(commit.date)[:10]} {plain(_name(commit), 14)}".strip() for position, commit in named}


def _name(commit: CommitRow) -> str:
    """Its first tag, else its short SHA."""
    return commit.tags[0] if commit.tags else commit.commit[:7]


def _block(figure: Figure, top: float, height: float) -> Axes:
    """Axes from margin to margin, `top` inches below the page's top."""
    whole = figure.get_figheight()
    return figure.add_axes((LEFT / WIDTH, 1 - (top + height) / whole, SPAN / WIDTH, height / whole))


def _draw_legend(figure: Figure, entries: Sequence[Artist], y: float) -> None:
    """The legend, its top `y` inches from the page's."""
    figure.legend(
        handles=[*entries],
        loc="upper left",
        bbox_to_anchor=(EDGE / WIDTH, 1 - y / figure.get_figheight()),
        ncols=LEGEND_COLUMNS,
        frameon=False,
        borderaxespad=0,
        borderpad=0,
    )


def _draw_outcomes(axes: Axes, contents: Contents) -> None:
    """The commits that have other than clean readings, or none, a row for each that happened."""
    for row, positions in enumerate(contents.outcomes.values()):
        axes.plot(positions, [row] * len(positions), "x", color=INK, markersize=4)
    labels = [f"{plain(words, 24)}: {len(positions):,}" for words, positions in contents.outcomes.items()]
    axes.set(ylim=(len(labels) - 0.4, -0.6), facecolor="#F4F4F4")
    axes.set_yticks(range(len(labels)), labels)


def svg(figure: Figure) -> bytes:
    """The figure as SVG: its text is text, and equal figures give equal bytes."""
    return _encode(figure, "svg")


def png(figure: Figure) -> bytes:
    """The figure as PNG, at `DOTS_PER_INCH`."""
    return _encode(figure, "png")


@style.context(STYLE)
def _encode(figure: Figure, form: str) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format=form, dpi=DOTS_PER_INCH, metadata={"Date": None})
    return file.getvalue()
