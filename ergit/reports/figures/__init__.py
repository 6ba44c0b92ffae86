"""The figures of a study: its history, the distribution of its readings, its commits side by side, its conditions."""

from ergit.reports.figures.conditions import conditions
from ergit.reports.figures.cusum import cusum
from ergit.reports.figures.distribution import distribution
from ergit.reports.figures.evolution import evolution
from ergit.reports.figures.sheet import encoded
from ergit.reports.figures.sides import ecdf_figure, qq_figure, shift_figure, two_commits

__all__ = [
    "conditions",
    "cusum",
    "distribution",
    "ecdf_figure",
    "encoded",
    "evolution",
    "qq_figure",
    "shift_figure",
    "two_commits",
]
