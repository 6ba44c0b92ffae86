"""The evolution of the energy: each commit's median with its interval, the levels, and the changes between them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ergit.records.changes import ChangeResult, ChangesRecord
from ergit.records.commits import CommitRow
from ergit.records.context import ChangeContext, Kind
from ergit.reports.context import assumption_sentence
from ergit.reports.figures.axis import AxisKind, Panels, Scale, running_medians, scale_for
from ergit.reports.figures.contents import (
    CONFIDENCE,
    Contents,
    SessionReadings,
    Values,
    columns,
    gather,
    median_interval,
)
from ergit.reports.figures.labels import clipped, width
from ergit.reports.figures.legend import marked, session_handles, session_styles
from ergit.reports.figures.page import EDGE, ROW, HistoryPage, inches_of, lay_out
from ergit.reports.figures.sheet import FAINT, INK, SCREEN, Sheet, styled
from ergit.text import counted

UP, DOWN, TRANSIENT = "#D55E00", "#009E73", "#CC79A7"
WORDS = {UP: "increase", DOWN: "decrease", TRANSIENT: "transient excursion"}
SHORT = WORDS | {TRANSIENT: "excursion"}
LISTED_CHANGES = 20  # the others have their line in the plot and their row in changes.tsv
TIERS = {True: 5, False: 2}  # lines of labels above an annotated panel and above a plain one
COLUMNS = {  # of the list of changes, and their largest widths in inches; the subject has what is left
    "commit": 0.6,
    "change": 0.65,
    "95% interval": 1.3,
    "joules before → after": 1.3,
    "lies in": 1.65,
    "differs in": 2.15,
}
LISTED_FROM = 9.0  # inches of width, below which there is no room for the list
GAP = 0.06  # between two columns, in inches


@dataclass(frozen=True)
class ChangeMark:
    """One change as it is drawn: at the change point before its commit, or at the commit if it went away again."""

    position: float
    span: tuple[float, float]  # from where to where it may lie
    relative: float
    colour: str
    cells: tuple[str, ...]  # its row in the list

    @property
    def is_spread(self) -> bool:
        """Whether it may lie in more than one commit."""
        return self.span[1] - self.span[0] > 1


@dataclass(frozen=True)
class Label:
    """The words of a change above the panel, and their line.

    `anchor` is where the change is and `x` the middle of the words, both in inches from the left edge.
    """

    change: ChangeMark
    text: str
    anchor: float
    x: float
    tier: int


@styled
def evolution(
    table: pd.DataFrame,
    commits: Sequence[CommitRow],
    record: ChangesRecord,
    contexts: Sequence[ChangeContext] = (),
    *,
    quantity: str | None = None,
    axis: AxisKind = "auto",
    sheet: Sheet = SCREEN,
) -> Figure:
    """The median energy of each commit with its interval, the levels, the changes, and the commits without energy.

    `table` is results/energy.csv, `commits` are those of results/commits.tsv, or some of them; `contexts` say what each
    change differs in. Another `quantity` than the judged energy has no levels.

    Raises:
        ErgitError: the table holds both measured and estimated energy, or the sheet has no room.
    """
    contents = gather(table, commits, quantity or record.study.judged)
    has_levels = contents.quantity.name == record.study.judged
    levels = _levels(record, contents) if has_levels else np.full(len(contents.commits), np.nan)
    kinds = {(one.commit, one.kind): one.differs.kinds for one in contexts if one.differs is not None}
    changes = [
        _mark(change, contents, kinds.get((change.commit, change.kind)))
        for change in record.changes
        if change.commit in contents.positions
    ]
    has_list = sheet.is_annotated and sheet.width >= LISTED_FROM
    largest = sorted(changes, key=lambda change: (change.colour == TRANSIENT, -abs(change.relative)))
    listed = sorted(largest[:LISTED_CHANGES], key=lambda change: change.position) if has_list else []
    notes = _notes(len(changes) - len(listed), record, sheet) if has_list else []
    footroom = 0.1 + ROW * (len(listed) + bool(listed) + len(notes)) if has_list else 0.0
    line = ROW if sheet.is_annotated else 0.14
    placed = labels(contents, sheet, largest[:LISTED_CHANGES])
    headroom = 0.05 + line * (1 + max(label.tier for label in placed)) if placed else 0.0
    side = {contents.positions[one.commit] for one in record.side if one.commit in contents.positions}
    page = lay_out(
        contents,
        sheet,
        f"{contents.quantity.noun} of each commit",
        contents.quantity.label(contents.kind, is_short=not sheet.is_annotated),
        _handles(contents, changes, sheet, has_side=bool(side), has_levels=bool(np.isfinite(levels).any())),
        _scale(contents, levels, side, axis),
        headroom=headroom,
        footroom=footroom,
    )
    _draw_medians(page.panels, contents, side)
    _draw_levels(page.panels, levels)
    _draw_changes(page.panels, changes)
    _draw_labels(page, placed, line)
    _write_list(page, listed, notes)
    return page.figure


def percent(relative: float) -> str:
    """A relative change as a signed percentage."""
    size = 100 * relative
    return f"{size:+.{0 if abs(size) >= 100 else 1}f}%".replace("-", "−")


def labels(contents: Contents, sheet: Sheet, largest: Sequence[ChangeMark]) -> list[Label]:
    """The labels that there is room for above the panels, without overlap, the largest change first."""
    taken: list[list[tuple[float, float]]] = [[] for _ in range(TIERS[sheet.is_annotated])]
    placed = []
    for change in largest:
        text = " ".join(change.cells[:2]) if sheet.is_annotated else change.cells[1]
        half = width(text, sheet.font_size) / 2 + 0.05
        anchor = inches_of(contents, sheet, change.position)
        x = min(max(anchor, half), sheet.width - half)
        free = (n for n, line in enumerate(taken) if all(x + half <= begin or end <= x - half for begin, end in line))
        tier = next(free, None)
        if tier is not None:
            taken[tier].append((x - half, x + half))
            placed.append(Label(change, text, anchor, x, tier))
    return placed


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


def _notes(unlisted: int, record: ChangesRecord, sheet: Sheet) -> list[str]:
    """The lines below the list of changes."""
    notes = [f"and {counted(unlisted, 'further change')}, listed in changes.tsv"] if unlisted else []
    assumption = assumption_sentence(record.study)
    if assumption is not None:
        notes.append(clipped(assumption, sheet.width - 2 * EDGE))
    return notes


def _handles(
    contents: Contents, changes: Sequence[ChangeMark], sheet: Sheet, *, has_side: bool, has_levels: bool
) -> list[Artist]:
    """The legend: an entry for all that is drawn, and for nothing else."""
    handles = session_handles(contents, sheet, sheet.either("median of clean readings", "median"))
    if any(median_interval(readings.values[readings.clean]) for readings in contents.readings):
        label = f"{100 * CONFIDENCE:.0f}% interval"
        label = sheet.either(f"its {label}, from 6 readings on", label)
        handles.append(Line2D([], [], color=INK, alpha=0.6, label=label))
    if has_side:
        words = sheet.either("commit beside the main line", "beside the line")
        handles.append(marked(words, "o", FAINT, "white"))
    if has_levels:
        words = sheet.either("level between changes", "level")
        handles.append(Line2D([], [], color=INK, linewidth=1.2, label=words))
    for colour, words in (WORDS if sheet.is_annotated else SHORT).items():
        count = sum(change.colour == colour for change in changes)
        if count:
            handles.append(Line2D([], [], color=colour, linewidth=1, label=counted(count, words)))
    if any(change.is_spread for change in changes):
        words = sheet.either("commits the change may lie in", "where it may lie")
        handles.append(Patch(color=FAINT, alpha=0.3, label=words))
    return handles


def _levels(record: ChangesRecord, contents: Contents) -> Values:
    """The level of each commit (n,), NaN where it has none."""
    levels = np.full(len(contents.commits), np.nan)
    for commit in record.commits:
        if commit.level_joules is not None and commit.commit in contents.positions:
            levels[contents.positions[commit.commit]] = commit.level_joules
    return levels


def _median(group: SessionReadings) -> float:
    return float(np.median(group.values[group.clean]))


def _scale(contents: Contents, levels: Values, side: Collection[int], kind: AxisKind) -> Scale:
    """The axis for the medians and their intervals; without levels, by the running medians of the main line."""
    clean = [group for group in contents.readings if group.clean.any()]
    at = np.array([round(group.centre) for group in clean], dtype=int)
    medians = np.array([_median(group) for group in clean])
    if len(at) and not np.isfinite(levels).any():
        on_line = np.array([position not in side for position in at])
        levels = np.full(len(contents.commits), np.nan)
        levels[at[on_line]] = running_medians(medians[on_line])
    intervals = [
        median_interval(group.values[group.clean]) or (median, median)
        for group, median in zip(clean, medians.tolist(), strict=True)
    ]
    shown = np.concatenate([medians, np.array(intervals).reshape(-1)])
    return scale_for(shown, np.concatenate([levels[at], np.repeat(levels[at], 2)]), kind)


def _draw_medians(panels: Panels, contents: Contents, side: Collection[int]) -> None:
    """The median of each commit; at the positions `side`, which are beside the main line, hollow and faint."""
    size = float(np.interp(len(contents.commits), [40, 300, 2000], [4.5, 2.5, 1.2]))  # of a mark, in points
    for session, colour, mark in session_styles(contents):
        there = [group for group in contents.of(session) if group.clean.any()]
        beside = [(group.centre, _median(group)) for group in there if round(group.centre) in side]
        x, y = columns(beside, 2)
        panels.points(x, y, mark, color=FAINT, markersize=size, mfc="white", mew=size / 6, zorder=2)
        clean = [(group.centre, group.values[group.clean]) for group in there if round(group.centre) not in side]
        medians = [(centre, float(np.median(values))) for centre, values in clean]
        spans = [(centre, *ends) for centre, values in clean if (ends := median_interval(values))]
        x, y = columns(medians, 2)
        panels.points(x, y, mark, color=colour, markersize=size, markeredgewidth=0, zorder=3)
        x, low, high = columns(spans, 3)
        panels.spans(x, low, high, colors=colour, linewidth=size / 4, alpha=0.6)


def _draw_levels(panels: Panels, levels: Values) -> None:
    """The level at each commit that has one."""
    there = np.isfinite(levels)
    at = np.arange(len(levels), dtype=np.float64)[there]
    panels.levels(levels[there], at - 0.5, at + 0.5, colors=INK, linewidth=1.2, capstyle="projecting", zorder=4)


def _draw_changes(panels: Panels, changes: Sequence[ChangeMark]) -> None:
    """A line at each change, thinner where there are many, and a shade over several commits that it may lie in."""
    weight, alpha = (float(np.interp(len(changes), [10, 60], ends)) for ends in ([0.7, 0.4], [1.0, 0.6]))
    for change in changes:
        for axes, _ in panels:
            axes.axvline(change.position, color=change.colour, linewidth=weight, alpha=alpha, zorder=1)
            if change.is_spread:
                axes.axvspan(*change.span, color=change.colour, alpha=0.13, linewidth=0, zorder=0)


def _draw_labels(page: HistoryPage, placed: Sequence[Label], line: float) -> None:
    """SHA and size of each change above the panels, `line` inches apart; a plain figure has the size alone."""
    axes = page.panels.top
    for label in placed:
        axes.annotate(
            label.text,
            (label.change.position, 1),
            (72 * (label.x - label.anchor), 72 * (0.05 + line * label.tier)),
            xycoords=axes.get_xaxis_transform(),
            textcoords="offset points",
            ha="center",
            color=INK,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
            zorder=100 - label.tier,  # no line crosses a label
            arrowprops={"arrowstyle": "-", "color": label.change.colour, "linewidth": 0.7, "shrinkB": 0},
        )


def _write_list(page: HistoryPage, changes: Sequence[ChangeMark], notes: Sequence[str]) -> None:
    """A header and a row a change, then the notes."""
    rows = [(FAINT, (*COLUMNS, "subject")), *((change.colour, change.cells) for change in changes)] if changes else []
    needed = [max(width(cells[column]) for _, cells in rows) + 3 * GAP for column in range(len(COLUMNS)) if rows]
    widths = [min(pair) for pair in zip(needed, COLUMNS.values(), strict=False)]
    widths.append(page.page.sheet.width - 2 * EDGE - sum(widths))
    top = page.bottom + 0.1
    for row, (colour, cells) in enumerate(rows):
        x = EDGE
        for column, (inches, text) in enumerate(zip(widths, cells, strict=True)):
            shown = colour if row == 0 or column == 1 else INK
            page.page.write(x, top + ROW * row, clipped(text, inches - GAP), color=shown)
            x += inches
    for row, note in enumerate(notes, start=len(rows)):
        page.page.write(EDGE, top + ROW * row, note, color=INK)
