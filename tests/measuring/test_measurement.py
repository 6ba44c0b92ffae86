"""A reading has the energy of its window, or a reason; gates hold it back, and what cannot be trusted is flagged."""

import os
import time
from pathlib import Path
from typing import Any, ClassVar, Literal

import msgspec
import pytest

from ergit.config.settings import MeasureSettings, QuietSettings, TemperatureSettings, WorkloadSettings
from ergit.energy.source import Energy, Source
from ergit.errors import ErgitError
from ergit.machine.kernel import Machine
from ergit.machine.temperature import Sensor
from ergit.measuring.attempts import Attempt
from ergit.measuring.context import ReadingSetup
from ergit.measuring.measurement import Measurement
from ergit.measuring.stages import STAGES, Stages
from ergit.measuring.window import left_behind_flags
from ergit.records.readings import WindowConditions
from tests.fakes.shell import until_asleep
from tests.fakes.stages import Broom, Thermometer

PATIENT = TemperatureSettings(wait_seconds=0.2)
UNLIMITED = QuietSettings(foreign_cores=1000.0, wait_seconds=0.0)
SETTINGS = MeasureSettings(
    rest_seconds=0.0, idle_seconds=0.1, minimum_window_seconds=0.0, temperature=PATIENT, quiet=UNLIMITED
)
FIRST = Attempt(1)
STRICT = QuietSettings(foreign_cores=0.2, wait_seconds=0.0)


class GivenEnergy(Source):
    """A counter of an imagined package that counts 20 J in each window, and notes when it is read.

    It says that it counted for `seconds`, or nothing of that: how late its edges are on a busy machine is no flag.
    """

    name = "given"
    kind: ClassVar[Literal["measured", "estimated"]] = "measured"
    domains = ("package",)

    def __init__(self, problem: str | None = None, seconds: float | None = None, *, is_gone: bool = False) -> None:
        self.problem = problem
        self.seconds = seconds
        self.is_gone = is_gone
        self.started = self.ended = 0.0

    def start(self) -> None:
        """Reads the clock."""
        self.started = time.monotonic()

    def stop(self) -> None:
        """Reads the clock."""
        self.ended = time.monotonic()

    def energy(self, cpu_seconds: float) -> Energy:  # noqa: ARG002
        """20 J."""
        joules = {} if self.problem else {"package": 20.0}
        return Energy(joules, (), self.problem, self.seconds, self.is_gone)

    def close(self) -> None:
        """Nothing."""


class Folder:
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

    def measurement(
        self,
        command: str,
        source: Source | None = None,
        sensor: Sensor | None = None,
        cleanup: str | None = None,
        stages: Stages = STAGES,
        **others: Any,
    ) -> Measurement:
        """The measurement for this command; other names are those of `measure` of the config."""
        return Measurement(
            ReadingSetup(
                workload=WorkloadSettings(command=command, cleanup=cleanup, timeout_seconds=20.0),
                settings=msgspec.structs.replace(SETTINGS, **others),
                build_dir=self.folder,
                environment=dict(os.environ),
                log=self.folder / "log",
                source=source or GivenEnergy(),
                sensor=sensor,
                machine=Machine(sysfs=self.folder / "sys", proc=self.folder / "proc"),
            ),
            stages=stages,
        )


def seen_in(measurement: Measurement, attempt: Attempt = FIRST) -> tuple[tuple[str, ...], WindowConditions]:
    """Flags and conditions of the next reading, which has a window."""
    reading = measurement.take(attempt)
    assert reading.conditions is not None
    return reading.flags, reading.conditions


@pytest.fixture
def machine(tmp_path: Path) -> Folder:
    """A quiet machine."""
    return Folder(tmp_path)


def test_a_reading_has_the_energy_of_its_window(machine: Folder) -> None:
    source, stage = GivenEnergy(), Thermometer()
    reading = machine.measurement("sleep 0.2", source, stages=(*STAGES, stage)).take(Attempt(1))
    assert (reading.status, reading.joules, reading.flags) == ("ok", {"package": 20.0}, ("room-at-21-celsius",))
    assert 0.2 <= reading.duration_seconds <= source.ended - source.started
    assert source.ended <= stage.ended


def test_a_failing_workload_has_no_joules(machine: Folder) -> None:
    reading = machine.measurement("exit 1").take(Attempt(1))
    assert (reading.status, reading.joules) == ("failed", {})


def test_a_window_without_a_number_has_the_sources_reason(machine: Folder) -> None:
    reading = machine.measurement("true", GivenEnergy("the counter was reset")).take(Attempt(1))
    assert (reading.status, reading.joules, reading.reason) == ("not-counted", {}, "the counter was reset")


def test_foreign_work_in_the_window_flags_the_reading(machine: Folder) -> None:
    line = "cpu  500 0 0 0 0 0 0 0 0 0\\ncpu0 0\\ncpu1 0\\n"
    flags, conditions = seen_in(machine.measurement(f"printf '{line}' > proc/stat; sleep 0.1", quiet=STRICT))
    assert flags == ("foreign-cpu",)
    assert conditions.foreign_cpu_seconds == pytest.approx(5.0, abs=1.0)  # without the workload's own


def test_steal_in_the_window_flags_the_reading(machine: Folder) -> None:
    line = "cpu  0 0 0 0 0 0 0 300 0 0\\ncpu0 0\\ncpu1 0\\n"
    flags, _ = seen_in(machine.measurement(f"printf '{line}' > proc/stat; sleep 0.1", quiet=STRICT))
    assert flags == ("steal",)


def test_a_window_that_is_too_short_is_flagged(machine: Folder) -> None:
    assert machine.measurement("true", minimum_window_seconds=5.0).take(Attempt(1)).flags == ("short-window",)


def test_a_cleanup_that_fails_is_flagged(machine: Folder) -> None:
    assert machine.measurement("true", cleanup="exit 1").take(Attempt(1)).flags == ("cleanup-failed",)


def test_temperatures_before_and_after_are_recorded(machine: Folder) -> None:
    _, conditions = seen_in(machine.measurement("echo 61000 > temp", sensor=machine.heat(45.0)))
    assert (conditions.celsius_before, conditions.celsius_after) == (45.0, 61.0)


def test_what_the_machine_does_not_say_is_missing_with_the_reason(machine: Folder) -> None:
    _, conditions = seen_in(machine.measurement("true"))
    assert conditions.celsius_before is None
    assert conditions.missing["celsius_before"] == "no temperature sensor is used"


def test_a_cpu_that_stays_too_hot_is_flagged_and_waited_for_once(machine: Folder) -> None:
    hot = msgspec.structs.replace(PATIENT, highest_celsius=60.0)
    measurement = machine.measurement("true", sensor=machine.heat(80.0), temperature=hot)
    (first, waited), (second, waited_again) = seen_in(measurement), seen_in(measurement, Attempt(2))
    assert (first, second) == (("too-hot",), ("too-hot",))
    assert (waited.waited_seconds or 0.0) >= 0.2
    assert (waited_again.waited_seconds or 0.0) < 0.2


def test_a_cpu_that_stays_too_hot_is_an_error_where_the_config_says_so(machine: Folder) -> None:
    strict = msgspec.structs.replace(PATIENT, highest_celsius=60.0, on_timeout="error")
    with pytest.raises(ErgitError, match=r"too hot: 80 °C by x86_pkg_temp"):
        machine.measurement("true", sensor=machine.heat(80.0), temperature=strict).take(Attempt(1))


def test_a_warm_up_is_not_held_back(machine: Folder) -> None:
    strict = msgspec.structs.replace(PATIENT, highest_celsius=60.0, on_timeout="error")
    assert (
        machine.measurement("true", sensor=machine.heat(80.0), temperature=strict).take(Attempt(1, warmup=True)).status
        == "ok"
    )


def test_a_sensor_that_breaks_is_an_error(machine: Folder) -> None:
    with pytest.raises(ErgitError, match="temperature sensor"):
        machine.measurement("rm temp", sensor=machine.heat(45.0)).take(Attempt(1))


def test_the_idle_machine_is_sampled_apart(machine: Folder) -> None:
    source = GivenEnergy()
    idle = machine.measurement("touch ran", source).idle()
    assert idle is not None
    assert (idle.joules, idle.flags) == ({"package": 20.0}, ())
    assert SETTINGS.idle_seconds <= idle.duration_seconds <= source.ended - source.started
    assert not (machine.folder / "ran").exists()


def test_no_idle_sample_is_taken_where_none_is_wanted(machine: Folder) -> None:
    assert machine.measurement("true", idle_seconds=0.0).idle() is None


def test_another_stage_stands_in_the_list_before_the_window(machine: Folder) -> None:
    stage, source = Thermometer(), GivenEnergy()
    reading = machine.measurement("true", source, stages=(stage, *STAGES)).take(Attempt(1))
    assert stage.found == ["reading 1, window: False, status: ok"]
    assert reading.flags == ("room-at-21-celsius",)
    assert stage.ended <= source.started


def test_stages_run_in_the_order_of_their_list(machine: Folder) -> None:
    first, last = Thermometer(), Broom()
    machine.measurement("true", stages=(first, *STAGES, last)).take(Attempt(2))
    assert first.found == ["reading 2, window: False, status: ok"]
    assert last.found == ["reading 2, window: True, status: ok"]


def test_after_a_failure_only_the_stages_run_that_give_back_what_others_took(machine: Folder) -> None:
    skipped, run = Thermometer(), Broom()
    reading = machine.measurement("exit 3", stages=(*STAGES, skipped, run)).take(Attempt(1))
    assert (skipped.found, run.found) == ([], ["reading 1, window: True, status: failed"])
    assert reading.status == "failed"


def test_a_list_without_a_window_is_an_error(machine: Folder) -> None:
    with pytest.raises(ErgitError, match="runs the workload"):
        machine.measurement("true", stages=(Thermometer(),)).take(Attempt(1))


def test_counters_that_are_read_late_flag_the_reading(machine: Folder) -> None:
    reading = machine.measurement("true", GivenEnergy(seconds=60.0)).take(Attempt(1))
    assert (reading.flags, reading.counted_seconds, reading.is_clean) == (("late-edge",), 60.0, False)


def test_a_counter_that_is_gone_ends_the_job(machine: Folder) -> None:
    with pytest.raises(ErgitError, match=r"cannot be read any more \(ENODEV\)"):
        machine.measurement("true", GivenEnergy("ENODEV", is_gone=True)).take(Attempt(1))


def test_work_that_goes_on_after_the_command_disqualifies_the_reading(machine: Folder) -> None:
    flags, conditions = seen_in(machine.measurement("while :; do :; done & true"))
    assert flags == ("left-behind:bash", "unfinished-work")
    assert conditions.still_running == ("bash",)


def test_a_daemon_that_rests_is_named_and_disqualifies_nothing(machine: Folder) -> None:
    reading = machine.measurement(f"setsid sleep 7151 & {until_asleep('7151')}").take(Attempt(1))
    assert reading.flags == ("left-behind:sleep",)
    assert reading.is_clean


def test_of_many_programs_left_behind_the_first_are_named() -> None:
    names = [f"worker{number}" for number in range(8)] + ["worker0"] * 200
    assert left_behind_flags(names) == [*(f"left-behind:worker{number}" for number in range(5)), "left-behind:3-more"]


def test_a_domain_that_is_judged_and_was_not_counted_gives_no_reading(machine: Folder) -> None:
    reading = machine.measurement("true", judged="dram").take(Attempt(1))
    assert (reading.status, reading.joules) == ("not-counted", {})


def test_work_that_ends_by_itself_just_after_the_command_is_work_that_the_reading_lacks(machine: Folder) -> None:
    flags, _ = seen_in(machine.measurement("for ((i = 0; i < 100000; i++)); do :; done & true"))
    assert "unfinished-work" in flags
