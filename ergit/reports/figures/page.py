"""The page of a figure: title, facts and legend; over a history, also its panels and the names of commits below."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ergit.errors import ErgitError
from ergit.records.commits import CommitRow
from ergit.reports.figures.axis import Panels, Scale
from ergit.reports.figures.contents import Contents
from ergit.reports.figures.labels import clipped, plain, width
from ergit.reports.figures.legend import marked
from ergit.reports.figures.sheet import INK, Sheet
from ergit.text import counted

AXIS = "commits in first-parent order, oldest first, evenly spaced"
KINDS = {"measured": "measured", "estimated": "estimated from CPU time", None: "no clean reading"}  # in the title
# In inches.
EDGE = 0.15  # where text begins
LEAST_PANEL = 0.6
ROW = 0.18  # height of a line of text
APART = {True: 0.45, False: 0.28}  # height of a panel for what lies far from all else, annotated and plain
BREAK = 0.09  # between two panels of one axis
HANDLE = 0.42  # of an entry of the legend, beside its words
NAME = 0.66  # room for a horizontal name below a plain figure
NAMED_PER_INCH = 5.1  # vertical names of commits

LEGEND_COLUMNS = 3
OUTCOME_MARKS = ("|", "x", "+", "1", "2", "3", "4", ".", "_")  # of plain figures, which have no words at the rows


@dataclass(frozen=True)
class Page:
    """A figure; what is placed on it is placed in inches from its top left corner."""

    figure: Figure
    sheet: Sheet

    @property
    def height(self) -> float:
        """In inches."""
        return float(self.figure.get_figheight())

    def write(self, x: float, y: float, text: str, **settings: Any) -> None:
        """Writes text whose middle is at the height `y`."""
        self.figure.text(x / self.sheet.width, 1 - y / self.height, text, va="center", **settings)

    def block(self, left: float, top: float, wide: float, high: float, **settings: Any) -> Axes:
        """Axes of that size."""
        bottom = 1 - (top + high) / self.height
        place = (left / self.sheet.width, bottom, wide / self.sheet.width, high / self.height)
        return self.figure.add_axes(place, **settings)


def begin(
    sheet: Sheet, title: str, facts: str, handles: Sequence[Artist], around: float, least: float = LEAST_PANEL
) -> tuple[Page, float, float]:
    """A page with title, facts and legend; how far down they reach, and the height that is left for the panel.

    `around` is the height of all that is neither header nor panel; without a height of the sheet, the panel has its
    usual one.

    Raises:
        ErgitError: the sheet has not `least` inches for the panel.
    """
    columns = _columns(sheet, handles)
    row = ROW if sheet.is_annotated else 0.145
    header = (0.55 if sheet.is_annotated else 0.06) + row * ceil(len(handles) / columns) + 0.08
    panel = sheet.panel if sheet.height is None else sheet.height - header - around
    if panel < least:
        needed = (sheet.height or 0.0) - panel + least
        raise ErgitError(
            f"A height of {sheet.height:g} inches leaves no room for the figure: make it {needed:.1f} at least."
        )
    page = Page(Figure((sheet.width, header + around + panel)), sheet)
    if sheet.is_annotated:
        page.write(EDGE, 0.2, clipped(title, sheet.width - 2 * EDGE, 11), fontsize=10.5, fontweight="bold")
        page.write(EDGE, 0.42, clipped(facts, sheet.width - 2 * EDGE), color=INK)
    if handles:
        page.figure.legend(
            handles=[*handles],
            loc="upper left",
            bbox_to_anchor=(EDGE / sheet.width, 1 - (0.55 if sheet.is_annotated else 0.06) / page.height),
            ncols=columns,
            frameon=False,
            borderaxespad=0,
            borderpad=0,
            labelspacing=0.4,
            handlelength=1.6,
            columnspacing=1.2,
        )
    return page, header, panel


def _columns(sheet: Sheet, handles: Sequence[Artist]) -> int:
    """As many columns as the words of the legend leave room for."""
    words = max((width(str(handle.get_label()), sheet.font_size) for handle in handles), default=0.0)
    most = LEGEND_COLUMNS if sheet.is_annotated else 5
    return max(1, min(most, len(handles), floor((sheet.width - 2 * EDGE) / (words + HANDLE))))


@dataclass(frozen=True)
class HistoryPage:
    """A page whose panels have the commits at their positions, and how far down the names of the commits reach."""

    page: Page
    panels: Panels
    bottom: float

    @property
    def figure(self) -> Figure:
        """The figure."""
        return self.page.figure


def sides_of(sheet: Sheet) -> tuple[float, float]:
    """The margins left and right of a panel, in inches."""
    return (1.55, 0.6) if sheet.is_annotated else (0.62, 0.08)


def positions_per_inch(contents: Contents, sheet: Sheet) -> float:
    """How many commits stand on an inch of the axis."""
    low, high = _limits(contents)
    return (high - low) / (sheet.width - sum(sides_of(sheet)))


def inches_of(contents: Contents, sheet: Sheet, position: float) -> float:
    """Where the position of a commit is, in inches from the left edge of the page."""
    return sides_of(sheet)[0] + (position - _limits(contents)[0]) / positions_per_inch(contents, sheet)


def lay_out(
    contents: Contents,
    sheet: Sheet,
    title: str,
    label: str,
    handles: Sequence[Artist],
    scale: Scale,
    *,
    headroom: float = 0.0,
    footroom: float = 0.0,
) -> HistoryPage:
    """The page of a figure over the history, its panels still empty.

    `headroom` above the panels and `footroom` below the names of the commits are in inches.

    Raises:
        ErgitError: the sheet has no room for it.
    """
    left, right = sides_of(sheet)
    span = sheet.width - left - right
    entries = [*handles] if contents.kind else []
    if not sheet.is_annotated:
        marks = zip(contents.outcomes.items(), OUTCOME_MARKS, strict=False)
        entries += [marked(f"{plain(words, 24)}: {len(at):,}", mark, INK) for (words, at), mark in marks]
    names = _names(contents, sheet, span)
    row = 0.16 if sheet.is_annotated else 0.1
    strip = 0.02 + row * len(contents.outcomes)
    longest = max((width(name, sheet.font_size) for name in names.values()), default=0.0)
    below = 0.5 + longest if sheet.is_annotated else 0.38
    parts = [ends for ends in (scale.above, scale.below) if ends is not None and contents.kind]
    around = headroom + len(parts) * (APART[sheet.is_annotated] + BREAK) + 0.06 + strip + below + footroom
    page, top, height = begin(
        sheet, f"{title}, {KINDS[contents.kind]}", facts_of(contents), entries, around, LEAST_PANEL
    )
    at, apart, main = top + headroom, [], None
    apart_height = APART[sheet.is_annotated]
    for ends, high in ((scale.above, apart_height), (scale.main, height), (scale.below, apart_height)):
        if ends is None or (ends is not scale.main and not contents.kind):
            continue
        axes = page.block(left, at, span, high)
        at += high + BREAK
        if ends is scale.main:
            main = axes
        else:
            apart.append((axes, ends))
    assert main is not None
    panels = Panels(scale, main, tuple(apart))
    panels.set_up(clipped(label, height, sheet.font_size))
    for axes, _ in panels:
        axes.set_xlim(_limits(contents))
    if contents.kind is None:
        main.set(yticks=[], ylabel="")
        middle = page.height - page.height * (main.get_position().y0 + main.get_position().y1) / 2
        page.write(sheet.width / 2, middle, _why_empty(contents), ha="center", fontsize=sheet.font_size + 2)
    under = page.block(left, at - BREAK + 0.06, span, strip)
    _draw_outcomes(under, contents, sheet)
    under.set(xlim=_limits(contents), xlabel=sheet.either(AXIS, "commits, oldest first"))
    under.set_xticks([*names], [*names.values()], rotation=90 if sheet.is_annotated else 0)
    return HistoryPage(page, panels, at - BREAK + 0.06 + strip + below)


def _limits(contents: Contents) -> tuple[float, float]:
    margin = max(0.7, 0.01 * len(contents.commits))
    return -margin, len(contents.commits) - 1 + margin


def facts_of(contents: Contents) -> str:
    """What was read, where, and how often."""
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


def _names(contents: Contents, sheet: Sheet, span: float) -> dict[int, str]:
    """Names of commits, or of some of them, evenly spaced: with dates, or below a plain figure short ones."""
    count, named = len(contents.commits), contents.commits
    if sheet.is_annotated:
        step = ceil(count / (NAMED_PER_INCH * span)) or 1
        return {
            at: f"{plain(named[at].date)[:10]} {plain(name_of(named[at]), 14)}".strip() for at in range(0, count, step)
        }
    step = ceil(count / max(1, floor(span / NAME))) or 1
    last = sheet.width - NAME / 2
    places = [at for at in range((step - 1) // 2, count, step) if inches_of(contents, sheet, at) <= last]
    if step == 1:
        return {at: clipped(name_of(named[at]), NAME - 0.06, sheet.font_size) for at in places}
    for length in (len("2020-01"), len("2020-01-02")):
        dates = [plain(named[at].date)[:length] for at in places]
        if all(dates) and len(set(dates)) == len(dates):
            return dict(zip(places, dates, strict=True))
    return {at: clipped(name_of(named[at]), NAME - 0.06, sheet.font_size) for at in places}


def name_of(commit: CommitRow) -> str:
    """Its first tag, else its short SHA."""
    return commit.tags[0] if commit.tags else commit.commit[:7]


def _draw_outcomes(axes: Axes, contents: Contents, sheet: Sheet) -> None:
    """The commits that have other than clean readings, or none, a row for each that happened."""
    for row, positions in enumerate(contents.outcomes.values()):
        mark = "|" if sheet.is_annotated else OUTCOME_MARKS[row % len(OUTCOME_MARKS)]
        size = 6 if sheet.is_annotated else 3.5
        axes.plot(positions, [row] * len(positions), mark, color=INK, markersize=size, markeredgewidth=0.6)
    labels = [f"{plain(words, 24)}: {len(positions):,}" for words, positions in contents.outcomes.items()]
    axes.set(ylim=(len(labels) - 0.4, -0.6), yticks=[])
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_visible(True)
    if sheet.is_annotated:
        axes.set_yticks(range(len(labels)), labels)
        axes.tick_params(axis="y", length=0)
