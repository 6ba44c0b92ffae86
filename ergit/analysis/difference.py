"""How much one group of commits differs from another, and how many runs it takes to say more."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ergit.analysis.detection.detect import PartResult
from ergit.analysis.detection.differences import CONFIDENCE, Difference, difference_with_runs, side_of
from ergit.analysis.detection.noise import BUILD_PRIOR, DRIFT_WINDOW, degrees_of_difference
from ergit.analysis.detection.power import MOST_RUNS, POWER
from ergit.analysis.detection.significance import critical
from ergit.config.settings import ChangeSettings

MEDIAN_ERROR = 2.3  # standard error of a variance from the median of n absolute normal values, times √n


@dataclass(frozen=True)
class Sides:
    """The commits that are compared, as indices into those of `part`."""

    part: PartResult
    base: Sequence[int]
    head: Sequence[int]

    @property
    def per_commit(self) -> float:
        """The variance of the difference where each commit has a variance of 1."""
        return 1 / len(self.base) + 1 / len(self.head)

    @property
    def runs(self) -> int:
        """The readings of the commit that has the fewest."""
        return int(self.part.linked.readings[[*self.base, *self.head]].min())


def difference_of(sides: Sides) -> Difference:
    """The level of the head less that of the base, with the noise of the whole part; the p-value is of one test."""
    linked, groups = sides.part.linked, [np.array(group) for group in (sides.base, sides.head)]
    weights = [1 / sides.part.variance[group] for group in groups]
    base, head = (side_of(linked.log_joules[group], weight) for group, weight in zip(groups, weights, strict=True))
    shares = [weight / weight.sum() for weight in weights]
    of_sessions = [share @ linked.shares[group] for group, share in zip(groups, shares, strict=True)]
    shorter = min(len(sides.base), len(sides.head))
    return difference_with_runs(
        linked,
        size=head.level - base.level,
        variance=base.variance + head.variance + linked.offset_variance(of_sessions[1] - of_sessions[0]),
        degrees=degrees_of_difference(shorter, sides.part.degrees, sides.part.noise.degrees),
        commits=np.concatenate(groups),
        weights=np.concatenate(shares),
        drift=sides.part.drift * (len(sides.base) + len(sides.head)) / (2 * DRIFT_WINDOW),
    )


def decidable(difference: Difference) -> float:
    """The smallest `least_change` about which such a difference decides with `POWER`, where nothing changed."""
    return math.expm1(_multiple(difference) * math.hypot(difference.standard_error, difference.drift))


def runs_to_decide(difference: Difference, sides: Sides, settings: ChangeSettings) -> int | None:
    """Runs of each commit with which `least_change` can be told from no change with `POWER`.

    More than there are, since these did not suffice. None where no number of runs is enough, since builds differ by
    more than that, or where it is above `MOST_RUNS`. What the noise has beyond the difference of builds is taken to
    come from the runs.
    """
    of_builds = _build_variance(sides) * sides.per_commit
    of_runs = max(0.0, difference.standard_error**2 + difference.drift**2 - of_builds)
    left = (math.log1p(settings.least_change) / _multiple(difference)) ** 2 - of_builds
    if left <= 0:
        return None
    runs = max(sides.runs + 1, math.ceil(sides.runs * of_runs / left))
    return runs if runs <= MOST_RUNS else None


def _build_variance(sides: Sides) -> float:
    """The variance between builds of the same source, as low as the noise of the part still allows, or the prior.

    From n differences a variance is known within about `MEDIAN_ERROR` / √n of itself: few hardly tell builds from runs.
    """
    noise = sides.part.noise
    of_runs = noise.run**2 / sides.runs
    least = (noise.build**2 + of_runs) * (1 - MEDIAN_ERROR / math.sqrt(max(1, noise.differences))) - of_runs
    return max(BUILD_PRIOR**2, least)


def _multiple(difference: Difference) -> float:
    """How many standard errors half an interval and the chance of a draw take up."""
    return critical(1 - CONFIDENCE, difference.degrees) + critical(2 * (1 - POWER), difference.degrees)
