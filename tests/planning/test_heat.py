"""Whether a hot CPU holds measuring back, and what starts meanwhile."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from ergit.config.settings import (
    BuildSettings,
    JobSettings,
    MeasureSettings,
    RepositorySettings,
    TemperatureSettings,
)
from ergit.machine.kernel import Machine
from ergit.planning.heat import VARIABLE, hold
from snakemake_scheduler_plugin_ergit import ReadyJobs, selected


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine whose CPU has 61 °C."""
    zone = tmp_path / "class/thermal/thermal_zone0"
    zone.mkdir(parents=True)
    (zone / "type").write_text("x86_pkg_temp\n")
    (zone / "temp").write_text("61000\n")
    return Machine(sysfs=tmp_path)


def environment(highest_celsius: float | None) -> dict[str, str]:
    """What the workflow hands over where the config says `build_while_hot: true`."""
    settings = JobSettings(
        repository=RepositorySettings(url="demo"),
        java=None,
        build=BuildSettings(),
        workload=None,
        measure=MeasureSettings(temperature=TemperatureSettings(highest_celsius=highest_celsius)),
    )
    return {VARIABLE: "SETTINGS", "SETTINGS": msgspec.json.encode(settings).decode()}


def test_a_cpu_above_its_bound_holds_measuring_back_until_it_is_below(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SETTINGS", environment(60)["SETTINGS"])
    is_held = hold(environment(60), machine)
    assert is_held()
    (machine.sysfs / "class/thermal/thermal_zone0/temp").write_text("59000\n")
    assert not is_held()


def test_nothing_is_held_back_without_a_bound_a_sensor_or_the_setting(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SETTINGS", environment(None)["SETTINGS"])
    assert not hold(environment(None), machine)()
    monkeypatch.setenv("SETTINGS", environment(60)["SETTINGS"])
    assert not hold(environment(60), Machine(sysfs=tmp_path / "none"))()
    assert not hold({}, machine)()


def test_a_sensor_that_breaks_is_left_to_the_measuring_job(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SETTINGS", environment(60)["SETTINGS"])
    is_held = hold(environment(60), machine)
    (machine.sysfs / "class/thermal/thermal_zone0/temp").unlink()
    assert not is_held()


class Job:
    """A ready job, as far as a scheduler looks at it; jobs are told apart by identity, as Snakemake's are."""

    def __init__(self, **facts: Any) -> None:
        self.__dict__.update(facts)


def job(name: str, priority: int, **resources: int) -> Any:
    """A ready job of one core."""
    return Job(
        name=name,
        priority=priority,
        is_group=lambda: False,
        rule=SimpleNamespace(resources=resources),
        scheduler_resources={"_cores": 1, **resources},
        wildcards_dict={"commit": name},
    )


MEASURE = job("measure", 5, rapl=1)
BUILD = job("build of the next batch", -1)
LATER = job("build of a later batch", -2)


def test_while_measuring_is_held_back_other_jobs_come_first() -> None:
    hot = [False]
    ready = ReadyJobs([LATER, MEASURE, BUILD], 2, lambda: hot[0])
    assert [each.name for each in ready] == ["measure", "build of the next batch"]
    hot[0] = True
    assert [each.name for each in ready] == ["build of the next batch", "build of a later batch"]
    hot[0] = False
    assert [each.name for each in ready] == ["measure", "build of the next batch"]


@pytest.mark.parametrize(("held", "starts"), [(False, "measure"), (True, "build of the next batch")])
def test_what_starts_on_one_core_follows(held: bool, starts: str) -> None:
    assert [each.name for each in selected([LATER, BUILD, MEASURE], {"_cores": 1, "rapl": 1}, held=held)] == [starts]


def test_where_nothing_else_is_left_a_measurement_starts_and_waits_at_its_gate() -> None:
    assert selected([MEASURE], {"_cores": 1, "rapl": 1}, held=True) == [MEASURE]
