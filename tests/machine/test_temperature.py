"""The sensor is found by name, and no reading starts outside of the bounds unless it says so."""

from pathlib import Path

import pytest

from ergit.errors import ErgitError
from ergit.machine.kernel import Machine
from ergit.machine.temperature import Sensor, find, sensors, wait_until_within


def write(path: Path, text: object) -> None:
    """A file of the tree."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n")


@pytest.fixture
def laptop(tmp_path: Path) -> Machine:
    """A machine with a battery's, a disk's, the cores' and the package's sensor."""
    for number, (name, value) in enumerate((("acpitz", 27800), ("x86_pkg_temp", 61000))):
        write(tmp_path / f"class/thermal/thermal_zone{number}/type", name)
        write(tmp_path / f"class/thermal/thermal_zone{number}/temp", value)
    write(tmp_path / "class/hwmon/hwmon0/name", "nvme")
    write(tmp_path / "class/hwmon/hwmon0/temp1_input", 40000)
    write(tmp_path / "class/hwmon/hwmon1/name", "coretemp")
    for number, (label, value) in enumerate((("Package id 0", 60000), ("Core 0", 59000), ("Core 1", 64000)), 1):
        write(tmp_path / f"class/hwmon/hwmon1/temp{number}_label", label)
        write(tmp_path / f"class/hwmon/hwmon1/temp{number}_input", value)
    return Machine(sysfs=tmp_path)


def test_the_package_is_found_among_other_sensors(laptop: Machine) -> None:
    sensor = find(laptop, "auto")
    assert sensor is not None
    assert (sensor.name, sensor.celsius()) == ("x86_pkg_temp", 61.0)


def test_a_sensor_is_found_by_its_name(laptop: Machine) -> None:
    coretemp, core, disk = (find(laptop, name) for name in ("coretemp", "coretemp/Core 1", "nvme"))
    assert coretemp is not None
    assert core is not None
    assert disk is not None
    assert (coretemp.celsius(), core.celsius(), disk.celsius()) == (60.0, 64.0, 40.0)


def test_on_amd_the_control_value_stands_for_the_package(tmp_path: Path) -> None:
    write(tmp_path / "class/hwmon/hwmon3/name", "k10temp")
    for number, (label, value) in enumerate((("Tdie", 50000), ("Tctl", 55250)), 1):
        write(tmp_path / f"class/hwmon/hwmon3/temp{number}_label", label)
        write(tmp_path / f"class/hwmon/hwmon3/temp{number}_input", value)
    sensor = find(Machine(sysfs=tmp_path), "auto")
    assert sensor is not None
    assert (sensor.name, sensor.celsius()) == ("k10temp", 55.25)


def test_of_two_packages_the_hotter_one_counts(tmp_path: Path) -> None:
    for number, value in enumerate((50000, 70000)):
        write(tmp_path / f"class/thermal/thermal_zone{number}/type", "x86_pkg_temp")
        write(tmp_path / f"class/thermal/thermal_zone{number}/temp", value)
    sensor = find(Machine(sysfs=tmp_path), "auto")
    assert sensor is not None
    assert sensor.celsius() == 70.0


def test_a_machine_without_sensors_has_none(tmp_path: Path) -> None:
    assert sensors(Machine(sysfs=tmp_path)) == {}
    assert find(Machine(sysfs=tmp_path), "auto") is None


def test_null_asks_for_no_sensor(laptop: Machine) -> None:
    assert find(laptop, None) is None


def test_a_sensor_that_is_not_there_is_an_error_that_lists_those_that_are(laptop: Machine) -> None:
    with pytest.raises(ErgitError, match=r"is k10temp, which.*acpitz, coretemp, coretemp/Core 0.*x86_pkg_temp"):
        find(laptop, "k10temp")


@pytest.mark.parametrize("text", ["", "hot", "0", "-273000", "200000", "45_000", "٤٥٠٠٠"])
def test_a_sensor_that_gives_no_temperature_is_an_error(tmp_path: Path, text: str) -> None:
    write(tmp_path / "temp", text)
    with pytest.raises(ErgitError, match="temperature sensor"):
        Sensor("x86_pkg_temp", (tmp_path / "temp",)).celsius()


def test_a_sensor_that_vanished_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ErgitError, match="cannot be read"):
        Sensor("x86_pkg_temp", (tmp_path / "temp",)).celsius()


class Cpu:
    """A CPU that cools by a degree in each pause and warms by five when it works; a second passes each time."""

    def __init__(self, folder: Path, celsius: int) -> None:
        self.celsius = celsius
        self.now = 0.0
        self.path = folder / "temp"
        self.pass_second(0)

    def pass_second(self, degrees: int) -> None:
        """The next second."""
        self.celsius += degrees
        self.now += 1.0 if degrees else 0.0
        write(self.path, self.celsius * 1000)

    def wait(
        self, lowest: float | None, highest: float | None, seconds: float
    ) -> tuple[float | None, float, str | None]:
        """What the gate says."""
        gate = wait_until_within(
            Sensor("x86_pkg_temp", (self.path,)),
            lowest,
            highest,
            seconds,
            warm=lambda: self.pass_second(5),
            clock=lambda: self.now,
            sleep=lambda _: self.pass_second(-1),
        )
        return gate.celsius, gate.waited_seconds, gate.flag


def test_a_cpu_within_bounds_is_not_waited_for(tmp_path: Path) -> None:
    assert Cpu(tmp_path, 50).wait(40, 60, 300) == (50.0, 0.0, None)


def test_without_bounds_nothing_is_waited_for(tmp_path: Path) -> None:
    assert Cpu(tmp_path, 99).wait(None, None, 300) == (99.0, 0.0, None)


def test_a_hot_cpu_is_left_to_cool(tmp_path: Path) -> None:
    assert Cpu(tmp_path, 70).wait(None, 60, 300) == (60.0, 10.0, None)


def test_a_cold_cpu_is_made_to_work(tmp_path: Path) -> None:
    assert Cpu(tmp_path, 30).wait(45, None, 300) == (45.0, 3.0, None)


def test_a_cpu_that_stays_hot_is_flagged(tmp_path: Path) -> None:
    assert Cpu(tmp_path, 90).wait(None, 60, 5) == (85.0, 5.0, "too-hot")


def test_a_cpu_that_stays_cold_is_flagged(tmp_path: Path) -> None:
    assert Cpu(tmp_path, 10).wait(45, None, 2) == (20.0, 2.0, "too-cold")


def test_bounds_that_contradict_each_other_end_too(tmp_path: Path) -> None:
    assert Cpu(tmp_path, 50).wait(60, 40, 3)[2] in {"too-hot", "too-cold"}
