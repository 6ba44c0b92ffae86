"""The commits that changed the energy: how much, how surely, and where each change may lie.

The readings of a commit become one robust centre; the series of centres is divided into stretches of one level, short
excursions apart; every change_point between two stretches is then tested on its surroundings, and the weakest is given up
until all hold over the whole history and no change is below the least relevant one.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ergit.analysis.detection.sessions import LinkedSessions, link_sessions
from ergit.analysis.detection.change_points import Change, Settings, ChangePointTest
from ergit.analysis.detection.centres import centres
from ergit.analysis.detection.noise import Noise, noise, residuals, local_variance_ratio, same_tree, tail_degrees
from ergit.analysis.detection.observations import Observations
from ergit.analysis.detection.partition import partition, stretches
from ergit.analysis.detection.significance import FloatArray, false_discovery_rates


@dataclass(frozen=True)
class Verdict:
    """What became of one comparable part: its changes in Git order, and the level (log joules) of each commit.

    `variance` (n,) is the noise of each commit as the tests took it, `degrees` the heaviness of its tails, `drift` the
    standard deviation by which levels `DRIFT_WINDOW` commits apart differ without a change.
    """

    linked: LinkedSessions
    noise: Noise
    variance: FloatArray
    degrees: float
    drift: float
    levels: FloatArray
    changes: tuple[Change, ...]


def detect(observations: Observations, settings: Settings, anchors: Collection[int] = ()) -> list[Verdict]:
    """The verdict on each comparable part of the history; change_points between parts are never changes.

    `anchors` are the positions of the commits that link sessions; without any, all shared commits do.
    """
    if not observations.commits:
        return []
    parts = link_sessions(centres(observations), anchors)
    tests = sum(len(part.commit) - 1 for part in parts)
    return _with_rates([_judge(part, observations, settings, tests) for part in parts], settings, tests)


def _with_rates(verdicts: Sequence[Verdict], settings: Settings, tests: int) -> list[Verdict]:
    """The verdicts with q-values over the whole history, persistent changes and excursions each for themselves."""
    rates: dict[tuple[int, int, str], float] = {}
    for kind in ("persistent", "transient"):
        found = [
            (part, change) for part, verdict in enumerate(verdicts) for change in verdict.changes if change.kind == kind
        ]
        chances = np.array([change.p_value for _, change in found])
        for (part, change), rate in zip(found, false_discovery_rates(chances, tests), strict=True):
            rates[part, change.position, kind] = float(rate)
    return [
        replace(
            verdict,
            changes=tuple(
                replace(change, q_value=rates[part, change.position, change.kind])
                for change in verdict.changes
                if rates[part, change.position, change.kind] <= settings.false_discovery_rate
            ),
        )
        for part, verdict in enumerate(verdicts)
    ]


def _judge(linked: LinkedSessions, observations: Observations, settings: Settings, tests: int) -> Verdict:
    background = noise(linked, observations.trees)
    values = linked.log_joules - linked.log_joules.mean()
    division = partition(values, background.variance)
    spans = stretches(division.cuts, len(division.kept))
    remains, own = residuals(values[division.kept], 1 / background.variance[division.kept], spans)
    degrees = tail_degrees(remains)
    rough = np.interp(np.arange(len(values)), division.kept, local_variance_ratio(remains, own))
    variance = background.variance * rough
    changed = ~same_tree(linked.commit[division.kept], observations.trees)
    trial = ChangePointTest(linked, background.differences, division, values, variance, degrees, tests, changed)
    change_points = trial.confirmed(settings)
    changes = [trial.change(change_points, index) for index in range(len(change_points))]
    changes += trial.excursions(change_points, settings)
    return Verdict(
        linked=linked,
        noise=background,
        variance=variance,
        degrees=degrees,
        drift=trial.drift,
        levels=trial.levels(change_points) + linked.log_joules.mean(),
        changes=tuple(sorted(changes, key=lambda change: change.position)),
    )
