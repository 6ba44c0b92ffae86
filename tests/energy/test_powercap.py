"""The powercap counters on scripted trees: each count is literal, and so are the joules or the refusal.

A tree of plain files stands in for sysfs, and a scripted clock for time. What these tests prove is the choice of
zones, the arithmetic and the refusals; that a real processor counts right, they can't. A counter that vanishes while
it is read is a real kernel file, of a process that ends.
"""

import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ergit.energy.powercap import PowercapSource, sampling_interval
from ergit.energy.sampler import kept_samples
from ergit.energy.source import Energy, NoRightError, UnavailableError
from ergit.energy.zones import Zone
from ergit.records.readings import Counter
from tests.fakes.another_user import another_user
from tests.fakes.counter_trees import RANGE, running, zone
from tests.fakes.waiting import wait_for


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def write_in_place(counter: Path, content: str) -> None:
    """Changes what the open counter gives, as the kernel would."""
    with counter.open("r+") as file:
        file.truncate(0)
        file.write(content)


def one_window(root: Path, change: Callable[[], None], seconds: float = 1.0) -> Energy:
    """The energy of a window of `seconds` in which `change` was called."""
    clock = Clock()
    with PowercapSource(root, clock=clock) as source:
        source.start()
        change()
        clock.seconds += seconds
        source.stop()
        return source.energy(0.0)


def counting(counter: Path, *contents: str) -> Energy:
    """The energy of a window in which the counter gives `contents`, one a second: samples, and one at the end."""
    clock = Clock()
    with PowercapSource(counter.parent.parent, clock=clock) as source:
        source.start()
        for content in contents:
            write_in_place(counter, content)
            clock.seconds += 1.0
            if content is not contents[-1]:
                source.sample()
        source.stop()
        return source.energy(0.0)


def test_a_package_is_read_and_its_raw_counts_are_kept(tmp_path):
    counter = zone(tmp_path / "intel-rapl:0", "package-0", 5_000_000)
    energy = counting(counter, "6000000\n", "7500000\n")
    assert energy.joules == {"package": 2.5}
    assert energy.problem is None
    assert energy.counters == (
        Counter(
            name="package-0",
            domain="package",
            unit="µJ",
            before=5_000_000,
            after=7_500_000,
            range=RANGE,
            samples=(),
        ),
    )


def test_a_wrap_inside_the_window_is_undone(tmp_path):
    counter = zone(tmp_path / "intel-rapl:0", "package-0", RANGE - 6_999_999)
    energy = counting(counter, f"{RANGE - 1_999_999}\n", "3000000\n", "8000000\n")
    assert energy.joules == {"package": 15.0}


def test_a_wrap_in_a_window_without_samples_is_judged_by_the_power_of_earlier_windows(tmp_path):
    counter = zone(tmp_path / "intel-rapl:0", "package-0", 100_000_000)
    clock = Clock()
    with PowercapSource(tmp_path, clock=clock) as source:

        def window(first: int, last: int) -> Energy:
            write_in_place(counter, f"{first}\n")
            source.start()
            write_in_place(counter, f"{last}\n")
            clock.seconds += 1.0
            source.stop()
            return source.energy(0.0)

        assert "no other power is known" in str(window(RANGE - 1_999_999, 18_000_000).problem)
        assert window(100_000_000, 120_000_000).joules == {"package": 20.0}
        assert window(RANGE - 1_999_999, 18_000_000).joules == {"package": 20.0}
        reset = window(RANGE - 899_999_999, 18_000_000)
    assert reset.joules == {}
    assert "beside a power of 20 to 20 W: the counter was reset" in str(reset.problem)


def test_a_reset_a_few_hundred_joules_below_the_range_is_no_wrap(tmp_path):
    """At 50 W the counter stood 700 J below its range: 718 J more would be read, where about 50 were used."""
    counter = zone(tmp_path / "intel-rapl:0", "package-0", RANGE - 799_999_999)
    energy = counting(counter, f"{RANGE - 749_999_999}\n", f"{RANGE - 699_999_999}\n", "18000000\n", "68000000\n")
    assert energy.joules == {}
    assert "as a wrap this is 718 J in 1 s, beside a power of 50 to 50 W" in str(energy.problem)


def test_a_reset_is_refused(tmp_path):
    counter = zone(tmp_path / "intel-rapl:0", "package-0", 130_000_000_000)
    energy = counting(counter, "130050000000\n", "17\n")
    assert energy.joules == {}
    assert energy.problem is not None
    assert "package-0: from 130050000000 to 17 µJ" in energy.problem
    assert "reset" in energy.problem


def test_a_power_that_no_package_draws_is_refused(tmp_path):
    counter = zone(tmp_path / "intel-rapl:0", "package-0", 0)
    assert counting(counter, "1010000000\n").joules == {"package": 1010.0}
    write_in_place(counter, "0\n")
    energy = counting(counter, "1010000001\n")
    assert energy.joules == {}
    assert "more than 1000 W" in str(energy.problem)


def test_two_reads_too_far_apart_to_know_the_number_of_wraps_are_refused(tmp_path):
    zone(tmp_path / "intel-rapl:0", "package-0", 0)
    energy = one_window(tmp_path, lambda: None, seconds=263.0)
    assert energy.joules == {}
    assert "wrapped more than once" in str(energy.problem)


def test_a_package_that_stands_still_is_refused_but_not_within_one_step_of_the_counter(tmp_path):
    zone(tmp_path / "intel-rapl:0", "package-0", 123)
    assert one_window(tmp_path, lambda: None, seconds=0.001).joules == {"package": 0.0}
    assert "did not move" in str(one_window(tmp_path, lambda: None, seconds=0.1).problem)


def test_sockets_are_summed_and_other_domains_stand_apart(tmp_path):
    counters = {
        "intel-rapl:0": zone(tmp_path / "intel-rapl:0", "package-1", 0),
        "intel-rapl:0:0": zone(tmp_path / "intel-rapl:0:0", "core", 0),
        "intel-rapl:0:1": zone(tmp_path / "intel-rapl:0:1", "dram", 0, 65_712_999_613),
        "intel-rapl:1": zone(tmp_path / "intel-rapl:1", "psys", 0),
        "intel-rapl:2": zone(tmp_path / "intel-rapl:2", "package-0", 0),
        "intel-rapl:2:0": zone(tmp_path / "intel-rapl:2:0", "uncore", 0),
        "intel-rapl:2:1": zone(tmp_path / "intel-rapl:2:1", "dram", 0, 65_712_999_613),
    }
    joules = {
        "intel-rapl:0": 10,
        "intel-rapl:0:0": 4,
        "intel-rapl:0:1": 2,
        "intel-rapl:1": 90,
        "intel-rapl:2": 20,
        "intel-rapl:2:0": 1,
        "intel-rapl:2:1": 3,
    }

    def use() -> None:
        for folder, counter in counters.items():
            write_in_place(counter, f"{joules[folder]}000000\n")

    energy = one_window(tmp_path, use)
    assert energy.joules == {"package": 30.0, "core": 4.0, "uncore": 1.0, "dram": 5.0, "psys": 90.0}
    assert [counter.name for counter in energy.counters] == [
        "package-0",
        "package-1",
        "package-1/core",
        "package-0/uncore",
        "package-0/dram",
        "package-1/dram",
        "psys",
    ]


def test_dies_with_counters_of_their_own_are_added_up(tmp_path):
    starts = {(0, 0): 3_000_000_000, (0, 1): 2_000_000_000, (1, 0): 900_000_000, (1, 1): 1_000_000_000}
    counters = {
        zone(tmp_path / f"intel-rapl:{2 * package + die}", f"package-{package}-die-{die}", start): start
        for (package, die), start in starts.items()
    }

    def use() -> None:
        for counter, start in counters.items():
            write_in_place(counter, f"{start + 1_000_000}\n")

    assert one_window(tmp_path, use).joules == {"package": 4.0}


def test_dies_that_show_the_one_counter_of_their_package_are_counted_once_and_the_others_are_named(tmp_path):
    """As AMD's processors with several dies under some kernels: 68 J, not 136 J."""
    first = zone(tmp_path / "intel-rapl:0", "package-0-die-0", 1_000_000)
    second = zone(tmp_path / "intel-rapl:1", "package-0-die-1", 1_000_100)
    clock = Clock()
    with PowercapSource(tmp_path, clock=clock) as source:
        source.start()
        write_in_place(first, "69000000\n")
        write_in_place(second, "69000110\n")
        clock.seconds += 1.0
        source.stop()
        assert source.energy(0.0).joules == {"package": 68.0}
        assert source.notes[0] == (
            "package-0-die-1 left out: it shows the counter of package-0-die-0, which is counted once"
        )


@pytest.mark.alone  # the counter that is played has to move every few milliseconds
def test_two_packages_that_show_one_counter_are_counted_once(tmp_path):
    one = zone(tmp_path / "intel-rapl:0", "package-0", 5_000_000_000)
    other = zone(tmp_path / "intel-rapl:1", "package-1", 0)
    other.unlink()
    other.symlink_to(one)
    with running(one, watts=20.0), PowercapSource(tmp_path) as source:
        assert [zone.name for zone in source.zones] == ["package-0"]
        assert "package-1 left out" in source.notes[0]


def test_two_packages_of_their_own_are_both_counted(tmp_path):
    one = zone(tmp_path / "intel-rapl:0", "package-0", 5_000_000_000)
    other = zone(tmp_path / "intel-rapl:1", "package-1", 5_000_000_000)
    with running(one, watts=20.0), running(other, watts=21.0), PowercapSource(tmp_path) as source:
        assert [zone.name for zone in source.zones] == ["package-0", "package-1"]


def test_zones_that_a_container_runtime_hides_are_named_with_the_way_to_mount_them(tmp_path):
    root = tmp_path / "powercap"
    root.mkdir()
    for name in ("intel-rapl", "intel-rapl:0"):
        (root / name).symlink_to(tmp_path / "devices" / name)
    with pytest.raises(UnavailableError, match=r"lead nowhere \(intel-rapl, intel-rapl:0\)") as refusal:
        PowercapSource(root)
    assert "measure.powercap: /powercap" in refusal.value.fix
    assert "modprobe" not in refusal.value.fix


def test_a_study_may_judge_by_another_domain_than_the_package(tmp_path):
    counter = zone(tmp_path / "intel-rapl:0", "psys", 0)
    with pytest.raises(UnavailableError, match="counts psys and no package"):
        PowercapSource(tmp_path)
    clock = Clock()
    with PowercapSource(tmp_path, judged="psys", clock=clock) as source:
        source.start()
        write_in_place(counter, "7000000\n")
        clock.seconds += 1.0
        source.stop()
        assert source.energy(0.0).joules == {"psys": 7.0}
        source.start()
        clock.seconds += 1.0
        source.stop()
        assert "psys: the counter did not move" in str(source.energy(0.0).problem)


def test_samples_are_kept_that_a_fall_was_judged_by_and_one_in_ten_seconds():
    times = [float(second) for second in range(31)]
    assert kept_samples(times) == [10, 20]
    assert kept_samples(times, [15]) == [10, 13, 14, 15, 16, 26]


def test_the_counters_own_seconds_go_from_the_middle_of_one_edge_to_that_of_the_other(tmp_path):
    """The last edge took 0.4 s, half of which belongs to the window."""
    counter = zone(tmp_path / "intel-rapl:0", "package-0", 0)
    ticks = iter([0.0, 0.0, 1.0, 1.4])
    with PowercapSource(tmp_path, clock=lambda: next(ticks)) as source:
        source.start()
        write_in_place(counter, "10000000\n")
        source.stop()
        assert source.energy(0.0).seconds == pytest.approx(1.2)


def test_a_nested_tree_and_a_flat_one_give_the_same_zones_once(tmp_path):
    nested = tmp_path / "devices" / "intel-rapl"
    zone(nested / "intel-rapl:0", "package-0", 0)
    zone(nested / "intel-rapl:0" / "intel-rapl:0:0", "core", 0)
    flat = tmp_path / "class"
    flat.mkdir()
    (flat / "intel-rapl").symlink_to(nested)
    (flat / "intel-rapl:0").symlink_to(nested / "intel-rapl:0")
    (flat / "intel-rapl:0:0").symlink_to(nested / "intel-rapl:0" / "intel-rapl:0:0")
    for root in (tmp_path / "devices", flat):
        with PowercapSource(root) as source:
            assert [zone.name for zone in source.zones] == ["package-0", "package-0/core"]


def test_the_memory_mapped_double_of_a_package_is_skipped(tmp_path):
    zone(tmp_path / "intel-rapl:0", "package-0", 0)
    zone(tmp_path / "intel-rapl-mmio:0", "package-0", 0)
    with PowercapSource(tmp_path) as source:
        assert [zone.path.name for zone in source.zones] == ["intel-rapl:0"]


def test_an_amd_tree_with_packages_alone_is_read(tmp_path):
    counter = zone(tmp_path / "intel-rapl:0", "package-0", 10, 65_532_610_987)
    energy = counting(counter, "5000010\n")
    assert energy.joules == {"package": 5.0}


def test_zones_of_other_kinds_are_no_energy_domains(tmp_path):
    zone(tmp_path / "intel-rapl:0", "package-0", 0)
    zone(tmp_path / "intel-rapl:0:0", "something-new", 0)
    zone(tmp_path / "dtpm:0", "package-9", 0)
    with PowercapSource(tmp_path) as source:
        assert source.domains == ("package",)


def test_two_zones_of_one_name_are_refused(tmp_path):
    zone(tmp_path / "intel-rapl:0", "package-0", 0)
    zone(tmp_path / "intel-rapl:1", "package-0", 0)
    with pytest.raises(UnavailableError, match="two zones named package-0"):
        PowercapSource(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty"),
        ("77", "torn"),
        ("7\n7\n", "no count"),
        ("-7\n", "no count"),
        ("7.5\n", "no count"),
        ("0x7\n", "no count"),
        ("<not counted>\n", "no count"),
        ("٧\n", "no count"),
        (f"{RANGE + 1}\n", "beyond the counter's own range"),
    ],
)
def test_a_read_that_gives_no_count_gives_no_energy(tmp_path, content, message):
    counter = zone(tmp_path / "intel-rapl:0", "package-0", 5)
    for contents in ((content,), (content, "1000000\n")):
        write_in_place(counter, "5\n")
        energy = counting(counter, *contents)
        assert energy.joules == {}
        assert energy.problem is not None
        assert message in energy.problem


def test_the_text_that_was_no_count_is_kept(tmp_path):
    counter = zone(tmp_path / "intel-rapl:0", "package-0", 5)
    assert counting(counter, "1 2\n").counters[0].after == "1 2\n"


def test_one_counter_that_fails_makes_the_whole_window_void(tmp_path):
    counter = zone(tmp_path / "intel-rapl:0", "package-0", 0)
    other = zone(tmp_path / "intel-rapl:1", "package-1", 0)

    def use() -> None:
        write_in_place(counter, "1000000\n")
        write_in_place(other, "")

    energy = one_window(tmp_path, use)
    assert energy.joules == {}
    assert energy.problem == "powercap: package-1: the read was empty"
    assert energy.counters[0].after == 1_000_000


def test_a_counter_that_vanishes_inside_the_window_gives_no_energy(tmp_path):
    process = subprocess.Popen(["sleep", "60"])
    try:
        counter = zone(tmp_path / "intel-rapl:0", "package-0", 0)
        counter.unlink()
        counter.symlink_to(f"/proc/{process.pid}/oom_score")  # a kernel file with a number, gone with its process
        clock = Clock()
        with PowercapSource(tmp_path, clock=clock) as source:
            source.start()
            process.send_signal(signal.SIGKILL)
            process.wait()
            clock.seconds += 1.0
            source.stop()
            energy = source.energy(0.0)
    finally:
        process.kill()
        process.wait()
    assert energy.joules == {}
    assert "ESRCH" in str(energy.problem)
    assert energy.counters[0].after is None


def test_a_window_may_be_taken_after_one_that_failed(tmp_path):
    counter = zone(tmp_path / "intel-rapl:0", "package-0", 0)
    assert counting(counter, "").problem is not None
    write_in_place(counter, "0\n")
    assert counting(counter, "1000000\n").joules == {"package": 1.0}


def without_a_tree(root: Path) -> None:
    root.rmdir()


def without_packages(root: Path) -> None:
    zone(root / "intel-rapl:0", "psys", 0)


def without_zones(root: Path) -> None:
    zone(root / "other:0", "package-0", 0)


def without_a_counter(root: Path) -> None:
    zone(root / "intel-rapl:0", "package-0", 0).unlink()


def with_a_folder_for_a_counter(root: Path) -> None:
    without_a_counter(root)
    (root / "intel-rapl:0" / "energy_uj").mkdir()


def with_a_failing_counter(root: Path) -> None:
    without_a_counter(root)
    (root / "intel-rapl:0" / "energy_uj").symlink_to("/proc/self/mem")  # reading at 0 fails with EIO


def without_a_range(root: Path) -> None:
    zone(root / "intel-rapl:0", "package-0", 0)
    (root / "intel-rapl:0" / "max_energy_range_uj").unlink()


def without_a_name(root: Path) -> None:
    zone(root / "intel-rapl:0", "package-0", 0)
    (root / "intel-rapl:0" / "name").unlink()


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        (without_a_tree, "there is no powercap tree"),
        (without_packages, "counts psys and no package"),
        (without_zones, "no zone named package-"),
        (lambda root: zone(root / "intel-rapl:0", "package-0", 0, 50_000_000), "counts to 50 J, .*too small to see"),
        (without_a_counter, "energy_uj cannot be opened"),
        (with_a_folder_for_a_counter, "EISDIR"),
        (with_a_failing_counter, "EIO"),
        (without_a_range, "wrap cannot be undone"),
        (lambda root: zone(root / "intel-rapl:0", "package-0", 0, 0), "wrap cannot be undone"),
        (lambda root: zone(root / "intel-rapl:0", "package-0", 0, "x"), "wrap cannot be undone"),
        (lambda root: zone(root / "intel-rapl:0", "package-0", 0, "65_000_000_000"), "wrap cannot be undone"),
        (lambda root: zone(root / "intel-rapl:0", "package-0", "x"), "no count"),
        (without_a_name, "name cannot be read"),
    ],
)
def test_a_tree_without_a_sound_package_is_refused_with_a_fix(tmp_path, tree, message):
    root = tmp_path / "powercap"
    root.mkdir()
    tree(root)
    with pytest.raises(UnavailableError, match=message) as refusal:
        PowercapSource(root)
    assert refusal.value.fix


def test_an_unsound_domain_other_than_the_package_is_left_out_whole_and_said(tmp_path):
    for package in (0, 1):
        zone(tmp_path / f"intel-rapl:{package}", f"package-{package}", 0)
        zone(tmp_path / f"intel-rapl:{package}:0", "dram", 0, 0 if package else RANGE)
    with PowercapSource(tmp_path) as source:
        assert source.domains == ("package",)
        assert "dram left out" in source.notes[0]


def test_no_right_to_read_is_refused_with_the_least_privilege_that_fixs_it(tmp_path):
    counter = zone(tmp_path / "intel-rapl:0", "package-0", 0)
    counter.chmod(0)
    with another_user(tmp_path), pytest.raises(UnavailableError, match="no right to read") as refusal:
        PowercapSource(tmp_path)
    assert refusal.value.fix.endswith("sudo $(command -v ergit) prepare apply --rights powercap")


def test_a_range_that_root_alone_may_read_is_a_missing_right(tmp_path):
    (zone(tmp_path / "intel-rapl:0", "package-0", 0).parent / "max_energy_range_uj").chmod(0)
    with another_user(tmp_path), pytest.raises(NoRightError, match=r"no right to read .*max_energy_range_uj"):
        PowercapSource(tmp_path)


def test_the_smallest_range_that_is_taken_is_sampled_without_missing_a_wrap(tmp_path):
    """122 J at 1000 W: samples every 61 ms, between which the counter cannot pass its range twice."""
    zone(tmp_path / "intel-rapl:0", "package-0", 0, 122_000_000)
    with PowercapSource(tmp_path) as source:
        assert sampling_interval(source.zones, 1.0, 1000.0) == pytest.approx(0.061)


def test_a_domain_that_the_settings_leave_out_does_not_void_the_package(tmp_path):
    counter = zone(tmp_path / "intel-rapl:0", "package-0", 0)
    absurd = zone(tmp_path / "intel-rapl:0:0", "dram", 0)

    def counts(domains: tuple[str, ...]) -> Energy:
        with PowercapSource(tmp_path, domains=domains) as source:
            source.start()
            write_in_place(counter, "5000000\n")
            write_in_place(absurd, "99000000000\n")
            time.sleep(0.05)
            source.stop()
            found = source.energy(0.0)
        write_in_place(counter, "0\n")
        write_in_place(absurd, "0\n")
        return found

    assert "dram: from 0 to 99000000000 µJ: 99000 J" in str(counts(("package", "dram")).problem)
    assert counts(("package",)).joules == {"package": 5.0}


def test_a_long_window_is_sampled_by_itself_and_a_short_one_is_not(tmp_path):
    counter = zone(tmp_path / "intel-rapl:0", "package-0", 0)
    with PowercapSource(tmp_path, sample_seconds=60.0) as source:
        source.start()
        write_in_place(counter, "1000000\n")
        source.stop()
        assert source.energy(0.0).counters[0].samples == ()
    with PowercapSource(tmp_path, sample_seconds=0.1) as source:
        source.start()
        wait_for(lambda: len(source._sampler.samples) > 3)
        write_in_place(counter, "7\n")  # the samples before a fall are kept
        source.stop()
        energy = source.energy(0.0)
    assert energy.counters[0].samples[:2] == (1_000_000, 1_000_000)
    assert energy.counters[0].sample_seconds[1] - energy.counters[0].sample_seconds[0] > 0.09


def test_the_sampler_ends_with_the_source(tmp_path):
    zone(tmp_path / "intel-rapl:0", "package-0", 0)
    before = threading.active_count()
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    with PowercapSource(tmp_path):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors


def test_samples_come_in_time_for_eight_sockets_at_the_highest_power():
    zones = [Zone("psys", "psys", Path(), 65_532_610_987)]
    zones += [Zone(f"package-{n}", "package", Path(), 65_532_610_987) for n in range(8)]
    assert sampling_interval(zones[1:], 10.0, 1000.0) == 10.0
    assert sampling_interval(zones, 10.0, 1000.0) == pytest.approx(65_532.610987 / 9000 / 2)


def test_the_sampling_interval_is_at_least_fifty_milliseconds():
    assert sampling_interval([Zone("package-0", "package", Path(), 1_000_000)], 10.0, 1000.0) == 0.05


def test_an_idle_sample_is_a_window_like_any_other(tmp_path):
    counter = zone(tmp_path / "intel-rapl:0", "package-0", 0)
    assert one_window(tmp_path, lambda: write_in_place(counter, "4000000\n")).joules == {"package": 4.0}
