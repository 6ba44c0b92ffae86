"""Energy counters of the powercap tree: microjoules of each CPU package and its parts, wraps undone, resets refused."""

import contextlib
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from scripts.energy.source import (
    DOMAINS,
    LIMIT_WATTS,
    UPDATE_SECONDS,
    Counter,
    Energy,
    Part,
    Raw,
    Source,
    UnavailableError,
    absent_counter_mend,
    add_up,
    failed_read,
    implausible,
    limit_of,
    stands_still,
)

SAMPLE_SECONDS = 10.0
"""How often a long window is sampled: a 65 kJ counter is then at most 15 % further, even at the limit of 1,000 W."""

READ_BYTES = 64

DIRECTORY = re.compile(r"intel-rapl(:\d+)*")
"""RAPL's control type and zones, for Intel and AMD alike; `intel-rapl-mmio` counts the same packages once more."""

PACKAGE = re.compile(r"package-\d+(-die-\d+)?")
PLATFORM = re.compile(r"psys(-\d+)?")
PARTS = ("core", "uncore", "dram")

NO_RIGHT = (
    "Let a group read it: sudo groupadd -f rapl && sudo usermod -aG rapl $USER, put the line "
    """SUBSYSTEM=="powercap", RUN+="/bin/sh -c 'chgrp rapl /sys%p/energy_uj && chmod g+r /sys%p/energy_uj'" """
    "into /etc/udev/rules.d/70-rapl.rules, run sudo udevadm trigger --subsystem-match=powercap and log in again "
    "(a group and not everybody: CVE-2020-8694 reads secrets from this file)"
)
BROKEN = "Look at the file; a counter that the kernel cannot serve is no use, so choose another source"

Read = bytes | OSError
Snapshot = tuple[float, list[Read]]
"""Seconds of the clock, and what reading each zone's counter gave."""


@dataclass(frozen=True)
class Zone:
    """One counter, `energy_uj` in `path`: it holds 0..`range_uj` microjoules and restarts at 0.

    `ends_in_newline`: whether the file did when it was opened, as in sysfs; a later read without it is then torn.
    """

    name: str
    domain: str
    path: Path
    range_uj: int
    ends_in_newline: bool = True


def zone_directories(root: Path) -> dict[str, Path]:
    """Zone folders below `root`, by folder name; raises OSError where `root` cannot be listed.

    `root` may be flat as /sys/class/powercap or nested as /sys/devices/virtual/powercap.
    """
    found: dict[str, Path] = {}
    for entry in sorted(root.iterdir()):
        if DIRECTORY.fullmatch(entry.name) and entry.is_dir():
            if ":" in entry.name:
                found.setdefault(entry.name, entry)
            for name, path in zone_directories(entry).items():
                found.setdefault(name, path)
    return found


def domain_of(zone_name: str, *, top_level: bool) -> str | None:
    """Domain of a zone by its `name` file, None for a name that is no energy domain of a CPU.

    Source of the names: linux/drivers/powercap/intel_rapl_common.c. Zones: `package-0`, `package-0-die-1`, `psys`,
    `psys-1`; their parts: `core`, `uncore`, `dram`.
    """
    if top_level:
        if PACKAGE.fullmatch(zone_name):
            return "package"
        return "psys" if PLATFORM.fullmatch(zone_name) else None
    return zone_name if zone_name in PARTS else None


def joules_between(first_uj: int, last_uj: int, range_uj: int) -> float:
    """Energy in joules from one reading to the next, with at most one wrap between them.

    The counter holds 0..`range_uj` and restarts at 0 (linux/Documentation/power/powercap/powercap.rst,
    `max_energy_range_uj`). The kernel makes both from a 32-bit count of units of 61 µJ or less, so that a wrap is exact
    to one unit.
    """
    return (last_uj - first_uj) % (range_uj + 1) / 1e6


def microjoules(read: Read, zone: Zone) -> int:
    """The count that one read of `energy_uj` gave; raises ValueError, with the text, where it gave no whole count."""
    if isinstance(read, OSError):
        raise ValueError(failed_read(read))
    if not read:
        raise ValueError("the read was empty")
    whole = re.fullmatch(rb"([0-9]+)(\n?)", read)
    if whole is None:
        raise ValueError(f"{read!r} is no count of microjoules")
    if zone.ends_in_newline and not whole[2]:
        raise ValueError(f"{read!r} is torn: its newline is missing")
    value = int(whole[1])
    if value > zone.range_uj:
        raise ValueError(f"{value} is beyond the counter's own range of {zone.range_uj}")
    return value


def window_joules(times: Sequence[float], counts_uj: Sequence[int], range_uj: int, limit_watts: float) -> float:
    """Joules from the first count to the last, any number of wraps undone; `times` in seconds belong to `counts_uj`.

    Each step from one count to the next may hold one wrap, which is sure only if `limit_watts` could not fill the range
    meanwhile. A count that fell without a wrap is a reset: taken for a wrap it means more power than `limit_watts`,
    unless the counter stood so close below its range that `limit_watts` could have filled it in that step, when nothing
    can tell the two apart. Raises ValueError where a step is unsure or impossible.
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


def energy_between(zones: Sequence[Zone], snapshots: Sequence[Snapshot], limit_watts: float) -> Energy:
    """Energy from the first of at least two snapshots to the last."""
    times = [seconds for seconds, _ in snapshots]
    packages = sum(zone.domain == "package" for zone in zones)
    parts = [
        part_of(zone, times, [reads[index] for _, reads in snapshots], limit_of(zone.domain, packages, limit_watts))
        for index, zone in enumerate(zones)
    ]
    return add_up(PowercapSource.name, parts)


def part_of(zone: Zone, times: Sequence[float], reads: Sequence[Read], limit_watts: float) -> Part:
    """What one zone says of a window in which it was read at `times`."""
    counter = as_it_was_read(zone, reads)
    try:
        joules = window_joules(times, [microjoules(read, zone) for read in reads], zone.range_uj, limit_watts)
    except ValueError as refusal:
        return Part(counter, 0.0, str(refusal))
    return Part(counter, joules, stands_still(zone.domain, joules, times[-1] - times[0]))


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
        name=zone.name, domain=zone.domain, unit="µJ", before=before, after=after, range=zone.range_uj, samples=samples
    )


def raw_value(read: Read) -> Raw:
    """A read as JSON can hold it: the number, the text that is none, None where reading failed."""
    if isinstance(read, OSError):
        return None
    text = read.decode("utf-8", errors="replace")
    return int(text) if re.fullmatch(r"[0-9]+\n?", text, re.ASCII) else text


def read_counter(descriptor: int) -> Read:
    """The counter's text at this moment: reading at offset 0 makes the kernel look at the hardware again."""
    try:
        return os.pread(descriptor, READ_BYTES, 0)
    except OSError as error:
        return error


def named_zones(root: Path, proc: Path) -> Iterator[tuple[str, str, Path]]:
    """Full name (`package-0/core`), domain and folder of each zone that counts energy.

    Raises UnavailableError where there is no tree.
    """
    try:
        folders = zone_directories(root)
    except OSError as error:
        reason = f"there is no powercap tree at {root} ({error.strerror})"
        raise UnavailableError(reason, absent_counter_mend("intel_rapl_msr", proc)) from error
    names: dict[str, str] = {}
    for folder, path in folders.items():
        try:
            names[folder] = (path / "name").read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UnavailableError(f"{path / 'name'} cannot be read ({error})", BROKEN) from error
    for folder, path in folders.items():
        parent = folder.rpartition(":")[0]
        domain = domain_of(names[folder], top_level=parent not in names)
        if domain is not None:
            yield (f"{names[parent]}/{names[folder]}" if parent in names else names[folder]), domain, path


def open_zone(name: str, domain: str, path: Path) -> tuple[Zone, int]:
    """The zone and a descriptor of its counter, read once to see that it can be; raises UnavailableError."""
    source = path / "max_energy_range_uj"
    try:
        text = source.read_text(encoding="ascii").strip()
        range_uj = int(text)
    except (OSError, ValueError) as error:
        raise UnavailableError(f"{source} holds no range, so that a wrap cannot be undone ({error})", BROKEN) from error
    if range_uj <= 0:
        raise UnavailableError(f"{source} says {text!r}, so that a wrap cannot be undone", BROKEN)
    counter = path / "energy_uj"
    try:
        descriptor = os.open(counter, os.O_RDONLY | os.O_CLOEXEC)
    except PermissionError as error:
        raise UnavailableError(f"no right to read {counter} ({error.strerror})", NO_RIGHT) from error
    except OSError as error:
        raise UnavailableError(f"{counter} cannot be opened ({error.strerror})", BROKEN) from error
    first = read_counter(descriptor)
    ends_in_newline = isinstance(first, bytes) and first.endswith(b"\n")
    zone = Zone(name, domain, path, range_uj, ends_in_newline)
    try:
        microjoules(first, zone)
    except ValueError as refusal:
        os.close(descriptor)
        mend = NO_RIGHT if isinstance(first, PermissionError) else BROKEN
        raise UnavailableError(f"{counter}: {refusal}", mend) from refusal
    return zone, descriptor


class PowercapSource(Source):
    """Counters of /sys/class/powercap, for Intel and for AMD, whose kernel driver serves them under the same names.

    Files stay open; an edge of a window is one `pread` per counter. A thread, asleep since the source was opened, wakes
    every `sample_seconds` and adds a sample if a window is open, so that the wraps of long windows are seen. The edges
    neither start nor wake it.
    """

    name: ClassVar[str] = "powercap"
    kind: ClassVar[str] = "measured"

    def __init__(
        self,
        root: Path = Path("/sys/class/powercap"),
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
        self._snapshots: list[Snapshot] = []
        self._window_is_open = False
        with contextlib.ExitStack() as opened:
            self.zones, self._descriptors, self.notes = open_zones(root, proc, opened)
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
            self._snapshots = [self._snapshot()]
            self._window_is_open = True

    def sample(self) -> None:
        """Reads each counter once more if a window is open."""
        with self._lock:
            if self._window_is_open:
                self._snapshots.append(self._snapshot())

    def stop(self) -> None:
        """Reads each counter for the last time of this window."""
        with self._lock:
            self._snapshots.append(self._snapshot())
            self._window_is_open = False

    def energy(self, cpu_seconds: float) -> Energy:  # noqa: ARG002
        """Energy of the window; a problem if any counter failed, was reset or can't have been right."""
        return energy_between(self.zones, self._snapshots, self._limit_watts)

    def close(self) -> None:
        """Ends the sampler and closes the files."""
        self._closed.set()
        self._sampler.join()
        self._files.close()

    def _snapshot(self) -> Snapshot:
        return self._clock(), [read_counter(descriptor) for descriptor in self._descriptors]

    def _sample_now_and_then(self, sample_seconds: float) -> None:
        while not self._closed.wait(sample_seconds):
            self.sample()


def open_zones(
    root: Path, proc: Path, opened: contextlib.ExitStack
) -> tuple[tuple[Zone, ...], tuple[int, ...], tuple[str, ...]]:
    """Zones with open counters, packages first, and notes on domains left out; `opened` closes the descriptors.

    Raises UnavailableError where not every package can be read.
    """
    found = sorted(named_zones(root, proc), key=lambda zone: (DOMAINS.index(zone[1]), zone[0]))
    names = [name for name, _, _ in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UnavailableError(f"{root} has two zones named {twice[0]}: which one counts is unclear", BROKEN)
    if not any(domain == "package" for _, domain, _ in found):
        raise UnavailableError(f"{root} has no zone named package-*", absent_counter_mend("intel_rapl_msr", proc))
    zones: list[tuple[Zone, int]] = []
    left_out: dict[str, str] = {}
    for name, domain, path in found:
        try:
            zone, descriptor = open_zone(name, domain, path)
        except UnavailableError as refusal:
            if domain == "package":
                raise
            left_out[domain] = f"{domain} left out: {refusal.reason}"
        else:
            opened.callback(os.close, descriptor)
            zones.append((zone, descriptor))
    kept = [(zone, descriptor) for zone, descriptor in zones if zone.domain not in left_out]
    return (
        tuple(zone for zone, _ in kept),
        tuple(descriptor for _, descriptor in kept),
        tuple(left_out.values()),
    )
