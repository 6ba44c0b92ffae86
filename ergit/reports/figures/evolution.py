"""The evolution of the energy: each commit's median with its interval, the levels, and the changes between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib import style
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ergit.records.changes import ChangeResult, ChangesRecord, CommitResult
from ergit.records.commits import CommitRow
from ergit.reports.figures.contents import CONFIDENCE, Contents, columns, gather, median_interval
from ergit.reports.figures.page import (
    EDGE,
    FAINT,
    INK,
    ROW,
    STYLE,
    Page,
    lay_out,
    plain,
    positions_per_inch,
    session_handles,
    session_looks,
)
from ergit.text import counted

UP, DOWN, TRANSIENT = "#D55E00", "#009E73", "#CC79A7"
WORDS = {UP: "increase", DOWN: "decrease", TRANSIENT: "transient excursion"}
LISTED_CHANGES = 20  # the others have their line in the plot and their row in changes.tsv
LABEL = 1.0  # width of a change's label in inches
COLUMNS = (EDGE, 0.75, 1.4, 2.7, 4.1, 5.2)  # of the list of changes, in inches
SUBJECT = 75  # characters


@dataclass(frozen=True)
class Mark:
    """One change as it is drawn: at the border before its commit, or at the commit if it went away again."""

    place: float
    span: tuple[float, float]  # from where to where it may lie
    relative: float
    colour: str
    cells: tuple[str, ...]  # its line in the list


def percent(relative: float) -> str:
    """A relative change as a signed percentage."""
    size = 100 * relative
    return f"{size:+.{0 if abs(size) >= 100 else 1}f} %".replace("-", "−")


def _joules(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def _mark(change: ChangeResult, contents: Contents) -> Mark:
    positions = contents.positions
    position, transient = positions[change.commit], change.kind == "transient"
    places = [position, *(positions[sha] for sha in change.location if sha in positions)]
    return Mark(
        place=position if transient else position - 0.5,
        span=(min(places) - 0.5, max(places) + 0.5),
        relative=change.relative_change,
        colour=TRANSIENT if transient else UP if change.relative_change > 0 else DOWN,
        cells=(
            change.commit[:7],
            percent(change.relative_change),
            f"[{percent(change.ci_low)}, {percent(change.ci_high)}]",
            f"{_joules(change.joules_before)} → {_joules(change.joules_after)} J",
            "transient" if transient else f"in {counted(len(change.location), 'commit')}",
            plain(contents.commits[position].subject, SUBJECT),
        ),
    )


def tiers(places: Sequence[float], width: float) -> list[int]:
    """For each label, of that `width` and centred on one of the ascending `places`, the lowest line with room."""
    ends: list[float] = []
    chosen = []
    for place in places:
        tier = next((tier for tier, end in enumerate(ends) if end <= place), len(ends))
        ends[tier : tier + 1] = [place + width]
        chosen.append(tier)
    return chosen


@style.context(STYLE)
def evolution(table: pd.DataFrame, commits: Sequence[CommitRow], record: ChangesRecord) -> Figure:
    """The median energy of each commit with its interval, the levels, the changes, and the commits without energy.

    `table` is results/energy.csv, `commits` are those of results/commits.tsv.

    Raises:
        ErgitError: the table holds both measured and estimated energy.
    """
    contents = gather(table, commits)
    changes = [_mark(change, contents) for change in record.changes]
    largest = sorted(changes, key=lambda change: (change.colour == TRANSIENT, -abs(change.relative)))
    listed = sorted(largest[:LISTED_CHANGES], key=lambda change: change.place)
    lines = tiers([change.place for change in listed], LABEL * positions_per_inch(contents))
    headroom = 0.1 + ROW * (1 + max(lines, default=-1))
    footroom = 0.1 + ROW * (len(listed) + (len(changes) > len(listed)))
    page = lay_out(contents, "Energy of each commit", _handles(contents, changes), headroom, footroom)
    _draw_medians(page.panel, contents)
    _draw_levels(page.panel, record.commits, contents.positions)
    _draw_changes(page.panel, changes)
    _draw_labels(page.panel, listed, lines)
    _write_list(page, listed, len(changes) - len(listed), page.figure.get_figheight() - footroom)
    return page.figure


def _handles(contents: Contents, changes: Sequence[Mark]) -> list[Artist]:
    handles = [
        *session_handles(contents, "median of clean readings"),
        Line2D([], [], color=INK, alpha=0.6, label=f"its {100 * CONFIDENCE:.0f} % interval, from 6 readings on"),
        Line2D([], [], color=INK, linewidth=1.2, label="level between changes"),
    ]
    for colour, words in WORDS.items():
        count = sum(change.colour == colour for change in changes)
        handles.append(Line2D([], [], color=colour, linewidth=1, label=counted(count, words)))
    return [*handles, Patch(color=FAINT, alpha=0.3, label="commits the change may lie in")]


def _draw_medians(axes: Axes, contents: Contents) -> None:
    size = float(np.interp(len(contents.commits), [40, 300, 2000], [4.5, 2.5, 1.2]))  # of a mark, in points
    for session, colour, mark in session_looks(contents):
        clean = [(group.centre, group.joules[group.clean]) for group in contents.of(session) if group.clean.any()]
        medians = [(place, float(np.median(joules))) for place, joules in clean]
        spans = [(place, *ends) for place, joules in clean if (ends := median_interval(joules))]
        axes.plot(*columns(medians, 2), mark, color=colour, markersize=size, markeredgewidth=0, zorder=3)
        places, low, high = columns(spans, 3)
        axes.vlines(places, low, high, colors=colour, linewidth=size / 4, alpha=0.6)


def _draw_levels(axes: Axes, commits: Sequence[CommitResult], positions: Mapping[str, int]) -> None:
    """The level at each commit that has one."""
    levels = [(positions[commit.commit], commit.level_joules) for commit in commits if commit.level_joules is not None]
    places, joules = columns(levels, 2)
    axes.hlines(joules, places - 0.5, places + 0.5, colors=INK, linewidth=1.2, capstyle="projecting", zorder=4)


def _draw_changes(axes: Axes, changes: Sequence[Mark]) -> None:
    for change in changes:
        axes.axvline(change.place, color=change.colour, linewidth=0.7, zorder=1)
        axes.axvspan(*change.span, color=change.colour, alpha=0.13, linewidth=0, zorder=0)


def _draw_labels(axes: Axes, changes: Sequence[Mark], lines: Sequence[int]) -> None:
    """SHA and size of each change above the panel."""
    for change, line in zip(changes, lines, strict=True):
        axes.annotate(
            " ".join(change.cells[:2]),
            (change.place, 1),
            (0, 72 * (0.05 + ROW * line)),
            xycoords=axes.get_xaxis_transform(),
            textcoords="offset points",
            ha="center",
            color=INK,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
            zorder=100 - line,  # no line crosses a label
            arrowprops={"arrowstyle": "-", "color": change.colour, "linewidth": 0.7, "shrinkB": 0},
        )


def _write_list(page: Page, changes: Sequence[Mark], further: int, top: float) -> None:
    """A row a change: SHA, size, interval, joules, whereabouts and subject; `top` in inches."""
    for row, change in enumerate(changes):
        for column, (x, text) in enumerate(zip(COLUMNS, change.cells, strict=True)):
            page.write(x, top + ROW * row, text, color=change.colour if column == 1 else INK)
    if further:
        rest = f"and {counted(further, 'further change')}, listed in results/changes.tsv"
        page.write(EDGE, top + ROW * len(changes), rest, color=INK)
