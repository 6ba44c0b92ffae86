"""Tail probabilities of Student's t, and the false discovery rate of many tests at once."""

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

FloatArray = npt.NDArray[np.float64]


def two_sided(statistic: float, degrees: float) -> float:
    """The probability that Student's t with `degrees` of freedom is at least as far from 0 as `statistic`."""
    return 2 * float(stdtr(degrees, -abs(statistic)))


def critical(probability: float, degrees: float) -> float:
    """The value that |t| with `degrees` of freedom exceeds with that probability (above 0, below 1)."""
    return -float(stdtrit(degrees, probability / 2))


def false_discovery_rates(p_values: FloatArray, tests: int) -> FloatArray:
    """The q-value of each p-value: the false discovery rate at which it would just be reported.

    `tests` is the number of hypotheses that were tested; those that are not in `p_values` count as p = 1
    (Benjamini and Hochberg 1995, J. R. Stat. Soc. B 57, step-up; q as in Storey 2002, with all hypotheses null).
    """
    order = np.argsort(p_values)[::-1]
    ranks = np.arange(len(p_values), 0, -1)
    values = np.minimum(1.0, np.minimum.accumulate(p_values[order] * tests / ranks))
    rates = np.empty(len(p_values))
    rates[order] = values
    return rates
