"""What the statistics say of a study: facts, commits and changes, from its readings and its history."""

import math
from collections.abc import Collection, Sequence

import numpy as np

from ergit.analysis.detection.change_points import Change
from ergit.analysis.detection.detect import PartResult, detect
from ergit.analysis.detection.differences import CONFIDENCE, Difference
from ergit.analysis.detection.neighbours import neighbour_differences
from ergit.analysis.detection.observations import IntArray, Observations
from ergit.analysis.detection.power import minimum_detectable_change, runs_needed
from ergit.analysis.detection.significance import FloatArray, critical, false_discovery_rates
from ergit.analysis.readings import CleanReadings
from ergit.config.settings import ChangeSettings
from ergit.errors import ErgitError
from ergit.git.names import CommitNames
from ergit.git.runner import Git
from ergit.records.changes import (
    ChangeResult,
    ChangesRecord,
    CommitResult,
    ComparablePart,
    RunsNeeded,
    SessionOffset,
    Shift,
    StudyFacts,
)
from ergit.records.commits import CommitRow

WANTED_CHANGES = (0.01, 0.02, 0.03, 0.05, 0.1)
WANTED_COMMITS = (1, 5)  # commits after a change, for which the needed runs are given
LEVEL_DIGITS = 9  # significant ones of a level, so that commits of one stretch have the same number


def anchors_named(names: Sequence[str], git: Git, history: Sequence[CommitRow]) -> tuple[str, ...]:
    """The SHAs of `changes.anchors`, from the names that it has.

    Raises:
        ErgitError: a name is unknown, may be more than one commit, or is no commit of the study.
    """
    if not names:
        return ()
    shas = dict(zip(names, CommitNames.of_repository(git).resolve_all(names, "changes.anchors"), strict=True))
    known = {row.commit for row in history}
    for name, sha in shas.items():
        if sha not in known:
            raise ErgitError(
                f"changes.anchors names {name!r} ({sha[:10]}), which is no commit of this study. Anchors are commits"
                " that are measured in every session: name some of those in the study's commits.tsv."
            )
    return tuple(dict.fromkeys(shas.values()))


def positions_of(anchors: Collection[str], readings: CleanReadings) -> set[int]:
    """The positions of the commits with these SHAs among the measured ones."""
    return {position for position, row in enumerate(readings.commits) if row.commit in anchors}


def changes_record(
    readings: CleanReadings,
    history: Sequence[CommitRow],
    settings: ChangeSettings,
    anchors: Sequence[str] = (),
    judged: str = "package",
) -> ChangesRecord:
    """All that can be said of the study; `history` are its commits in Git order, also those without a reading.

    `anchors` are the SHAs of the commits that alone link sessions; without any, all shared ones do.
    """
    parts = detect(readings.observations, settings, positions_of(anchors, readings))
    tests = sum(len(part.linked.commit) - 1 for part in parts)
    sizes = [minimum_detectable_change(part, settings, max(1, tests)) for part in parts]
    groups = _rows_of(readings.observations)
    changes = [_change_result(change, readings, history, groups) for part in parts for change in part.changes]
    false = [_change_result(change, readings, history, groups) for part in parts for change in part.false_alarms]
    return ChangesRecord(
        kind=readings.kind,
        study=_study_facts(readings, history, parts, settings, anchors, judged, sizes),
        commits=_commit_results(readings, history, parts, settings, sizes, groups),
        changes=tuple(sorted(changes, key=lambda change: change.order)),
        false_alarms=tuple(sorted(false, key=lambda change: change.order)),
    )


def _rows_of(observations: Observations) -> list[IntArray]:
    """The rows of the readings of each commit."""
    ends = np.searchsorted(observations.commit, np.arange(1, observations.commits))
    return np.split(np.arange(len(observations.joules)), ends)


def _study_facts(
    readings: CleanReadings,
    history: Sequence[CommitRow],
    parts: Sequence[PartResult],
    settings: ChangeSettings,
    anchors: Sequence[str],
    judged: str,
    sizes: Sequence[FloatArray],
) -> StudyFacts:
    tests = sum(len(part.linked.commit) - 1 for part in parts)
    detectable = np.concatenate([size[1:] for size in sizes]) if sizes else np.empty(0)
    largest = max(parts, key=lambda part: len(part.linked.commit), default=None)
    return StudyFacts(
        kind=readings.kind,
        unit="J",
        commits=len(history),
        measured_commits=len(readings.commits),
        readings=len(readings.observations.joules),
        tests=tests,
        least_change=settings.least_change,
        false_discovery_rate=settings.false_discovery_rate,
        anchors=tuple(anchors),
        judged=judged,
        minimum_detectable_change=float(np.median(detectable)) if len(detectable) else None,
        runs_needed=tuple(
            RunsNeeded(
                change=wanted, commits_after=after, runs=runs_needed(wanted, after, largest, settings, max(1, tests))
            )
            for wanted in WANTED_CHANGES
            for after in WANTED_COMMITS
            if largest is not None
        ),
        parts=tuple(_comparable_part(part, readings.sessions) for part in parts),
    )


def _comparable_part(part: PartResult, names: Sequence[tuple[str, str]]) -> ComparablePart:
    linked = part.linked
    errors = np.sqrt(np.diag(linked.covariance))
    reach = critical(1 - CONFIDENCE, max(1, linked.anchors - 1)) * errors
    sessions = [
        SessionOffset(
            host=names[session][0],
            session=names[session][1],
            relative=math.expm1(offset),
            ci_low=math.expm1(offset - half),
            ci_high=math.expm1(offset + half),
        )
        for session, offset, half in zip(linked.sessions.tolist(), linked.offsets.tolist(), reach.tolist(), strict=True)
    ]
    return ComparablePart(
        commits=len(linked.commit),
        anchors=linked.anchors,
        sessions=tuple(sessions),
        run_spread=part.noise.run,
        build_spread=part.noise.build,
        drift_spread=part.drift,
        tail_degrees=part.degrees,
        identical_neighbours=part.noise.pairs,
        assumed_build_difference=part.assumed_build_difference,
    )


def _homes(parts: Sequence[PartResult], commits: int) -> list[tuple[int, int]]:
    """For each commit its part, and its index there: where it has a predecessor, and the most readings."""
    best: list[tuple[bool, int, int, int]] = [(False, 0, 0, 0)] * commits
    for number, part in enumerate(parts):
        counts = zip(part.linked.commit.tolist(), part.linked.readings.tolist(), strict=True)
        for index, (commit, count) in enumerate(counts):
            best[commit] = max(best[commit], (index > 0, count, number, index))
    return [(number, index) for _, _, number, index in best]


def _commit_results(
    readings: CleanReadings,
    history: Sequence[CommitRow],
    parts: Sequence[PartResult],
    settings: ChangeSettings,
    sizes: Sequence[FloatArray],
    groups: Sequence[IntArray],
) -> tuple[CommitResult, ...]:
    shifts = _shifts(parts, readings.commits, settings.false_discovery_rate)
    observations = readings.observations
    found = {}
    for position, (number, index) in enumerate(_homes(parts, len(readings.commits))):
        part, row, mine = parts[number], readings.commits[position], groups[position]
        joules = observations.joules[mine[np.isin(observations.session[mine], part.linked.sessions)]]
        level = math.exp(part.levels[index] + part.linked.shares[index] @ part.linked.offsets)
        median = float(np.median(joules))
        found[row.commit] = CommitResult(
            commit=row.commit,
            order=row.order,
            part=number,
            readings=len(joules),
            median_joules=median,
            mean_joules=float(joules.mean()),
            mad_joules=float(np.median(np.abs(joules - median))),
            level_joules=float(f"{level:.{LEVEL_DIGITS}g}"),
            shift=shifts[number][index - 1] if index else None,
            minimum_detectable_change=float(sizes[number][index]) if index else None,
        )
    return tuple(found.get(row.commit) or _without_reading(row) for row in history)


def _without_reading(row: CommitRow) -> CommitResult:
    return CommitResult(
        commit=row.commit,
        order=row.order,
        part=None,
        readings=0,
        median_joules=None,
        mean_joules=None,
        mad_joules=None,
        level_joules=None,
        shift=None,
        minimum_detectable_change=None,
    )


def _shifts(parts: Sequence[PartResult], commits: Sequence[CommitRow], rate: float) -> list[list[Shift]]:
    """Each commit of each part against the one before it, corrected over all of them (Benjamini and Hochberg 1995)."""
    differences = [neighbour_differences(part) for part in parts]
    p_values = np.array([difference.p_value for part in differences for difference in part])
    rates = iter(false_discovery_rates(p_values, len(p_values)).tolist())
    return [
        [
            _shift(difference, commits[before].commit, next(rates), rate)
            for difference, before in zip(found, part.linked.commit.tolist(), strict=False)
        ]
        for part, found in zip(parts, differences, strict=True)
    ]


def _shift(difference: Difference, against: str, q_value: float, rate: float) -> Shift:
    low, high = difference.interval()
    return Shift(
        against=against,
        relative=math.expm1(difference.difference),
        ci_low=low,
        ci_high=high,
        p=difference.p_value,
        q=q_value,
        differs=q_value <= rate,
    )


def _change_result(
    change: Change, readings: CleanReadings, history: Sequence[CommitRow], groups: Sequence[IntArray]
) -> ChangeResult:
    measured, observations = readings.commits, readings.observations
    spans = [(measured[before].order, measured[position].order) for before, position in change.location]
    location = [row.commit for row in history if any(before < row.order <= position for before, position in spans)]
    first, last = change.location[0][0], change.location[-1][1]
    after = float(np.median([np.median(observations.joules[groups[position]]) for position in change.after]))
    estimated = readings.kind == "estimated"  # from CPU time, which tells time and power not apart
    return ChangeResult(
        commit=measured[change.position].commit,
        order=measured[change.position].order,
        kind=change.kind,
        direction=change.direction,
        relative_change=change.relative_change,
        ci_low=change.ci_low,
        ci_high=change.ci_high,
        q_value=change.q_value,
        location=tuple(location),
        joules_before=after / (1 + change.relative_change),
        joules_after=after,
        duration_change=None if estimated else _relative(readings.seconds, change, observations, groups),
        power_change=None if estimated else _relative(readings.watts, change, observations, groups),
        after=measured[first].commit,
        commits_between=readings.commits_between(first, last),
        measured_between=last - first,
        compared_before=tuple(measured[position].commit for position in change.before),
        compared_after=tuple(measured[position].commit for position in change.after),
    )


def _relative(
    values: FloatArray, change: Change, observations: Observations, groups: Sequence[IntArray]
) -> float | None:
    """Relative change of the median over commits of their median `values`; None across sessions or without values."""
    sides = [np.concatenate([groups[position] for position in side]) for side in (change.before, change.after)]
    sessions = [np.unique(observations.session[rows]) for rows in sides]
    if not np.array_equal(sessions[0], sessions[1]) or np.isnan(values[np.concatenate(sides)]).any():
        return None
    before, after = (
        float(np.median([np.median(values[groups[position]]) for position in side]))
        for side in (change.before, change.after)
    )
    return after / before - 1 if before > 0 else None
