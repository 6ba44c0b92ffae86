"""Energy counters of the kernel's `power` PMU, read directly: a perf event for each domain of each package."""

import contextlib
import ctypes
import errno
import os
import platform
import re
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from ergit.energy.source import (
    LIMIT_WATTS,
    CounterResult,
    Energy,
    Read,
    Source,
    UnavailableError,
    absent_counter_fix,
    add_up,
    failed_read,
    implausible,
    limit_of,
    stands_still,
)
from ergit.records.readings import DOMAINS, Counter, Raw

EVENT_DOMAINS = {
    "energy-pkg": "package",
    "energy-cores": "core",
    "energy-gpu": "uncore",
    "energy-ram": "dram",
    "energy-psys": "psys",
}
"""Events of the `power` PMU (linux/arch/x86/events/rapl.c) in the words of powercap."""

SYSCALL_NUMBERS = {"x86_64": 298, "aarch64": 241}
"""perf_event_open by `uname -m` (linux/arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h)."""

ATTRIBUTE = struct.Struct("=IIQQQQQIIQ")
"""`struct perf_event_attr` in its first published size (linux/include/uapi/linux/perf_event.h, PERF_ATTR_SIZE_VER0).

Type, size, config, sample period, sample type, read format, flags, wake-up, breakpoint type, config1.
"""

TIMES_ENABLED_AND_RUNNING = 0b11
CLOSE_ON_EXEC = 8

READING = struct.Struct("=QQQ")
"""What one read of an event gives: count, nanoseconds enabled, nanoseconds running."""

NO_RIGHT = (
    "Start the study with CAP_PERFMON alone (Linux 5.8 or newer): sudo setpriv --reuid=$USER --regid=$(id -g) "
    "--init-groups --inh-caps=-all,+perfmon --ambient-caps=-all,+perfmon env HOME=$HOME PATH=$PATH snakemake … ; "
    "sysctl kernel.perf_event_paranoid=0 would give the right to everybody"
)
EventSample = tuple[float, list[Read]]
"""Seconds of the clock, and what reading each counter gave."""


@dataclass(frozen=True)
class Event:
    """One event of the PMU: `scale` × count is energy in `unit`."""

    name: str
    domain: str
    config: int
    scale: str
    unit: str


@dataclass(frozen=True)
class OpenCounter:
    """One event counting on one CPU, which stands for its package; `descriptor` is read at the edges of a window."""

    event: Event
    cpu: int
    descriptor: int

    @property
    def name(self) -> str:
        """Event and CPU, unlike any other counter of this machine."""
        return f"{self.event.name} on CPU {self.cpu}"


def cpus_in(mask: str) -> tuple[int, ...]:
    """CPU numbers in a list such as `0,18` or `0-3,8`; raises ValueError where it is none.

    Source: linux/Documentation/admin-guide/cputopology.rst.
    """
    cpus: list[int] = []
    for part in mask.strip().split(","):
        first, dash, last = part.partition("-")
        cpus.extend(range(int(first), int(last if dash else first) + 1))
    return tuple(cpus)


def config_of(terms: str, formats: dict[str, str]) -> int:
    """Config number of an event such as `event=0x02` under formats such as `{"event": "config:0-7"}`.

    Source: linux/Documentation/ABI/testing/sysfs-bus-event_source-devices-format. Raises ValueError for anything else.
    """
    config = 0
    for term in terms.strip().split(","):
        name, _, value = term.partition("=")
        place = re.fullmatch(r"config:(\d+)(-\d+)?", formats.get(name, "").strip())
        if place is None:
            raise ValueError(f"the term {term!r} has no place in the event's config")
        config |= int(value or "1", 0) << int(place[1])
    return config


def read_type_and_cpus(power: Path, proc: Path) -> tuple[int, tuple[int, ...]]:
    """The PMU's type number and the CPUs to count on, one per package.

    Raises UnavailableError where the PMU counts no package energy. Its name alone says little: older processors of AMD
    have another PMU named `power`, without `energy-pkg` (linux/arch/x86/events/amd/power.c).
    """
    if not (power / "events" / "energy-pkg").is_file():
        raise UnavailableError(f"there is no event {power}/events/energy-pkg", absent_counter_fix("rapl", proc))
    try:
        return int((power / "type").read_text(encoding="ascii")), cpus_in(
            (power / "cpumask").read_text(encoding="ascii")
        )
    except (OSError, ValueError) as error:
        reason = f"type and cpumask in {power} do not say how to open the counters ({error})"
        raise UnavailableError(reason, "Choose the source perf or powercap") from error


def read_event(power: Path, name: str) -> Event:
    """One event with its scale and unit; raises UnavailableError if it isn't there or isn't in joules."""
    events = power / "events"
    try:
        formats = {entry.name: entry.read_text(encoding="ascii") for entry in (power / "format").iterdir()}
        config = config_of((events / name).read_text(encoding="ascii"), formats)
        scale = (events / f"{name}.scale").read_text(encoding="ascii").strip()
        unit = (events / f"{name}.unit").read_text(encoding="ascii").strip()
        factor = float(scale)
    except (OSError, ValueError) as error:
        reason = f"the event {events / name} cannot be understood ({error})"
        raise UnavailableError(reason, "Choose the source perf or powercap") from error
    if unit != "Joules" or not 0 < factor < 1:
        reason = f"{events / name} counts {scale} {unit}, and not a fraction of Joules"
        raise UnavailableError(reason, "Choose the source perf or powercap")
    return Event(name, EVENT_DOMAINS[name], config, scale, unit)


def open_event(pmu_type: int, config: int, cpu: int) -> int:
    """Descriptor of an event that counts from now on, whatever runs on `cpu`; raises OSError as perf_event_open(2)."""
    number = SYSCALL_NUMBERS.get(platform.machine())
    if number is None:
        raise OSError(errno.ENOSYS, f"the number of perf_event_open is not known for {platform.machine()}")
    attribute = ATTRIBUTE.pack(pmu_type, ATTRIBUTE.size, config, 0, 0, TIMES_ENABLED_AND_RUNNING, 0, 0, 0, 0)
    any_process, no_group = -1, -1
    call = ctypes.CDLL(None, use_errno=True).syscall
    call.restype = ctypes.c_long
    arguments = (any_process, cpu, no_group, CLOSE_ON_EXEC)
    descriptor = call(ctypes.c_long(number), attribute, *(ctypes.c_long(argument) for argument in arguments))
    if descriptor < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return int(descriptor)


def read_counter(descriptor: int) -> Read:
    """Count and times at this moment."""
    try:
        return os.read(descriptor, READING.size)
    except OSError as error:
        return error


def count_and_times(read: Read) -> tuple[int, int, int]:
    """Count, nanoseconds enabled and running of one read; raises ValueError for everything that is no whole reading."""
    if isinstance(read, OSError):
        raise ValueError(failed_read(read))
    if len(read) != READING.size:
        raise ValueError(f"the read gave {len(read)} bytes and not {READING.size}: the event is gone or torn")
    count, enabled, running = READING.unpack(read)
    return count, enabled, running


def counts_between(before: Read, after: Read) -> int:
    """Counts from one read to the next; raises ValueError if either is none, or the event did not count throughout.

    The kernel adds up 64 bits of 2^-32 J and looks at the 32-bit hardware counter often enough to see each wrap
    (linux/arch/x86/events/rapl.c), so that there is no wrap left to undo.
    """
    first, enabled_first, running_first = count_and_times(before)
    last, enabled_last, running_last = count_and_times(after)
    if running_last - running_first != enabled_last - enabled_first or running_last == running_first:
        raise ValueError(
            f"it counted {running_last - running_first} of {enabled_last - enabled_first} ns: not counted all the time"
        )
    return last - first


def energy_between(
    counters: Sequence[OpenCounter], before: EventSample, after: EventSample, limit_watts: float
) -> Energy:
    """Energy from one sample to the next."""
    seconds = after[0] - before[0]
    packages = sum(counter.event.domain == "package" for counter in counters)
    results = [
        result_of(counter, reads, seconds, limit_of(counter.event.domain, packages, limit_watts))
        for counter, *reads in zip(counters, before[1], after[1], strict=True)
    ]
    return add_up(PmuSource.name, results)


def result_of(counter: OpenCounter, reads: Sequence[Read], seconds: float, limit_watts: float) -> CounterResult:
    """What one counter says of a window of `seconds` with one read at each edge."""
    before, after = reads
    record = as_it_was_read(counter, before, after)
    try:
        joules = counts_between(before, after) * float(counter.event.scale)
    except ValueError as refusal:
        return CounterResult(record, 0.0, str(refusal))
    problem = implausible(joules, seconds, limit_watts) or stands_still(counter.event.domain, joules, seconds)
    return CounterResult(record, joules, problem)


def as_it_was_read(counter: OpenCounter, before: Read, after: Read) -> Counter:
    """The record of one counter in one window, for the file of readings."""
    return Counter(
        name=counter.name,
        domain=counter.event.domain,
        unit=f"{counter.event.scale} {counter.event.unit}",
        before=raw_value(before),
        after=raw_value(after),
        range=None,
        samples=(),
    )


def raw_value(read: Read) -> Raw:
    """A read as JSON can hold it: the count, the bytes in hexadecimal if they are none, None where reading failed."""
    if isinstance(read, OSError):
        return None
    return int(READING.unpack(read)[0]) if len(read) == READING.size else read.hex()


class PmuSource(Source):
    """Counters of the `power` PMU, opened once per event and CPU of its `cpumask`; an edge is one `read` for each."""

    name: ClassVar[str] = "pmu"
    kind: ClassVar[Literal["measured", "estimated"]] = "measured"

    def __init__(
        self,
        power: Path = Path("/sys/bus/event_source/devices/power"),
        *,
        proc: Path = Path("/proc"),
        limit_watts: float = LIMIT_WATTS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Opens `energy-pkg` on every package, and the other events that can be; `clock` gives seconds.

        Raises UnavailableError where package energy can't be counted. Another event that can't be opened on each
        package is left out whole, and `notes` say so.
        """
        self._limit_watts = limit_watts
        self._clock = clock
        with contextlib.ExitStack() as opened:
            self.counters, self.notes = open_counters(power, proc, opened)
            self._files = opened.pop_all()
        self._descriptors = tuple(counter.descriptor for counter in self.counters)
        self.domains = tuple(
            domain for domain in DOMAINS if any(counter.event.domain == domain for counter in self.counters)
        )

    def start(self) -> None:
        """Reads each counter, in the same order as `stop()`, so that all of them span windows of the same length."""
        self._before = self._read_all()

    def stop(self) -> None:
        """Reads each counter for the last time of this window."""
        self._after = self._read_all()

    def energy(self, cpu_seconds: float) -> Energy:  # noqa: ARG002
        """Energy of the window; a problem if any counter failed, went backwards or can't have been right."""
        return energy_between(self.counters, self._before, self._after, self._limit_watts)

    def close(self) -> None:
        """Closes the counters."""
        self._files.close()

    def _read_all(self) -> EventSample:
        return self._clock(), [read_counter(descriptor) for descriptor in self._descriptors]


def open_counters(
    power: Path, proc: Path, opened: contextlib.ExitStack
) -> tuple[tuple[OpenCounter, ...], tuple[str, ...]]:
    """Open counters, packages first, and notes on domains left out; `opened` closes the counters.

    Raises UnavailableError where package energy can't be counted.
    """
    pmu_type, cpus = read_type_and_cpus(power, proc)
    counters: list[OpenCounter] = []
    notes: list[str] = []
    for name in EVENT_DOMAINS:
        if not (power / "events" / name).is_file():
            continue
        try:
            counters += open_on_each(pmu_type, read_event(power, name), cpus, opened)
        except UnavailableError as refusal:
            if name == "energy-pkg":
                raise
            notes.append(f"{EVENT_DOMAINS[name]} left out: {refusal.reason}")
    return tuple(counters), tuple(notes)


def open_on_each(pmu_type: int, event: Event, cpus: Sequence[int], opened: contextlib.ExitStack) -> list[OpenCounter]:
    """The event, counting on each of `cpus`; raises UnavailableError unless it does so on all of them."""
    counters = []
    for cpu in cpus:
        try:
            descriptor = open_event(pmu_type, event.config, cpu)
        except PermissionError as error:
            raise UnavailableError(
                f"no right to open {event.name} on CPU {cpu} ({error.strerror})", NO_RIGHT
            ) from error
        except OSError as error:
            reason = f"{event.name} cannot be opened on CPU {cpu} ({error.strerror})"
            raise UnavailableError(reason, "Choose the source perf or powercap") from error
        opened.callback(os.close, descriptor)
        counters.append(OpenCounter(event, cpu, descriptor))
    return counters
