"""Several energy sources as one: each domain from the first of them that counts it."""

from collections.abc import Sequence

from ergit.energy.source import Energy, Source
from ergit.records.readings import DOMAINS


class CombinedSource(Source):
    """Sources read one around the other: the first is read last at the start of a window, and first at its end.

    The first should therefore be the one that counts the judged domain.
    """

    def __init__(self, sources: Sequence[Source], *, judged: str = "package") -> None:
        """Takes over open sources, which `close()` closes."""
        self.judged = judged
        self.name = "+".join(source.name for source in sources)
        self._sources = tuple(sources)
        self._source_of = {domain: source for source in reversed(sources) for domain in source.domains}
        self.domains = tuple(domain for domain in DOMAINS if domain in self._source_of)
        self.notes = tuple(
            [f"{domain} by {source.name}" for domain, source in sorted(self._source_of.items())]
            + [f"{source.name}: {note}" for source in sources for note in source.notes]
        )

    def start(self) -> None:
        """Starts each source, the first one last."""
        for source in reversed(self._sources):
            source.start()

    def stop(self) -> None:
        """Stops each source, the first one first."""
        for source in self._sources:
            source.stop()

    def energy(self, cpu_seconds: float) -> Energy:
        """Joules of each domain by the source that counts it; a problem of one source makes the whole window void."""
        found = {source: source.energy(cpu_seconds) for source in self._sources}
        used = {domain: found[source] for domain, source in self._source_of.items()}
        counters = tuple(
            counter
            for source, energy in found.items()
            for counter in energy.counters
            if self._source_of.get(counter.domain) is source
        )
        problems = [energy.problem for energy in found.values() if energy.problem]
        return Energy(
            {} if problems else {domain: used[domain].joules[domain] for domain in self.domains},
            counters,
            "; ".join(problems) or None,
            used[self.judged].seconds if self.judged in used else None,
            any(energy.is_gone for energy in found.values()),
        )

    def close(self) -> None:
        """Closes each source."""
        for source in self._sources:
            source.close()
