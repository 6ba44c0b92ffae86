"""How far commits without a change differ: from run to run, from build to build, and with which tails."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ergit.analysis.detection.centres import NORMAL_MAD
from ergit.analysis.detection.observations import BoolArray, IntArray
from ergit.analysis.detection.partition import level
from ergit.analysis.detection.sessions import LinkedSessions
from ergit.analysis.detection.significance import FloatArray

BUILD_PRIOR = 0.005  # standard deviation between builds, before data: identical sources differ by 1-2% (95%)
RUN_PRIOR = 0.02  # standard deviation between runs, where no commit was read twice
PRIOR_WEIGHT = 5  # neighbour differences that the prior counts for
SPOILT = 4  # neighbour differences that changes may have spoilt, when there are only few
NEIGHBOURHOOD = 20  # neighbour differences whose median tells the noise of one place
LOCAL_SHARE = 0.7  # weight of the place's own variance; the whole study's has the rest
LEAST_RUN_SHARE = 0.8  # no place is quieter than this share of the variance that the runs themselves imply
TAILS = (3.0, 3.5, 4.0, 4.5, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 15.0, 20.0, 30.0, 50.0)
LEAST_TAIL = 4.5  # with 4 degrees of freedom or fewer, Student's t has no kurtosis to speak of
TAIL_PENALTY = 10.0  # of log-likelihood times 1/degrees: heavy tails must be seen to be believed
VARIANCE_CLIP = 9.0  # squared standardised residuals count up to this: an outlier must not hide a change
CLIPPED_LOSS = 1.1  # what that takes from the variance of a series with the usual tails
LOCAL_RATIO_PRIOR = 8.0  # the same for the noise of a place
LOCAL_RATIO_REACH = 12  # commits on either side that tell the noise of a place
LEAST_LOCAL_RATIO = 0.5
DRIFT_WINDOW = 10  # commits whose mean levels are compared to see how levels drift without a change
LEAST_DRIFT = 0.001  # standard deviation of that, at least: no machine keeps its level better than 0.1%


@dataclass(frozen=True)
class Noise:
    """Noise of commits between which nothing changed, in natural logarithms (so 0.01 is 1%).

    `variance` (n,) is that of each commit's centre. `run` is the standard deviation from one run to the next, `build`
    that between builds of the same source, `pairs` the number of neighbours with identical trees it was estimated
    from, and `differences` the number of neighbour differences that the estimates rest on. `degrees` are the degrees of
    freedom with which `variance` is known: an assumed spread between runs gives none.
    """

    variance: FloatArray
    run: float
    build: float
    pairs: int
    differences: int
    degrees: float


def noise(linked: LinkedSessions, trees: tuple[str | None, ...] | None) -> Noise:
    """The noise of a comparable part: half the squared differences of neighbours, robustly, and locally.

    Neighbours that differ by a real change are outvoted: the median absolute difference is taken, once over
    everything and once around each place (sources of noise come and go). A commit with fewer readings than others, or
    with far more spread, has the extra variance of its own runs on top. Where no commit was read twice, how far runs
    differ is not known: the assumption may widen what the differences show, and adds nothing to how surely it is known.
    """
    runs = float(np.median(linked.variance))
    runs_known = bool((linked.readings > 1).any())
    differences = np.abs(np.diff(linked.log_joules))
    counted = max(0, len(differences) - SPOILT)
    prior = BUILD_PRIOR**2 + (runs if runs_known else RUN_PRIOR**2)
    seen = _variance(differences) if counted else prior
    pairs = differences[same_tree(linked.commit, trees)]
    if len(pairs):
        seen = (len(pairs) * _variance(pairs) + min(counted, NEIGHBOURHOOD) * seen) / (
            len(pairs) + min(counted, NEIGHBOURHOOD)
        )
    counted += len(pairs)
    overall = (PRIOR_WEIGHT * prior + counted * seen) / (PRIOR_WEIGHT + counted)
    if not runs_known:
        overall = max(overall, seen)
    local = _local_variance(differences) if len(differences) >= NEIGHBOURHOOD else np.full(len(linked.commit), overall)
    around = np.maximum(LOCAL_SHARE * local + (1 - LOCAL_SHARE) * overall, LEAST_RUN_SHARE * runs)
    return Noise(
        variance=around + np.maximum(0.0, linked.variance - runs),
        run=math.sqrt(float(np.median(linked.run_variance))),
        build=math.sqrt(max(0.0, overall - runs)),
        pairs=len(pairs),
        differences=counted,
        degrees=degrees_of_noise(counted, runs_known=runs_known),
    )


def degrees_of_noise(differences: int, *, runs_known: bool) -> float:
    """Degrees of freedom of a variance from so many neighbour differences, and from the prior where runs are known."""
    return float(differences + PRIOR_WEIGHT if runs_known else max(1, differences))


def same_tree(commits: IntArray, trees: tuple[str | None, ...] | None) -> BoolArray:
    """Whether each of the commits (n,), given by position, is the same program as the one before it; shape (n - 1,)."""
    if trees is None:
        return np.zeros(len(commits) - 1, dtype=bool)
    mine = [trees[commit] for commit in commits]
    return np.array([before is not None and before == after for before, after in pairwise(mine)], dtype=bool)


def _variance(differences: FloatArray) -> float:
    """Variance of one value, from the absolute differences of neighbours."""
    return float(NORMAL_MAD * np.median(differences)) ** 2 / 2


def _local_variance(differences: FloatArray) -> FloatArray:
    """The same around each of the n values (n - 1 differences), interpolated between a few places."""
    windows = np.lib.stride_tricks.sliding_window_view(differences, NEIGHBOURHOOD)
    starts = np.unique(np.append(np.arange(0, len(windows), 2), len(windows) - 1))
    medians = np.median(windows[starts], axis=1)
    at = np.interp(np.arange(len(differences) + 1), starts + NEIGHBOURHOOD / 2, medians)
    variance: FloatArray = (NORMAL_MAD * at) ** 2 / 2
    return variance


def tail_degrees(residuals: FloatArray) -> float:
    """The degrees of freedom of Student's t that fit standardised residuals best: few mean heavy tails.

    Maximum likelihood over a grid of degrees and scales (Lange, Little and Taylor 1989, J. Am. Stat. Assoc. 84).
    """
    spread = NORMAL_MAD * float(np.median(np.abs(residuals)))
    if spread == 0:
        return TAILS[-1]
    squares = (residuals / spread) ** 2
    return max(LEAST_TAIL, max(TAILS, key=lambda degrees: _likelihood(squares, degrees) - TAIL_PENALTY / degrees))


def _likelihood(squares: FloatArray, degrees: float) -> float:
    """The highest log-likelihood of Student's t over its scale, given squared residuals."""
    constant = math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2) - math.log(math.pi * degrees) / 2
    scales = np.linspace(0.7, 1.15, 10)
    return max(
        len(squares) * (constant - math.log(scale))
        - (degrees + 1) / 2 * float(np.log1p(squares / (degrees * scale**2)).sum())
        for scale in scales
    )


def residuals(values: FloatArray, weights: FloatArray, spans: list[tuple[int, int]]) -> tuple[FloatArray, IntArray]:
    """Standardised residuals around the levels of the stretches, and the length of the stretch each belongs to."""
    levels = np.concatenate(
        [np.full(end - first, level(values[first:end], weights[first:end])) for first, end in spans]
    )
    lengths = np.array([end - first for first, end in spans])
    return (values - levels) * np.sqrt(weights), np.repeat(lengths, lengths)


def local_variance_ratio(residuals: FloatArray, lengths: IntArray) -> FloatArray:
    """By what factor the variance around each commit exceeds the noise that was assumed, from clipped residuals.

    A weighted mean over the neighbourhood, shrunk towards that of the whole, and that towards 1; stretches of one or
    two commits fit themselves and show nothing.
    """
    telling = (lengths > 2).astype(float)
    squares = np.minimum(residuals**2 * lengths / np.maximum(lengths - 1, 1), VARIANCE_CLIP) * telling
    usual = float((LOCAL_RATIO_PRIOR + squares.sum()) / (LOCAL_RATIO_PRIOR + telling.sum()))
    kernel = 1 - np.abs(np.arange(-LOCAL_RATIO_REACH, LOCAL_RATIO_REACH + 1)) / (LOCAL_RATIO_REACH + 1)
    around, count = (
        np.convolve(series, kernel)[LOCAL_RATIO_REACH : LOCAL_RATIO_REACH + len(series)]
        for series in (squares, telling)
    )
    factors = (LOCAL_RATIO_PRIOR * usual + CLIPPED_LOSS * around) / (LOCAL_RATIO_PRIOR + count)
    return np.maximum(factors, LEAST_LOCAL_RATIO)


def drift_variance(values: FloatArray, variance: FloatArray, spans: Sequence[tuple[int, int]]) -> float:
    """Variance by which the levels of two neighbouring windows differ without a change: slow drift, mostly.

    Differences of the means of `DRIFT_WINDOW` commits before and after each place within a stretch, against what
    the noise of single commits makes of them.
    """
    mass = np.concatenate([[0.0], np.cumsum(1 / variance)])
    moment = np.concatenate([[0.0], np.cumsum(values / variance)])
    positions = [np.arange(first + DRIFT_WINDOW, end - DRIFT_WINDOW + 1) for first, end in spans]
    middle = np.concatenate(positions)
    if len(middle) < DRIFT_WINDOW:
        return LEAST_DRIFT**2
    first, end = middle - DRIFT_WINDOW, middle + DRIFT_WINDOW
    before, after = mass[middle] - mass[first], mass[end] - mass[middle]
    steps = (moment[end] - moment[middle]) / after - (moment[middle] - moment[first]) / before
    seen = (NORMAL_MAD * float(np.median(np.abs(steps)))) ** 2
    return max(LEAST_DRIFT**2, seen - float(np.median(1 / before + 1 / after)))


def degrees_of_difference(commits: int, tail: float, known: float) -> float:
    """Degrees of freedom for the difference of two levels of which the shorter has so many `commits`.

    The excess kurtosis of Student's t is 6 / (tail - 4), that of a mean of k values a k-th of it: as of Student's t
    with 4 + k (tail - 4) degrees. More than the noise itself is `known` with there cannot be.
    """
    return min(4 + (tail - 4) * commits, known)
