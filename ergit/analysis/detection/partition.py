"""The best division of a series into stretches of one level each, and the excursions that do not belong to any."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ergit.analysis.detection.observations import IntArray
from ergit.analysis.detection.significance import FloatArray

HUBER_LIMIT = 1.5  # standard deviations beyond which a commit weighs less in the level of its stretch
HUBER_STEPS = 4
PENALTY = 2.4  # what a further stretch must gain, in squared standard deviations, times the logarithm of the length
SHORTEST_HISTORY = 50  # the penalty does not fall below that of a history of so many commits
EXCURSION = 2  # commits after which a level that was left and found again is no longer a mere excursion
PASSES = 6
PRUNING_INTERVAL = 8


@dataclass(frozen=True)
class Partition:
    """Stretches of a series of n commits: those `kept` (m,), by position, cut at `cuts` (0 < cut < m).

    The commits that are not kept are excursions: for at most `EXCURSION` commits the series left its level.
    """

    kept: IntArray
    cuts: tuple[int, ...]


def level(values: FloatArray, weights: FloatArray) -> float:
    """Huber's mean of values whose variances are 1 / `weights` (Huber 1964, Ann. Math. Stat. 35)."""
    if len(values) < 3:
        return float(weights @ values / weights.sum())
    ordered = np.sort(values)  # np.median takes ten times as long for a few values
    centre = float(ordered[(len(values) - 1) // 2] + ordered[len(values) // 2]) / 2
    roots = np.sqrt(weights)
    for _ in range(HUBER_STEPS):
        away = np.abs(values - centre) * roots
        damped = weights * (HUBER_LIMIT / np.maximum(away, HUBER_LIMIT))
        centre = float(damped @ values / damped.sum())
    return centre


def best_cuts(values: FloatArray, weights: FloatArray, penalty: float) -> tuple[int, ...]:
    """The cuts that minimise the weighted squares around the stretches' means plus `penalty` for each cut.

    Exact, by dynamic programming over the last cut (Jackson et al. 2005, IEEE Signal Process. Lett. 12), where cuts
    that can never be the last one again are forgotten (PELT: Killick, Fearnhead and Eckley 2012, J. Am. Stat. Assoc.
    107), so that the time is about linear in the length. Values (n,) have the variances 1 / `weights`.
    """
    length = len(values)
    masses: list[float] = [0.0, *np.cumsum(weights).tolist()]
    moments: list[float] = [0.0, *np.cumsum(weights * values).tolist()]
    previous = np.zeros(length + 1, dtype=np.int64)
    # The candidates for the last cut: position, mass and moment before it, and the cost of the best division up to it,
    # less the squares of the values, which no cut can change.
    candidate = np.zeros(length + 1, dtype=np.int64)
    mass, moment, cost = np.zeros(length + 1), np.zeros(length + 1), np.zeros(length + 1)
    cost[0] = -penalty
    count = 1
    for end in range(1, length + 1):
        difference = moments[end] - moment[:count]
        costs = cost[:count] - difference * difference / (masses[end] - mass[:count])
        best = int(costs.argmin())
        previous[end] = candidate[best]
        least = costs[best] + penalty
        if end % PRUNING_INTERVAL == 0:
            alive = np.flatnonzero(costs <= least)
            count = len(alive)
            for column in (candidate, mass, moment, cost):
                column[:count] = column[alive]
        candidate[count], mass[count], moment[count], cost[count] = end, masses[end], moments[end], least
        count += 1
    cuts = []
    end = int(previous[length])
    while end > 0:
        cuts.append(end)
        end = int(previous[end])
    return tuple(reversed(cuts))


def partition(values: FloatArray, variance: FloatArray) -> Partition:
    """The stretches of a series (n,) with noise `variance` (n,), after its excursions were taken out.

    Short stretches from which the series returns are taken out, and the rest is divided anew, until none is left.
    """
    penalty = PENALTY * math.log(max(len(values), SHORTEST_HISTORY))
    away = np.zeros(len(values), dtype=bool)
    for _ in range(PASSES):
        kept = np.flatnonzero(~away)
        rest, weights = values[kept], 1 / variance[kept]
        cuts = best_cuts(rest, weights, penalty)
        left = _excursions(rest, weights, cuts)
        if not left:
            break
        for first, end in left:
            away[kept[first:end]] = True
    return Partition(kept, cuts)


def stretches(cuts: tuple[int, ...], length: int) -> list[tuple[int, int]]:
    """First and one past the last index of each stretch."""
    return list(pairwise((0, *cuts, length)))


def _excursions(values: FloatArray, weights: FloatArray, cuts: tuple[int, ...]) -> list[tuple[int, int]]:
    """The short stretches, neither first nor last, off both neighbours on one side, farther than these differ."""
    spans = stretches(cuts, len(values))
    levels = [level(values[first:end], weights[first:end]) for first, end in spans]
    found = []
    for before, (span, here), after in zip(levels, zip(spans[1:], levels[1:], strict=True), levels[2:], strict=False):
        up, down = here - before, here - after
        if span[1] - span[0] <= EXCURSION and up * down > 0 and abs(before - after) < min(abs(up), abs(down)):
            found.append(span)
    return found
