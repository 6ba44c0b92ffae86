"""Each commit against the one before it: the difference, its interval, and whether it holds among all of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ergit.analysis.detection.change_points import CONFIDENCE
from ergit.analysis.detection.noise import degrees_of_difference
from ergit.analysis.detection.significance import critical, false_discovery_rates, two_sided
from ergit.analysis.detection.detect import Verdict


@dataclass(frozen=True)
class Shift:
    """What commit `position` takes relative to the comparable commit before it, `against`; 0.05 is 5 % more.

    `q` is the false discovery rate at which it would be reported among all neighbours of the study, and `differs`
    whether it is at the rate that was asked for. Builds of the same source differ too, and count as the same.
    """

    position: int
    against: int
    relative: float
    ci_low: float
    ci_high: float
    p: float
    q: float
    differs: bool


def shifts(verdicts: Sequence[Verdict], false_discovery_rate: float) -> list[list[Shift]]:
    """The shifts of each comparable part, corrected over all of them (Benjamini and Hochberg 1995)."""
    compared = [_compared(verdict) for verdict in verdicts]
    chances = np.array([chance for part in compared for _, _, _, _, chance in part])
    rates = iter(false_discovery_rates(chances, len(chances)).tolist())
    return [
        [
            Shift(
                position=position,
                against=against,
                relative=math.expm1(difference),
                ci_low=math.expm1(difference - reach),
                ci_high=math.expm1(difference + reach),
                p=chance,
                q=(rate := next(rates)),
                differs=rate <= false_discovery_rate,
            )
            for position, against, difference, reach, chance in part
        ]
        for part in compared
    ]


def _compared(verdict: Verdict) -> list[tuple[int, int, float, float, float]]:
    """Position, position before, difference, reach of the interval and p-value of each pair, in log joules."""
    linked = verdict.linked
    differences = np.diff(linked.log_joules)
    variance = verdict.variance[1:] + verdict.variance[:-1]
    shares = np.diff(linked.shares, axis=0)
    variance = variance + np.einsum("ij,jk,ik->i", shares, linked.covariance, shares)
    degrees = degrees_of_difference(1, verdict.degrees, verdict.noise.differences)
    errors = np.sqrt(variance)
    reach = critical(1 - CONFIDENCE, degrees) * errors
    chances = [two_sided(statistic, degrees) for statistic in (np.abs(differences) / errors).tolist()]
    positions = linked.commit.tolist()
    return list(zip(positions[1:], positions, differences.tolist(), reach.tolist(), chances, strict=False))
