"""A difference of two levels: its standard error, degrees of freedom, p-value and confidence interval."""

import math
from dataclasses import dataclass

import numpy as np

from ergit.analysis.detection.noise import CLIPPED_LOSS, VARIANCE_CLIP
from ergit.analysis.detection.observations import IntArray
from ergit.analysis.detection.partition import level
from ergit.analysis.detection.sessions import LinkedSessions
from ergit.analysis.detection.significance import FloatArray, critical, two_sided

CONFIDENCE = 0.95  # of intervals and location sets
SIDE_PRIOR = 6.0  # commits for which the noise of the surroundings counts in the variance of one side
LEAST_SIDE = 0.8  # no side is quieter than this, relative to the noise of its surroundings


@dataclass(frozen=True)
class Difference:
    """Two levels: their difference in log joules, its standard error, degrees of freedom and p-value.

    `drift` is the standard deviation of what the level would have drifted in between without a change. The interval
    includes it; the test does not, since drift is smaller than the least relevant change.
    """

    difference: float
    standard_error: float
    drift: float
    degrees: float
    p_value: float

    def interval(self) -> tuple[float, float]:
        """The confidence interval of the relative change."""
        reach = critical(1 - CONFIDENCE, self.degrees) * math.hypot(self.standard_error, self.drift)
        return math.expm1(self.difference - reach), math.expm1(self.difference + reach)


@dataclass(frozen=True)
class Side:
    """One side of a difference: its level, the variance of that, and the number of commits."""

    level: float
    variance: float
    commits: int


def side_of(values: FloatArray, weights: FloatArray) -> Side:
    """Huber's mean of commits (k,) whose noise has the variances 1 / `weights`; their own scatter counts as well."""
    centre = level(values, weights)
    squares = np.minimum(weights * (values - centre) ** 2, VARIANCE_CLIP).sum()
    factor = (SIDE_PRIOR + CLIPPED_LOSS * squares) / (SIDE_PRIOR + len(values) - 1)
    return Side(centre, float(max(factor, LEAST_SIDE) / weights.sum()), len(values))


def difference_with_runs(
    linked: LinkedSessions,
    size: float,
    variance: float,
    degrees: float,
    commits: IntArray,
    weights: FloatArray,
    drift: float = 0.0,
    tests: int = 1,
) -> Difference:
    """The difference `size`, whose noise is at least what the spread between runs of its own commits gives.

    `variance` and `degrees` are those of the noise that the part has in common; `commits` (k,) and `weights` (k,) make
    the difference. Where many commits show how heavy the tails are, the test uses these alone; `tests` is the number of
    tests that this one counts for.
    """
    runs = linked.run_variance_of(commits, weights)
    total = max(variance, runs.variance)
    rest = total - runs.variance
    known = total**2 / (runs.variance**2 / runs.degrees + rest**2 / degrees)
    if linked.many:
        known = min(known, degrees)
    error = math.sqrt(total)
    p_value = two_sided(abs(size) / error, degrees if linked.many else known)
    return Difference(size, error, drift, known, min(1.0, p_value * tests))
