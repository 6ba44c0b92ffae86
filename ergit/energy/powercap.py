"""Energy counters of the powercap tree: microjoules of each CPU package and its parts."""

import contextlib
import re
import time
from collections.abc import Callable, Collection, Sequence
from itertools import pairwise
from pathlib import Path

from ergit.energy.sampler import SAMPLE_SECONDS, SampledSource, Sampler, kept_samples
from ergit.energy.source import (
    LIMIT_WATTS,
    CounterResult,
    Energy,
    NotCountedError,
    Read,
    add_up,
    limit_of,
    stands_still,
)
from ergit.energy.wraps import SHORTEST_NEIGHBOUR_SECONDS, Watts, window_joules
from ergit.energy.zones import KERNEL_TREE, SMALLEST_SAMPLE_SECONDS, Zone, microjoules, open_zones, read_counter
from ergit.records.readings import DOMAINS, Counter, Raw


def result_of(
    zone: Zone,
    times: Sequence[float],
    reads: Sequence[Read],
    limit_watts: float,
    judged: str = "package",
    earlier: Watts | None = None,
) -> CounterResult:
    """What one zone says of a window in which it was read at `times`."""
    counter = as_it_was_read(zone, times, reads)
    try:
        counts_uj = [microjoules(read, zone) for read in reads]
        joules = window_joules(times, counts_uj, zone.range_uj, limit_watts, earlier)
    except NotCountedError as refusal:
        return CounterResult(counter, 0.0, str(refusal), refusal.is_gone)
    return CounterResult(counter, joules, stands_still(zone.domain, judged, joules, times[-1] - times[0]))


def sampling_interval(zones: Sequence[Zone], wanted_seconds: float, limit_watts: float) -> float:
    """Seconds between samples: as wanted, or less where `limit_watts` could fill half of a counter's range in them.

    Never below SMALLEST_SAMPLE_SECONDS: ranges that small are refused when they are opened.
    """
    packages = sum(zone.domain == "package" for zone in zones)
    fills = [zone.range_uj / 1e6 / limit_of(zone.domain, packages, limit_watts) for zone in zones]
    return min(wanted_seconds, max(SMALLEST_SAMPLE_SECONDS, min(fills) / 2))


def as_it_was_read(zone: Zone, times: Sequence[float], reads: Sequence[Read]) -> Counter:
    """The record of one zone in one window, for the file of readings."""
    values = [raw_value(read) for read in reads]
    falls = [index for index, (first, last) in enumerate(pairwise(values), start=1) if not is_rise(first, last)]
    kept = kept_samples(times, falls)
    return Counter(
        name=zone.name,
        domain=zone.domain,
        unit="µJ",
        before=values[0],
        after=values[-1],
        range=zone.range_uj,
        samples=tuple(values[index] for index in kept),
        sample_seconds=tuple(round(times[index] - times[0], 6) for index in kept),
    )


def is_rise(first: Raw, last: Raw) -> bool:
    """Whether both are counts and the second is no less."""
    return isinstance(first, int) and isinstance(last, int) and first <= last


def raw_value(read: Read) -> Raw:
    """A read as JSON can hold it: the number, the text that is none, None where reading failed."""
    if isinstance(read, OSError):
        return None
    text = read.decode("utf-8", errors="replace")
    return int(text) if re.fullmatch(r"[0-9]+\n?", text, re.ASCII) else text


class PowercapSource(SampledSource):
    """Counters of /sys/class/powercap, for Intel and for AMD, whose kernel driver serves them under the same names.

    Files stay open; an edge of a window is one `pread` per counter. Windows are sampled every `sample_seconds`, so that
    wraps are seen, and told from resets.
    """

    name = "powercap"

    def __init__(
        self,
        root: Path = KERNEL_TREE,
        *,
        proc: Path = Path("/proc"),
        judged: str = "package",
        domains: Collection[str] = DOMAINS,
        limit_watts: float = LIMIT_WATTS,
        sample_seconds: float = SAMPLE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Opens every counter of the domain `judged`, and those of the other `domains` that can be read.

        `clock` gives seconds. Raises UnavailableError where there is no counter of that domain or one of them can't be
        read. Another domain of which any counter can't be read is left out whole, and `notes` say so.
        """
        self.judged = judged
        self._limit_watts = limit_watts
        self._earlier: dict[str, Watts] = {}
        with contextlib.ExitStack() as opened:
            self.zones, self._descriptors, self.notes = open_zones(root, proc, judged, domains, limit_watts, opened)
            if root != KERNEL_TREE:
                self.notes += (f"from the tree at {root}",)
            self._files = opened.pop_all()
        self.domains = tuple(domain for domain in DOMAINS if any(zone.domain == domain for zone in self.zones))
        interval = sampling_interval(self.zones, sample_seconds, limit_watts)
        self._sampler = Sampler(self._read_all, clock, interval)

    def energy(self, cpu_seconds: float) -> Energy:  # noqa: ARG002
        """Energy of the window; a problem if any counter failed, was reset or can't have been right."""
        samples = self._sampler.samples
        times = [sample.seconds for sample in samples]
        packages = sum(zone.domain == "package" for zone in self.zones)
        results = [
            result_of(
                zone,
                times,
                [sample.reads[index] for sample in samples],
                limit_of(zone.domain, packages, self._limit_watts),
                self.judged,
                self._earlier.get(zone.name),
            )
            for index, zone in enumerate(self.zones)
        ]
        self._remember_power(results, times[-1] - times[0])
        return add_up(self.name, results, times[-1] - times[0])

    def _remember_power(self, results: Sequence[CounterResult], seconds: float) -> None:
        """Keeps each zone's power, by which a wrap in a later window without samples can be judged."""
        if seconds < SHORTEST_NEIGHBOUR_SECONDS:
            return
        for result in results:
            if result.problem is None:
                watts, name = result.joules / seconds, result.counter.name
                known = self._earlier.get(name, Watts(watts, watts))
                self._earlier[name] = Watts(min(known.lowest, watts), max(known.highest, watts))

    def _read_all(self) -> list[Read]:
        return [read_counter(descriptor) for descriptor in self._descriptors]
