"""Energy counters of the kernel's `power` PMU, read directly: a perf event for each domain of each package."""

import contextlib
import ctypes
import errno
import os
import struct
import time
from collections.abc import Callable, Collection, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from ergit.energy.events import (
    CPU_FILES,
    OTHER_SOURCE,
    Die,
    Event,
    events_shown,
    one_cpu_per_die,
    read_event,
    read_type_and_cpus,
)
from ergit.energy.names import Candidate, other_names
from ergit.energy.rights import no_right_to_count
from ergit.energy.sampler import SAMPLE_SECONDS, Sample, SampledSource, Sampler, kept_samples
from ergit.energy.source import (
    LIMIT_WATTS,
    CounterResult,
    Energy,
    NotCountedError,
    Read,
    UnavailableError,
    add_up,
    failed_read,
    implausible,
    left_out_by_settings,
    limit_of,
    refuse_other_length,
    stands_still,
)
from ergit.records.readings import DOMAINS, Counter, Raw

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


class OpenCounter(Struct, frozen=True):
    """One event counting on one CPU, which stands for its package; `descriptor` is read at the edges of a window."""

    event: Event
    cpu: int
    descriptor: int

    @property
    def name(self) -> str:
        """Event and CPU, unlike any other counter of this machine."""
        return f"{self.event.name} on CPU {self.cpu}"


def open_event(pmu_type: int, config: int, cpu: int) -> int:
    """Descriptor of an event that counts from now on, whatever runs on `cpu`; raises OSError as perf_event_open(2)."""
    number = SYSCALL_NUMBERS.get(os.uname().machine)
    if number is None:
        raise OSError(errno.ENOSYS, f"the number of perf_event_open is not known for {os.uname().machine}")
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
    """Count, nanoseconds enabled and running of one read; raises NotCountedError for all that is no whole reading."""
    if isinstance(read, OSError):
        raise failed_read(read)
    if len(read) != READING.size:
        reason = f"the read gave {len(read)} bytes and not {READING.size}: the event is gone or torn"
        raise NotCountedError(reason, is_gone=not read)
    count, enabled, running = READING.unpack(read)
    return count, enabled, running


class Counted(NamedTuple):
    """What an event counted between two reads, and for how long by the kernel's own account."""

    counts: int
    seconds: float


def counted_between(before: Read, after: Read) -> Counted:
    """Counts from one read to the next; raises NotCountedError if either is none, or the event shared its counter.

    The kernel adds up 64 bits of 2^-32 J and looks at the 32-bit hardware counter often enough to see each wrap
    (linux/arch/x86/events/rapl.c), so that there is no wrap left to undo.
    """
    first, enabled_first, running_first = count_and_times(before)
    last, enabled_last, running_last = count_and_times(after)
    enabled, running = enabled_last - enabled_first, running_last - running_first
    if running != enabled:
        raise NotCountedError(f"it counted {running} of {enabled} ns: not counted all the time")
    return Counted(last - first, enabled / 1e9)


def energy_between(
    counters: Sequence[OpenCounter], samples: Sequence[Sample], limit_watts: float, judged: str = "package"
) -> Energy:
    """Energy from the first of at least two samples to the last."""
    packages = sum(counter.event.domain == "package" for counter in counters)
    results = [
        result_of(counter, samples, index, limit_of(counter.event.domain, packages, limit_watts), judged)
        for index, counter in enumerate(counters)
    ]
    counted = [
        counted_between(samples[0].reads[index], samples[-1].reads[index]).seconds
        for index, (counter, result) in enumerate(zip(counters, results, strict=True))
        if counter.event.domain == judged and result.problem is None
    ]
    return add_up(PmuSource.name, results, max(counted, default=None))


def result_of(
    counter: OpenCounter, samples: Sequence[Sample], index: int, limit_watts: float, judged: str
) -> CounterResult:
    """What one counter, the `index`-th of each sample, says of a window; each step between samples has to be likely.

    A reset of the hardware counter makes the kernel add up to a whole range, which would be likely in a long window.
    """
    domain, scale = counter.event.domain, float(counter.event.scale)
    first, last = samples[0], samples[-1]
    record = as_it_was_read(counter, samples, index)
    try:
        counted = counted_between(first.reads[index], last.reads[index])
        refuse_other_length(counted.seconds, last.began - first.ended, last.ended - first.began)
        steps = [
            (counted_between(one.reads[index], other.reads[index]).counts * scale, other.ended - one.began)
            for one, other in pairwise(samples)
        ]
    except NotCountedError as refusal:
        return CounterResult(record, 0.0, str(refusal), refusal.is_gone)
    joules = counted.counts * scale
    refusals = (implausible(step_joules, seconds, limit_watts) for step_joules, seconds in steps)
    problem = next(filter(None, refusals), None) or stands_still(domain, judged, joules, counted.seconds)
    return CounterResult(record, joules, problem)


def as_it_was_read(counter: OpenCounter, samples: Sequence[Sample], index: int) -> Counter:
    """The record of one counter in one window, for the file of readings."""
    times = [sample.seconds for sample in samples]
    values = [raw_value(sample.reads[index]) for sample in samples]
    kept = kept_samples(times)
    return Counter(
        name=counter.name,
        domain=counter.event.domain,
        unit=f"{counter.event.scale} {counter.event.unit}",
        before=values[0],
        after=values[-1],
        range=None,
        samples=tuple(values[sample] for sample in kept),
        sample_seconds=tuple(round(times[sample] - times[0], 6) for sample in kept),
    )


def raw_value(read: Read) -> Raw:
    """A read as JSON can hold it: the count, the bytes in hexadecimal if they are none, None where reading failed."""
    if isinstance(read, OSError):
        return None
    return int(READING.unpack(read)[0]) if len(read) == READING.size else read.hex()


class PmuSource(SampledSource):
    """Counters of the `power` PMU, opened once per event and package; an edge is one `read` for each.

    Windows are sampled every `sample_seconds`, so that a jump is seen in a long one too.
    """

    name = "pmu"

    def __init__(
        self,
        power: Path = Path("/sys/bus/event_source/devices/power"),
        *,
        proc: Path = Path("/proc"),
        cpu_files: Path = CPU_FILES,
        judged: str = "package",
        domains: Collection[str] = DOMAINS,
        limit_watts: float = LIMIT_WATTS,
        sample_seconds: float = SAMPLE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Opens the event of the domain `judged` on every package, and those of the other `domains` that can be.

        `cpu_files` is where the kernel says to which package a CPU belongs; `clock` gives seconds. Raises
        UnavailableError where the judged domain can't be counted. Another event that can't be opened on each package is
        left out whole, and `notes` say so.
        """
        self.judged = judged
        self._limit_watts = limit_watts
        with contextlib.ExitStack() as opened:
            self.counters, self.notes = open_counters(power, proc, cpu_files, judged, domains, opened)
            self._files = opened.pop_all()
        self._descriptors = tuple(counter.descriptor for counter in self.counters)
        self.domains = tuple(
            domain for domain in DOMAINS if any(counter.event.domain == domain for counter in self.counters)
        )

        self._sampler = Sampler(self._read_all, clock, sample_seconds)

    def energy(self, cpu_seconds: float) -> Energy:  # noqa: ARG002
        """Energy of the window; a problem if any counter failed, stopped, went backwards or can't have been right."""
        return energy_between(self.counters, self._sampler.samples, self._limit_watts, self.judged)

    def _read_all(self) -> list[Read]:
        return [read_counter(descriptor) for descriptor in self._descriptors]


def open_counters(
    power: Path, proc: Path, cpu_files: Path, judged: str, domains: Collection[str], opened: contextlib.ExitStack
) -> tuple[tuple[OpenCounter, ...], tuple[str, ...]]:
    """Open counters, packages first, and notes on what was left out; `opened` closes the counters.

    A counter with several names is read once. Raises UnavailableError where the judged domain can't be counted.
    """
    pmu_type, mask = read_type_and_cpus(power, proc, judged)
    dies, notes = one_cpu_per_die(mask, cpu_files)
    counters: list[OpenCounter] = []
    shown = events_shown(power)
    notes += left_out_by_settings(domain for domain in shown.values() if domain not in domains)
    for name, domain in shown.items():
        if domain not in domains:
            continue
        try:
            counters += open_on_each(pmu_type, read_event(power, name), tuple(dies), proc, opened)
        except UnavailableError as refusal:
            if domain == judged:
                raise
            notes += (f"{domain} left out: {refusal.reason}",)
    doubles = events_with_two_names(counters, dies)
    notes += tuple(f"{counters[index].name} left out: {why}" for index, why in doubles.items())
    return tuple(counter for index, counter in enumerate(counters) if index not in doubles), notes


def events_with_two_names(counters: Sequence[OpenCounter], dies: dict[int, Die]) -> dict[int, str]:
    """Indices of the open events that count the counter of an earlier one, each with the reason."""

    def candidate(counter: OpenCounter) -> Candidate:
        return Candidate(
            counter.name,
            counter.event.domain,
            dies[counter.cpu].package,
            1 / float(counter.event.scale),
            False,
            lambda: count_and_times(read_counter(counter.descriptor))[0],
            counter.cpu,
        )

    try:
        doubles = other_names([candidate(counter) for counter in counters])
    except NotCountedError as refusal:
        raise UnavailableError(
            f"a counter failed when it was compared with others: {refusal}", OTHER_SOURCE
        ) from refusal
    return {
        index: f"it moves as {counters[earlier].name} does: one counter, which is counted once"
        for index, earlier in doubles.items()
    }


def open_on_each(
    pmu_type: int, event: Event, cpus: Sequence[int], proc: Path, opened: contextlib.ExitStack
) -> list[OpenCounter]:
    """The event, counting on each of `cpus`; raises UnavailableError unless it does so on all of them."""
    counters = []
    for cpu in cpus:
        try:
            descriptor = open_event(pmu_type, event.config, cpu)
        except PermissionError as error:
            raise no_right_to_count(event.name, cpu, error, proc) from error
        except OSError as error:
            reason = f"{event.name} cannot be opened on CPU {cpu} ({error.strerror})"
            raise UnavailableError(reason, OTHER_SOURCE) from error
        opened.callback(os.close, descriptor)
        counters.append(OpenCounter(event, cpu, descriptor))
    return counters
