"""What holds a reading back, and what ends that wait."""

import itertools
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace

from ergit.config.settings import MeasureSettings, QuietSettings, TemperatureSettings, WorkloadSettings
from ergit.energy import choose
from ergit.errors import ErgitError
from ergit.machine.interference import MachineTotals
from ergit.machine.temperature import Sensor
from ergit.measuring import gates
from ergit.measuring.attempts import Attempt
from ergit.measuring.context import ReadingContext, ReadingSetup, ReadingStage
from ergit.measuring.gates import QuietGate, TemperatureGate
from ergit.measuring.measurement import Measurement
from ergit.planning.requests import refuse_stopped, stop

SETTINGS = MeasureSettings(
    source="estimate",
    rest_seconds=0.0,
    temperature=TemperatureSettings(highest_celsius=60.0, wait_seconds=0.5),
    quiet=QuietSettings(foreign_cores=0.1, wait_seconds=0.5),
)


def busy_totals(number: int) -> MachineTotals:
    """What a machine of two processors has done that works on both, when it is looked at every 0.25 s."""
    seconds = 0.25 * number
    return MachineTotals(seconds, seconds, 2, 2 * seconds, 0.0, 0.0, 0.0, None, None, None)


@pytest.fixture
def hot_and_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ReadingSetup:
    """A job on a machine that stays hot and busy; a stop is asked for in its folder."""
    looks = itertools.count()
    monkeypatch.setattr(gates, "machine_totals", lambda _: busy_totals(next(looks)))
    (tmp_path / "celsius").write_text("90000\n", encoding="utf-8")
    return ReadingSetup(
        workload=WorkloadSettings(command="true"),
        settings=SETTINGS,
        build_dir=tmp_path,
        environment={},
        log=tmp_path / "log",
        source=choose(SETTINGS),
        sensor=Sensor("cpu", (tmp_path / "celsius",)),
        refuse_stopped=partial(refuse_stopped, tmp_path),
    )


@pytest.mark.parametrize("gate", [QuietGate(), TemperatureGate()], ids=["quiet", "temperature"])
def test_a_stop_ends_a_wait_before_the_first_reading_of_a_job(
    gate: ReadingStage, hot_and_busy: ReadingSetup, tmp_path: Path
) -> None:
    first = ReadingContext(hot_and_busy, Attempt(1))
    gate.run(first)
    assert first.conditions.waited_seconds
    hot_and_busy.timed_out.clear()
    stop(tmp_path)
    with pytest.raises(ErgitError, match="asked this study to stop"):
        gate.run(ReadingContext(hot_and_busy, Attempt(1)))


def test_what_was_prepared_is_cleaned_up_where_a_stop_ends_a_wait(hot_and_busy: ReadingSetup, tmp_path: Path) -> None:
    workload = WorkloadSettings(command="touch window", prepare="touch prepared", cleanup="mv prepared cleaned")
    stop(tmp_path)
    with pytest.raises(ErgitError, match="asked this study to stop"):
        Measurement(replace(hot_and_busy, workload=workload)).take(Attempt(1))
    assert [(tmp_path / name).exists() for name in ("prepared", "cleaned", "window")] == [False, True, False]


@pytest.mark.parametrize("gate", [QuietGate(), TemperatureGate()], ids=["quiet", "temperature"])
@pytest.mark.parametrize("attempt", [Attempt(2), Attempt(1, attempt=2)], ids=str)
def test_after_the_first_reading_a_stop_shortens_no_wait(
    gate: ReadingStage, attempt: Attempt, hot_and_busy: ReadingSetup, tmp_path: Path
) -> None:
    stop(tmp_path)
    later = ReadingContext(hot_and_busy, attempt)
    gate.run(later)
    assert (later.conditions.waited_seconds or 0.0) >= 0.5
