"""The `power` PMU: its sysfs files literally, and perf_event_open for real, on software events of the running kernel.

A tree in a temporary folder describes a `power` PMU whose type and event are the kernel's own `cpu-clock`, which counts
nanoseconds on each CPU. The system call, the reads, the times and the sums are thereby real; that an energy counter is
opened the same way follows from the kernel's files alone, and no such counter was there to prove it.
"""

import errno
import os
from pathlib import Path

import pytest

from ergit.energy.events import Event, config_of, cpus_in, read_event, read_type_and_cpus
from ergit.energy.pmu import READING, OpenCounter, PmuSource, counted_between, energy_between
from ergit.energy.rights import no_right_to_count
from ergit.energy.sampler import Sample
from ergit.energy.source import Energy, Read, UnavailableError
from ergit.records.readings import Counter
from tests.fakes.another_user import another_user
from tests.fakes.counter_trees import SCALE, clock_pmu, power_pmu
from tests.fakes.needs import needs_right_to_count, needs_root, needs_strict_kernel, needs_two_processors
from tests.fakes.timed_window import timed_window

ONE_JOULE = 2**32
SECOND = 10**9


def open_counter(domain: str = "package", cpu: int = 0) -> OpenCounter:
    return OpenCounter(Event(f"energy-{domain}", domain, 2, SCALE, "Joules"), cpu, -1)


def reading(count: int, enabled: int, running: int) -> bytes:
    return READING.pack(count, enabled, running)


def between(first: Read, last: Read, seconds: float = 1.0, domain: str = "package") -> Energy:
    """The energy of a window of `seconds` with these reads at its edges."""
    before, after = Sample(0.0, 0.0, [first]), Sample(seconds, seconds, [last])
    return energy_between([open_counter(domain)], [before, after], 1000.0)


def files_of_cpus(folder: Path, *dies: tuple[str, str]) -> Path:
    """The kernel's files of CPUs 0, 1, …, each with its package and die."""
    for cpu, (package, die) in enumerate(dies):
        topology = folder / "cpus" / f"cpu{cpu}" / "topology"
        topology.mkdir(parents=True)
        (topology / "physical_package_id").write_text(f"{package}\n")
        (topology / "die_id").write_text(f"{die}\n")
    return folder / "cpus"


def test_a_list_of_cpus_is_read():
    assert cpus_in("0\n") == (0,)
    assert cpus_in("0,18") == (0, 18)
    assert cpus_in("0-2,8") == (0, 1, 2, 8)


@pytest.mark.parametrize("mask", ["", "x", "0-", "-1", "1,,2", "1_0", "٣"])
def test_what_is_no_list_of_cpus_is_refused(mask):
    with pytest.raises(ValueError):
        cpus_in(mask)


def test_an_event_is_put_where_its_format_says():
    assert config_of("event=0x02\n", {"event": "config:0-7\n"}) == 2
    assert config_of("event=0x02,umask=0x1", {"event": "config:0-7", "umask": "config:8-15"}) == 0x102
    assert config_of("event=5,flag", {"event": "config:0-7", "flag": "config:21"}) == 5 | 1 << 21


@pytest.mark.parametrize(
    ("terms", "formats"),
    [
        ("event=0x02", {}),
        ("event=0x02", {"event": "config1:0-7"}),
        ("event=0x02", {"event": "config:0-3,8-11"}),
        ("event=pkg", {"event": "config:0-7"}),
        ("event=1_0", {"event": "config:0-7"}),
        ("", {"event": "config:0-7"}),
    ],
)
def test_an_event_without_a_plain_place_is_refused(terms, formats):
    with pytest.raises(ValueError):
        config_of(terms, formats)


def test_the_files_of_a_two_socket_pmu_are_read(tmp_path):
    power = power_pmu(tmp_path, cpumask="0,18")
    assert read_type_and_cpus(power, tmp_path) == (21, (0, 18))
    assert read_event(power, "energy-pkg") == Event("energy-pkg", "package", 2, SCALE, "Joules")


def test_a_power_pmu_without_package_energy_is_refused(tmp_path):
    power = power_pmu(tmp_path, events={"power-pkg": "event=0x01"})
    with pytest.raises(UnavailableError, match="energy-pkg") as refusal:
        PmuSource(power, proc=tmp_path)
    assert "modprobe rapl" in refusal.value.fix


def test_a_virtual_machine_is_told_that_its_host_has_the_counters(tmp_path):
    (tmp_path / "cpuinfo").write_text("processor : 0\nflags : fpu vme hypervisor lahf_lm\n")
    with pytest.raises(UnavailableError) as refusal:
        PmuSource(tmp_path / "power", proc=tmp_path)
    assert "not in a virtual machine" in refusal.value.fix


@pytest.mark.parametrize("missing", ["type", "cpumask", "format/event", "events/energy-pkg.scale"])
def test_a_pmu_that_is_not_described_is_refused(tmp_path, missing):
    power = power_pmu(tmp_path)
    (power / missing).unlink()
    with pytest.raises(UnavailableError):
        PmuSource(power, proc=tmp_path)


@pytest.mark.parametrize(
    ("scale", "unit"), [(SCALE, "Watts"), ("0", "Joules"), ("x", "Joules"), ("0.0_1", "Joules"), ("nan", "Joules")]
)
def test_an_event_that_is_not_in_joules_is_refused(tmp_path, scale, unit):
    with pytest.raises(UnavailableError):
        read_event(power_pmu(tmp_path, scale=scale, unit=unit), "energy-pkg")


def test_two_to_the_thirty_second_counts_are_a_joule():
    energy = between(reading(ONE_JOULE, SECOND, SECOND), reading(6 * ONE_JOULE, 2 * SECOND, 2 * SECOND))
    assert energy.joules == {"package": 5.0}
    assert energy.seconds == 1.0
    assert energy.counters == (
        Counter(
            name="energy-package on CPU 0",
            domain="package",
            unit=f"{SCALE} Joules",
            before=ONE_JOULE,
            after=6 * ONE_JOULE,
            range=None,
            samples=(),
        ),
    )


def test_packages_are_summed_and_psys_stands_apart():
    counters = [open_counter(cpu=0), open_counter(cpu=18), open_counter("psys")]
    before = Sample(0.0, 0.0, [reading(0, 0, 0)] * 3)
    after = Sample(1.0, 1.0, [reading(joules * ONE_JOULE, SECOND, SECOND) for joules in (20, 30, 2500)])
    assert energy_between(counters, [before, after], 1000.0).joules == {"package": 50.0, "psys": 2500.0}


@pytest.mark.parametrize(
    ("first", "last", "message"),
    [
        (reading(5 * ONE_JOULE, 0, 0), reading(2 * ONE_JOULE, SECOND, SECOND), "backwards by 3 J"),
        (reading(0, 0, 0), reading(1011 * ONE_JOULE, SECOND, SECOND), "more than 1000 W"),
        (reading(0, 0, 0), reading(ONE_JOULE, SECOND, SECOND // 2), "counted 500000000 of 1000000000 ns"),
        (reading(0, 3, 3), reading(ONE_JOULE, 3, 3), "counted for 0.000 s of a window of 1.000"),
        (reading(7, 0, 0), reading(7, SECOND, SECOND), "did not move"),
        (reading(0, 0, 0), b"", "0 bytes"),
        (b"\1" * 8, reading(0, SECOND, SECOND), "8 bytes"),
        (reading(0, 0, 0), OSError(errno.EINVAL, "Invalid argument"), "EINVAL"),
    ],
)
def test_what_cannot_be_right_gives_no_energy(first, last, message):
    energy = between(first, last)
    assert energy.joules == {}
    assert energy.problem is not None
    assert energy.problem.startswith("pmu: energy-package on CPU 0: ")
    assert message in energy.problem


def test_a_domain_other_than_the_package_may_stand_still():
    still = between(reading(7, 0, 0), reading(7, SECOND, SECOND), domain="dram")
    assert still.joules == {"dram": 0.0}


def test_an_event_whose_processor_went_offline_in_the_window_gives_no_energy():
    """4.7 J were counted in 0.47 s of a window of 3.15 s at 10 W, which are 31.5 J."""
    energy = between(reading(0, 0, 0), reading(round(4.7 * ONE_JOULE), 470_000_000, 470_000_000), seconds=3.15)
    assert energy.joules == {}
    assert "counted for 0.470 s of a window of 3.150" in str(energy.problem)
    assert "it stopped inside the window" in str(energy.problem)


@pytest.mark.parametrize("difference_nanoseconds", [-13_000_000, -3_300_000, 9_500_000])
def test_an_events_own_time_may_differ_from_the_clock_as_far_as_healthy_ones_do(difference_nanoseconds):
    enabled = SECOND + difference_nanoseconds
    energy = between(reading(0, 0, 0), reading(10 * ONE_JOULE, enabled, enabled))
    assert energy.joules == {"package": 10.0}
    assert energy.seconds == enabled / 1e9


def test_a_slow_edge_leaves_room_for_the_events_own_time_and_shows_in_the_seconds():
    before, after = Sample(0.0, 0.0, [reading(0, 0, 0)]), Sample(1.0, 1.4, [reading(ONE_JOULE, 0, 0)])
    late = Sample(after.began, after.ended, [reading(14 * ONE_JOULE, 14 * SECOND // 10, 14 * SECOND // 10)])
    energy = energy_between([open_counter()], [before, late], 1000.0)
    assert energy.joules == {"package": 14.0}
    assert energy.seconds == 1.4


@pytest.mark.parametrize(
    ("last", "is_gone"),
    [
        (OSError(errno.ENODEV, "No such device"), True),
        (b"", True),
        (reading(0, 0, 0), True),
        (OSError(errno.EINVAL, "Invalid argument"), False),
        (reading(ONE_JOULE, SECOND // 2, SECOND // 2), False),
    ],
)
def test_a_counter_that_will_not_count_again_is_told_from_one_bad_window(last, is_gone):
    energy = between(reading(0, 0, 0), last)
    assert energy.joules == {}
    assert energy.is_gone is is_gone


def test_counts_are_whole_numbers_to_the_last_bit():
    assert counted_between(reading(2**63, 0, 0), reading(2**63 + 1, 1, 1)).counts == 1


@needs_right_to_count
def test_a_real_event_counts_the_window(tmp_path):
    with PmuSource(clock_pmu(tmp_path, "0")) as source:
        shortest, energy, longest = timed_window(source, 0.3)
    assert energy.problem is None
    assert shortest <= energy.joules["package"] <= longest
    assert energy.seconds == pytest.approx(energy.joules["package"], rel=0.001)
    assert [counter.name for counter in energy.counters] == ["energy-pkg on CPU 0"]


@needs_right_to_count
@needs_two_processors
@pytest.mark.parametrize(
    ("dies", "message"),
    [
        ([("0", "0"), ("0", "0")], "CPU 1 left out: it belongs to the same package as CPU 0"),
        ([("0", "0"), ("0", "1")], "energy-pkg on CPU 1 left out: it moves as energy-pkg on CPU 0 does"),
        ([("0", "0"), ("1", "0")], "energy-pkg on CPU 1 left out: it moves as energy-pkg on CPU 0 does"),
    ],
)
def test_two_processors_that_show_one_counter_are_counted_once(tmp_path, dies, message):
    """The kernel's CPU clock moves alike on both, as the one counter of a package would: one joule a second."""
    power = clock_pmu(tmp_path, "0-1")
    with PmuSource(power, cpu_files=files_of_cpus(tmp_path, *dies)) as source:
        shortest, energy, longest = timed_window(source, 0.2)
    assert shortest <= energy.joules["package"] <= longest
    assert len(energy.counters) == 1
    assert message in source.notes[0]


@needs_right_to_count
def test_a_second_window_starts_from_its_own_count(tmp_path):
    with PmuSource(clock_pmu(tmp_path, "0")) as source:
        for seconds in (0.2, 0.1):
            shortest, energy, longest = timed_window(source, seconds)
            assert shortest <= energy.joules["package"] <= longest


@needs_right_to_count
def test_a_domain_that_cannot_be_opened_is_left_out_and_said(tmp_path):
    power = clock_pmu(tmp_path, "0", ("energy-pkg", "energy-ram"))
    (power / "events" / "energy-ram").write_text("event=0xffff\n")  # no such software event
    with PmuSource(power) as source:
        assert source.domains == ("package",)
        assert "dram left out" in source.notes[0]


@needs_right_to_count
def test_closing_gives_the_descriptors_back(tmp_path):
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    with PmuSource(clock_pmu(tmp_path, "0")):
        assert len(list(Path("/proc/self/fd").iterdir())) == descriptors + 1
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors


def test_an_unknown_pmu_type_is_refused_by_the_kernel_and_said(tmp_path):
    with pytest.raises(UnavailableError, match="energy-pkg"):
        PmuSource(power_pmu(tmp_path, pmu_type="4000000000"))


@needs_root
@needs_strict_kernel
def test_no_right_is_refused_with_one_capability_as_the_fix(tmp_path):
    power = clock_pmu(tmp_path, "0")
    with another_user(tmp_path), pytest.raises(UnavailableError, match="no right") as refusal:
        PmuSource(power)
    assert "perfmon" in refusal.value.fix


@needs_right_to_count
def test_a_domain_that_the_settings_leave_out_is_not_opened_and_said(tmp_path):
    """So that a counter that is absurd does not void the windows of the package."""
    power = clock_pmu(tmp_path, "0")
    for suffix in ("", ".scale", ".unit"):
        (power / f"events/energy-ram{suffix}").write_text((power / f"events/energy-pkg{suffix}").read_text())
    with PmuSource(power) as source:
        assert source.domains == ("package", "dram")
    with PmuSource(power, domains=("package",)) as source:
        assert (source.domains, source.notes) == (("package",), ("dram left out by measure.domains",))
        assert [counter.name for counter in source.counters] == ["energy-pkg on CPU 0"]


@pytest.mark.parametrize(
    ("number", "status", "reason", "fix"),
    [
        (
            errno.EACCES,
            "Seccomp:\t2\n",
            "kernel.perf_event_paranoid is 2, which takes CAP_PERFMON",
            "Start the study so:",
        ),
        (errno.EPERM, "Seccomp:\t2\n", "the filter of a container forbids perf_event_open", "--cap-add PERFMON"),
        (errno.EPERM, "Seccomp:\t0\n", "kernel.perf_event_paranoid is 2", "Start the study so:"),
    ],
)
def test_a_filter_of_a_container_is_told_from_a_missing_right(tmp_path, number, status, reason, fix):
    (tmp_path / "self").mkdir()
    (tmp_path / "self/status").write_text(status)
    (tmp_path / "sys/kernel").mkdir(parents=True)
    (tmp_path / "sys/kernel/perf_event_paranoid").write_text("2\n")
    refusal = no_right_to_count("energy-pkg", 0, PermissionError(number, os.strerror(number)), tmp_path)
    assert reason in refusal.reason
    assert fix in refusal.fix


def minutes_with_a_jump(jump_joules: int) -> list[Sample]:
    """Six minutes at 50 W, sampled each second, with more counted in one of these seconds."""
    counts = [50 * second + (jump_joules if second > 200 else 0) for second in range(361)]
    return [
        Sample(second, second, [reading(joules * ONE_JOULE, second * SECOND, second * SECOND)])
        for second, joules in enumerate(counts)
    ]


def test_a_jump_in_one_second_is_refused_although_the_whole_window_may_have_used_as_much():
    """The hardware counter was reset, and the kernel took it for a wrap; six minutes at 1,000 W are 360 kJ."""
    energy = energy_between([open_counter()], minutes_with_a_jump(200_000), 1000.0)
    assert energy.joules == {}
    assert "200050 J in 1 s is more than 1000 W" in str(energy.problem)


def test_a_long_window_keeps_a_sample_in_ten_seconds():
    energy = energy_between([open_counter()], minutes_with_a_jump(0), 1000.0)
    assert energy.joules == {"package": 18_000.0}
    assert energy.counters[0].sample_seconds == tuple(float(second) for second in range(10, 360, 10))
    assert energy.counters[0].samples[0] == 500 * ONE_JOULE
