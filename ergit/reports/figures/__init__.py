"""The figures of a study: how the energy evolved over the history, and how the readings of each commit spread."""

from ergit.reports.figures.distribution import distribution
from ergit.reports.figures.evolution import evolution
from ergit.reports.figures.page import png, svg

__all__ = ["distribution", "evolution", "png", "svg"]
