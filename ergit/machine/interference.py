"""What else happened on the machine while a command ran: foreign CPU time, steal, pressure, suspend, throttling."""

import math
import os
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct

from ergit.errors import ErgitError
from ergit.machine.kernel import Machine, text_of, whole_number
from ergit.machine.knobs import CPU

TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")
STATES_OF_WORK = 3  # user, nice and system, each rounded down to a tick in /proc/stat
SAMPLES_PER_SECOND = 250  # the least usual rate of the timer by which kernels find out what a processor is doing
SUSPENDED_SECONDS = 0.01  # less is the time between two clocks being read
CHECK_SECONDS = 0.25


class MachineTotals(Struct, frozen=True):
    """What the machine has done since boot, in seconds of all processors; None where the kernel does not say."""

    monotonic_seconds: float
    boottime_seconds: float  # goes on while the machine is suspended (clock_gettime(2))
    processors: int
    busy_seconds: float  # work for processes: user, nice, system
    interrupt_seconds: float  # interrupts, which no process is charged with
    steal_seconds: float  # work of the host's other guests
    own_seconds: float  # CPU time of this program
    pressure_seconds: Mapping[str, float] | None  # by resource, how long something waited for it
    throttles: Mapping[str, int] | None  # how often processors were slowed because of heat, by counter
    frequency_megahertz: float | None  # now, mean of all processors


class Interference(Struct, frozen=True):
    """What happened between two totals, besides the workload."""

    seconds: float
    processors: int
    workload_cpu_seconds: float
    foreign_cpu_seconds: float
    interrupt_seconds: float
    steal_seconds: float
    suspended_seconds: float
    pressure_seconds: dict[str, float] | None
    throttles: int | None


class QuietWait(Struct, frozen=True):
    """What else ran in the last moment before a reading, and how long a quieter one was waited for."""

    seen: Interference
    waited_seconds: float
    is_quiet: bool

    @property
    def foreign_cores(self) -> float:
        """The foreign load in that moment, in cores."""
        return self.seen.foreign_cpu_seconds / self.seen.seconds if self.seen.seconds > 0 else 0.0


def machine_totals(machine: Machine) -> MachineTotals:
    """The totals as they are now.

    Raises:
        ErgitError: /proc/stat cannot be read or understood.
    """
    stat = _text(machine.proc / "stat")
    user, nice, system, _, _, hard, soft, steal = _ticks(machine.proc / "stat", stat)
    return MachineTotals(
        monotonic_seconds=time.clock_gettime(time.CLOCK_MONOTONIC),
        boottime_seconds=time.clock_gettime(time.CLOCK_BOOTTIME),
        processors=max(1, sum(line.startswith("cpu") for line in stat.splitlines()) - 1),
        busy_seconds=(user + nice + system) * TICK_SECONDS,
        interrupt_seconds=(hard + soft) * TICK_SECONDS,
        steal_seconds=steal * TICK_SECONDS,
        own_seconds=time.process_time(),
        pressure_seconds=_pressure(machine.proc / "pressure"),
        throttles=_throttles(machine.sysfs),
        frequency_megahertz=_frequency(machine.sysfs),
    )


def between(before: MachineTotals, after: MachineTotals, workload_cpu_seconds: float) -> Interference:
    """What the machine did from the first totals to the second, beyond the workload and this program.

    Raises:
        ErgitError: the CPU time of the machine went backwards, so nobody knows what else ran.
    """
    own = after.own_seconds - before.own_seconds
    busy = after.busy_seconds - before.busy_seconds
    if busy < -STATES_OF_WORK * TICK_SECONDS:
        raise ErgitError(
            f"The CPU time in /proc/stat went backwards by {-busy:.2f} s, so what else ran is not known. That happens "
            "where a virtual machine is moved, or a container has a /proc of its own: measure on the machine itself."
        )
    seconds = after.monotonic_seconds - before.monotonic_seconds
    pressure = None
    if before.pressure_seconds is not None and after.pressure_seconds is not None:
        both = before.pressure_seconds.keys() & after.pressure_seconds.keys()
        pressure = {name: after.pressure_seconds[name] - before.pressure_seconds[name] for name in sorted(both)}
    throttles = None
    if before.throttles is not None and after.throttles is not None:
        throttles = sum(
            count if count < earlier else count - earlier  # a counter that restarted has counted from 0
            for name, count in after.throttles.items()
            if (earlier := before.throttles.get(name)) is not None
        )
    return Interference(
        seconds=seconds,
        processors=max(before.processors, after.processors),
        workload_cpu_seconds=workload_cpu_seconds,
        foreign_cpu_seconds=max(0.0, busy - own - workload_cpu_seconds),
        interrupt_seconds=max(0.0, after.interrupt_seconds - before.interrupt_seconds),
        steal_seconds=max(0.0, after.steal_seconds - before.steal_seconds),  # it goes back where a guest is moved
        suspended_seconds=max(0.0, after.boottime_seconds - before.boottime_seconds - seconds),
        pressure_seconds=pressure,
        throttles=throttles,
    )


def tolerance_seconds(seconds: float, processors: int, workload_cpu_seconds: float) -> float:
    """How far CPU time from /proc/stat may be off the exact CPU time of a workload: two standard deviations.

    Each state is rounded down to a clock tick at both ends, by chance alone: a sixth of a squared tick is the variance.
    Many kernels fill /proc/stat by sampling: a period of the timer counts as what its processor is doing at the end of
    it. Of n samples that meet work with chance p, n p (1 - p) is the variance (binomial distribution).
    """
    samples = seconds * processors * SAMPLES_PER_SECOND
    share = min(1.0, workload_cpu_seconds / (seconds * processors)) if seconds > 0 else 0.0
    rounding = STATES_OF_WORK * TICK_SECONDS**2 / 6
    return 2 * math.sqrt(rounding + samples * share * (1 - share) / SAMPLES_PER_SECOND**2)


def seen_from_cores(limit_cores: float, seconds: float, processors: int, workload_cpu_seconds: float) -> float:
    """The foreign load, in cores, above which a window is flagged: the limit, and what /proc/stat may be off.

    The shorter the window, the more: with one busy core of eight and a limit of 0.2 it is 0.3 in 1 s and 0.6 in 0.1 s.
    """
    return limit_cores + tolerance_seconds(seconds, processors, workload_cpu_seconds) / seconds


def flags(found: Interference, limit_cores: float) -> tuple[str, ...]:
    """Why the reading is not the energy of the workload alone; `limit_cores` bounds foreign work, and steal."""
    allowed = limit_cores * found.seconds
    uncertain = tolerance_seconds(found.seconds, found.processors, found.workload_cpu_seconds)
    reasons = {
        "foreign-cpu": found.foreign_cpu_seconds > allowed + uncertain,
        "steal": found.steal_seconds > allowed + TICK_SECONDS,  # rounded down to a tick too
        "suspended": found.suspended_seconds > SUSPENDED_SECONDS,
        "throttled": bool(found.throttles),
    }
    return tuple(flag for flag, holds in reasons.items() if holds)


def wait_until_quiet(
    limit_cores: float,
    rest_seconds: float,
    wait_seconds: float,
    *,
    take: Callable[[], MachineTotals],
    sleep: Callable[[float], None] = time.sleep,
    on_wait: Callable[[float], None] = lambda _: None,
    go_on: Callable[[], None] = lambda: None,
) -> QuietWait:
    """Rests, and then goes on waiting while others use more than `limit_cores`, at most `wait_seconds` longer.

    Calls `on_wait` with the foreign load, in cores, before it goes on waiting for the first time; `go_on` each time.
    """
    length = max(rest_seconds, CHECK_SECONDS)
    waited, has_told = -length, False
    while True:
        before = take()
        sleep(length)
        found = between(before, take(), workload_cpu_seconds=0.0)
        waited += found.seconds
        is_quiet = not {"foreign-cpu", "steal"} & set(flags(found, limit_cores))
        if is_quiet or waited >= wait_seconds:
            return QuietWait(found, max(0.0, waited), is_quiet)
        if not has_told:
            on_wait(found.foreign_cpu_seconds / found.seconds)
            has_told = True
        go_on()
        length = CHECK_SECONDS


def _text(path: Path) -> str:
    text = text_of(path)
    if text is None:
        raise ErgitError(f"{path} cannot be read, and it says what else runs. Is /proc mounted?")
    return text


def _ticks(path: Path, stat: str) -> list[int]:
    """Clock ticks in the eight states from user to steal, of all processors (proc_stat(5))."""
    columns = stat.partition("\n")[0].split()[1:9]
    ticks = [number for column in columns if (number := whole_number(column)) is not None and number >= 0]
    if len(ticks) != 8:
        raise ErgitError(f"{path} starts with {stat[:80]!r}, not with the eight counts of Linux 2.6.11 and newer.")
    return ticks


def _pressure(folder: Path) -> dict[str, float] | None:
    """By resource, the seconds in which some process waited for it (Linux, Documentation/accounting/psi.rst)."""
    lines = {name: text_of(folder / name) for name in ("cpu", "io", "memory")}
    totals = {name: re.search(r"^some .*total=([0-9]+)", text or "", re.MULTILINE) for name, text in lines.items()}
    found = {name: int(total[1]) / 1e6 for name, total in totals.items() if total}
    return found or None


def _throttles(sysfs: Path) -> dict[str, int] | None:
    paths = sorted((sysfs / CPU).glob("cpu[0-9]*/thermal_throttle/*_throttle_count"))
    counts = {str(path.relative_to(sysfs / CPU)): whole_number(text_of(path)) for path in paths}
    return {name: count for name, count in counts.items() if count is not None and count >= 0} or None


def _frequency(sysfs: Path) -> float | None:
    paths = (sysfs / CPU / "cpufreq").glob("policy[0-9]*/scaling_cur_freq")
    kilohertz = [number for path in paths if (number := whole_number(text_of(path))) is not None and number > 0]
    return sum(kilohertz) / len(kilohertz) / 1000 if kilohertz else None
