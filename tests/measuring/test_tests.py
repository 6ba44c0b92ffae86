"""What the tests of a reading did is known from the reports written in its window, and read outside it."""

import os
from pathlib import Path
from typing import ClassVar, Literal

import pytest

from ergit.config.settings import MeasureSettings, QuietSettings, TemperatureSettings, WorkloadSettings
from ergit.energy.source import Energy, Source
from ergit.measuring import tests as stages
from ergit.measuring.attempts import Attempt
from ergit.measuring.context import ReadingSetup
from ergit.measuring.measurement import Measurement
from ergit.records.readings import CountedTests, Reading
from ergit.records.tests import JobTests, SetsOfTests, read_tests, write_tests

SETTINGS = MeasureSettings(
    **{"rest_seconds": 0.0, "idle_seconds": 0.0, "minimum_window_seconds": 0.0},
    quiet=QuietSettings(foreign_cores=1000.0, wait_seconds=0.0),
    temperature=TemperatureSettings(sensor=None),
)


class Counter(Source):
    """A counter that notes when it was read."""

    name = "noting"
    kind: ClassVar[Literal["measured", "estimated"]] = "measured"
    domains = ("package",)

    def __init__(self, events: list[str]) -> None:
        self.events = events

    def start(self) -> None:
        self.events.append("start")

    def stop(self) -> None:
        self.events.append("stop")

    def energy(self, cpu_seconds: float) -> Energy:  # noqa: ARG002
        return Energy({"package": 1.0}, (), None)

    def close(self) -> None:
        """Nothing."""


def report(folder: Path, name: str, *tests: str) -> str:
    """A command that writes a report of tests that pass; one that begins with `!` fails."""
    cases = "".join(
        f'<testcase classname="{name}" name="{test.lstrip("!")}" time="0.5">{"<failure/>" * test.startswith("!")}'
        "</testcase>"
        for test in tests
    )
    return f"echo '<testsuite name=\"s\">{cases}</testsuite>' > {folder}/TEST-{name}.xml"


@pytest.fixture
def events() -> list[str]:
    """What happened, in its order."""
    return []


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The folder of the build."""
    (tmp_path / "tree").mkdir()
    return tmp_path / "tree"


def taken(tree: Path, events: list[str], command: str, prepare: str | None = None, number: int = 1) -> list[Reading]:
    """Some readings of a command, with the reports in the tree."""
    workload = WorkloadSettings(command=command, prepare=prepare, timeout_seconds=20.0, reports=("TEST-*.xml",))
    setup = ReadingSetup(
        workload=workload,
        settings=SETTINGS,
        build_dir=tree,
        environment=dict(os.environ),
        log=tree.parent / "log",
        source=Counter(events),
        sensor=None,
        tests=SetsOfTests(tree.parent / "results"),
    )
    readings = [Measurement(setup).take(Attempt(repeat)) for repeat in range(1, number + 1)]
    assert setup.tests
    if setup.tests.found:
        write_tests(tree.parent / "1.tests.json.gz", JobTests(commit="c", results=tuple(setup.tests.found)))
    return readings


def test_what_ran_is_counted_and_kept(tree: Path, events: list[str]) -> None:
    (reading,) = taken(tree, events, f"{report(tree, 'A', 'b', 'a', '!c')}; {report(tree, 'B', 'a')}")
    (kept,) = read_tests(tree.parent / "1.tests.json.gz").results
    assert reading.tests == CountedTests(set=kept.set, passed=3, failed=1, errored=0, skipped=0, seconds=2.0)
    assert kept.key == reading.started
    assert [(case.group, case.name, case.status) for case in SetsOfTests(tree.parent / "results").cases(kept)] == [
        *(("A", "a", "passed"), ("A", "b", "passed"), ("A", "c", "failed")),
        ("B", "a", "passed"),
    ]


def test_the_names_are_written_once_for_all_readings(tree: Path, events: list[str]) -> None:
    readings = taken(tree, events, report(tree, "A", "a"), number=3)
    assert len({reading.tests and reading.tests.set for reading in readings}) == 1
    assert len(list((tree.parent / "results/tests/sets").iterdir())) == 1
    assert len(read_tests(tree.parent / "1.tests.json.gz").results) == 3


def test_reports_of_the_build_of_prepare_and_of_earlier_readings_do_not_count(tree: Path, events: list[str]) -> None:
    os.system(report(tree, "Built", "a"))
    once = f"test -e {tree}/ran || {{ {report(tree, 'First', 'a')}; touch {tree}/ran; }}"
    first, second = taken(tree, events, once, prepare=report(tree, "Prepared", "a"), number=2)
    assert first.tests is not None
    assert first.tests.passed == 1
    assert second.tests == CountedTests(missing="the command wrote no report that matches workload.reports")


def test_a_failing_test_fails_the_reading_and_is_kept(tree: Path, events: list[str]) -> None:
    (reading,) = taken(tree, events, f"{report(tree, 'A', '!a')}; exit 1")
    assert (reading.status, reading.joules) == ("failed", {})
    assert reading.tests is not None
    assert reading.tests.failed == 1


def test_a_report_that_cannot_be_used_leaves_the_reading_as_it_is(tree: Path, events: list[str]) -> None:
    (reading,) = taken(tree, events, f"echo '<testsuite' > {tree}/TEST-a.xml")
    assert reading.status == "ok"
    assert reading.tests is not None
    assert reading.tests.set is None
    assert (reading.tests.missing or "").startswith("the report TEST-a.xml cannot be used: ")


def test_nothing_is_looked_for_or_read_inside_the_window(
    tree: Path, events: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reports_in, results_in = stages.reports_in, stages.results_in

    def seen(tree: Path, patterns: tuple[str, ...]) -> object:
        events.append("look")
        return reports_in(tree, patterns)

    def read(paths: list[Path], tree: Path) -> object:
        events.append("read")
        return results_in(paths, tree)

    monkeypatch.setattr(stages, "reports_in", seen)
    monkeypatch.setattr(stages, "results_in", read)
    taken(tree, events, report(tree, "A", "a"))
    assert events == ["look", "start", "stop", "look", "read"]
