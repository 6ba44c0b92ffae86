"""The figures of a study: how the energy evolved over the history, and how the readings of each commit spread."""

from scripts.figures.distribution import distribution
from scripts.figures.evolution import evolution
from scripts.figures.page import png, svg

__all__ = ["distribution", "evolution", "png", "svg"]
