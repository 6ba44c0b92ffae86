"""Flags that follow from recorded values and the limits of the config: another limit judges old readings again."""

from collections.abc import Callable, Mapping

import msgspec

from ergit.config.settings import MeasureSettings
from ergit.machine import interference
from ergit.machine.interference import SUSPENDED_SECONDS, Interference
from ergit.records.readings import JobRecord, Reading

LATE_EDGE_SECONDS = 0.01
LATE_EDGE_SHARE = 0.01
"""How much longer (or shorter) than the command the counters may have counted, as seconds and as a share.

The edges lie outside the command by what it takes to start it and to notice its end, a millisecond; a window whose
counters counted 1% longer has up to 1% more energy, which is the least relevant change at its default.
"""

UNFINISHED_CPU_SECONDS = 0.02
"""CPU time after the end of the command that is more than what processes need to end, or a daemon to rest.

A process that works uses 0.1 s in the 0.1 s that it is given to end; an idle JVM wakes up for a millisecond or two.
"""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The settings that decide on flags: keys of `measure`, of `measure.quiet` and of `measure.temperature`."""

    foreign_cores: int | float
    lowest_celsius: int | float | None
    highest_celsius: int | float | None
    minimum_window_seconds: int | float


Judgement = bool | None
"""Whether a flag holds; None where the record lacks the values to tell, as those of 0.1.0 do."""


def limits_of(settings: MeasureSettings) -> Limits:
    """The limits that the config sets."""
    return Limits(
        foreign_cores=settings.quiet.foreign_cores,
        lowest_celsius=settings.temperature.lowest_celsius,
        highest_celsius=settings.temperature.highest_celsius,
        minimum_window_seconds=settings.minimum_window_seconds,
    )


def flags_of(reading: Reading, limits: Limits) -> tuple[str, ...]:
    """The flags of a reading by its values and these limits; a flag whose values were not recorded stays as it was."""
    judged = {flag: judge(reading, limits) for flag, judge in JUDGED.items()}
    kept = [flag for flag in reading.flags if judged.get(flag) is not False]
    return (*kept, *(flag for flag, holds in judged.items() if holds and flag not in kept))


def judged_again(reading: Reading, limits: Limits) -> Reading:
    """The reading with the flags that it has under these limits."""
    return msgspec.structs.replace(reading, flags=flags_of(reading, limits))


def record_judged_again(record: JobRecord, limits: Limits) -> JobRecord:
    """The record with all its readings judged so."""
    return msgspec.structs.replace(record, readings=tuple(judged_again(each, limits) for each in record.readings))


def _is_busy(reading: Reading, limits: Limits) -> Judgement:
    seen = reading.conditions
    if (
        seen is None
        or seen.foreign_cores_before is None
        or seen.steal_cores_before is None
        or seen.check_seconds is None
    ):
        return None
    before = Interference(
        seconds=seen.check_seconds,
        processors=seen.processors or 1,
        workload_cpu_seconds=0.0,
        foreign_cpu_seconds=seen.foreign_cores_before * seen.check_seconds,
        interrupt_seconds=0.0,
        steal_seconds=seen.steal_cores_before * seen.check_seconds,
        suspended_seconds=0.0,
        pressure_seconds=None,
        throttles=None,
    )
    return not {"foreign-cpu", "steal"}.isdisjoint(interference.flags(before, limits.foreign_cores))


def _is_too_hot(reading: Reading, limits: Limits) -> Judgement:
    celsius = None if reading.conditions is None else reading.conditions.celsius_before
    if celsius is None:
        return None
    return not reading.warmup and limits.highest_celsius is not None and celsius > limits.highest_celsius


def _is_too_cold(reading: Reading, limits: Limits) -> Judgement:
    celsius = None if reading.conditions is None else reading.conditions.celsius_before
    if celsius is None:
        return None
    return not reading.warmup and limits.lowest_celsius is not None and celsius < limits.lowest_celsius


def _lacks_temperature(reading: Reading, limits: Limits) -> Judgement:
    if reading.conditions is None:
        return None
    has_bounds = limits.lowest_celsius is not None or limits.highest_celsius is not None
    return has_bounds and reading.conditions.celsius_before is None


def _in_window(flag: str) -> Callable[[Reading, Limits], Judgement]:
    """The judge of a flag that follows from the machine's totals at the two ends of a window."""

    def judge(reading: Reading, limits: Limits) -> Judgement:
        seen = reading.conditions
        if (
            seen is None
            or seen.window_seconds is None
            or seen.processors is None
            or seen.foreign_cpu_seconds is None
            or seen.steal_seconds is None
        ):
            return None
        window = Interference(
            seconds=seen.window_seconds,
            processors=seen.processors,
            workload_cpu_seconds=reading.cpu_seconds + (seen.service_cpu_seconds or 0.0),
            foreign_cpu_seconds=seen.foreign_cpu_seconds,
            interrupt_seconds=seen.interrupt_seconds or 0.0,
            steal_seconds=seen.steal_seconds,
            suspended_seconds=seen.suspended_seconds or 0.0,
            pressure_seconds=seen.pressure_seconds,
            throttles=seen.throttles,
        )
        return flag in interference.flags(window, limits.foreign_cores)

    return judge


def _was_suspended(reading: Reading, limits: Limits) -> Judgement:  # noqa: ARG001
    seconds = None if reading.conditions is None else reading.conditions.suspended_seconds
    return None if seconds is None else seconds > SUSPENDED_SECONDS


def _was_throttled(reading: Reading, limits: Limits) -> Judgement:  # noqa: ARG001
    throttles = None if reading.conditions is None else reading.conditions.throttles
    return None if throttles is None else throttles > 0


def _has_late_edge(reading: Reading, limits: Limits) -> Judgement:  # noqa: ARG001
    if reading.counted_seconds is None or reading.status != "ok":
        return None
    allowed = max(LATE_EDGE_SECONDS, LATE_EDGE_SHARE * reading.duration_seconds)
    return abs(reading.counted_seconds - reading.duration_seconds) > allowed


def _is_unfinished(reading: Reading, limits: Limits) -> Judgement:  # noqa: ARG001
    seen = reading.conditions
    if seen is None or seen.unfinished_cpu_seconds is None:
        return None
    return bool(seen.still_running) or seen.unfinished_cpu_seconds > UNFINISHED_CPU_SECONDS


def _is_short(reading: Reading, limits: Limits) -> Judgement:
    return not reading.has_failed and reading.duration_seconds < limits.minimum_window_seconds


JUDGED: Mapping[str, Callable[[Reading, Limits], Judgement]] = {
    "busy": _is_busy,
    "too-hot": _is_too_hot,
    "too-cold": _is_too_cold,
    "no-temperature": _lacks_temperature,
    "foreign-cpu": _in_window("foreign-cpu"),
    "steal": _in_window("steal"),
    "suspended": _was_suspended,
    "throttled": _was_throttled,
    "late-edge": _has_late_edge,
    "unfinished-work": _is_unfinished,
    "short-window": _is_short,
}
"""How each flag is judged, in the order in which flags are named."""
