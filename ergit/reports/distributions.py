"""What figures and report show of readings: their distribution, the shift between two sides, the sums of residuals."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ergit.analysis.detection.centres import NORMAL_MAD
from ergit.analysis.detection.observations import IntArray
from ergit.analysis.detection.significance import FloatArray
from ergit.records.changes import ChangesRecord

RESAMPLES = 10_000
LEAST_OF_STRETCH = 8  # commits of a stretch, below which its sums of residuals tell nothing
CLIPPED_AT = 3.0  # standard deviations: an excursion is no drift
BRIDGE_95 = 1.358
"""A Brownian bridge stays within this in 95 of 100 cases (Kolmogorov's distribution)."""


def ecdf(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The empirical distribution: the sorted `values` (n,), and the share (n,) of them that is no larger than each."""
    return np.sort(values), np.arange(1, len(values) + 1) / max(1, len(values))


def quantile_pairs(first: FloatArray, second: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The points of a Q-Q plot: as many quantiles of both as the smaller side has values (n > 0), none extrapolated.

    They are those at (k - 1/2) / n (Hazen 1914; Wilk and Gnanadesikan 1968, Biometrika 55, for the plot).
    """
    count = min(len(first), len(second))
    at = (np.arange(count) + 0.5) / max(1, count)
    return np.quantile(first, at, method="hazen"), np.quantile(second, at, method="hazen")


def density(values: FloatArray, at: FloatArray) -> FloatArray | None:
    """The density of `values` (n,) at the points `at` (m,), by a Gaussian kernel with Silverman's bandwidth.

    None where there is no spread to be seen: fewer than three values, or all alike (Silverman 1986, Density Estimation,
    section 3.4).
    """
    from scipy.stats import gaussian_kde  # 0.3 s, which what shows no density need not wait for

    if len(values) < 3 or np.ptp(values) <= 1e-9 * np.abs(values).max():
        return None
    found: FloatArray = gaussian_kde(values, bw_method="silverman")(at)
    return found


def bootstrap_shifts(before: FloatArray, after: FloatArray, seed: int, resamples: int = RESAMPLES) -> FloatArray:
    """The relative differences (`resamples`,) of the medians of resampled `after` to `before`; 0.05 is 5% more.

    Each side is drawn anew from its own readings (Efron and Tibshirani 1993, An Introduction to the Bootstrap, 8.3). It
    shows the spread between runs alone: builds of the same source differ by more, which the workflow's interval knows.
    """
    random = np.random.default_rng(seed)
    medians = [
        np.median(values[random.integers(len(values), size=(resamples, len(values)))], axis=1)
        for values in (before, after)
    ]
    shifts: FloatArray = medians[1] / medians[0] - 1
    return shifts


@dataclass(frozen=True)
class ResidualSums:
    """The sums of the residuals of one stretch between two changes, n commits.

    `positions` (n,) are indices into the commits of the record. `sums` (n,) are those of the residuals up to each
    commit, from their mean, in units of their standard deviation × √n: with noise alone a Brownian bridge, which leaves
    ±`BRIDGE_95` in 5 of 100 stretches (Ploberger and Krämer 1992, Econometrica 60). What bulges is drift, or a change
    too small or too brief to be found.
    """

    positions: IntArray
    sums: FloatArray

    @property
    def leaves(self) -> bool:
        """Whether the sums go farther than noise alone would take them in 95 of 100 cases."""
        return bool(np.abs(self.sums).max() > BRIDGE_95)


def residual_sums(record: ChangesRecord) -> list[ResidualSums]:
    """The sums of the residuals (of log joules, from the level) of each stretch of at least `LEAST_OF_STRETCH` commits.

    The standard deviation is that of neighbours' differences, to which drift adds nothing (von Neumann 1941, Annals of
    Mathematical Statistics 12), by their median. Residuals beyond `CLIPPED_AT` of it count as if they lay there.
    """
    stretches = [stretch for stretch in _stretches(record) if len(stretch) >= LEAST_OF_STRETCH]
    logarithms = np.array([_residual(record, position) for position in range(len(record.commits))])
    parts: dict[int | None, list[FloatArray]] = {}
    for stretch in stretches:
        part = record.commits[stretch[0]].part
        parts.setdefault(part, []).append(np.abs(np.diff(logarithms[stretch])))
    spreads = {part: NORMAL_MAD * float(np.median(np.concatenate(steps))) / 2**0.5 for part, steps in parts.items()}
    return [
        _sums(np.array(stretch), logarithms[stretch], spreads[record.commits[stretch[0]].part]) for stretch in stretches
    ]


def _residual(record: ChangesRecord, position: int) -> float:
    commit = record.commits[position]
    if commit.median_joules is None or commit.level_joules is None:
        return np.nan
    return float(np.log(commit.median_joules / commit.level_joules))


def _stretches(record: ChangesRecord) -> Iterator[list[int]]:
    """The positions of the commits of each stretch between two lasting changes of a comparable part."""
    starts = {change.commit for change in record.changes if change.kind == "persistent"}
    open_stretches: dict[int, list[int]] = {}
    for position, commit in enumerate(record.commits):
        if commit.part is None or commit.level_joules is None:
            continue
        if commit.commit in starts:
            yield open_stretches.pop(commit.part, [])
        open_stretches.setdefault(commit.part, []).append(position)
    yield from open_stretches.values()


def _sums(positions: IntArray, residuals: FloatArray, spread: float) -> ResidualSums:
    if spread == 0:
        return ResidualSums(positions, np.zeros(len(positions)))
    median = np.median(residuals)
    clipped = np.clip((residuals - median) / spread, -CLIPPED_AT, CLIPPED_AT)
    return ResidualSums(positions, np.cumsum(clipped - clipped.mean()) / len(clipped) ** 0.5)
