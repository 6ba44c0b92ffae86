"""Which source is chosen, and the error where none can be."""

import time
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from ergit.config.fingerprint import reading_fingerprint
from ergit.config.settings import MeasureSettings, RepositorySettings, Settings, WorkloadSettings
from ergit.energy import Roots, choose, probe
from ergit.energy.choice import with_least_right
from ergit.energy.combined import CombinedSource
from ergit.energy.powercap import PowercapSource
from ergit.energy.registry import SOURCES
from ergit.energy.rights import give, start_with_perfmon
from ergit.energy.source import NoRightError, OtherDomainError
from ergit.errors import ErgitError
from ergit.records.readings import DOMAINS
from tests.fakes.another_user import another_user
from tests.fakes.counter_trees import clock_pmu, power_pmu, running, zone
from tests.fakes.needs import needs_right_to_count
from tests.fakes.second_source import METER, MeterSource

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
    for part in ("pmu and perf: ", "powercap: ", "modprobe rapl", "modprobe intel_rapl_msr", "allow_estimate: true"):
        assert part in text
    assert "\n" not in text


def test_one_fix_for_several_sources_is_said_once(roots):
    (roots.proc / "cpuinfo").write_text("flags : fpu hypervisor\n")
    with pytest.raises(ErgitError) as error:
        choose(SETTINGS, roots)
    assert str(error.value).count("virtual machine") == 1
    assert "To fix pmu and perf and powercap: " in str(error.value)
    assert "pmu and perf: there is no event" in str(error.value)


def test_of_several_missing_rights_the_least_one_is_the_fix(roots, tmp_path):
    zone(roots.powercap / "intel-rapl:0", "package-0", 0).chmod(0)
    power_pmu(roots.event_sources)
    (roots.proc / "sys/kernel").mkdir(parents=True)
    (roots.proc / "sys/kernel/perf_event_paranoid").write_text("3\n")
    refusals = {
        "pmu": NoRightError("no right to open", start_with_perfmon(roots.proc)),
        "perf": NoRightError("no right to count", give("perf", roots.proc)),
    }
    assert {each.fix for each in with_least_right(refusals).values()} == {give("perf", roots.proc)}
    with another_user(tmp_path), pytest.raises(ErgitError) as error:
        choose(SETTINGS, roots)
    assert str(error.value).count("sudo") == 1
    assert "prepare apply --rights powercap" in str(error.value)


def test_a_way_out_is_not_advised_where_it_is_taken_already(roots):
    for source, allow, advice in (
        ("auto", False, "set measure.allow_estimate: true to"),
        ("pmu", False, "set measure.source: auto and measure.allow_estimate: true to"),
        ("pmu", True, "set measure.source: auto to"),
    ):
        settings: Any = MeasureSettings(source=source, allow_estimate=allow)  # type: ignore[arg-type]
        with pytest.raises(ErgitError) as error:
            choose(settings, roots)
        assert advice in str(error.value)
        assert str(error.value).count("allow_estimate") == (not allow)


def test_a_machine_that_counts_the_platform_alone_is_told_to_judge_by_it_after_it_was_tried(roots):
    counter = zone(roots.powercap / "intel-rapl:0", "psys", 0)
    with running(counter), pytest.raises(ErgitError, match="counts psys and no package") as error:
        choose(SETTINGS, roots)
    assert str(error.value).count("Set measure.judged: psys, the energy of the whole machine") == 1
    without = {"perf": NoRightError("no right", "give it"), "powercap": OtherDomainError("tree", ["psys"], "package")}
    assert {each.fix for each in with_least_right(without).values()} == {
        "Set measure.judged: psys, the energy of the whole machine"
    }
    with pytest.raises(ErgitError, match=r"no package, by which .*; psys: a trial counted no energy") as error:
        choose(SETTINGS, roots)
    assert "Set measure.judged" not in str(error.value)


def test_a_combination_reads_the_domains_of_the_settings_alone(roots):
    counters = [
        zone(roots.powercap / "intel-rapl:0", "package-0", 0),
        zone(roots.powercap / "intel-rapl:0:0", "dram", 0),
    ]
    settings: Any = MeasureSettings(source=("powercap", "meter"), domains=("package", "psys"))  # type: ignore[arg-type]
    with running(*counters), choose(settings, roots, sources=[METER, *SOURCES]) as source:
        assert source.domains == ("package", "psys")
        assert "dram left out by measure.domains" in source.reason


def test_domains_without_the_judged_one_are_refused_before_anything_is_spent():
    with pytest.raises(ErgitError, match=r"measure.domains leaves out package, .* set measure.judged to one of dram"):
        MeasureSettings(domains=("dram",))


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
    counter = zone(roots.powercap / "intel-rapl:0", "package-0", 0)
    zone(roots.powercap / "intel-rapl:0:0", "dram", 0, 0)
    with running(counter):
        name, kind, reason = chosen(roots, allow_estimate=True)
    assert (name, kind) == ("powercap", "measured")
    assert "the first that can be read: counters of package" in reason
    assert "dram left out" in reason
    assert "pmu not: there is no event" in reason
    assert "perf not: " in reason


@needs_right_to_count
def test_the_power_pmu_comes_before_powercap(roots):
    counter = zone(roots.powercap / "intel-rapl:0", "package-0", 0)
    clock_pmu(roots.event_sources, "0")
    name, _, reason = chosen(roots)
    assert name == "pmu"
    assert " not: " not in reason
    with running(counter):
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
    with running(counter, watts=5.0), choose(SETTINGS, roots, limit_watts=50.0) as source:
        source.start()
        time.sleep(0.1)
        source.stop()
        assert source.energy(0.0).problem is None
    with running(counter, watts=900.0), pytest.raises(ErgitError, match="more than 50 W"):
        choose(SETTINGS, roots, limit_watts=50.0)


def test_a_probe_says_of_each_source_whether_it_can_be_used_and_raises_nothing(roots):
    with running(zone(roots.powercap / "intel-rapl:0", "package-0", 0)):
        found = probe(SETTINGS, roots)
    assert [(source.name, source.kind, source.available) for source in found] == [
        ("pmu", "measured", False),
        ("perf", "measured", False),
        ("powercap", "measured", True),
        ("estimate", "estimated", True),
    ]
    assert [source.fix is None for source in found] == [False, False, True, True]
    assert [source.is_asked_for for source in found] == [True, True, True, False]
    assert found[2].reason.startswith("counters of package; from the tree at ")


def test_a_counter_that_stands_still_is_refused_before_anything_is_spent(roots):
    """As in virtual machines that pass the files through: the next source is taken, the estimate only where allowed."""
    zone(roots.powercap / "intel-rapl:0", "package-0", 123_456)
    began = time.thread_time()
    with pytest.raises(ErgitError, match=r"powercap: a trial counted no energy: powercap: package-0: .* did not move"):
        choose(SETTINGS, roots)
    assert time.thread_time() - began < 1.0  # at most 0.125 s of it in windows
    name, kind, reason = chosen(roots, allow_estimate=True)
    assert (name, kind) == ("estimate", "estimated")
    assert "powercap not: a trial counted no energy" in reason
    found = probe(SETTINGS, roots)
    assert (found[2].available, "does not count" in str(found[2].fix)) == (False, True)


def test_one_package_of_two_that_stands_still_is_enough_to_refuse(roots):
    counters = [zone(roots.powercap / f"intel-rapl:{number}", f"package-{number}", number) for number in (0, 1)]
    with running(counters[0]), pytest.raises(ErgitError, match="package-1"):
        choose(SETTINGS, roots)


def test_a_healthy_counter_passes_its_trial_in_a_few_milliseconds(roots, monkeypatch):
    counter = zone(roots.powercap / "intel-rapl:0", "package-0", 0)
    worked: list[float] = []

    def work(seconds: float) -> None:
        worked.append(seconds)
        counter.write_text("90\n")

    monkeypatch.setattr("ergit.energy.source.work", work)
    with PowercapSource(roots.powercap) as source:
        source.try_out()
    assert worked == [0.005]


def test_a_graphics_unit_may_rest_in_the_trial_although_commits_are_judged_by_it(roots):
    package = zone(roots.powercap / "intel-rapl:0", "package-0", 0)
    zone(roots.powercap / "intel-rapl:0:0", "uncore", 5)
    with running(package), choose(MeasureSettings(judged="uncore"), roots) as source:
        assert source.domains == ("package", "uncore")


def test_auto_takes_the_first_source_that_counts_the_judged_domain(roots):
    counters = [
        zone(roots.powercap / "intel-rapl:0", "package-0", 0),
        zone(roots.powercap / "intel-rapl:1", "psys", 0),
    ]
    power_pmu(roots.event_sources)
    with running(*counters):
        name, _, reason = chosen(roots, judged="psys")
    assert name == "powercap"
    assert "counts package and no psys" in reason


def test_the_estimate_stands_in_for_packages_alone(roots):
    with pytest.raises(ErgitError, match="the source estimate counts package and no dram"):
        choose(MeasureSettings(source="estimate", judged="dram"), roots)


def test_a_source_that_is_not_ergits_own_is_chosen_by_its_entry_alone(roots):
    with choose(MeasureSettings(judged="psys"), roots, sources=[METER, *SOURCES]) as source:
        assert (source.name, source.domains) == ("meter", ("psys",))
        source.start()
        source.stop()
        assert source.energy(0.0).joules == {"psys": 3.0}


def test_sources_are_combined_and_each_domain_is_read_by_the_first_that_counts_it(roots):
    counters = [
        zone(roots.powercap / "intel-rapl:0", "package-0", 0),
        zone(roots.powercap / "intel-rapl:1", "psys", 0),
    ]
    sources = [METER, *SOURCES]
    for order, psys_by in ((("powercap", "meter"), "powercap"), (("meter", "powercap"), "meter")):
        settings: Any = MeasureSettings(source=order)  # type: ignore[arg-type]
        with running(*counters), choose(settings, roots, sources=sources) as source:
            assert source.name == "+".join(order)
            assert source.domains == ("package", "psys")
            assert f"psys by {psys_by}" in source.reason
            source.start()
            time.sleep(0.05)
            source.stop()
            energy = source.energy(0.0)
        assert energy.problem is None
        (package,) = (counter for counter in energy.counters if counter.domain == "package")
        assert isinstance(package.before, int)
        assert isinstance(package.after, int)
        assert energy.joules["package"] == (package.after - package.before) / 1e6 > 0
        assert (energy.joules["psys"] == 3.0) is (psys_by == "meter")
        assert {counter.name for counter in energy.counters} == {"package-0", {"meter": "meter"}.get(psys_by, "psys")}


def test_the_first_of_combined_sources_is_read_next_to_the_command():
    first, second = MeterSource(), MeterSource()
    second.edges = first.edges  # one list, so that the order is seen
    both = CombinedSource([first, second])
    second.start, second.stop = (lambda: first.edges.append("second")), (lambda: first.edges.append("second"))
    both.start()
    both.stop()
    both.close()
    assert first.edges == ["second", "start", "stop", "second", "close", "close"]


def test_a_problem_of_one_of_the_combined_sources_makes_the_window_void(tmp_path):
    zone(tmp_path / "intel-rapl:0", "package-0", 0)
    both = CombinedSource([PowercapSource(tmp_path), MeterSource()])
    with both:
        both.start()
        time.sleep(0.11)
        both.stop()
        energy = both.energy(0.0)
    assert energy.joules == {}
    assert str(energy.problem).startswith("powercap: package-0: the counter did not move")


def test_a_combination_of_which_one_source_is_missing_is_refused_with_its_name(roots):
    counter = zone(roots.powercap / "intel-rapl:0", "package-0", 0)
    with (
        running(counter),
        pytest.raises(ErgitError, match=r"measure.source is pmu\+powercap, .* pmu: there is no event"),
    ):
        choose(MeasureSettings(source=("pmu", "powercap")), roots)
    found = probe(MeasureSettings(source=("pmu", "powercap")), roots)
    assert (found[0].name, found[0].available, found[0].is_asked_for) == ("pmu+powercap", False, True)


def test_the_names_that_the_settings_allow_are_those_of_the_list():
    hints = get_type_hints(MeasureSettings)
    named = {name for part in get_args(hints["source"]) for name in get_args(part) if isinstance(name, str)}
    assert named - {"auto"} == {entry.name for entry in SOURCES}
    assert get_args(hints["judged"]) == DOMAINS


def test_the_judged_domain_is_no_part_of_a_readings_fingerprint_since_all_domains_are_recorded():
    """Studies of earlier versions go on, and a study may be judged anew without measuring."""
    repository, workload = RepositorySettings(url="."), WorkloadSettings(command="true")
    by_package, by_psys = (
        Settings(repository=repository, workload=workload, commits=("main",), measure=MeasureSettings(judged=domain))
        for domain in ("package", "psys")
    )
    assert reading_fingerprint(by_package) == reading_fingerprint(by_psys)
    fewer = Settings(
        repository=repository, workload=workload, commits=("main",), measure=MeasureSettings(domains=("package",))
    )
    assert reading_fingerprint(fewer) == reading_fingerprint(by_package)
    assert '"measure": {"source": "auto", "powercap": null, "watts_per_core": 10.0}' in reading_fingerprint(by_package)
