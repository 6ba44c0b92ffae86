"""What a study can find: the minimum detectable change, and the runs that a wanted one needs."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from ergit.analysis.detection.change_points import WINDOW, selection_multiplicity
from ergit.analysis.detection.detect import PartResult
from ergit.analysis.detection.differences import difference_with_runs
from ergit.analysis.detection.noise import degrees_of_difference
from ergit.analysis.detection.significance import FloatArray, critical
from ergit.config.settings import ChangeSettings
from ergit.text import MOST_DETECTABLE

POWER = 0.8  # the probability with which a change of the stated size is found (Cohen 1988, Statistical Power Analysis)
LEAST_RUNS = 3  # of each commit, for a robust centre
MOST_RUNS = 1000  # more runs of each commit than that are no plan


WithRuns = Callable[[int, int, int, float, float], tuple[float, float]]


def minimum_detectable_change(part: PartResult, settings: ChangeSettings, tests: int) -> FloatArray:
    """For each commit (n,) the smallest persistent relative change that would have been found there, NaN for the first.

    As if it were the only change of the study: the levels of up to `WINDOW` commits on either side, with their noise.
    None is above `MOST_DETECTABLE`, which stands for all that are larger.
    """
    with_runs = None if part.linked.many else partial(_with_runs, part)
    return detectable_changes(part.variance, part.degrees, part.noise.degrees, settings, tests, with_runs)


def detectable_changes(
    variance: FloatArray,
    tail: float,
    known: float,
    settings: ChangeSettings,
    tests: int,
    with_runs: WithRuns | None = None,
) -> FloatArray:
    """The same for commits of such `variance` (n,), whose noise has tails of that many degrees of freedom.

    `known` are the degrees of freedom with which the variance is. `with_runs` adds what the spread
    between runs gives the variance and the degrees of a difference, where that is not known well.
    """
    length = len(variance)
    position = np.arange(1, length)
    mass = np.concatenate([[0.0], np.cumsum(1 / variance)])
    first, end = np.maximum(0, position - WINDOW), np.minimum(length, position + WINDOW)
    variances = 1 / (mass[position] - mass[first]) + 1 / (mass[end] - mass[position])
    sizes = []
    for here, low, high, of_levels in zip(
        position.tolist(), first.tolist(), end.tolist(), variances.tolist(), strict=True
    ):
        degrees = degrees_of_difference(min(here - low, high - here), tail, known)
        multiplicity = selection_multiplicity(here, length - here, high == length)
        if with_runs:
            of_levels, degrees = with_runs(low, here, high, of_levels, degrees)
        multiple = _multiple(degrees, settings.false_discovery_rate / tests / multiplicity)
        size = math.sqrt(of_levels) * multiple
        sizes.append(math.expm1(size) if size < math.log1p(MOST_DETECTABLE) else MOST_DETECTABLE)
    return np.concatenate([[math.nan], np.maximum(sizes, settings.least_change)])


def _with_runs(
    part: PartResult, low: int, here: int, high: int, variance: float, degrees: float
) -> tuple[float, float]:
    """Variance and degrees of the difference of two levels, with what the spread between runs gives it."""
    sides = (1 / part.variance[low:here], 1 / part.variance[here:high])
    shares = np.concatenate([side / side.sum() for side in sides])
    found = difference_with_runs(part.linked, 0.0, variance, degrees, np.arange(low, high), shares)
    return found.standard_error**2, found.degrees


def _multiple(degrees: float, rate: float) -> float:
    """How many standard errors a difference must have to be found with `POWER`, at a rate for a single test."""
    return critical(rate, degrees) + critical(2 * (1 - POWER), degrees)


def runs_needed(
    wanted: float, commits_after: int, part: PartResult, settings: ChangeSettings, tests: int
) -> int | None:
    """Runs of each commit with which a relative change of `wanted` is found when `commits_after` commits have it.

    As the newest change, against the `WINDOW` commits before it. None where no number of runs is enough, since builds
    differ by more than that, or where it is above `MOST_RUNS`.
    """
    degrees = degrees_of_difference(commits_after, part.degrees, part.noise.degrees)
    error = math.log1p(wanted) / _multiple(degrees, settings.false_discovery_rate / max(1, tests))
    runs_variance = error**2 / (1 / WINDOW + 1 / commits_after) - part.noise.build**2
    if runs_variance <= 0:
        return None
    runs = max(LEAST_RUNS, math.ceil(part.noise.run**2 / runs_variance))
    return runs if runs <= MOST_RUNS else None
