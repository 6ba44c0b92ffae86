"""Two commits of a study, or the same commits in two studies, compared with the noise of all that was measured."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ergit.analysis.detection.sessions import LEAST_ANCHORS, LinkedSessions, link_sessions
from ergit.analysis.detection.change_points import CONFIDENCE, Settings
from ergit.analysis.detection.centres import Centres
from ergit.analysis.detection.conclusions import Readings
from ergit.analysis.detection.neighbours import shifts
from ergit.analysis.detection.power import minimum_detectable_change
from ergit.analysis.detection.significance import FloatArray, critical, two_sided
from ergit.analysis.detection.detect import Verdict, detect


@dataclass(frozen=True)
class Place:
    """A commit in one comparable part of a study: its index among those of the part, and its readings in joules."""

    verdict: Verdict
    index: int
    joules: FloatArray
    sessions: tuple[str, ...]


@dataclass(frozen=True)
class Pair:
    """What the second of two takes relative to the first (0.05 is 5 % more), with a 95 % interval.

    `q` is corrected over all pairs that were compared, and `differs` whether it is small enough. `visible` is the
    smallest difference that would have been seen. `sessions` are those in which the two were measured, `anchors` the
    number of commits that link these: 0 for one session, None where they are not linked.
    """

    first: str
    second: str
    first_readings: int
    second_readings: int
    first_median_joules: float
    second_median_joules: float
    relative: float
    ci_low: float
    ci_high: float
    q: float
    differs: bool
    visible: float
    first_sessions: tuple[str, ...]
    second_sessions: tuple[str, ...]
    anchors: int | None


@dataclass(frozen=True)
class Common:
    """What all commits of the second study have in common relative to the first, with a 95 % interval."""

    commits: int
    relative: float
    ci_low: float
    ci_high: float
    p: float
    differs: bool


def places(readings: Readings, settings: Settings) -> dict[str, dict[int, Place]]:
    """Where each measured commit stands: by SHA, then by the number of the comparable part."""
    observations = readings.observations
    names = [f"{host} {session}" for host, session in readings.sessions]
    ends = np.searchsorted(observations.commit, np.arange(1, observations.commits))
    groups = np.split(np.arange(len(observations.joules)), ends)
    found: dict[str, dict[int, Place]] = {}
    for part, verdict in enumerate(detect(observations, settings)):
        for index, position in enumerate(verdict.linked.commit.tolist()):
            rows = groups[position][np.isin(observations.session[groups[position]], verdict.linked.sessions)]
            sessions = tuple(names[number] for number in np.unique(observations.session[rows]))
            place = Place(verdict, index, observations.joules[rows], sessions)
            found.setdefault(readings.commits[position].commit, {})[part] = place
    return found


def common_part(first: dict[int, Place], second: dict[int, Place]) -> tuple[Place, Place] | None:
    """The two in the part that has the most readings of both; None where they have no part in common."""
    parts = first.keys() & second.keys()
    if not parts:
        return None
    best = max(parts, key=lambda part: min(len(first[part].joules), len(second[part].joules)))
    return first[best], second[best]


def fullest(parts: dict[int, Place]) -> Place:
    """The place with the most readings."""
    return max(parts.values(), key=lambda place: len(place.joules))


def compared(named: Sequence[tuple[str, Place, str, Place]], settings: Settings) -> list[Pair]:
    """The pairs (SHA and place of the first, then of the second), corrected for their number.

    Each is compared as if the two were neighbours in a history, by the same test.
    """
    alone = [_alone(first, second) for _, first, _, second in named]
    found = [shift for (shift,) in shifts(alone, settings.false_discovery_rate)]
    return [
        Pair(
            first=first_name,
            second=second_name,
            first_readings=len(first.joules),
            second_readings=len(second.joules),
            first_median_joules=float(np.median(first.joules)),
            second_median_joules=float(np.median(second.joules)),
            relative=shift.relative,
            ci_low=shift.ci_low,
            ci_high=shift.ci_high,
            q=shift.q,
            differs=shift.differs,
            visible=float(minimum_detectable_change(verdict, settings, len(named))[1]),
            first_sessions=first.sessions,
            second_sessions=second.sessions,
            anchors=_anchors(first, second),
        )
        for (first_name, first, second_name, second), verdict, shift in zip(named, alone, found, strict=True)
    ]


def common_difference(pairs: Sequence[tuple[Place, Place]], settings: Settings) -> Common | None:
    """What the second places have in common relative to the first ones, by the fit that ties two sessions together.

    None for fewer than `LEAST_ANCHORS` pairs. All first places must be of one part, and all second ones.
    """
    if len(pairs) < LEAST_ANCHORS:
        return None
    both = [place for pair in pairs for place in pair]
    (linked,) = link_sessions(
        Centres(
            commit=np.repeat(np.arange(len(pairs)), 2),
            session=np.tile([0, 1], len(pairs)),
            log_joules=np.array([place.verdict.linked.log_joules[place.index] for place in both]),
            variance=np.array([place.verdict.variance[place.index] for place in both]),
            run_variance=np.array([place.verdict.linked.run_variance[place.index] for place in both]),
            readings=np.array([place.verdict.linked.readings[place.index] for place in both]),
        )
    )
    size, error, degrees = float(linked.offsets[1]), math.sqrt(linked.covariance[1, 1]), max(1, len(pairs) - 1)
    reach = critical(1 - CONFIDENCE, degrees) * error
    chance = two_sided(abs(size) / error, degrees)
    return Common(
        commits=len(pairs),
        relative=math.expm1(size),
        ci_low=math.expm1(size - reach),
        ci_high=math.expm1(size + reach),
        p=chance,
        differs=chance <= settings.false_discovery_rate,
    )


def _alone(first: Place, second: Place) -> Verdict:
    """The two as a history of their own, with the noise that they have in theirs."""
    both = (first, second)
    variance = np.array([place.verdict.variance[place.index] for place in both]) + _offset_variance(first, second) / 2
    linked = LinkedSessions(
        sessions=np.zeros(1, dtype=np.int64),
        offsets=np.zeros(1),
        covariance=np.zeros((1, 1)),
        anchors=0,
        commit=np.arange(2),
        log_joules=np.array([place.verdict.linked.log_joules[place.index] for place in both]),
        variance=np.array([place.verdict.linked.variance[place.index] for place in both]),
        run_variance=np.array([place.verdict.linked.run_variance[place.index] for place in both]),
        readings=np.array([place.verdict.linked.readings[place.index] for place in both]),
        shares=np.ones((2, 1)),
    )
    noisier = min(first.verdict.noise, second.verdict.noise, key=lambda noise: noise.differences)
    degrees = min(first.verdict.degrees, second.verdict.degrees)
    return replace(first.verdict, linked=linked, noise=noisier, variance=variance, degrees=degrees)


def _offset_variance(first: Place, second: Place) -> float:
    """Variance that uncertain offsets of sessions add to the difference of the two."""
    shares = [place.verdict.linked.shares[place.index] for place in (first, second)]
    if first.verdict is second.verdict:
        return first.verdict.linked.offset_variance(shares[1] - shares[0])
    return first.verdict.linked.offset_variance(shares[0]) + second.verdict.linked.offset_variance(shares[1])


def _anchors(first: Place, second: Place) -> int | None:
    """How many commits link the sessions of the two; 0 where they are one session, None where nothing links them."""
    if first.sessions == second.sessions and len(first.sessions) == 1:
        return 0
    return first.verdict.linked.anchors if first.verdict is second.verdict else None
