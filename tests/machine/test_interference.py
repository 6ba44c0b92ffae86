"""Foreign work during a window is distinguished from the workload's, on a /proc and a /sys with known values."""

import itertools
from pathlib import Path

import pytest
from msgspec.structs import replace

from ergit.errors import ErgitError
from ergit.machine.interference import (
    Interference,
    MachineTotals,
    between,
    flags,
    machine_totals,
    seen_from_cores,
    tolerance_seconds,
    wait_until_quiet,
)
from ergit.machine.kernel import Machine

QUIET = Interference(
    seconds=1.0,
    processors=2,
    workload_cpu_seconds=1.0,
    foreign_cpu_seconds=0.0,
    interrupt_seconds=0.0,
    steal_seconds=0.0,
    suspended_seconds=0.0,
    pressure_seconds=None,
    throttles=None,
)


def machine(tmp_path: Path, stat: str = "cpu  100 10 40 1000 7 3 2 5 0 0\ncpu0 1\ncpu1 1\nintr 5\n") -> Machine:
    """A machine of two processors that says nothing but /proc/stat."""
    (tmp_path / "proc/pressure").mkdir(parents=True, exist_ok=True)
    (tmp_path / "proc/stat").write_text(stat)
    return Machine(sysfs=tmp_path / "sys", proc=tmp_path / "proc")


def totals(monotonic: float = 0.0, busy: float = 0.0, **others: float) -> MachineTotals:
    """The totals of two processors at that second."""
    return replace(
        MachineTotals(
            monotonic_seconds=monotonic,
            boottime_seconds=monotonic,
            processors=2,
            busy_seconds=busy,
            interrupt_seconds=0.0,
            steal_seconds=0.0,
            own_seconds=0.0,
            pressure_seconds=None,
            throttles=None,
            frequency_megahertz=None,
        ),
        **others,  # type: ignore[arg-type]
    )


def test_the_states_of_proc_stat_are_kept_apart(tmp_path: Path) -> None:
    found = machine_totals(machine(tmp_path))
    assert found.busy_seconds == pytest.approx(1.5)
    assert found.interrupt_seconds == pytest.approx(0.05)
    assert found.steal_seconds == pytest.approx(0.05)
    assert found.processors == 2
    assert (found.pressure_seconds, found.throttles, found.frequency_megahertz) == (None, None, None)


def test_pressure_is_read_where_the_kernel_tells_it(tmp_path: Path) -> None:
    here = machine(tmp_path)
    for name, total in (("cpu", 2_500_000), ("io", 0)):
        (here.proc / "pressure" / name).write_text(
            f"some avg10=0.00 avg60=0.00 avg300=0.00 total={total}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n"
        )
    assert machine_totals(here).pressure_seconds == {"cpu": 2.5, "io": 0.0}


def test_throttle_counts_and_frequencies_are_those_of_all_processors(tmp_path: Path) -> None:
    here = machine(tmp_path)
    for number in (0, 1):
        folder = here.sysfs / f"devices/system/cpu/cpu{number}/thermal_throttle"
        folder.mkdir(parents=True)
        (folder / "core_throttle_count").write_text("3\n")
        (folder / "package_throttle_count").write_text("4\n")
        policy = here.sysfs / f"devices/system/cpu/cpufreq/policy{number}"
        policy.mkdir(parents=True)
        (policy / "scaling_cur_freq").write_text(f"{(number + 1) * 1_000_000}\n")
    found = machine_totals(here)
    assert found.throttles == {
        "cpu0/thermal_throttle/core_throttle_count": 3,
        "cpu0/thermal_throttle/package_throttle_count": 4,
        "cpu1/thermal_throttle/core_throttle_count": 3,
        "cpu1/thermal_throttle/package_throttle_count": 4,
    }
    assert found.frequency_megahertz == 1500.0


@pytest.mark.parametrize(
    "stat",
    [
        "",
        "cpu  1 2 3\n",
        "cpu  a b c d e f g h 0 0\n",
        "cpu  100 10 -40 1000 7 3 2 5 0 0\n",
        "cpu  1_00 10 40 1000 7 3 2 5 0 0\n",
        "cpu  ١٠٠ 10 40 1000 7 3 2 5 0 0\n",
    ],
)
def test_a_proc_stat_that_makes_no_sense_is_an_error(tmp_path: Path, stat: str) -> None:
    with pytest.raises(ErgitError, match="stat"):
        machine_totals(machine(tmp_path, stat))


def test_an_unreadable_proc_stat_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ErgitError, match="/proc mounted"):
        machine_totals(Machine(proc=tmp_path))


def test_foreign_work_is_what_neither_the_workload_nor_this_program_did() -> None:
    found = between(totals(busy=10.0, own_seconds=1.0), totals(2.0, busy=13.0, own_seconds=1.5), 2.0)
    assert found.foreign_cpu_seconds == pytest.approx(0.5)
    assert found.seconds == 2.0


def test_foreign_work_is_never_negative() -> None:
    assert between(totals(), totals(1.0, busy=0.99), 1.0).foreign_cpu_seconds == 0.0


def test_a_quiet_reading_has_no_flags() -> None:
    assert flags(QUIET, limit_cores=0.2) == ()


def test_foreign_work_above_the_limit_is_flagged() -> None:
    busy = replace(QUIET, foreign_cpu_seconds=0.99)
    assert flags(busy, limit_cores=0.2) == ("foreign-cpu",)


def test_a_busy_neighbour_is_seen_in_a_short_window_too() -> None:
    busy = replace(QUIET, seconds=0.1, workload_cpu_seconds=0.1, foreign_cpu_seconds=0.1)
    assert flags(busy, limit_cores=0.2) == ("foreign-cpu",)


def test_what_clock_ticks_cannot_tell_is_not_flagged() -> None:
    nearly = replace(QUIET, seconds=0.1, workload_cpu_seconds=0.1, foreign_cpu_seconds=0.04)
    assert flags(nearly, limit_cores=0.2) == ()


def test_a_workload_that_fills_all_processors_or_none_leaves_only_the_rounding_of_ticks() -> None:
    assert tolerance_seconds(1.0, 2, 2.0) == pytest.approx(0.01 * 2**0.5)
    assert tolerance_seconds(1.0, 2, 0.0) == pytest.approx(0.01 * 2**0.5)
    assert tolerance_seconds(0.0, 2, 0.0) == pytest.approx(0.01 * 2**0.5)


def test_a_workload_that_half_fills_them_is_sampled_with_an_error() -> None:
    assert tolerance_seconds(1.0, 2, 1.0) == pytest.approx(2 * (0.00005 + 500 * 0.25 / 250**2) ** 0.5)


def test_steal_suspend_and_throttling_are_flagged() -> None:
    found = replace(QUIET, steal_seconds=0.5, suspended_seconds=60.0, throttles=1)
    assert flags(found, limit_cores=0.2) == ("steal", "suspended", "throttled")


def test_time_in_suspend_is_that_of_boottime_beyond_monotonic() -> None:
    found = between(totals(1.0, boottime_seconds=5.0), totals(3.0, boottime_seconds=67.0), 0.0)
    assert found.suspended_seconds == pytest.approx(60.0)


def test_pressure_and_throttles_are_differences() -> None:
    before = replace(totals(), pressure_seconds={"cpu": 1.0, "io": 2.0}, throttles={"cpu0": 1, "cpu1": 2})
    after = replace(totals(1.0), pressure_seconds={"cpu": 1.5, "io": 2.0}, throttles={"cpu0": 2, "cpu1": 3})
    found = between(before, after, 0.0)
    assert (found.pressure_seconds, found.throttles) == ({"cpu": 0.5, "io": 0.0}, 2)


def test_a_counter_that_is_gone_is_absent() -> None:
    found = between(replace(totals(), throttles={"cpu0": 3}), totals(1.0), 0.0)
    assert (found.pressure_seconds, found.throttles) == (None, None)


def test_a_processor_that_goes_offline_is_not_throttled() -> None:
    before = replace(totals(), throttles={"cpu0": 3, "cpu1": 4})
    assert between(before, replace(totals(1.0), throttles={"cpu0": 3}), 0.0).throttles == 0


def test_a_throttle_counter_that_restarts_counts_from_nothing() -> None:
    before = replace(totals(), throttles={"cpu0": 30})
    assert between(before, replace(totals(1.0), throttles={"cpu0": 2}), 0.0).throttles == 2


def test_counts_that_are_none_are_no_throttling(tmp_path: Path) -> None:
    here = machine(tmp_path)
    folder = here.sysfs / "devices/system/cpu/cpu0/thermal_throttle"
    folder.mkdir(parents=True)
    for name, text in (("core_throttle_count", "-1"), ("package_throttle_count", "1_000")):
        (folder / name).write_text(f"{text}\n")
    policy = here.sysfs / "devices/system/cpu/cpufreq/policy0"
    policy.mkdir(parents=True)
    (policy / "scaling_cur_freq").write_text("0\n")
    found = machine_totals(here)
    assert (found.throttles, found.frequency_megahertz) == (None, None)


def test_steal_and_interrupts_that_went_backwards_are_none() -> None:
    found = between(totals(steal_seconds=5.0, interrupt_seconds=2.0), totals(1.0), 0.0)
    assert (found.steal_seconds, found.interrupt_seconds) == (0.0, 0.0)


def test_cpu_time_that_goes_backwards_is_an_error_and_a_tick_of_rounding_is_none() -> None:
    with pytest.raises(ErgitError, match=r"went backwards by 3\.00 s"):
        between(totals(busy=10.0), totals(1.0, busy=7.0), 0.0)
    assert between(totals(busy=10.0), totals(1.0, busy=9.99), 0.0).foreign_cpu_seconds == 0.0


@pytest.mark.parametrize(("seconds", "cores"), [(0.1, 0.6), (0.5, 0.37), (1.0, 0.32), (10.0, 0.24)])
def test_the_foreign_load_that_is_seen_is_larger_in_short_windows(seconds: float, cores: float) -> None:
    seen = seen_from_cores(0.2, seconds, processors=8, workload_cpu_seconds=seconds)
    assert seen == pytest.approx(cores, abs=0.005)
    loud = replace(QUIET, seconds=seconds, processors=8, workload_cpu_seconds=seconds)
    assert flags(replace(loud, foreign_cpu_seconds=(seen + 0.01) * seconds), 0.2) == ("foreign-cpu",)
    assert flags(replace(loud, foreign_cpu_seconds=(seen - 0.01) * seconds), 0.2) == ()


def test_fifty_readings_under_foreign_load_are_flagged_and_fifty_without_are_not() -> None:
    def caught(foreign_cores: float) -> int:
        windows = [0.1 + 0.04 * step for step in range(50)]
        found = [between(totals(), totals(seconds, busy=seconds * (1 + foreign_cores)), seconds) for seconds in windows]
        return sum("foreign-cpu" in flags(window, 0.2) for window in found)

    assert caught(1.0) == 50
    assert caught(0.1) == 0


def wait(loads: list[float], rest: float, wait_seconds: float) -> tuple[float, bool, list[float]]:
    """How long was waited, whether it got quiet, and the pauses; each pause has the next of these foreign loads."""
    pauses: list[float] = []
    load = itertools.chain(loads, itertools.repeat(loads[-1]))
    now = busy = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now, busy
        now += seconds
        busy += seconds * next(load)
        pauses.append(seconds)

    quiet = wait_until_quiet(0.2, rest, wait_seconds, take=lambda: totals(now, busy), sleep=sleep)
    return quiet.waited_seconds, quiet.is_quiet, pauses


def test_a_quiet_machine_costs_no_more_than_the_rest() -> None:
    assert wait([0.0], rest=1.0, wait_seconds=60) == (0.0, True, [1.0])


def test_a_busy_machine_is_waited_for() -> None:
    assert wait([1.0, 1.0, 0.0], rest=1.0, wait_seconds=60) == (0.5, True, [1.0, 0.25, 0.25])


def test_waiting_for_quiet_has_an_end() -> None:
    assert wait([1.0], rest=1.0, wait_seconds=1) == (1.0, False, [1.0, 0.25, 0.25, 0.25, 0.25])


def test_without_time_to_wait_a_busy_machine_is_flagged_at_once() -> None:
    assert wait([1.0], rest=0.0, wait_seconds=0) == (0.0, False, [0.25])
