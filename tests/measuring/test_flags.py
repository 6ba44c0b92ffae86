"""Flags follow from recorded values and the present limits; what was recorded without values stays as it was."""

from typing import Any

import msgspec
import pytest

from ergit.measuring.flags import Limits, flags_of
from ergit.records.readings import Reading, WindowConditions
from tests.fakes.job_records import reading

LIMITS = Limits(foreign_cores=0.2, lowest_celsius=None, highest_celsius=None, minimum_window_seconds=0.1)
CALM = WindowConditions(
    waited_seconds=0.0,
    foreign_cores_before=0.0,
    steal_cores_before=0.0,
    check_seconds=1.0,
    foreign_cpu_seconds=0.0,
    interrupt_seconds=0.0,
    steal_seconds=0.0,
    suspended_seconds=0.0,
    throttles=0,
    celsius_before=50.0,
    window_seconds=2.0,
    processors=2,
    unfinished_cpu_seconds=0.0,
    still_running=(),
)


def seen(**conditions: Any) -> Reading:
    """A reading of 2 s under these conditions, otherwise calm ones."""
    return reading(conditions=msgspec.structs.replace(CALM, **conditions))


def flags(taken: Reading, **limits: Any) -> tuple[str, ...]:
    """Its flags, with other limits than the usual ones where they are named."""
    return flags_of(taken, msgspec.structs.replace(LIMITS, **limits))


def test_a_calm_reading_has_no_flags() -> None:
    assert flags(seen()) == ()


@pytest.mark.parametrize(
    ("conditions", "limits", "flag"),
    [
        ({"foreign_cores_before": 0.5}, {}, "busy"),
        ({"steal_cores_before": 0.5}, {}, "busy"),
        ({"foreign_cpu_seconds": 1.8}, {}, "foreign-cpu"),
        ({"steal_seconds": 1.0}, {}, "steal"),
        ({"suspended_seconds": 5.0}, {}, "suspended"),
        ({"throttles": 3}, {}, "throttled"),
        ({"celsius_before": 80.0}, {"highest_celsius": 60.0}, "too-hot"),
        ({"celsius_before": 30.0}, {"lowest_celsius": 40.0}, "too-cold"),
        ({"celsius_before": None}, {"lowest_celsius": 40.0}, "no-temperature"),
        ({"unfinished_cpu_seconds": 0.05}, {}, "unfinished-work"),
        ({"still_running": ("javac",)}, {}, "unfinished-work"),
        ({}, {"minimum_window_seconds": 2.5}, "short-window"),
    ],
)
def test_each_value_beyond_its_limit_has_its_flag(
    conditions: dict[str, Any], limits: dict[str, Any], flag: str
) -> None:
    assert flags(seen(**conditions), **limits) == (flag,)


def test_a_higher_limit_clears_a_reading_that_was_flagged() -> None:
    flagged = msgspec.structs.replace(seen(foreign_cpu_seconds=1.8), flags=("foreign-cpu",))
    assert flags(flagged) == ("foreign-cpu",)
    assert flags(flagged, foreign_cores=1.0) == ()


def test_a_lower_limit_flags_a_reading_that_was_clean() -> None:
    assert flags(seen(foreign_cpu_seconds=0.3)) == ()
    assert flags(seen(foreign_cpu_seconds=0.3), foreign_cores=0.05) == ("foreign-cpu",)


def test_bounds_that_are_set_later_judge_the_temperatures_that_were_recorded() -> None:
    assert flags(seen(celsius_before=80.0), highest_celsius=60.0) == ("too-hot",)
    assert flags(seen(celsius_before=80.0), highest_celsius=90.0) == ()


def test_a_record_of_an_older_version_without_the_values_keeps_its_flags() -> None:
    old = WindowConditions(foreign_cores_before=0.9, foreign_cpu_seconds=1.8, steal_seconds=0.0, celsius_before=50.0)
    flagged = reading(conditions=old, flags=("busy", "foreign-cpu"))
    assert flags(flagged, foreign_cores=100.0) == ("busy", "foreign-cpu")
    assert flags(reading(conditions=old), foreign_cores=0.01) == ()


def test_flags_that_no_value_tells_stay() -> None:
    flagged = msgspec.structs.replace(seen(), flags=("left-behind:java", "cleanup-failed"))
    assert flags(flagged) == ("left-behind:java", "cleanup-failed")


def test_a_warm_up_is_neither_too_hot_nor_too_cold() -> None:
    warmup = msgspec.structs.replace(seen(celsius_before=80.0), warmup=True)
    assert flags(warmup, highest_celsius=60.0) == ()


def test_a_reading_without_a_window_has_only_the_flags_that_were_recorded() -> None:
    assert flags(reading(status="failed", conditions=None, duration_seconds=0.0)) == ()


@pytest.mark.parametrize(
    ("counted_seconds", "expected"),
    [(None, ()), (2.001, ()), (2.019, ()), (2.4, ("late-edge",)), (1.6, ("late-edge",))],
)
def test_counters_that_counted_for_another_time_than_the_command_ran_are_flagged(
    counted_seconds: float | None, expected: tuple[str, ...]
) -> None:
    assert flags(msgspec.structs.replace(seen(), counted_seconds=counted_seconds)) == expected
