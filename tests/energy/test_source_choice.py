"""Which source is chosen, and what is said where none can be."""

import os
from pathlib import Path
from typing import Any

import pytest

from ergit.config.settings import MeasureSettings
from ergit.energy import Roots, choose, probe
from ergit.energy.pmu import open_event
from ergit.errors import ErgitError
from tests.fakes.counter_trees import CPU_CLOCK, SOFTWARE, clock_pmu, power_pmu, zone

SETTINGS = MeasureSettings()


@pytest.fixture
def roots(tmp_path: Path) -> Roots:
    """A machine without any counter and without perf."""
    (tmp_path / "proc").mkdir()
    return Roots(
        powercap=tmp_path / "powercap",
        event_sources=tmp_path / "devices",
        proc=tmp_path / "proc",
        perf="perf-that-is-not-there",
    )


def chosen(roots: Roots, **settings: Any) -> tuple[str, str, str]:
    """Name, kind and reason of the chosen source."""
    with choose(MeasureSettings(**settings), roots) as source:
        return source.name, source.kind, source.reason


def test_a_machine_without_counters_is_an_error_that_names_each_source_and_its_fix(roots):
    with pytest.raises(ErgitError) as error:
        choose(SETTINGS, roots)
    text = str(error.value)
    for part in ("pmu: ", "perf: ", "powercap: ", "modprobe rapl", "modprobe intel_rapl_msr", "allow_estimate: true"):
        assert part in text
    assert "\n" not in text


def test_one_fix_for_several_sources_is_said_once(roots):
    (roots.proc / "cpuinfo").write_text("flags : fpu hypervisor\n")
    with pytest.raises(ErgitError) as error:
        choose(SETTINGS, roots)
    assert str(error.value).count("virtual machine") == 1
    assert "To fix pmu and perf and powercap: " in str(error.value)


def test_the_estimate_is_not_taken_unless_it_is_allowed(roots):
    name, kind, reason = chosen(roots, allow_estimate=True)
    assert (name, kind) == ("estimate", "estimated")
    assert "no counter can be read" in reason
    assert "measure.allow_estimate is true" in reason
    assert "powercap not: there is no powercap tree" in reason


def test_the_estimate_can_be_asked_for(roots):
    name, _, reason = chosen(roots, source="estimate")
    assert name == "estimate"
    assert "asked for by measure.source" in reason


def test_powercap_is_taken_where_the_power_pmu_is_missing_and_the_reason_says_so(roots):
    zone(roots.powercap / "intel-rapl:0", "package-0", 0)
    zone(roots.powercap / "intel-rapl:0:0", "dram", 0, 0)
    name, kind, reason = chosen(roots, allow_estimate=True)
    assert (name, kind) == ("powercap", "measured")
    assert "the first that can be read: counters of package" in reason
    assert "dram left out" in reason
    assert "pmu not: there is no event" in reason
    assert "perf not: " in reason


def test_the_power_pmu_comes_before_powercap(roots):
    try:
        os.close(open_event(SOFTWARE, CPU_CLOCK, 0))
    except OSError as error:
        pytest.skip(f"no right to count events on CPU 0 ({error.strerror})")
    zone(roots.powercap / "intel-rapl:0", "package-0", 0)
    clock_pmu(roots.event_sources, "0")
    name, _, reason = chosen(roots)
    assert name == "pmu"
    assert " not: " not in reason
    assert chosen(roots, source="powercap")[0] == "powercap"


@pytest.mark.parametrize("name", ["pmu", "perf", "powercap"])
def test_a_source_that_is_asked_for_is_taken_or_refused_and_never_replaced(roots, name):
    if name != "powercap":
        zone(roots.powercap / "intel-rapl:0", "package-0", 0)
    with pytest.raises(ErgitError, match=f"measure.source is {name}, which cannot be read here"):
        choose(MeasureSettings(source=name, allow_estimate=True), roots)


def test_perf_is_asked_whether_it_is_there_only_after_the_event_is(roots):
    power_pmu(roots.event_sources)
    with pytest.raises(ErgitError, match="perf-that-is-not-there is not on PATH"):
        choose(MeasureSettings(source="perf"), roots)


def test_the_limit_of_power_can_be_set(roots):
    counter = zone(roots.powercap / "intel-rapl:0", "package-0", 0)
    with choose(SETTINGS, roots, limit_watts=50.0) as source:
        source.start()
        counter.write_text("5000000\n")
        source.stop()
        assert "more than 50 W" in str(source.energy(0.0).problem)


def test_a_probe_says_of_each_source_whether_it_can_be_used_and_raises_nothing(roots):
    zone(roots.powercap / "intel-rapl:0", "package-0", 0)
    found = probe(SETTINGS, roots)
    assert [(source.name, source.kind, source.available) for source in found] == [
        ("pmu", "measured", False),
        ("perf", "measured", False),
        ("powercap", "measured", True),
        ("estimate", "estimated", True),
    ]
    assert [source.fix is None for source in found] == [False, False, True, True]
    assert found[2].reason.startswith("counters of package; from the tree at ")
