"""How far readings of one and the same program lie apart: within a round, from round to round, from build to build."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ergit.analysis.detection.centres import NORMAL_MAD, robust_centres
from ergit.analysis.detection.noise import BUILD_PRIOR, PRIOR_WEIGHT
from ergit.analysis.detection.significance import FloatArray


@dataclass(frozen=True)
class Spreads:
    """Standard deviations of log joules (0.01 is 1%), each beyond what the ones before it explain.

    `run` is that of the readings in a round, None where no round has two; `round` then holds both. `build` is None
    where there is one build. `centres` (builds,) are the log joules of each build.
    """

    run: float | None
    round: float
    build: float | None
    centres: FloatArray

    @property
    def likely_build(self) -> float:
        """The spread between builds to reckon with: a few builds tell little, so the usual one has a say.

        It counts as in the noise of a history, where it stands for as many differences as `PRIOR_WEIGHT`.
        """
        seen = 0.0 if self.build is None else (len(self.centres) - 1) * self.build**2
        return float(np.sqrt((PRIOR_WEIGHT * BUILD_PRIOR**2 + seen) / (PRIOR_WEIGHT + len(self.centres) - 1)))

    def run_variance(self, repeats: int) -> float:
        """Variance that one run adds to a commit whose runs are spread over rounds of so many `repeats`.

        The mean of all runs then has this variance over the number of runs, beside that of its build.
        """
        return float((self.run or 0.0) ** 2 + repeats * self.round**2)


def spreads(log_joules: FloatArray) -> Spreads:
    """The spreads of readings (builds × rounds × repeats), NaN where there is none; a round may lack all of its own.

    What lies between groups is the variance of their centres less what the readings within explain (method of moments
    for nested random effects: Searle, Casella and McCulloch 1992, Variance Components, 3.5), never below 0.

    Raises:
        ValueError: no build has readings in two rounds, or one has none at all.
    """
    builds, rounds, _ = log_joules.shape
    counts = np.isfinite(log_joules).sum(axis=2)
    if (counts > 0).sum(axis=1).max() < 2 or (counts.sum(axis=1) == 0).any():
        raise ValueError("the spread between rounds takes readings in two rounds, of every build")
    measured = counts > 0
    of_rounds = np.full((builds, rounds), np.nan)
    of_rounds[measured] = robust_centres(log_joules[measured], counts[measured])[0]
    run = pair_variance(log_joules[measured])
    of_all = pair_variance(of_rounds)
    centres = robust_centres(of_rounds, measured.sum(axis=1))[0]
    explained = 0.0 if run is None else run * float((1 / counts[measured]).mean())
    between = None
    if builds > 1:
        between = float(np.var(centres, ddof=1)) - (of_all or 0.0) * float((1 / measured.sum(axis=1)).mean())
    return Spreads(
        run=None if run is None else float(np.sqrt(run)),
        round=_root((of_all or 0.0) - explained),
        build=None if between is None else _root(between),
        centres=centres,
    )


def pair_variance(groups: Iterable[FloatArray]) -> float | None:
    """Variance of one value, from the differences of all pairs within each group; None where there is no pair.

    Robust, and unlike deviations from a centre not too small in small groups (Shamos 1976, in: Algorithms and
    Complexity; Bickel and Lehmann 1979). NaN is no value.
    """
    present = (group[np.isfinite(group)] for group in groups)
    pairs = np.concatenate([np.subtract.outer(group, group)[np.triu_indices(len(group), 1)] for group in present])
    return float(NORMAL_MAD * np.median(np.abs(pairs))) ** 2 / 2 if len(pairs) else None


def _root(variance: float) -> float:
    return float(np.sqrt(max(0.0, variance)))
