"""Commits beside the main line: each against the level of the main line where it left, and no part of its levels."""

import math
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
from msgspec.structs import replace as replace_in

from ergit.analysis.changes import positions_of
from ergit.analysis.detection.change_points import WINDOW
from ergit.analysis.detection.detect import PartResult, detect
from ergit.analysis.detection.differences import Difference
from ergit.analysis.detection.significance import false_discovery_rates
from ergit.analysis.difference import Sides, difference_of
from ergit.analysis.readings import CleanReadings
from ergit.config.settings import ChangeSettings
from ergit.git.runner import Git
from ergit.records.changes import ChangesRecord, CommitResult, SideResult
from ergit.records.commits import CommitRow, chosen


def side_commits(history: Sequence[CommitRow], *, imported: bool) -> frozenset[str]:
    """The chosen commits that are no part of the main line, the branch's first-parent history.

    Where readings are not imported, commits after the newest chosen one of the main line go on from it: they are the
    branch whose commits the study lists. Without any commit of the main line those that are there are taken for it.
    """
    rows = chosen(history)
    newest = max((row.order for row in rows if row.first_parent), default=None)
    if newest is None:
        return frozenset()
    return frozenset(row.commit for row in rows if not row.first_parent and (imported or row.order < newest))


def line_of(git: Git, history: Sequence[CommitRow], side: Collection[str], judged: Sequence[str]) -> list[CommitRow]:
    """The rows without the side commits; where a judged commit is one, the line that leads to it instead.

    That is the main line up to where it left, and the side commits among its first parents.
    """
    aside = [sha for sha in judged if sha in side]
    if not aside:
        return [row for row in history if row.commit not in side]
    orders = {row.commit: row.order for row in history}
    head = max(aside, key=orders.__getitem__)
    on_the_way = {*aside, *git.rev_list("--first-parent", head).split()}
    last = max(orders[sha] for sha in judged)
    return [row for row in history if row.order <= last and (row.commit in on_the_way or row.commit not in side)]


def with_side_commits(
    record: ChangesRecord,
    readings: CleanReadings,
    side: Collection[str],
    settings: ChangeSettings,
    anchors: Collection[str] = (),
) -> ChangesRecord:
    """The record of the main line with the commits beside it; `readings` are those of all commits.

    The noise is that of the whole study. Rates are corrected over all side commits (Benjamini and Hochberg 1995).
    """
    if not side:
        return record
    parts = detect(readings.observations, settings, positions_of(anchors, readings))
    compared = [
        (row, _against(parts, position, row, readings, side, record))
        for position, row in enumerate(readings.commits)
        if row.commit in side
    ]
    differences = [difference_of(sides[0]) for _, sides in compared if sides]
    rates = false_discovery_rates(np.array([one.p_value for one in differences]), len(differences)).tolist()
    found = zip(differences, rates, strict=True)
    results = [
        _side_result(row, sides[1], len(sides[0].base), *next(found), settings) if sides else _uncompared(row)
        for row, sides in compared
    ]
    commits = [*record.commits, *(_commit_result(row, position, readings) for position, row in _rows(readings, side))]
    return replace_in(
        record,
        side=tuple(results),
        commits=tuple(sorted(commits, key=lambda commit: commit.order)),
    )


def main_line_of(readings: CleanReadings, history: Sequence[CommitRow], side: Collection[str]) -> CleanReadings:
    """The same readings, knowing which orders in Git history belong to commits beside the main line."""
    return replace(readings, beside=tuple(row.order for row in history if row.commit in side))


def _rows(readings: CleanReadings, side: Collection[str]) -> list[tuple[int, CommitRow]]:
    return [(position, row) for position, row in enumerate(readings.commits) if row.commit in side]


def _against(
    parts: Sequence[PartResult],
    position: int,
    row: CommitRow,
    readings: CleanReadings,
    side: Collection[str],
    record: ChangesRecord,
) -> tuple[Sides, str] | None:
    """A side commit and the level where it left: up to `WINDOW` commits of the main line, back to its last change.

    Beside it the newest of these commits. None where no commit of the main line before it can be compared with it.
    """
    since = max(
        (change.order for change in record.changes if change.kind == "persistent" and change.order < row.order),
        default=-1,
    )
    excursions = {change.commit for change in record.changes if change.kind == "transient"}
    best: tuple[Sides, str] | None = None
    for part in parts:
        index = {commit: number for number, commit in enumerate(part.linked.commit.tolist())}
        if position not in index:
            continue
        before = [
            (number, readings.commits[commit].commit)
            for commit, number in index.items()
            if since <= readings.commits[commit].order < row.order
            and readings.commits[commit].commit not in side
            and readings.commits[commit].commit not in excursions
        ][-WINDOW:]
        if before and (best is None or len(before) > len(best[0].base)):
            best = Sides(part, [number for number, _ in before], [index[position]]), before[-1][1]
    return best


def _side_result(
    row: CommitRow, left: str, level_commits: int, difference: Difference, rate: float, settings: ChangeSettings
) -> SideResult:
    low, high = difference.interval()
    relative = math.expm1(difference.difference)
    return SideResult(
        commit=row.commit,
        order=row.order,
        left=left,
        level_commits=level_commits,
        relative=relative,
        ci_low=low,
        ci_high=high,
        q=rate,
        differs=rate <= settings.false_discovery_rate
        and abs(difference.difference) >= math.log1p(settings.least_change),
    )


def _uncompared(row: CommitRow) -> SideResult:
    return SideResult(commit=row.commit, order=row.order)


def _commit_result(row: CommitRow, position: int, readings: CleanReadings) -> CommitResult:
    """Readings of a side commit, which has no level and no neighbour on the main line."""
    joules = readings.observations.joules[readings.observations.commit == position]
    median = float(np.median(joules))
    return CommitResult(
        commit=row.commit,
        order=row.order,
        part=None,
        readings=len(joules),
        median_joules=median,
        mean_joules=float(joules.mean()),
        mad_joules=float(np.median(np.abs(joules - median))),
        level_joules=None,
        shift=None,
        minimum_detectable_change=None,
    )
