"""The findings of a study: facts, commits and changes, from its readings and its history."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from ergit.analysis.detection.change_points import CONFIDENCE, Change, Settings
from ergit.records.changes import ChangeFinding, CommitFinding, Comparison, Findings, Need, Offset, Part, Study
from ergit.analysis.detection.neighbours import Shift, shifts
from ergit.analysis.detection.observations import IntArray, Observations
from ergit.analysis.detection.power import runs_needed, minimum_detectable_change
from ergit.analysis.detection.significance import FloatArray, critical
from ergit.analysis.detection.detect import Verdict, detect

WANTED_CHANGES = (0.01, 0.02, 0.03, 0.05, 0.1)
WANTED_COMMITS = (1, 5)  # commits after a change, for which the needed runs are told
LEVEL_DIGITS = 9  # significant ones of a level, so that commits of one stretch have the same number


@dataclass(frozen=True)
class Commit:
    """A commit of the history, with its place in it and, where known, its tree."""

    commit: str
    order: int
    tree: str | None


@dataclass(frozen=True)
class Readings:
    """The clean readings of a study, commits in Git order; `sessions` names host and session by number.

    `seconds` and `watts` have one entry a reading, NaN where they were not recorded.
    """

    kind: str | None
    commits: list[Commit]
    sessions: list[tuple[str, str]]
    observations: Observations
    seconds: FloatArray
    watts: FloatArray


def conclude(
    readings: Readings, history: Sequence[Commit], settings: Settings, anchors: Collection[int] = ()
) -> Findings:
    """All that can be said of the study; `history` are its commits in Git order, also those without a reading."""
    verdicts = detect(readings.observations, settings, anchors)
    tests = sum(len(verdict.linked.commit) - 1 for verdict in verdicts)
    sizes = [minimum_detectable_change(verdict, settings, max(1, tests)) for verdict in verdicts]
    groups = _rows_of(readings.observations)
    homes = _homes(verdicts, len(readings.commits))
    commits = _commit_findings(
        readings, history, verdicts, shifts(verdicts, settings.false_discovery_rate), sizes, groups, homes
    )
    changes = [
        _change_finding(change, readings, history, groups)
        for part, verdict in enumerate(verdicts)
        for change in verdict.changes
    ]
    return Findings(
        study=_study(readings, history, verdicts, settings, tests, sizes),
        commits=commits,
        changes=sorted(changes, key=lambda change: change.order),
    )


def _rows_of(observations: Observations) -> list[IntArray]:
    """The rows of the readings of each commit."""
    return np.split(
        np.arange(len(observations.joules)), np.searchsorted(observations.commit, np.arange(1, observations.commits))
    )


def _homes(verdicts: Sequence[Verdict], commits: int) -> list[tuple[int, int]]:
    """For each commit its part, and its index there: where it has a predecessor, and the most readings."""
    best: list[tuple[bool, int, int, int]] = [(False, 0, 0, 0)] * commits
    for part, verdict in enumerate(verdicts):
        for index, (commit, count) in enumerate(
            zip(verdict.linked.commit.tolist(), verdict.linked.readings.tolist(), strict=True)
        ):
            best[commit] = max(best[commit], (index > 0, count, part, index))
    return [(part, index) for _, _, part, index in best]


def _study(
    readings: Readings,
    history: Sequence[Commit],
    verdicts: Sequence[Verdict],
    settings: Settings,
    tests: int,
    sizes: Sequence[FloatArray],
) -> Study:
    visible = np.concatenate([part[1:] for part in sizes]) if sizes else np.empty(0)
    largest = max(verdicts, key=lambda verdict: len(verdict.linked.commit), default=None)
    return Study(
        kind=readings.kind,
        unit="J",
        commits=len(history),
        measured_commits=len(readings.commits),
        readings=len(readings.observations.joules),
        tests=tests,
        least_change=settings.least_change,
        false_discovery_rate=settings.false_discovery_rate,
        minimum_detectable_change=float(np.median(visible)) if len(visible) else None,
        runs_needed=[
            Need(wanted, after, runs_needed(wanted, after, largest, settings, tests))
            for wanted in WANTED_CHANGES
            for after in WANTED_COMMITS
            if largest is not None
        ],
        parts=[_part(verdict, readings.sessions) for verdict in verdicts],
    )


def _part(verdict: Verdict, names: Sequence[tuple[str, str]]) -> Part:
    linked = verdict.linked
    errors = np.sqrt(np.diag(linked.covariance))
    degrees = max(1, linked.anchors - 1)
    sessions = [
        Offset(
            host=names[session][0],
            session=names[session][1],
            relative=math.expm1(offset),
            ci_low=math.expm1(offset - critical(1 - CONFIDENCE, degrees) * error),
            ci_high=math.expm1(offset + critical(1 - CONFIDENCE, degrees) * error),
        )
        for session, offset, error in zip(linked.sessions.tolist(), linked.offsets.tolist(), errors.tolist(), strict=True)
    ]
    return Part(
        commits=len(linked.commit),
        anchors=linked.anchors,
        sessions=sessions,
        run_spread=verdict.noise.run,
        build_spread=verdict.noise.build,
        drift_spread=verdict.drift,
        tail_degrees=verdict.degrees,
        identical_neighbours=verdict.noise.pairs,
    )


def _commit_findings(
    readings: Readings,
    history: Sequence[Commit],
    verdicts: Sequence[Verdict],
    neighbours: Sequence[Sequence[Shift]],
    sizes: Sequence[FloatArray],
    groups: Sequence[IntArray],
    homes: Sequence[tuple[int, int]],
) -> list[CommitFinding]:
    found = {}
    for position, (part, index) in enumerate(homes):
        verdict, commit = verdicts[part], readings.commits[position]
        rows = groups[position]
        joules = readings.observations.joules[rows[np.isin(readings.observations.session[rows], verdict.linked.sessions)]]
        level = math.exp(verdict.levels[index] + verdict.linked.shares[index] @ verdict.linked.offsets)
        median = float(np.median(joules))
        found[commit.commit] = CommitFinding(
            commit=commit.commit,
            order=commit.order,
            part=part,
            readings=len(joules),
            median_joules=median,
            mean_joules=float(joules.mean()),
            mad_joules=float(np.median(np.abs(joules - median))),
            level_joules=float(f"{level:.{LEVEL_DIGITS}g}"),
            shift=_comparison(neighbours[part][index - 1], readings.commits) if index else None,
            minimum_detectable_change=float(sizes[part][index]) if index else None,
        )
    return [found.get(commit.commit) or _without_reading(commit) for commit in _all_commits(readings, history)]


def _all_commits(readings: Readings, history: Sequence[Commit]) -> list[Commit]:
    known = {commit.commit: commit for commit in chain(readings.commits, history)}
    return sorted(known.values(), key=lambda commit: commit.order)


def _without_reading(commit: Commit) -> CommitFinding:
    return CommitFinding(commit.commit, commit.order, None, 0, None, None, None, None, None, None)


def _comparison(shift: Shift, commits: Sequence[Commit]) -> Comparison:
    return Comparison(
        against=commits[shift.against].commit,
        relative=shift.relative,
        ci_low=shift.ci_low,
        ci_high=shift.ci_high,
        p=shift.p,
        q=shift.q,
        differs=shift.differs,
    )


def _change_finding(
    change: Change, readings: Readings, history: Sequence[Commit], groups: Sequence[IntArray]
) -> ChangeFinding:
    measured = readings.commits
    spans = [(measured[before].order, measured[place].order) for before, place in change.location]
    location = [
        commit.commit
        for commit in _all_commits(readings, history)
        if any(before < commit.order <= place for before, place in spans)
    ]
    after = float(np.median([np.median(readings.observations.joules[groups[position]]) for position in change.after]))
    return ChangeFinding(
        commit=measured[change.position].commit,
        order=measured[change.position].order,
        kind=change.kind,
        direction=change.direction,
        relative_change=change.relative_change,
        ci_low=change.ci_low,
        ci_high=change.ci_high,
        q_value=change.q_value,
        location=location,
        joules_before=after / (1 + change.relative_change),
        joules_after=after,
        duration_change=_relative(readings.seconds, change, readings.observations, groups),
        power_change=_relative(readings.watts, change, readings.observations, groups),
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
