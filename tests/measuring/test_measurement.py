"""A reading has the energy of its window, or a reason; gates hold it back, and what cannot be trusted is flagged."""

import os
import time
from pathlib import Path
from typing import Any, ClassVar

import pytest

from ergit.measuring.measurement import Measurement, failure_reason
from ergit.processes.run import Outcome
from ergit.energy.source import Energy, Source
from ergit.errors import ErgitError
from ergit.machine.knobs import Machine
from ergit.machine.temperature import Sensor
from ergit.measuring.attempts import Attempt

SETTINGS: dict[str, Any] = {
    "rest_seconds": 0.0,
    "idle_seconds": 0.1,
    "shortest_window_seconds": 0.0,
    "temperature": {"lowest_celsius": None, "highest_celsius": None, "wait_seconds": 0.2, "otherwise": "flag"},
    "quiet": {"foreign_cores": 1000.0, "wait_seconds": 0.0, "otherwise": "flag"},
}


class ConstantPower(Source):
    """A counter of an imagined package that always draws 100 W, whatever runs."""

    name: ClassVar[str] = "constant"
    kind: ClassVar[str] = "measured"
    domains = ("package",)

    def __init__(self, problem: str | None = None) -> None:
        self.problem = problem
        self.started = self.ended = 0.0

    def start(self) -> None:
        """Reads the clock."""
        self.started = time.monotonic()

    def stop(self) -> None:
        """Reads the clock."""
        self.ended = time.monotonic()

    def energy(self, cpu_seconds: float) -> Energy:  # noqa: ARG002
        """100 J a second."""
        joules = {} if self.problem else {"package": 100 * (self.ended - self.started)}
        return Energy(joules, [], self.problem)

    def close(self) -> None:
        """Nothing."""


class Place:
    """A measurement in a temporary folder, on a machine of which everything is known."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "proc").mkdir()
        self.work(0.0)

    def work(self, busy_seconds: float) -> None:
        """Sets how much CPU time the machine has used since it was started."""
        (self.folder / "proc/stat").write_text(f"cpu  {busy_seconds * 100:.0f} 0 0 0 0 0 0 0 0 0\ncpu0 0\ncpu1 0\n")

    def heat(self, celsius: float) -> Sensor:
        """A sensor that gives this temperature."""
        (self.folder / "temp").write_text(f"{celsius * 1000:.0f}\n")
        return Sensor("x86_pkg_temp", (self.folder / "temp",))

    def measurement(self, command: str, source: Source | None = None, sensor: Sensor | None = None, **others: Any) -> Measurement:
        """The measurement for this command; other names are those of `measure` of the config."""
        return Measurement(
            workload={"command": command, "directory": ".", "prepare": None, "cleanup": None, "timeout_seconds": 20.0},
            settings=SETTINGS | others,
            place=self.folder,
            environment=dict(os.environ),
            log=self.folder / "log",
            source=source or ConstantPower(),
            sensor=sensor,
            machine=Machine(sysfs=self.folder / "sys", proc=self.folder / "proc"),
        )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A quiet machine."""
    return Place(tmp_path)


def test_a_reading_has_the_energy_of_its_window(place: Place) -> None:
    reading = place.measurement("sleep 0.2").take(Attempt(1))
    assert reading.status == "ok"
    assert reading.joules["package"] == pytest.approx(100 * reading.duration_seconds, rel=0.1)
    assert reading.flags == []


def test_a_failing_workload_has_no_joules(place: Place) -> None:
    reading = place.measurement("exit 1").take(Attempt(1))
    assert (reading.status, reading.joules) == ("failed", {})


def test_a_window_without_a_number_has_the_sources_reason(place: Place) -> None:
    reading = place.measurement("true", ConstantPower("the counter was reset")).take(Attempt(1))
    assert (reading.status, reading.joules, reading.reason) == ("not-counted", {}, "the counter was reset")


def test_foreign_work_in_the_window_flags_the_reading(place: Place) -> None:
    line = "cpu  500 0 0 0 0 0 0 0 0 0\\ncpu0 0\\ncpu1 0\\n"
    measurement = place.measurement(f"printf '{line}' > proc/stat; sleep 0.1", quiet=SETTINGS["quiet"] | {"foreign_cores": 0.2})
    reading = measurement.take(Attempt(1))
    assert reading.flags == ["foreign-cpu"]
    assert reading.conditions["foreign_cpu_seconds"] == pytest.approx(5.0, abs=0.1)


def test_steal_in_the_window_flags_the_reading(place: Place) -> None:
    line = "cpu  0 0 0 0 0 0 0 300 0 0\\ncpu0 0\\ncpu1 0\\n"
    measurement = place.measurement(f"printf '{line}' > proc/stat; sleep 0.1", quiet=SETTINGS["quiet"] | {"foreign_cores": 0.2})
    assert measurement.take(Attempt(1)).flags == ["steal"]


def test_a_window_that_is_too_short_is_flagged(place: Place) -> None:
    assert place.measurement("true", shortest_window_seconds=5.0).take(Attempt(1)).flags == ["short-window"]


def test_a_cleanup_that_fails_is_flagged(place: Place) -> None:
    measurement = place.measurement("true")
    measurement.workload = {**measurement.workload, "cleanup": "exit 1"}
    assert measurement.take(Attempt(1)).flags == ["cleanup-failed"]


def test_temperatures_before_and_after_are_recorded(place: Place) -> None:
    reading = place.measurement("echo 61000 > temp", sensor=place.heat(45.0)).take(Attempt(1))
    assert (reading.conditions["celsius_before"], reading.conditions["celsius_after"]) == (45.0, 61.0)


def test_a_cpu_that_stays_too_hot_is_flagged_and_waited_for_once(place: Place) -> None:
    hot = SETTINGS["temperature"] | {"highest_celsius": 60.0}
    measurement = place.measurement("true", sensor=place.heat(80.0), temperature=hot)
    first, second = measurement.take(Attempt(1)), measurement.take(Attempt(2))
    assert (first.flags, second.flags) == (["too-hot"], ["too-hot"])
    assert first.conditions["waited_seconds"] >= 0.2
    assert second.conditions["waited_seconds"] < 0.2


def test_a_cpu_that_stays_too_hot_is_an_error_where_the_config_says_so(place: Place) -> None:
    strict = SETTINGS["temperature"] | {"highest_celsius": 60.0, "otherwise": "error"}
    with pytest.raises(ErgitError, match=r"too hot: 80 °C by x86_pkg_temp"):
        place.measurement("true", sensor=place.heat(80.0), temperature=strict).take(Attempt(1))


def test_a_warm_up_is_not_held_back(place: Place) -> None:
    strict = SETTINGS["temperature"] | {"highest_celsius": 60.0, "otherwise": "error"}
    assert place.measurement("true", sensor=place.heat(80.0), temperature=strict).take(Attempt(1, warmup=True)).status == "ok"


def test_a_sensor_that_breaks_is_an_error(place: Place) -> None:
    with pytest.raises(ErgitError, match="temperature sensor"):
        place.measurement("rm temp", sensor=place.heat(45.0)).take(Attempt(1))


def test_the_idle_machine_is_sampled_apart(place: Place) -> None:
    idle = place.measurement("true").idle()
    assert idle is not None
    assert idle["joules"]["package"] == pytest.approx(100 * idle["duration_seconds"], rel=0.1)
    assert idle["duration_seconds"] == pytest.approx(0.1, rel=0.5)
    assert idle["flags"] == []


def test_no_idle_sample_is_taken_where_none_is_wanted(place: Place) -> None:
    assert place.measurement("true", idle_seconds=0.0).idle() is None


@pytest.mark.parametrize(
    ("status", "exit_code", "number", "loops", "expected"),
    [
        ("ok", 0, None, 3, None),
        ("failed", 2, None, 1, "the workload ended with status 2"),
        ("failed", None, 11, 1, "the workload was killed by SIGSEGV"),
        ("failed", None, 40, 1, "the workload was killed by signal 40"),
        (
            "failed",
            None,
            None,
            0,
            "the workload could not be started: its folder is not there in this commit, or leads out of it",
        ),
        ("failed", 0, None, 1, "the workload killed its parent and so stopped after 1 of 3 repetitions"),
        ("timeout", None, 15, 1, "the workload took longer than 60 s"),
    ],
)
def test_each_end_has_its_words(
    status: Any, exit_code: int | None, number: int | None, loops: int, expected: str | None
) -> None:
    outcome = Outcome(status, exit_code, number, "", 1.0, 1.0, (), loops)
    assert failure_reason("the workload", outcome, 60.0, 3) == expected
