"""The change points between two levels: which of them stand, how much changes there, and where each may lie."""

import math
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from ergit.analysis.detection.differences import CONFIDENCE, Difference, Side, difference_with_runs, side_of
from ergit.analysis.detection.noise import (
    DRIFT_WINDOW,
    degrees_of_difference,
    drift_variance,
)
from ergit.analysis.detection.observations import BoolArray, IntArray
from ergit.analysis.detection.partition import EXCURSION, Partition, level, stretches
from ergit.analysis.detection.sessions import LinkedSessions
from ergit.analysis.detection.significance import FloatArray
from ergit.config.settings import ChangeSettings

WINDOW = 20  # commits on either side of a change point that count: farther ones may have drifted
SELECTION_CHOICES = 10  # ends that a stretch between change points could have had instead, in effect
REACH = 12  # commits by which a change point may move when it is placed anew
PLACING_ROUNDS = 3
PLACING_DEGREES = 4.0  # Student's t that places a change point: commits far from both levels hardly count


@dataclass(frozen=True)
class Change:
    """A commit from which on the energy differs, or an excursion that starts there; positions are those of commits.

    `relative_change` with its confidence interval is that of the level after to the level before (0.05 is 5% more),
    `q_value` is the p-value corrected over the whole history. `location` has the plausible change points (position
    before, position from which on), oldest first: the change lies after the first and not after the second. `before`
    and `after` are the commits that were compared.
    """

    position: int
    kind: Literal["persistent", "transient"]
    relative_change: float
    ci_low: float
    ci_high: float
    p_value: float
    q_value: float
    location: tuple[tuple[int, int], ...]
    before: tuple[int, ...]
    after: tuple[int, ...]

    @property
    def direction(self) -> Literal["increase", "decrease"]:
        """Whether the energy grew."""
        return "increase" if self.relative_change > 0 else "decrease"


def selection_multiplicity(before: int, after: int, newest: bool) -> int:
    """How many tests a change point counts for, since the partition chose it and the ends of its two stretches.

    The stretch of the newest commit was not chosen: it ends where the history does. `before` and `after` are the
    numbers of commits of the history on either side.
    """
    return 1 if newest else min(SELECTION_CHOICES, before) * min(SELECTION_CHOICES, after)


def _rank(result: Difference, brief: bool, least: float) -> tuple[int, float, float]:
    """The order in which change points are given up, highest first; first number 0: only the p-value decides.

    First what is irrelevant, smallest first; then what is brief, then all others, by p-value.
    """
    size = abs(result.difference)
    if size < least:
        return 2, -size, 0.0
    return int(brief), result.p_value, -size


class ChangePointTest:
    """The tests of the change points of one series; a change point is an index into the commits that are kept.

    `changed` says which of those is another program than the one before it: only there can a change point be.
    """

    def __init__(
        self,
        linked: LinkedSessions,
        known: float,
        division: Partition,
        values: FloatArray,
        variance: FloatArray,
        degrees: float,
        tests: int,
        changed: BoolArray,
    ) -> None:
        self.linked = linked
        self.kept = division.kept
        self.positions: list[int] = linked.commit[division.kept].tolist()
        self.cuts = division.cuts
        self.series = values
        self.spread = variance
        self.values = values[division.kept]
        self.weights = 1 / variance[division.kept]
        self.shares = linked.shares[division.kept]
        self.degrees = degrees
        self.known = known
        self.tests = tests
        self.changed = np.concatenate([[False], changed])
        self.drift = math.sqrt(
            drift_variance(self.values, variance[division.kept], stretches(division.cuts, len(self.values)))
        )

    def as_if_changed(self) -> "ChangePointTest":
        """The same test as if any commit might be another program than the one before it."""
        other = copy(self)
        other.changed = np.ones_like(self.changed)
        other.changed[0] = False
        return other

    def confirmed(self, settings: ChangeSettings) -> list[int]:
        """The change points that stand: placed where they fit best, then the weakest removed until all pass.

        All differences must be relevant, no level may be left in the other direction within the length of an excursion,
        and no p-value may exceed the rate divided by the number of tests of the whole history (Bonferroni 1936). That
        bounds the probability of any false change, and so the false discovery rate as well. A step-up procedure would
        let each real change admit weaker ones, which in histories with known steps were the false ones. The neighbours
        of a removed change point are tested again.
        """
        change_points = list(self.cuts)
        for _ in range(PLACING_ROUNDS):
            placed = sorted({self._placed(change_points, index) for index in range(len(change_points))})
            if placed == change_points:
                break
            change_points = placed
        change_points = [change_point for change_point in change_points if self.changed[change_point]]
        least = math.log1p(settings.least_change)
        results = [self.compare(change_points, index) for index in range(len(change_points))]
        while change_points:
            brief = self._brief(change_points, results)
            ranks = [_rank(result, index in brief, least) for index, result in enumerate(results)]
            weakest = max(range(len(change_points)), key=ranks.__getitem__)
            grounds, p_value, _ = ranks[weakest]
            if not grounds and p_value * self.tests <= settings.false_discovery_rate:
                break
            del change_points[weakest], results[weakest]
            for index in (weakest - 1, weakest):
                if 0 <= index < len(change_points):
                    change_points[index] = self._placed(change_points, index)
            for index in range(max(0, weakest - 2), min(len(change_points), weakest + 2)):
                results[index] = self.compare(change_points, index)
        return change_points

    def _brief(self, change_points: Sequence[int], results: Sequence[Difference]) -> set[int]:
        """The change points, by index, beside a brief level that is left in the other direction."""
        ends = [
            index
            for index, (change_point, following) in enumerate(pairwise(change_points))
            if following - change_point <= EXCURSION and results[index].difference * results[index + 1].difference < 0
        ]
        return {*ends, *(index + 1 for index in ends)}

    def _window(self, change_points: Sequence[int], index: int) -> tuple[int, int]:
        """First and one past the last commit that count for a change point: no farther than the next change points."""
        change_point = change_points[index]
        first = change_points[index - 1] if index else 0
        end = change_points[index + 1] if index + 1 < len(change_points) else len(self.values)
        return max(first, change_point - WINDOW), min(end, change_point + WINDOW)

    def _misfit(self, change_points: Sequence[int], index: int) -> tuple[int, FloatArray]:
        """First candidate, and the misfit of every candidate near a change point: minus twice the log-likelihood.

        The levels are those of the two sides as they are; the likelihood is Student's t, 0 before an unchanged commit.
        """
        first, end = self._window(change_points, index)
        change_point = change_points[index]
        left, right = (
            level(self.values[side], self.weights[side])
            for side in (slice(first, change_point), slice(change_point, end))
        )
        squares = (self.values[first:end, None] - np.array([left, right])) ** 2 * self.weights[first:end, None]
        loss = (PLACING_DEGREES + 1) * np.log1p(squares / PLACING_DEGREES)
        totals = np.concatenate([[0.0], np.cumsum(loss[:, 0] - loss[:, 1])])
        low, high = max(first + 1, change_point - REACH), min(end - 1, change_point + REACH)
        return low, np.where(self.changed[low : high + 1], totals[low - first : high - first + 1], np.inf)

    def _placed(self, change_points: Sequence[int], index: int) -> int:
        low, misfit = self._misfit(change_points, index)
        return low + int(misfit.argmin())

    def _side(self, first: int, end: int) -> Side:
        return side_of(self.values[first:end], self.weights[first:end])

    def _mean_shares(self, first: int, end: int) -> FloatArray:
        weights = self.weights[first:end, None]
        shares: FloatArray = (weights * self.shares[first:end]).sum(axis=0) / weights.sum()
        return shares

    def compare(self, change_points: Sequence[int], index: int) -> Difference:
        """The levels before and after a change point: a t-test with unequal variances (Welch 1947, Biometrika 34)."""
        first, end = self._window(change_points, index)
        change_point = change_points[index]
        before, after = self._side(first, change_point), self._side(change_point, end)
        variance = before.variance + after.variance
        if len(self.linked.sessions) > 1:
            shares = self._mean_shares(change_point, end) - self._mean_shares(first, change_point)
            variance += self.linked.offset_variance(shares)
        return difference_with_runs(
            self.linked,
            size=after.level - before.level,
            variance=variance,
            degrees=degrees_of_difference(min(before.commits, after.commits), self.degrees, self.known),
            commits=self.kept[first:end],
            weights=np.concatenate([self._shares_of(first, change_point), self._shares_of(change_point, end)]),
            drift=self.drift * (before.commits + after.commits) / (2 * DRIFT_WINDOW),
            tests=selection_multiplicity(change_point, len(self.values) - change_point, end == len(self.values)),
        )

    def _shares_of(self, first: int, end: int) -> FloatArray:
        """The share (k,) that each commit from `first` to `end` has in their level."""
        shares: FloatArray = self.weights[first:end] / self.weights[first:end].sum()
        return shares

    def change(self, change_points: Sequence[int], index: int) -> Change:
        """The persistent change at a change point, its q-value by Bonferroni over the whole history."""
        result = self.compare(change_points, index)
        first, end = self._window(change_points, index)
        change_point = change_points[index]
        return Change(
            position=self.positions[change_point],
            kind="persistent",
            relative_change=math.expm1(result.difference),
            ci_low=result.interval()[0],
            ci_high=result.interval()[1],
            p_value=result.p_value,
            q_value=min(1.0, result.p_value * self.tests),
            location=tuple(
                (self.positions[candidate - 1], self.positions[candidate])
                for candidate in self._plausible(change_points, index)
            ),
            before=tuple(self.positions[first:change_point]),
            after=tuple(self.positions[change_point:end]),
        )

    def _plausible(self, change_points: Sequence[int], index: int) -> list[int]:
        """The smallest set that holds the change point with `CONFIDENCE`, from the likelihood of each candidate."""
        low, misfit = self._misfit(change_points, index)
        likelihood = np.exp((misfit.min() - misfit) / 2)
        likelihood /= likelihood.sum()
        order = np.argsort(-likelihood, kind="stable")
        count = int(np.searchsorted(np.cumsum(likelihood[order]), CONFIDENCE)) + 1
        return sorted({low + int(step) for step in order[:count]} | {change_points[index]})

    def excursions(self, change_points: Sequence[int], settings: ChangeSettings) -> list[Change]:
        """The commits that were not kept and differ, relevantly, from the level around them."""
        left = np.setdiff1d(np.arange(len(self.series)), self.kept)
        found = []
        for run in np.split(left, np.flatnonzero(np.diff(left) > 1) + 1):
            if len(run):
                found.append(self._excursion(run, change_points))
        least = math.log1p(settings.least_change)
        return [change for change in found if abs(math.log1p(change.relative_change)) >= least]

    def _excursion(self, run: IntArray, change_points: Sequence[int]) -> Change:
        """The transient change of these commits, its q-value still open (1)."""
        after = int(np.searchsorted(self.kept, run[0]))
        spans = stretches(tuple(change_points), len(self.values))
        first, end = next(span for span in spans if span[0] <= min(after, len(self.values) - 1) < span[1])
        first, end = max(first, after - WINDOW), min(end, after + WINDOW)
        around = self._side(first, end)
        weights = 1 / self.spread[run]
        difference = level(self.series[run], weights) - around.level
        variance = around.variance + 1 / weights.sum()
        if len(self.linked.sessions) > 1:
            shares = weights @ self.linked.shares[run] / weights.sum() - self._mean_shares(first, end)
            variance += self.linked.offset_variance(shares)
        result = difference_with_runs(
            self.linked,
            size=difference,
            variance=variance,
            degrees=degrees_of_difference(len(run), self.degrees, self.known),
            commits=np.concatenate([run, self.kept[first:end]]),
            weights=np.concatenate([weights / weights.sum(), self._shares_of(first, end)]),
        )
        positions = tuple(int(position) for position in self.linked.commit[run])
        return Change(
            position=positions[0],
            kind="transient",
            relative_change=math.expm1(difference),
            ci_low=result.interval()[0],
            ci_high=result.interval()[1],
            p_value=result.p_value,
            q_value=1.0,
            location=((self.positions[after - 1], positions[0]),),
            before=tuple(self.positions[first:end]),
            after=positions,
        )

    def levels(self, change_points: Sequence[int]) -> FloatArray:
        """The level of every commit's stretch (n,), excursions with the stretch they interrupt."""
        spans = stretches(tuple(change_points), len(self.values))
        levels = np.array([level(self.values[first:end], self.weights[first:end]) for first, end in spans])
        index = np.minimum(np.searchsorted(self.kept, np.arange(len(self.series))), len(self.values) - 1)
        result: FloatArray = levels[np.searchsorted(np.array(change_points, dtype=np.int64), index, side="right")]
        return result
