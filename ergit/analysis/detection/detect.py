"""The commits that changed the energy: how much, how surely, and where each change may lie.

The readings of a commit become one robust centre; the series of centres is divided into stretches of one level, short
excursions apart; every change point between two stretches is then tested on its surroundings, and the weakest is given
up until all hold over the whole history and no change is below the least relevant one.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ergit.analysis.detection.centres import centres
from ergit.analysis.detection.change_points import Change, ChangePointTest
from ergit.analysis.detection.noise import (
    BUILD_PRIOR,
    Noise,
    local_variance_ratio,
    noise,
    residuals,
    same_tree,
    tail_degrees,
)
from ergit.analysis.detection.observations import BoolArray, Observations
from ergit.analysis.detection.partition import partition, stretches
from ergit.analysis.detection.sessions import LinkedSessions, link_sessions
from ergit.analysis.detection.significance import FloatArray, false_discovery_rates
from ergit.config.settings import ChangeSettings

FEW_COMMITS = 5  # below so many, the spread between builds is an assumption
NORMAL_95 = 1.96  # standard deviations within which 95% of a normal distribution lie


@dataclass(frozen=True)
class PartResult:
    """What was found in one comparable part: its changes in Git order, and the level (log joules) of each commit.

    `variance` (n,) is the noise of each commit as the tests took it, `degrees` the heaviness of its tails, `drift` the
    standard deviation by which levels `DRIFT_WINDOW` commits apart differ without a change. `false_alarms` are the
    lasting changes that the same test finds between commits with identical trees, where none can be.
    """

    linked: LinkedSessions
    noise: Noise
    variance: FloatArray
    degrees: float
    drift: float
    levels: FloatArray
    changes: tuple[Change, ...]
    false_alarms: tuple[Change, ...] = ()

    @property
    def assumed_build_difference(self) -> float | None:
        """How far builds of the same source are assumed to differ at most (95%; 0.01 is 1%); None: it was estimated.

        Too few commits show too little of it: below `FEW_COMMITS`, or where changes may have spoilt all differences.
        """
        if len(self.linked.commit) >= FEW_COMMITS and self.noise.differences:
            return None
        return math.expm1(NORMAL_95 * math.sqrt(2) * max(BUILD_PRIOR, self.noise.build))


def detect(observations: Observations, settings: ChangeSettings, anchors: Collection[int] = ()) -> list[PartResult]:
    """What was found in each comparable part of the history; nothing is compared across parts.

    `anchors` are the positions of the commits that link sessions; without any, all shared commits do.
    """
    if not observations.commits:
        return []
    linked = link_sessions(centres(observations), anchors)
    tests = sum(len(part.commit) - 1 for part in linked)
    found = [_part_result(part, observations, settings, tests) for part in linked]
    return _without_chance_excursions(found, settings, tests)


def _part_result(
    linked: LinkedSessions, observations: Observations, settings: ChangeSettings, tests: int
) -> PartResult:
    background = noise(linked, observations.trees)
    values = linked.log_joules - linked.log_joules.mean()
    division = partition(values, background.variance)
    spans = stretches(division.cuts, len(division.kept))
    remains, own = residuals(values[division.kept], 1 / background.variance[division.kept], spans)
    degrees = tail_degrees(remains)
    ratio = np.interp(np.arange(len(values)), division.kept, local_variance_ratio(remains, own))
    variance = background.variance * ratio
    changed = ~same_tree(linked.commit[division.kept], observations.trees)
    test = ChangePointTest(linked, background.degrees, division, values, variance, degrees, tests, changed)
    change_points = test.confirmed(settings)
    changes = [test.change(change_points, index) for index in range(len(change_points))]
    changes += test.excursions(change_points, settings)
    return PartResult(
        linked=linked,
        noise=background,
        variance=variance,
        degrees=degrees,
        drift=test.drift,
        levels=test.levels(change_points) + linked.log_joules.mean(),
        changes=tuple(sorted(changes, key=lambda change: change.position)),
        false_alarms=_false_alarms(test, changed, settings),
    )


def _false_alarms(test: ChangePointTest, changed: BoolArray, settings: ChangeSettings) -> tuple[Change, ...]:
    """The lasting changes where the tree did not change, found as if it might have.

    Not those that may as well lie at a commit beside it whose tree is another one: they may be its change, misplaced.
    """
    if changed.all():
        return ()
    anywhere = test.as_if_changed()
    found = anywhere.confirmed(settings)
    others = {position for position, is_other in zip(test.positions[1:], changed.tolist(), strict=True) if is_other}
    changes = (anywhere.change(found, index) for index in range(len(found)))
    return tuple(change for change in changes if others.isdisjoint(place for _, place in change.location))


def _without_chance_excursions(parts: Sequence[PartResult], settings: ChangeSettings, tests: int) -> list[PartResult]:
    """The same without the excursions that the false discovery rate over the whole history rules out.

    Persistent changes stay: each was accepted by a stricter rule when its change point was tested.
    """
    excursions = [change for part in parts for change in part.changes if change.kind == "transient"]
    rates = iter(false_discovery_rates(np.array([change.p_value for change in excursions]), tests).tolist())
    kept = []
    for part in parts:
        changes = [
            replace(change, q_value=next(rates)) if change.kind == "transient" else change for change in part.changes
        ]
        held = tuple(change for change in changes if change.q_value <= settings.false_discovery_rate)
        kept.append(replace(part, changes=held))
    return kept
