"""Tail probabilities of Student's t, and the false discovery rate of many tests at once."""

import math
from functools import cache

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

_TINY = 1e-300


def two_sided(statistic: float, degrees: float) -> float:
    """The chance that Student's t with `degrees` of freedom is at least as far from 0 as `statistic`.

    P(|T| >= t) is the regularised incomplete beta function I_x(degrees/2, 1/2) at x = degrees / (degrees + t²)
    (Abramowitz and Stegun 1964, 26.7.1 and 26.5.27).
    """
    if statistic == 0:
        return 1.0
    square = statistic * statistic
    return _incomplete_beta(degrees / 2, 0.5, degrees / (degrees + square), square / (degrees + square))


def _incomplete_beta(a: float, b: float, x: float, complement: float) -> float:
    """I_x(a, b), with `complement` = 1 - x given apart, since the difference would lose its digits near 1."""
    if x <= 0:
        return 0.0
    if complement <= 0:
        return 1.0
    logarithm = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(complement)
    if x < (a + 1) / (a + b + 2):
        return math.exp(logarithm) * _beta_fraction(a, b, x) / a
    return 1 - math.exp(logarithm) * _beta_fraction(b, a, complement) / b


def _beta_fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function (Abramowitz and Stegun 1964, 26.5.8).

    Evaluated from the front, by the method of Lentz (1976), until a further term no longer matters.
    """
    numerator, denominator = 1.0, 1 / _nonzero(1 - (a + b) * x / (a + 1))
    value = denominator
    for term in range(1, 1000):
        even = term * (b - term) * x / ((a + 2 * term - 1) * (a + 2 * term))
        odd = -(a + term) * (a + b + term) * x / ((a + 2 * term) * (a + 2 * term + 1))
        for coefficient in (even, odd):
            denominator = 1 / _nonzero(1 + coefficient * denominator)
            numerator = _nonzero(1 + coefficient / numerator)
            value *= numerator * denominator
        if abs(numerator * denominator - 1) < 1e-12:
            break
    return value


def _nonzero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


@cache
def critical(chance: float, degrees: float) -> float:
    """The value that |t| with `degrees` of freedom exceeds with that `chance` (0 < chance < 1), by bisection."""
    low, high = 0.0, 1.0
    while two_sided(high, degrees) > chance:
        low, high = high, 2 * high
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if two_sided(middle, degrees) > chance else (low, middle)
    return high


def false_discovery_rates(chances: FloatArray, tests: int) -> FloatArray:
    """The q-value of each p-value: the false discovery rate at which it would just be reported.

    `tests` is the number of hypotheses that were looked at; those that are not in `chances` count as p = 1
    (Benjamini and Hochberg 1995, J. R. Stat. Soc. B 57, step-up; q as in Storey 2002, with all hypotheses null).
    """
    order = np.argsort(chances)[::-1]
    ranks = np.arange(len(chances), 0, -1)
    values = np.minimum(1.0, np.minimum.accumulate(chances[order] * tests / ranks))
    rates = np.empty(len(chances))
    rates[order] = values
    return rates
