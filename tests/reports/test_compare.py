"""Two commits, or two studies: sizes, verdicts, and when it is refused or said that sessions differ."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ergit.analysis.changes import changes_record
from ergit.analysis.readings import clean_readings
from ergit.config.settings import ChangeSettings
from ergit.errors import ErgitError
from ergit.git.names import CommitNames
from ergit.records.build import BuildRecord, CommandOutcome, write_build
from ergit.records.changes import write_changes
from ergit.records.commits import read_commits
from ergit.records.comparison import ComparisonRecord
from ergit.records.energy_table import EnergyRow, read_energy_table
from ergit.records.readings import write_readings
from ergit.records.test_table import CommitTests, Outcome, StudyTests, write_study_tests
from ergit.records.tests import CaseResult, SetsOfTests
from ergit.reports.compare import read_study, two_commits, two_studies, ways_of
from ergit.reports.comparison import page
from tests.fakes.job_records import reading as job_reading
from tests.fakes.job_records import record
from tests.fakes.tables import reading, readings, sha_of, write_study

LEVEL = dict.fromkeys(range(12), 100.0)


def described(comparison: ComparisonRecord) -> str:
    """The comparison as a person reads it, in one line."""
    return " ".join(page(comparison))


def of_commits(folder: Path, rows: list[EnergyRow], first: int, second: int) -> ComparisonRecord:
    """Two commits of a study with these readings."""
    return two_commits(read_study(write_study(folder, rows)), sha_of(first), sha_of(second))


def test_a_difference_is_told_with_its_size_interval_and_verdict(tmp_path: Path) -> None:
    comparison = of_commits(tmp_path, readings(LEVEL | {11: 120.0}), 2, 11)
    (pair,) = comparison.pairs
    assert (pair.first_median_joules, pair.second_median_joules) == (100.0, 120.0)
    assert pair.relative == pytest.approx(0.2, abs=0.005)
    assert 0.15 < pair.ci_low < 0.2 < pair.ci_high < 0.25
    assert pair.differs
    assert described(comparison).endswith("differs")
    assert "Both were measured in one session: box 0000abcd." in described(comparison)
    assert described(comparison).startswith(f"A: {sha_of(2)[:10]} B: {sha_of(11)[:10]} ")


def test_few_commits_assume_how_far_builds_differ_and_many_show_it(tmp_path: Path) -> None:
    (few,) = of_commits(tmp_path / "few", readings(dict.fromkeys(range(3), 100.0)), 0, 2).pairs
    (many,) = of_commits(tmp_path / "many", readings(LEVEL), 2, 7).pairs
    assert few.assumed_build_difference == pytest.approx(0.014, abs=0.001)
    assert many.assumed_build_difference is None


def test_the_other_way_round_the_difference_is_mirrored(tmp_path: Path) -> None:
    rows = readings(LEVEL | {11: 120.0})
    (there,) = of_commits(tmp_path / "there", rows, 2, 11).pairs
    (back,) = of_commits(tmp_path / "back", rows, 11, 2).pairs
    assert (1 + there.relative) * (1 + back.relative) == pytest.approx(1)
    assert (1 + there.ci_low) * (1 + back.ci_high) == pytest.approx(1)
    assert there.q == pytest.approx(back.q)


def test_where_no_difference_is_seen_it_is_said_how_small_a_one_would_have_been(tmp_path: Path) -> None:
    comparison = of_commits(tmp_path, readings(LEVEL), 2, 7)
    (pair,) = comparison.pairs
    assert not pair.differs
    assert pair.ci_low < 0 < pair.ci_high < pair.visible < 0.05
    assert f"no difference of {pair.visible:.1%} or more" in described(comparison)


def test_a_commit_that_failed_cannot_be_compared_and_it_is_said_why(tmp_path: Path) -> None:
    rows = [*readings({0: 100.0}), reading(1, 1, status="build-failed", reason="javac ended with status 1")]
    comparison = of_commits(tmp_path, rows, 0, 1)
    assert comparison.pairs == ()
    assert "cannot be compared: 0101010101 has no clean reading: build-failed: javac ended with" in described(
        comparison
    )


def test_commits_of_sessions_that_nothing_links_are_not_compared(tmp_path: Path) -> None:
    comparison = of_commits(tmp_path, [*readings({0: 100.0}), *readings({1: 120.0}, session="0000ffff")], 0, 1)
    assert comparison.pairs == ()
    assert "nothing links" in described(comparison)
    assert "00000000" in described(comparison)
    assert "box 0000ffff" in described(comparison)


def test_commits_of_linked_sessions_are_compared_free_of_the_step_between_the_sessions(tmp_path: Path) -> None:
    first = readings(dict.fromkeys(range(8), 100.0))
    second = readings(dict.fromkeys(range(4, 12), 130.0), session="0000ffff")
    comparison = of_commits(tmp_path, [*first, *second], 1, 10)
    (pair,) = comparison.pairs
    assert pair.relative == pytest.approx(0, abs=0.01)
    assert not pair.differs
    assert (pair.first_sessions, pair.second_sessions, pair.anchors) == (("box 0000abcd",), ("box 0000ffff",), 4)


def test_two_commits_that_ran_other_tests_are_said_to_have_done_so(tmp_path: Path) -> None:
    folder = write_study(tmp_path, readings(LEVEL))
    sets = SetsOfTests(folder)
    outcomes = []
    for names in (["a"], ["a", "b"]):
        cases = [CaseResult(group="A", name=name, status="passed", seconds=None) for name in names]
        found = sets.results_of(cases, "")
        outcomes.append(Outcome(set=found.set, failed=(), errored=(), skipped=(), readings=3))
    commits = tuple(
        CommitTests(commit=sha_of(number), outcomes=(outcome,), missing={}) for number, outcome in enumerate(outcomes)
    )
    write_study_tests(folder / "tests.json", StudyTests(commits=commits))
    study = read_study(tmp_path)
    different = two_commits(study, sha_of(0), sha_of(1))
    assert "not measured in the same way: other tests ran: 1 only after (+A#b)" in described(different)
    assert two_commits(study, sha_of(0), sha_of(2)).other_settings == ()


def test_a_record_of_before_says_the_defaults_of_what_is_new(tmp_path: Path) -> None:
    ways = []
    for name, workload in (("old", {}), ("new", {"from": None, "paths": [], "tests": "all"})):
        folder = write_study(tmp_path / name, readings(LEVEL))
        write_ways(folder, workload)
        ways.append(ways_of(folder, sha_of(3)))
    assert ways[0] == ways[1]


def write_ways(folder: Path, workload: dict[str, Any]) -> None:
    """Writes the records of how the fourth commit was built and measured."""
    (folder / "readings" / sha_of(3)).mkdir(parents=True)
    (folder / "build").mkdir()
    job = record(sha_of(3), job_reading(), workload=workload, measure={"source": "pmu"})
    write_readings(folder / "readings" / sha_of(3) / "1.json", job)
    outcome = CommandOutcome(
        **{"command": "make", "status": "ok", "reason": None, "exit_code": 0, "signal": None},
        **{"started": "2024-05-01T12:00:00Z", "seconds": 1.0},
    )
    build = BuildRecord(
        **{"commit": sha_of(3), "java": None, "directory": "/b", "environment": {}, "cached": False},
        **{"commands": (outcome,), "status": "ok", "reason": None},
    )
    write_build(folder / "build" / f"{sha_of(3)}.json", build)


def test_what_two_studies_did_in_different_ways_is_said(tmp_path: Path) -> None:
    for name, command in (("a", "./run"), ("b", "./run --fast")):
        write_ways(write_study(tmp_path / name, readings(LEVEL)), {"command": command})
    comparison = two_studies(read_study(tmp_path / "a"), read_study(tmp_path / "b"))
    assert comparison.other_settings == (
        f'workload.command is "./run" in {tmp_path}/a and "./run --fast" in {tmp_path}/b',
    )
    assert "not measured in the same way: workload.command is" in described(comparison)
    assert two_studies(read_study(tmp_path / "a"), read_study(tmp_path / "a")).other_settings == ()


def test_two_studies_are_compared_by_their_common_commits_and_their_sessions_are_named(tmp_path: Path) -> None:
    first = read_study(write_study(tmp_path / "a", readings(LEVEL)))
    rows = readings(dict.fromkeys(range(3, 12), 105.0) | {9: 115.0}, host="other", session="0000ffff")
    comparison = two_studies(first, read_study(write_study(tmp_path / "b", rows)))
    assert [pair.first for pair in comparison.pairs] == [sha_of(number) for number in range(3, 12)]
    (common,) = comparison.common
    assert common.commits == 9
    assert common.relative == pytest.approx(0.05, abs=0.01)
    assert common.differs
    assert {(*pair.first_sessions, *pair.second_sessions, pair.anchors) for pair in comparison.pairs} == {
        ("box 0000abcd", "other 0000ffff", None)
    }
    largest = min(comparison.pairs, key=lambda pair: pair.q)
    assert (largest.first, largest.differs) == (sha_of(9), True)


def test_two_equal_studies_do_not_differ(tmp_path: Path) -> None:
    study = read_study(write_study(tmp_path, readings(LEVEL)))
    comparison = two_studies(study, study)
    assert [pair.relative for pair in comparison.pairs] == [0.0] * 12
    assert not any(pair.differs for pair in comparison.pairs)
    assert not comparison.common[0].differs
    assert "Both were measured in one session" in described(comparison)


def test_measured_and_estimated_energy_are_not_compared(tmp_path: Path) -> None:
    first = read_study(write_study(tmp_path / "a", readings({0: 100.0})))
    second = read_study(write_study(tmp_path / "b", readings({0: 100.0}, kind="estimated")))
    assert "cannot be compared: the energy is measured in" in described(two_studies(first, second))


def test_studies_without_a_common_commit_are_not_compared(tmp_path: Path) -> None:
    first = read_study(write_study(tmp_path / "a", readings({0: 100.0})))
    second = read_study(write_study(tmp_path / "b", readings({1: 100.0})))
    assert "no commit has clean readings in both" in described(two_studies(first, second))


@pytest.mark.parametrize("name", ["v1.0", "stable", "step-1", "0101", "01" * 20, ("ab" * 20).replace("ab", "01")])
def test_commits_go_by_tag_by_name_in_the_list_and_by_sha(tmp_path: Path, name: str) -> None:
    study = read_study(write_study(tmp_path, readings({0: 1.0, 1: 1.0}), tags={1: "v1.0 stable"}))
    assert CommitNames.of_table(study.commits).resolve(name, "compare") == sha_of(1)


@pytest.mark.parametrize(
    ("name", "words"), [("v1.1", "Did you mean v1.0"), ("aaaa", "'aaaa' is no commit"), ("01", "'01'")]
)
def test_an_unknown_name_is_an_error_that_names_it(tmp_path: Path, name: str, words: str) -> None:
    study = read_study(write_study(tmp_path, readings({0: 1.0, 1: 1.0}), tags={1: "v1.0"}))
    with pytest.raises(ErgitError, match=words):
        CommitNames.of_table(study.commits).resolve(name, "compare")


def test_anchors_thresholds_and_the_domain_are_those_of_the_study(tmp_path: Path) -> None:
    rows = [*readings(dict.fromkeys(range(8), 100.0)), *readings(dict.fromkeys(range(4, 12), 130.0), session="new")]
    rows = [replace(row, energy_dram_joules=row.energy_package_joules) for row in rows]
    folder = write_study(tmp_path, rows)
    history = read_commits(folder / "commits.tsv")
    found = clean_readings(read_energy_table(folder / "energy.csv"), history, "dram")
    settings = ChangeSettings(least_change=0.2)

    def compared_with(*anchors: str) -> ComparisonRecord:
        write_changes(folder / "changes.json", changes_record(found, history, settings, anchors, "dram"))
        study = read_study(folder)
        assert (study.settings.least_change, study.judged) == (0.2, "dram")
        return two_commits(study, sha_of(1), sha_of(10))

    assert compared_with().pairs[0].anchors == 4
    assert compared_with(sha_of(4), sha_of(5)).pairs[0].anchors == 2
    assert compared_with(sha_of(4)).pairs == ()  # one commit alone links nothing


def test_studies_that_judge_different_domains_are_not_compared(tmp_path: Path) -> None:
    rows = [replace(row, energy_dram_joules=row.energy_package_joules) for row in readings({0: 100.0, 1: 100.0})]
    folders = [write_study(tmp_path / name, rows) for name in ("a", "b")]
    history = read_commits(folders[1] / "commits.tsv")
    found = clean_readings(read_energy_table(folders[1] / "energy.csv"), history, "dram")
    write_changes(folders[1] / "changes.json", changes_record(found, history, ChangeSettings(), judged="dram"))
    assert "is of the package in" in described(two_studies(*map(read_study, folders)))


def test_the_program_answers_with_status_0_in_words_and_in_json(tmp_path: Path) -> None:
    write_study(tmp_path / "results", readings(LEVEL), tags={2: "v2"})

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-P", "-m", "ergit.reports.compare", *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    assert "no difference of" in run("v2", "0303").stdout
    assert "no difference of" in run("v2", "0303", "--study", "results").stdout
    content = json.loads(run("v2", "0303", "--json").stdout)
    assert content["schema"] == "ergit.comparison/1"
    assert content["pairs"][0]["second"] == sha_of(3)
    assert "12 commits" in run("results", ".").stdout
    failed = run("v2", "v3")
    assert failed.returncode == 1
    assert failed.stderr.startswith("ergit: compare: 'v3' is no commit")
