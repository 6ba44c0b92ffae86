"""Two commits of a study, or the same commits in two studies, compared with the noise of all that was measured."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ergit.analysis.changes import positions_of
from ergit.analysis.detection.centres import Centres
from ergit.analysis.detection.detect import PartResult, detect
from ergit.analysis.detection.differences import CONFIDENCE
from ergit.analysis.detection.neighbours import neighbour_differences
from ergit.analysis.detection.power import minimum_detectable_change
from ergit.analysis.detection.sessions import LEAST_ANCHORS, LinkedSessions, link_sessions
from ergit.analysis.detection.significance import FloatArray, critical, false_discovery_rates, two_sided
from ergit.analysis.readings import CleanReadings
from ergit.config.settings import ChangeSettings
from ergit.records.comparison import CommonDifference, ComparedPair


@dataclass(frozen=True)
class MeasuredCommit:
    """A commit in one comparable part of a study: its index among those of the part, and its readings in joules."""

    result: PartResult
    index: int
    joules: FloatArray
    sessions: tuple[str, ...]


def measured_commits(
    readings: CleanReadings, settings: ChangeSettings, anchors: Collection[str] = ()
) -> dict[str, dict[int, MeasuredCommit]]:
    """The measured commits by SHA, then by the number of the comparable part; `anchors` alone link sessions, if any."""
    observations = readings.observations
    names = [f"{host} {session}" for host, session in readings.sessions]
    ends = np.searchsorted(observations.commit, np.arange(1, observations.commits))
    groups = np.split(np.arange(len(observations.joules)), ends)
    found: dict[str, dict[int, MeasuredCommit]] = {}
    for part, result in enumerate(detect(observations, settings, positions_of(anchors, readings))):
        for index, position in enumerate(result.linked.commit.tolist()):
            rows = groups[position][np.isin(observations.session[groups[position]], result.linked.sessions)]
            sessions = tuple(names[number] for number in np.unique(observations.session[rows]))
            commit = MeasuredCommit(result, index, observations.joules[rows], sessions)
            found.setdefault(readings.commits[position].commit, {})[part] = commit
    return found


def common_part(
    first: dict[int, MeasuredCommit], second: dict[int, MeasuredCommit]
) -> tuple[MeasuredCommit, MeasuredCommit] | None:
    """The two in the part that has the most readings of both; None where they have no part in common."""
    parts = first.keys() & second.keys()
    if not parts:
        return None
    best = max(parts, key=lambda part: min(len(first[part].joules), len(second[part].joules)))
    return first[best], second[best]


def fullest(parts: dict[int, MeasuredCommit]) -> MeasuredCommit:
    """The commit in the part where it has the most readings."""
    return max(parts.values(), key=lambda commit: len(commit.joules))


def compared(
    named: Sequence[tuple[str, MeasuredCommit, str, MeasuredCommit]], settings: ChangeSettings
) -> tuple[ComparedPair, ...]:
    """The pairs (SHA and commit of the first, then of the second), corrected for their number.

    Each is compared as if the two were neighbours in a history, by the same test.
    """
    alone = [_alone(first, second) for _, first, _, second in named]
    differences = [difference for result in alone for difference in neighbour_differences(result)]
    p_values = np.array([difference.p_value for difference in differences])
    rates = false_discovery_rates(p_values, len(p_values)).tolist()
    return tuple(
        ComparedPair(
            first=first_name,
            second=second_name,
            first_readings=len(first.joules),
            second_readings=len(second.joules),
            first_median_joules=float(np.median(first.joules)),
            second_median_joules=float(np.median(second.joules)),
            relative=math.expm1(difference.difference),
            ci_low=difference.interval()[0],
            ci_high=difference.interval()[1],
            q=rate,
            differs=rate <= settings.false_discovery_rate,
            visible=float(minimum_detectable_change(result, settings, len(named))[1]),
            first_sessions=first.sessions,
            second_sessions=second.sessions,
            anchors=_anchors(first, second),
            assumed_build_difference=_assumed(first, second),
        )
        for (first_name, first, second_name, second), result, difference, rate in zip(
            named, alone, differences, rates, strict=True
        )
    )


def common_difference(
    pairs: Sequence[tuple[MeasuredCommit, MeasuredCommit]], settings: ChangeSettings
) -> CommonDifference | None:
    """What the second commits have in common relative to the first ones, by the fit that links two sessions.

    None for fewer than `LEAST_ANCHORS` pairs. All first commits must be of one part, and all second ones.
    """
    if len(pairs) < LEAST_ANCHORS:
        return None
    both = [commit for pair in pairs for commit in pair]
    (linked,) = link_sessions(
        Centres(
            commit=np.repeat(np.arange(len(pairs)), 2),
            session=np.tile([0, 1], len(pairs)),
            log_joules=np.array([commit.result.linked.log_joules[commit.index] for commit in both]),
            variance=np.array([commit.result.variance[commit.index] for commit in both]),
            run_variance=np.array([commit.result.linked.run_variance[commit.index] for commit in both]),
            readings=np.array([commit.result.linked.readings[commit.index] for commit in both]),
            own_variance=np.array([commit.result.linked.own_variance[commit.index] for commit in both]),
            own_degrees=np.array([commit.result.linked.own_degrees[commit.index] for commit in both]),
            usual_variance=np.array([commit.result.linked.usual_variance[commit.index] for commit in both]),
        )
    )
    size, error, degrees = float(linked.offsets[1]), math.sqrt(linked.covariance[1, 1]), max(1, len(pairs) - 1)
    reach = critical(1 - CONFIDENCE, degrees) * error
    p_value = two_sided(abs(size) / error, degrees)
    return CommonDifference(
        commits=len(pairs),
        relative=math.expm1(size),
        ci_low=math.expm1(size - reach),
        ci_high=math.expm1(size + reach),
        p=p_value,
        differs=p_value <= settings.false_discovery_rate,
    )


def _alone(first: MeasuredCommit, second: MeasuredCommit) -> PartResult:
    """The two as a history of their own, with the noise that they have in theirs."""
    both = (first, second)
    variance = np.array([commit.result.variance[commit.index] for commit in both]) + _offset_variance(first, second) / 2
    linked = LinkedSessions(
        sessions=np.zeros(1, dtype=np.int64),
        offsets=np.zeros(1),
        covariance=np.zeros((1, 1)),
        anchors=0,
        commit=np.arange(2),
        log_joules=np.array([commit.result.linked.log_joules[commit.index] for commit in both]),
        variance=np.array([commit.result.linked.variance[commit.index] for commit in both]),
        run_variance=np.array([commit.result.linked.run_variance[commit.index] for commit in both]),
        readings=np.array([commit.result.linked.readings[commit.index] for commit in both]),
        shares=np.ones((2, 1)),
        own_variance=np.array([commit.result.linked.own_variance[commit.index] for commit in both]),
        own_degrees=np.array([commit.result.linked.own_degrees[commit.index] for commit in both]),
        usual_variance=np.array([commit.result.linked.usual_variance[commit.index] for commit in both]),
        usual_degrees=min(commit.result.linked.usual_degrees for commit in both),
        many=all(commit.result.linked.many for commit in both),
    )
    noisier = min(first.result.noise, second.result.noise, key=lambda noise: noise.degrees)
    degrees = min(first.result.degrees, second.result.degrees)
    return replace(first.result, linked=linked, noise=noisier, variance=variance, degrees=degrees)


def _assumed(first: MeasuredCommit, second: MeasuredCommit) -> float | None:
    """How far builds are assumed to differ at most, where too few commits of either part show it."""
    assumed = (commit.result.assumed_build_difference for commit in (first, second))
    return max((difference for difference in assumed if difference is not None), default=None)


def _offset_variance(first: MeasuredCommit, second: MeasuredCommit) -> float:
    """Variance that uncertain offsets of sessions add to the difference of the two."""
    shares = [commit.result.linked.shares[commit.index] for commit in (first, second)]
    if first.result is second.result:
        return first.result.linked.offset_variance(shares[1] - shares[0])
    return first.result.linked.offset_variance(shares[0]) + second.result.linked.offset_variance(shares[1])


def _anchors(first: MeasuredCommit, second: MeasuredCommit) -> int | None:
    """How many commits link the sessions of the two; 0 where they are one session, None where nothing links them."""
    if first.sessions == second.sessions and len(first.sessions) == 1:
        return 0
    return first.result.linked.anchors if first.result is second.result else None
