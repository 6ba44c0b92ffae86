"""An energy source that is no part of ergit: a counter of the whole platform, as a power meter in the wall would be."""

from ergit.config.settings import MeasureSettings
from ergit.energy.registry import SourceEntry
from ergit.energy.roots import Roots
from ergit.energy.source import CounterResult, Energy, Source, add_up
from ergit.records.readings import Counter


class MeterSource(Source):
    """A meter that counts 3 J between the edges of each window."""

    name = "meter"
    domains = ("psys",)

    def __init__(self, *, judged: str = "package") -> None:
        self.judged = judged
        self.edges: list[str] = []

    def start(self) -> None:
        """Remembers that it was started."""
        self.edges.append("start")

    def stop(self) -> None:
        """Remembers that it was stopped."""
        self.edges.append("stop")

    def energy(self, cpu_seconds: float) -> Energy:  # noqa: ARG002
        """3 J in a second."""
        counter = Counter(name="meter", domain="psys", unit="J", before=0, after=3, range=None, samples=())
        return add_up(self.name, [CounterResult(counter, 3.0)], 1.0)

    def close(self) -> None:
        """Remembers that it was closed."""
        self.edges.append("close")


def open_meter(settings: MeasureSettings, roots: Roots, limit_watts: float) -> Source:  # noqa: ARG001
    """Opens the meter."""
    return MeterSource(judged=settings.judged)


METER = SourceEntry("meter", "measured", open_meter)
