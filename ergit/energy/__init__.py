"""Energy sources, and the choice of the one that a study measures with."""

from ergit.energy.choice import Availability, choose, probe, way_out
from ergit.energy.roots import Roots
from ergit.energy.source import Energy, Source, UnavailableError

__all__ = ["Availability", "Energy", "Roots", "Source", "UnavailableError", "choose", "probe", "way_out"]
