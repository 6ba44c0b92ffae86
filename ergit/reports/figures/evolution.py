"""The evolution of the energy: each commit's median with its interval, the levels, and the changes between them."""

from collections.abc import Collection, Mapping, Sequence
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
from ergit.records.context import ChangeContext, Kind
from ergit.reports.context import assumption_sentence
from ergit.reports.figures.contents import CONFIDENCE, Contents, SessionReadings, columns, gather, median_interval
from ergit.reports.figures.labels import clipped
from ergit.reports.figures.legend import FAINT, INK, marked, session_handles, session_styles
from ergit.reports.figures.page import EDGE, ROW, STYLE, WIDTH, Page, lay_out, positions_per_inch
from ergit.text import counted

UP, DOWN, TRANSIENT = "#D55E00", "#009E73", "#CC79A7"
WORDS = {UP: "increase", DOWN: "decrease", TRANSIENT: "transient excursion"}
LISTED_CHANGES = 20  # the others have their line in the plot and their row in changes.tsv
LABEL = 1.0  # width of a change's label in inches
COLUMNS = {  # of the list of changes, and their widths in inches
    "commit": 0.6,
    "change": 0.65,
    "95% interval": 1.3,
    "joules before → after": 1.3,
    "lies in": 1.65,
    "differs in": 2.15,
    "subject": WIDTH - 2 * EDGE - 7.65,
}
GAP = 0.06  # between two columns, in inches


@dataclass(frozen=True)
class ChangeMark:
    """One change as it is drawn: at the change point before its commit, or at the commit if it went away again."""

    position: float
    span: tuple[float, float]  # from where to where it may lie
    relative: float
    colour: str
    cells: tuple[str, ...]  # its row in the list


@style.context(STYLE)
def evolution(
    table: pd.DataFrame, commits: Sequence[CommitRow], record: ChangesRecord, contexts: Sequence[ChangeContext] = ()
) -> Figure:
    """The median energy of each commit with its interval, the levels, the changes, and the commits without energy.

    `table` is results/energy.csv, `commits` are those of results/commits.tsv, `contexts` what each differs in.

    Raises:
        ErgitError: the table holds both measured and estimated energy.
    """
    contents = gather(table, commits, record.study.judged)
    kinds = {(one.commit, one.kind): one.differs.kinds for one in contexts if one.differs is not None}
    changes = [_mark(change, contents, kinds.get((change.commit, change.kind))) for change in record.changes]
    largest = sorted(changes, key=lambda change: (change.colour == TRANSIENT, -abs(change.relative)))
    listed = sorted(largest[:LISTED_CHANGES], key=lambda change: change.position)
    notes = _notes(len(changes) - len(listed), record)
    lines = tiers([change.position for change in listed], LABEL * positions_per_inch(contents))
    headroom = 0.1 + ROW * (1 + max(lines, default=-1))
    footroom = 0.1 + ROW * (len(listed) + bool(listed) + len(notes))
    page = lay_out(contents, "Energy of each commit", _handles(contents, changes, record), headroom, footroom)
    _draw_medians(page.panel, contents, {contents.positions[one.commit] for one in record.side})
    _draw_levels(page.panel, record.commits, contents.positions)
    _draw_changes(page.panel, changes)
    _draw_labels(page.panel, listed, lines)
    _write_list(page, listed, notes, page.figure.get_figheight() - footroom)
    return page.figure


def percent(relative: float) -> str:
    """A relative change as a signed percentage."""
    size = 100 * relative
    return f"{size:+.{0 if abs(size) >= 100 else 1}f}%".replace("-", "−")


def tiers(positions: Sequence[float], width: float) -> list[int]:
    """For each label, of that `width` and centred on one of the ascending `positions`, the lowest line with room."""
    ends: list[float] = []
    chosen = []
    for position in positions:
        tier = next((tier for tier, end in enumerate(ends) if end <= position), len(ends))
        ends[tier : tier + 1] = [position + width]
        chosen.append(tier)
    return chosen


def _mark(change: ChangeResult, contents: Contents, kinds: Sequence[Kind] | None) -> ChangeMark:
    positions = contents.positions
    position, is_transient = positions[change.commit], change.kind == "transient"
    possible = [position, *(positions[sha] for sha in change.location if sha in positions)]
    return ChangeMark(
        position=position if is_transient else position - 0.5,
        span=(min(possible) - 0.5, max(possible) + 0.5),
        relative=change.relative_change,
        colour=TRANSIENT if is_transient else UP if change.relative_change > 0 else DOWN,
        cells=(
            change.commit[:7],
            percent(change.relative_change),
            f"[{percent(change.ci_low)}, {percent(change.ci_high)}]",
            f"{_joules(change.joules_before)} → {_joules(change.joules_after)} J",
            f"{_location(change)}, transient" if is_transient else _location(change),
            "" if kinds is None else ", ".join(kinds) or "nothing that runs",
            contents.commits[position].subject,
        ),
    )


def _joules(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def _location(change: ChangeResult) -> str:
    between, measured = change.commits_between, change.measured_between
    commits = counted(len(change.location) if between is None else between, "commit")
    return commits if measured == between else f"{commits}, {measured:,} measured"


def _notes(unlisted: int, record: ChangesRecord) -> list[str]:
    """The lines below the list of changes."""
    notes = [f"and {counted(unlisted, 'further change')}, listed in changes.tsv"] if unlisted else []
    assumption = assumption_sentence(record.study)
    if assumption is not None:
        notes.append(clipped(assumption, WIDTH - 2 * EDGE))
    return notes


def _handles(contents: Contents, changes: Sequence[ChangeMark], record: ChangesRecord) -> list[Artist]:
    """The legend: an entry for all that is drawn, and for nothing else."""
    handles = session_handles(contents, "median of clean readings")
    if any(median_interval(readings.joules[readings.clean]) for readings in contents.readings):
        label = f"its {100 * CONFIDENCE:.0f}% interval, from 6 readings on"
        handles.append(Line2D([], [], color=INK, alpha=0.6, label=label))
    if record.side:
        handles.append(marked("commit beside the main line", "o", FAINT, "white"))
    if any(commit.level_joules is not None for commit in record.commits):
        handles.append(Line2D([], [], color=INK, linewidth=1.2, label="level between changes"))
    for colour, words in WORDS.items():
        count = sum(change.colour == colour for change in changes)
        if count:
            handles.append(Line2D([], [], color=colour, linewidth=1, label=counted(count, words)))
    if changes:
        handles.append(Patch(color=FAINT, alpha=0.3, label="commits the change may lie in"))
    return handles


def _median(group: SessionReadings) -> float:
    return float(np.median(group.joules[group.clean]))


def _draw_medians(axes: Axes, contents: Contents, side: Collection[int]) -> None:
    """The median of each commit; at the positions `side`, which are beside the main line, hollow and faint."""
    size = float(np.interp(len(contents.commits), [40, 300, 2000], [4.5, 2.5, 1.2]))  # of a mark, in points
    for session, colour, mark in session_styles(contents):
        there = [group for group in contents.of(session) if group.clean.any()]
        beside = [(group.centre, _median(group)) for group in there if round(group.centre) in side]
        if beside:
            axes.plot(*columns(beside, 2), mark, color=FAINT, markersize=size, mfc="white", mew=size / 6, zorder=2)
        clean = [(group.centre, group.joules[group.clean]) for group in there if round(group.centre) not in side]
        medians = [(centre, float(np.median(joules))) for centre, joules in clean]
        spans = [(centre, *ends) for centre, joules in clean if (ends := median_interval(joules))]
        axes.plot(*columns(medians, 2), mark, color=colour, markersize=size, markeredgewidth=0, zorder=3)
        centres, low, high = columns(spans, 3)
        axes.vlines(centres, low, high, colors=colour, linewidth=size / 4, alpha=0.6)


def _draw_levels(axes: Axes, commits: Sequence[CommitResult], positions: Mapping[str, int]) -> None:
    """The level at each commit that has one."""
    levels = [(positions[commit.commit], commit.level_joules) for commit in commits if commit.level_joules is not None]
    at, joules = columns(levels, 2)
    axes.hlines(joules, at - 0.5, at + 0.5, colors=INK, linewidth=1.2, capstyle="projecting", zorder=4)


def _draw_changes(axes: Axes, changes: Sequence[ChangeMark]) -> None:
    for change in changes:
        axes.axvline(change.position, color=change.colour, linewidth=0.7, zorder=1)
        axes.axvspan(*change.span, color=change.colour, alpha=0.13, linewidth=0, zorder=0)


def _draw_labels(axes: Axes, changes: Sequence[ChangeMark], lines: Sequence[int]) -> None:
    """SHA and size of each change above the panel."""
    for change, line in zip(changes, lines, strict=True):
        axes.annotate(
            " ".join(change.cells[:2]),
            (change.position, 1),
            (0, 72 * (0.05 + ROW * line)),
            xycoords=axes.get_xaxis_transform(),
            textcoords="offset points",
            ha="center",
            color=INK,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
            zorder=100 - line,  # no line crosses a label
            arrowprops={"arrowstyle": "-", "color": change.colour, "linewidth": 0.7, "shrinkB": 0},
        )


def _write_list(page: Page, changes: Sequence[ChangeMark], notes: Sequence[str], top: float) -> None:
    """A header and a row a change, then the notes; `top` in inches."""
    rows = [(FAINT, tuple(COLUMNS)), *((change.colour, change.cells) for change in changes)] if changes else []
    for row, (colour, cells) in enumerate(rows):
        x = EDGE
        for (column, width), text in zip(COLUMNS.items(), cells, strict=True):
            shown = colour if row == 0 or column == "change" else INK
            page.write(x, top + ROW * row, clipped(text, width - GAP), color=shown)
            x += width
    for row, note in enumerate(notes, start=len(rows)):
        page.write(EDGE, top + ROW * row, note, color=INK)
