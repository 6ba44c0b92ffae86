"""Energy counters of the powercap tree: microjoules of each CPU package and its parts, wraps undone, resets refused."""

import contextlib
import re
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, Literal

from ergit.energy.source import (
    LIMIT_WATTS,
    UPDATE_SECONDS,
    CounterResult,
    Energy,
    Read,
    Source,
    add_up,
    implausible,
    limit_of,
    stands_still,
)
from ergit.energy.zones import Zone, microjoules, open_zones, read_counter
from ergit.records.readings import DOMAINS, Counter, Raw

SAMPLE_SECONDS = 10.0
"""How often a long window is sampled: a 65 kJ counter is then at most 15 % further, even at the limit of 1,000 W."""

ZoneSample = tuple[float, list[Read]]
"""Seconds of the clock, and what reading each zone's counter gave."""

KERNEL_TREE = Path("/sys/class/powercap")


def joules_between(first_uj: int, last_uj: int, range_uj: int) -> float:
    """Energy in joules from one reading to the next, with at most one wrap between them.

    The counter holds 0..`range_uj` and restarts at 0 (linux/Documentation/power/powercap/powercap.rst,
    `max_energy_range_uj`). The kernel makes both from a 32-bit count of units of 61 µJ or less, so that a wrap is exact
    to one unit.
    """
    return (last_uj - first_uj) % (range_uj + 1) / 1e6


def window_joules(times: Sequence[float], counts_uj: Sequence[int], range_uj: int, limit_watts: float) -> float:
    """Joules from the first count to the last, any number of wraps undone; `times` in seconds belong to `counts_uj`.

    Each step from one count to the next may hold one wrap, which is sure only if `limit_watts` could not fill the range
    meanwhile. A count that fell without a wrap is a reset: taken for a wrap it means more power than `limit_watts`,
    unless the counter stood so close below its range that `limit_watts` could have filled it in that step, when nothing
    can tell the two apart; nor is a reset seen after which the counter came past its former count within one step.
    Raises ValueError where a step is unsure or impossible.
    """
    total = 0.0
    for step in range(1, len(times)):
        seconds = times[step] - times[step - 1]
        if limit_watts * (seconds + UPDATE_SECONDS) * 1e6 > range_uj:
            raise ValueError(f"{seconds:g} s passed between two reads: the counter may have wrapped more than once")
        joules = joules_between(counts_uj[step - 1], counts_uj[step], range_uj)
        if refusal := implausible(joules, seconds, limit_watts):
            raise ValueError(f"from {counts_uj[step - 1]} to {counts_uj[step]} µJ: {refusal}")
        total += joules
    return total


def energy_between(zones: Sequence[Zone], samples: Sequence[ZoneSample], limit_watts: float) -> Energy:
    """Energy from the first of at least two samples to the last."""
    times = [seconds for seconds, _ in samples]
    packages = sum(zone.domain == "package" for zone in zones)
    results = [
        result_of(zone, times, [reads[index] for _, reads in samples], limit_of(zone.domain, packages, limit_watts))
        for index, zone in enumerate(zones)
    ]
    return add_up(PowercapSource.name, results)


def result_of(zone: Zone, times: Sequence[float], reads: Sequence[Read], limit_watts: float) -> CounterResult:
    """What one zone says of a window in which it was read at `times`."""
    counter = as_it_was_read(zone, reads)
    try:
        joules = window_joules(times, [microjoules(read, zone) for read in reads], zone.range_uj, limit_watts)
    except ValueError as refusal:
        return CounterResult(counter, 0.0, str(refusal))
    return CounterResult(counter, joules, stands_still(zone.domain, joules, times[-1] - times[0]))


def sampling_interval(zones: Sequence[Zone], wanted_seconds: float, limit_watts: float) -> float:
    """Seconds between samples: as wanted, or less where `limit_watts` could fill half of a counter's range in them.

    Never below 50 ms, which would weigh on what is measured: `window_joules` refuses ranges that small.
    """
    packages = sum(zone.domain == "package" for zone in zones)
    fills = [zone.range_uj / 1e6 / limit_of(zone.domain, packages, limit_watts) for zone in zones]
    return min(wanted_seconds, max(0.05, min(fills) / 2))


def as_it_was_read(zone: Zone, reads: Sequence[Read]) -> Counter:
    """The record of one zone in one window, for the file of readings."""
    before, *samples, after = [raw_value(read) for read in reads]
    return Counter(
        name=zone.name,
        domain=zone.domain,
        unit="µJ",
        before=before,
        after=after,
        range=zone.range_uj,
        samples=tuple(samples),
    )


def raw_value(read: Read) -> Raw:
    """A read as JSON can hold it: the number, the text that is none, None where reading failed."""
    if isinstance(read, OSError):
        return None
    text = read.decode("utf-8", errors="replace")
    return int(text) if re.fullmatch(r"[0-9]+\n?", text, re.ASCII) else text


class PowercapSource(Source):
    """Counters of /sys/class/powercap, for Intel and for AMD, whose kernel driver serves them under the same names.

    Files stay open; an edge of a window is one `pread` per counter. A thread, asleep since the source was opened, wakes
    every `sample_seconds` and adds a sample if a window is open, so that the wraps of long windows are seen. The edges
    neither start nor wake it.
    """

    name: ClassVar[str] = "powercap"
    kind: ClassVar[Literal["measured", "estimated"]] = "measured"

    def __init__(
        self,
        root: Path = KERNEL_TREE,
        *,
        proc: Path = Path("/proc"),
        limit_watts: float = LIMIT_WATTS,
        sample_seconds: float = SAMPLE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Opens every package counter, and those of the other domains that can be read; `clock` gives seconds.

        Raises UnavailableError where there is no package or one of them can't be read. A domain of which any counter
        can't be read is left out whole, and `notes` say so.
        """
        self._limit_watts = limit_watts
        self._clock = clock
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._read_alls: list[ZoneSample] = []
        self._window_is_open = False
        with contextlib.ExitStack() as opened:
            self.zones, self._descriptors, self.notes = open_zones(root, proc, opened)
            if root != KERNEL_TREE:
                self.notes += (f"from the tree at {root}",)
            self._files = opened.pop_all()
        self.domains = tuple(domain for domain in DOMAINS if any(zone.domain == domain for zone in self.zones))
        interval = sampling_interval(self.zones, sample_seconds, limit_watts)
        self._sampler = threading.Thread(
            target=self._sample_now_and_then, args=(interval,), name="powercap sampler", daemon=True
        )
        self._sampler.start()

    def start(self) -> None:
        """Reads each counter, in the same order as `stop()`, so that all of them span windows of the same length."""
        with self._lock:
            self._read_alls = [self._read_all()]
            self._window_is_open = True

    def sample(self) -> None:
        """Reads each counter once more if a window is open."""
        with self._lock:
            if self._window_is_open:
                self._read_alls.append(self._read_all())

    def stop(self) -> None:
        """Reads each counter for the last time of this window."""
        with self._lock:
            self._read_alls.append(self._read_all())
            self._window_is_open = False

    def energy(self, cpu_seconds: float) -> Energy:  # noqa: ARG002
        """Energy of the window; a problem if any counter failed, was reset or can't have been right."""
        return energy_between(self.zones, self._read_alls, self._limit_watts)

    def close(self) -> None:
        """Ends the sampler and closes the files."""
        self._closed.set()
        self._sampler.join()
        self._files.close()

    def _read_all(self) -> ZoneSample:
        return self._clock(), [read_counter(descriptor) for descriptor in self._descriptors]

    def _sample_now_and_then(self, sample_seconds: float) -> None:
        while not self._closed.wait(sample_seconds):
            self.sample()
