"""Zones of the powercap tree that count energy: which they are, by name, and what one read of a counter gives."""

import contextlib
import os
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from ergit.energy.names import Candidate, other_names
from ergit.energy.rights import give
from ergit.energy.source import (
    UPDATE_SECONDS,
    NoRightError,
    NotCountedError,
    OtherDomainError,
    Read,
    UnavailableError,
    absent_counter_fix,
    failed_read,
    left_out_by_settings,
    limit_of,
    parse_whole_number,
)
from ergit.records.readings import DOMAINS

KERNEL_TREE = Path("/sys/class/powercap")
READ_BYTES = 64

DIRECTORY = re.compile(r"intel-rapl(:\d+)*")
"""RAPL's control type and zones, for Intel and AMD alike; `intel-rapl-mmio` counts the same packages once more."""

PACKAGE = re.compile(r"package-(\d+)(-die-\d+)?")
PLATFORM = re.compile(r"psys(-\d+)?")
PARTS = ("core", "uncore", "dram")

SMALLEST_SAMPLE_SECONDS = 0.05
"""Samples closer than this would weigh on what is measured."""

SMALLEST_RANGE_SECONDS = 2 * (SMALLEST_SAMPLE_SECONDS + UPDATE_SECONDS)
"""A counter that the highest believable power fills in less may wrap unseen between two samples."""

MASKED = (
    "A container runtime hides the tree behind these links: mount the host's into the container "
    "(docker run --volume /sys/devices/virtual/powercap:/powercap:ro) and set measure.powercap: /powercap, or measure "
    "outside of the container"
)
BROKEN = "Look at the file; a counter that the kernel cannot serve is no use, so choose another source"
SMALL = "Choose the source pmu or perf, for which the kernel undoes wraps itself; real counters hold 65 kJ or more"


class Zone(Struct, frozen=True):
    """One counter, `energy_uj` in `path`: it holds 0..`range_uj` microjoules and restarts at 0.

    `ends_in_newline`: whether the file did when it was opened, as in sysfs; a later read without it is then torn.
    """

    name: str
    domain: str
    path: Path
    range_uj: int
    ends_in_newline: bool = True

    @property
    def package(self) -> str | None:
        """The number of the package that it belongs to, from the kernel's name of it; None for psys."""
        named = PACKAGE.match(self.name)
        return named and named[1]


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


def dangling_links(root: Path) -> list[str]:
    """Names of RAPL's control type and zones in `root` that are links to nothing."""
    return sorted(
        entry.name
        for entry in root.iterdir()
        if DIRECTORY.fullmatch(entry.name) and entry.is_symlink() and not entry.exists()
    )


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


def read_counter(descriptor: int) -> Read:
    """The counter's text at this moment: reading at offset 0 makes the kernel look at the hardware again."""
    try:
        return os.pread(descriptor, READ_BYTES, 0)
    except OSError as error:
        return error


def microjoules(read: Read, zone: Zone) -> int:
    """The count that one read of `energy_uj` gave; raises NotCountedError, with the text, where it gave none."""
    if isinstance(read, OSError):
        raise failed_read(read)
    if not read:
        raise NotCountedError("the read was empty")
    whole = re.fullmatch(rb"([0-9]+)(\n?)", read)
    if whole is None:
        raise NotCountedError(f"{read!r} is no count of microjoules")
    if zone.ends_in_newline and not whole[2]:
        raise NotCountedError(f"{read!r} is torn: its newline is missing")
    value = int(whole[1])
    if value > zone.range_uj:
        raise NotCountedError(f"{value} is beyond the counter's own range of {zone.range_uj}")
    return value


def named_zones(root: Path, proc: Path) -> Iterator[tuple[str, str, Path]]:
    """Full name (`package-0/core`), domain and folder of each zone that counts energy.

    Raises UnavailableError where there is no tree.
    """
    try:
        folders = zone_directories(root)
    except OSError as error:
        reason = f"there is no powercap tree at {root} ({error.strerror})"
        raise UnavailableError(reason, absent_counter_fix("intel_rapl_msr", proc)) from error
    if not folders and (dangling := dangling_links(root)):
        raise UnavailableError(f"the zones in {root} lead nowhere ({', '.join(dangling)})", MASKED)
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


def open_zone(name: str, domain: str, path: Path, limit_watts: float, give: str) -> tuple[Zone, int]:
    """The zone and a descriptor of its counter, read once to see that it can be; raises UnavailableError.

    `limit_watts` is the highest believable power of the counter, `give` what gives the right to read it.
    """
    source = path / "max_energy_range_uj"
    try:
        text = source.read_text(encoding="ascii").strip()
        range_uj = parse_whole_number(text)
    except PermissionError as error:
        raise NoRightError(f"no right to read {source} ({error.strerror})", give) from error
    except (OSError, ValueError) as error:
        raise UnavailableError(f"{source} holds no range, so that a wrap cannot be undone ({error})", BROKEN) from error
    if range_uj <= 0:
        raise UnavailableError(f"{source} says {text!r}, so that a wrap cannot be undone", BROKEN)
    if range_uj < limit_watts * SMALLEST_RANGE_SECONDS * 1e6:
        seconds = range_uj / 1e6 / limit_watts
        reason = f"{name} counts to {range_uj / 1e6:g} J, which {limit_watts:g} W fill in {seconds:.2g} s: too small"
        raise UnavailableError(f"{reason} to see each wrap", SMALL)
    counter = path / "energy_uj"
    try:
        descriptor = os.open(counter, os.O_RDONLY | os.O_CLOEXEC)
    except PermissionError as error:
        raise NoRightError(f"no right to read {counter} ({error.strerror})", give) from error
    except OSError as error:
        raise UnavailableError(f"{counter} cannot be opened ({error.strerror})", BROKEN) from error
    first = read_counter(descriptor)
    ends_in_newline = isinstance(first, bytes) and first.endswith(b"\n")
    zone = Zone(name, domain, path, range_uj, ends_in_newline)
    try:
        microjoules(first, zone)
    except NotCountedError as refusal:
        os.close(descriptor)
        if isinstance(first, PermissionError):
            raise NoRightError(f"{counter}: {refusal}", give) from refusal
        raise UnavailableError(f"{counter}: {refusal}", BROKEN) from refusal
    return zone, descriptor


def open_zones(
    root: Path, proc: Path, judged: str, domains: Collection[str], limit_watts: float, opened: contextlib.ExitStack
) -> tuple[tuple[Zone, ...], tuple[int, ...], tuple[str, ...]]:
    """Zones of `domains` with open counters, packages first, and notes on what was left out.

    `opened` closes the descriptors; `limit_watts` is the highest believable power of one package. A counter with
    several names is opened once. Raises UnavailableError where not every counter of the domain `judged` can be read.
    """
    found = sorted(named_zones(root, proc), key=lambda zone: (DOMAINS.index(zone[1]), zone[0]))
    names = [name for name, _, _ in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UnavailableError(f"{root} has two zones named {twice[0]}: which one counts is unclear", BROKEN)
    shown = list(dict.fromkeys(domain for _, domain, _ in found))
    if not shown:
        wanted = "package-*" if judged == "package" else judged
        raise UnavailableError(f"{root} has no zone named {wanted}", absent_counter_fix("intel_rapl_msr", proc))
    if judged not in shown:
        raise OtherDomainError(root, shown, judged)
    give_right = give("powercap", proc, is_mounted=root != KERNEL_TREE)
    packages = sum(domain == "package" for _, domain, _ in found)
    zones: list[tuple[Zone, int]] = []
    left_out: dict[str, str] = {}
    for name, domain, path in found:
        if domain not in domains:
            continue
        try:
            zone, descriptor = open_zone(name, domain, path, limit_of(domain, packages, limit_watts), give_right)
        except UnavailableError as refusal:
            if domain == judged:
                raise
            left_out[domain] = f"{domain} left out: {refusal.reason}"
        else:
            opened.callback(os.close, descriptor)
            zones.append((zone, descriptor))
    kept = [(zone, descriptor) for zone, descriptor in zones if zone.domain not in left_out]
    doubles = zones_with_two_names(kept)
    not_wanted = left_out_by_settings(domain for domain in shown if domain not in domains)
    notes = (
        *not_wanted,
        *left_out.values(),
        *(f"{kept[index][0].name} left out: {why}" for index, why in doubles.items()),
    )
    single = [pair for index, pair in enumerate(kept) if index not in doubles]
    return tuple(zone for zone, _ in single), tuple(descriptor for _, descriptor in single), notes


def zones_with_two_names(zones: Sequence[tuple[Zone, int]]) -> dict[int, str]:
    """Indices of the zones that show the counter of an earlier one, each with the reason.

    AMD's processors have one counter for a package, and some kernels show it once for each die.
    """

    def candidate(zone: Zone, descriptor: int) -> Candidate:
        return Candidate(
            zone.name, zone.domain, zone.package, 1e6, True, lambda: microjoules(read_counter(descriptor), zone)
        )

    try:
        doubles = other_names([candidate(zone, descriptor) for zone, descriptor in zones])
    except NotCountedError as refusal:
        raise UnavailableError(f"a counter failed when it was compared with others: {refusal}", BROKEN) from refusal
    return {
        index: f"it shows the counter of {zones[earlier][0].name}, which is counted once"
        for index, earlier in doubles.items()
    }
