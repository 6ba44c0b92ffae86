"""CPU time shown as energy: CPU-seconds times a fixed power of one core, always labelled estimated."""

import math
from typing import ClassVar, Literal

from ergit.energy.source import Energy, Source
from ergit.errors import ErgitError


class EstimateSource(Source):
    """No counter: a window's joules are its CPU-seconds times `watts_per_core`, and say no more than CPU time does.

    The real power of a core changes several times over with frequency, instructions and temperature. Comparisons of
    commits by this source are comparisons of their CPU time.
    """

    name = "estimate"
    kind: ClassVar[Literal["measured", "estimated"]] = "estimated"

    def __init__(self, watts_per_core: float, *, judged: str = "package") -> None:
        """Raises ErgitError unless `watts_per_core` is a positive number of watts."""
        if not (math.isfinite(watts_per_core) and watts_per_core > 0):
            raise ErgitError(f"measure.watts_per_core is {watts_per_core!r}; it must be a positive number of watts.")
        self.watts_per_core: float = watts_per_core
        self.domains = ("package",)
        self.judged = judged

    def start(self) -> None:
        """Nothing: there is no counter."""

    def stop(self) -> None:
        """Nothing: there is no counter."""

    def energy(self, cpu_seconds: float) -> Energy:
        """`cpu_seconds` × `watts_per_core` as the package's joules."""
        if not (math.isfinite(cpu_seconds) and cpu_seconds >= 0):
            return Energy({}, (), f"estimate: {cpu_seconds!r} is no CPU time in seconds")
        return Energy({"package": cpu_seconds * self.watts_per_core}, (), None)

    def close(self) -> None:
        """Nothing: there is nothing open."""
