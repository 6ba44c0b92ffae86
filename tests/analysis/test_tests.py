"""Test classes over the history, and what differs between the tests of two commits."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from ergit.analysis.gate import Decision, told_with_tests
from ergit.analysis.tests import KnownTests, class_rows, commit_tests, readings_with_tests, with_tests
from ergit.records.commits import CommitRow
from ergit.records.context import ContextRecord, DifferentTests
from ergit.records.gate import GateComparison
from ergit.records.readings import CountedTests, JobRecord, Reading, file_of_tests
from ergit.records.test_table import ClassRow, StudyTests, write_test_table
from ergit.records.tests import CaseResult, JobTests, SetsOfTests, write_tests
from tests.fakes.job_records import reading, record
from tests.fakes.results import change, context

ROW = CommitRow(
    commit="a",
    order=3,
    date="2024-05-01T12:00:00+00:00",
    author="Ada",
    subject="Faster",
    parents=(),
    tree="t",
    tags=(),
    first_parent=True,
    chosen=True,
    reason="",
)


def case(group: str, name: str, status: str = "passed", seconds: float | None = 0.5) -> CaseResult:
    return CaseResult(group=group, name=name, status=status, seconds=seconds)  # type: ignore[arg-type]


class Study:
    """The results of a study in a folder, of which records are made by hand."""

    def __init__(self, results: Path) -> None:
        self.results = results
        self.sets = SetsOfTests(results)
        self.jobs: list[tuple[Path, JobRecord]] = []

    def measured(self, commit: str, *runs: list[CaseResult] | str, **changes: object) -> None:
        """Adds a job whose readings ran these tests, or say why theirs are not known."""
        readings, results = list[Reading](), []
        for number, run in enumerate(runs):
            started = f"2024-05-01T12:00:0{number}.000000Z"
            if isinstance(run, str):
                counted = CountedTests(missing=run)
            else:
                results.append(self.sets.results_of(run, started))
                counted = CountedTests(set=results[-1].set)
            readings.append(reading(repeat=number + 1, started=started, tests=counted, **changes))
        path = self.results / f"readings/{commit}/1.json"
        write_tests(file_of_tests(path), JobTests(commit=commit, results=tuple(results)))
        self.jobs.append((path, record(commit, *readings)))

    def rows(self, least_seconds: float = 0.1) -> list[ClassRow]:
        """The rows of the one commit."""
        ((_, known),) = readings_with_tests(self.jobs)
        return class_rows(ROW, known, self.sets, judged="package", least_seconds=least_seconds)

    def between(self, before: str, after: str) -> DifferentTests | None:
        """What differs between the tests of two commits."""
        commits = tuple(commit_tests(commit, known) for commit, known in readings_with_tests(self.jobs))
        return KnownTests(StudyTests(commits=commits), self.sets).between(before, after)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """A study without a reading."""
    return Study(tmp_path / "results")


def test_a_class_has_its_median_time_and_its_share_of_the_joules(study: Study) -> None:
    fast, slow = [case("A", "a", seconds=0.2), case("B", "b")], [case("A", "a", seconds=0.4), case("B", "b")]
    study.measured("a", fast, slow, slow)
    first, second = study.rows()
    assert (first.test_class, first.readings, first.tests, first.passed) == ("A", 3, 1, 1)
    assert (first.seconds, first.joules_by_time) == (0.4, 4.0)  # 20 J in 2 s
    assert (second.seconds, second.joules_by_time, second.joules_missing) == (0.5, 5.0, "")


def test_several_runs_in_a_window_share_its_joules(study: Study) -> None:
    study.measured("a", [case("A", "a")], loops=2)
    assert study.rows()[0].joules_by_time == 5.0  # 10 J in 1 s a run


@pytest.mark.parametrize(
    ("run", "changes", "reason"),
    [
        ([case("A", "a", seconds=0.05)], {}, "it ran for less than 0.1 s, which is too short for the counter"),
        ([case("A", "a", seconds=None)], {}, "the reports tell no time"),
        ([case("A", "a", seconds=1.2), case("B", "b", seconds=1.2)], {}, "tests ran beside each other"),
        ([case("A", "a")], {"status": "failed", "joules": {}}, "the reading has no joules"),
    ],
)
def test_where_joules_cannot_be_shared_out_the_reason_stands(
    study: Study, run: list[CaseResult], changes: dict[str, object], reason: str
) -> None:
    study.measured("a", run, **changes)
    row = study.rows()[0]
    assert row.joules_by_time is None
    assert row.joules_missing.startswith(reason)


def test_a_commit_without_a_clean_reading_shows_what_failed(study: Study) -> None:
    study.measured(
        "a", [case("A", "a"), case("A", "b", "failed"), case("A", "c", "skipped")], status="failed", joules={}
    )
    (row,) = study.rows()
    assert (row.status, row.tests, row.passed, row.failed, row.errored, row.skipped) == ("failed", 3, 1, 1, 0, 1)


def test_the_table_has_one_line_a_class(study: Study, tmp_path: Path) -> None:
    study.measured("a", [case("A", "a", seconds=None), case("B\nb", "b", seconds=0.25)])
    write_test_table(tmp_path / "tests.tsv", study.rows())
    header, first, second = (tmp_path / "tests.tsv").read_text(encoding="utf-8").splitlines()
    assert header.split("\t")[4:9] == ["test_class", "status", "readings", "tests", "passed"]
    assert first.split("\t")[12:] == ["", "", "the reports tell no time"]
    assert second.split("\t")[4] == "B b"
    assert second.split("\t")[12:] == ["0.25", "2.5", ""]


SAME = [case("A", "a"), case("A", "b")]


def test_the_same_tests_are_no_difference_however_long_they_took(study: Study) -> None:
    study.measured("a", SAME)
    study.measured("b", [case("A", "b", seconds=9.0), case("A", "a", seconds=None)])
    assert study.between("a", "b") is None


def test_tests_that_ran_on_one_side_alone_are_counted_and_named(study: Study) -> None:
    study.measured("a", [*SAME, case("A", "gone")])
    study.measured("b", [*SAME, case("A", "new"), case("B", "new")])
    assert study.between("a", "b") == DifferentTests(
        only_before=1, only_after=2, examples=("-A#gone", "+A#new", "+B#new")
    )


def test_a_test_that_ended_otherwise_differs(study: Study) -> None:
    study.measured("a", SAME)
    study.measured("b", [case("A", "a"), case("A", "b", "skipped")])
    assert study.between("a", "b") == DifferentTests(other_status=1, examples=("A#b passed → skipped",))


def test_names_that_vary_from_run_to_run_show_no_difference(study: Study) -> None:
    for commit, numbers in (("a", (1, 2)), ("b", (3, 4)), ("c", (5, 6))):
        extra = [case("A", "new")] if commit == "c" else []
        study.measured(commit, *([*SAME, *extra, case("A", f"at {number}")] for number in numbers))
    assert study.between("a", "b") is None
    assert study.between("b", "c") == DifferentTests(only_after=1, varying=4, examples=("+A#new",))


def test_tests_that_are_not_known_are_said_to_be_so(study: Study) -> None:
    study.measured("a", "the command wrote no report")
    study.measured("b", SAME)
    assert study.between("a", "b") == DifferentTests(unknown="a: the command wrote no report")
    assert study.between("b", "c") == DifferentTests(unknown="c has no reading whose tests are known")


def test_readings_of_a_commit_that_have_no_tests_do_not_hide_those_that_have(study: Study) -> None:
    study.measured("a", SAME, "the report is damaged")
    study.measured("b", SAME)
    assert study.between("a", "b") is None


def test_a_study_without_reports_has_no_tests(tmp_path: Path) -> None:
    assert list(readings_with_tests([(tmp_path / "1.json", record("a", reading()))])) == []


def test_the_sides_of_a_change_are_the_measured_commits_next_to_it(study: Study) -> None:
    study.measured("a", SAME)
    study.measured("b", [*SAME, case("A", "new")])
    commits = tuple(commit_tests(commit, known) for commit, known in readings_with_tests(study.jobs))
    known = KnownTests(StudyTests(commits=commits), study.sets)
    changes = [replace(change(1, 0.1), commit="b", after="a"), replace(change(1, 0.1), commit="a", after=None)]
    contexts = ContextRecord(changes=tuple(context(each) for each in changes), accepted=())
    found = with_tests(contexts, changes, known)
    assert [each.tests for each in found.changes] == [DifferentTests(only_after=1, examples=("+A#new",)), None]


def gate_decision(verdict: str) -> Decision:
    """A decision of the gate about one commit against another."""
    comparison = GateComparison(
        base=("a",),
        head=("b",),
        relative_change=0.1,
        ci_low=0.09,
        ci_high=0.11,
        decidable_change=0.01,
        runs=5,
        runs_needed=5,
    )
    return Decision(verdict, "b uses 10.0% more.", comparison)  # type: ignore[arg-type]


@pytest.mark.parametrize("verdict", ["pass", "fail"])
def test_the_gate_judges_no_sides_that_ran_other_tests(verdict: str) -> None:
    tests = DifferentTests(only_after=1, examples=("+A#new",))
    told = told_with_tests(gate_decision(verdict), tests, "measured")
    assert (told.verdict, told.tests) == ("not judged", tests)
    assert (
        "But the two sides are not comparable, other tests ran: 1 only after (+A#new). `workload.tests" in told.reason
    )


def test_the_gate_notes_what_it_does_not_know_of_tests() -> None:
    told = told_with_tests(gate_decision("fail"), DifferentTests(unknown="b: no report"), "measured")
    assert told.verdict == "fail"
    assert told.reason == "b uses 10.0% more. Note: whether the same tests ran is not known (b: no report)."
    assert told_with_tests(gate_decision("fail"), None, "measured") == gate_decision("fail")
