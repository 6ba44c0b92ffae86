"""The gate: its verdict on literal readings, the report for CI servers, and the exit status of a real run."""

from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from jsonschema import Draft202012Validator

from ergit.git.changed_files import Files
from ergit.config.reading import SCHEMA
from ergit.analysis.context import Context
from ergit.analysis.detection.change_points import Settings
from ergit.analysis.detection.conclusions import Commit, Readings
from ergit.records.changes import ChangeFinding, Findings, Study
from ergit.analysis.detection.observations import Observations
from ergit.analysis.detection.detect import detect
from ergit.errors import ErgitError
from ergit.reports.gate import passes
from ergit.reports.junit import report
from ergit.analysis.gate import Comparison, Decision, Question, decide, what_is_needed
from tests.fakes.repositories import Repository
from tests.test_workflow import SPIN, configure, snakemake

ONE_PERCENT = Settings()
FIVE_PERCENT = Settings(least_change=0.05)


def sha(number: int) -> str:
    """The full name of a commit."""
    return f"{number:040x}"


def readings(levels: list[float], runs: int = 9, run: float = 0.01, session: int | None = None) -> Readings:
    """Readings around a level for each commit; from commit `session` on in a second session."""
    rng = np.random.default_rng(7)
    joules = np.exp(np.log(levels)[:, None] + rng.normal(0, run, (len(levels), runs)))
    commits = np.repeat(np.arange(len(levels)), runs)
    sessions = (commits >= (len(levels) if session is None else session)).astype(np.int64)
    blank = np.full(len(commits), np.nan)
    return Readings(
        kind="measured",
        commits=[Commit(sha(number), 10 * number, None) for number in range(len(levels))],
        sessions=[("box", "1"), ("box", "2")],
        observations=Observations(commits, joules.ravel(), sessions),
        seconds=blank,
        watts=blank,
    )


def judged(found: Readings, settings: Settings = FIVE_PERCENT, **question: Any) -> Decision:
    """The gate's decision on the newest of these commits, or on what the question says."""
    asked = Question(**{"head": sha(len(found.commits) - 1)} | question)
    return decide(asked, found, detect(found.observations, settings), settings)


def compared(decision: Decision) -> Comparison:
    """The comparison of a decision that has one."""
    assert decision.comparison is not None
    return decision.comparison


def numbers(shas: list[str]) -> list[int]:
    """The numbers of the commits."""
    return [int(name, 16) for name in shas]


@pytest.mark.parametrize(
    ("newest", "verdict"), [(100.0, "pass"), (101.0, "pass"), (80.0, "pass"), (112.0, "fail"), (104.5, "undecided")]
)
def test_the_newest_commit_is_judged_against_the_level_before_it(newest: float, verdict: str) -> None:
    decision = judged(readings([100.0] * 15 + [newest]))
    assert decision.verdict == verdict, decision
    assert numbers(compared(decision).head) == [15]
    assert numbers(compared(decision).base) == list(range(15))
    assert compared(decision).ci_low < newest / 100 - 1 < compared(decision).ci_high


def test_the_level_before_starts_at_the_last_change() -> None:
    decision = judged(readings([100.0] * 12 + [120.0] * 12))
    assert decision.verdict == "pass"
    assert numbers(compared(decision).base) == list(range(12, 23))


def test_a_base_that_is_named_is_compared_alone() -> None:
    found = readings([100.0] * 12 + [120.0] * 12)
    decision = judged(found, base=sha(3))
    assert decision.verdict == "fail"
    assert numbers(compared(decision).base) == [3]
    assert judged(found, head=sha(10), base=sha(3)).verdict == "pass"


def test_several_commits_judged_together_decide_about_less() -> None:
    found = readings([100.0] * 20 + [103.0] * 5)
    alone, together = judged(found, ONE_PERCENT), judged(found, ONE_PERCENT, newest=5)
    assert together.verdict == "fail"
    assert numbers(compared(together).head) == [20, 21, 22, 23, 24]
    assert compared(together).decidable_change < compared(alone).decidable_change


def test_what_rose_and_fell_again_among_the_judged_passes() -> None:
    assert judged(readings([100.0] * 12 + [130.0] * 4 + [100.0] * 4), newest=8).verdict == "pass"


def test_an_accepted_commit_passes_and_is_what_later_ones_are_compared_with() -> None:
    found = readings([100.0] * 12 + [120.0])
    assert judged(found).verdict == "fail"
    assert judged(found, accepted=(120,)) == Decision("pass", f"the change of {sha(12)[:10]} is accepted.")
    later = readings([100.0] * 12 + [120.0, 120.0])
    assert judged(later, base=sha(0)).verdict == "fail"
    decision = judged(later, base=sha(0), accepted=(120,))
    assert decision.verdict == "pass"
    assert numbers(compared(decision).base) == [12]
    again = judged(readings([100.0] * 12 + [120.0, 150.0]), base=sha(0), accepted=(120,))
    assert again.verdict == "fail"
    assert compared(again).relative_change == pytest.approx(0.25, abs=0.03)


def test_a_change_that_is_accepted_in_a_commit_without_readings_counts_from_the_next() -> None:
    found = readings([100.0] * 12 + [120.0])
    assert judged(found, accepted=(115,)).verdict == "pass"
    assert judged(found, accepted=(125,)).verdict == "fail"


def test_a_head_without_a_clean_reading_is_undecided() -> None:
    decision = judged(readings([100.0] * 5), head=sha(99))
    assert decision.verdict == "undecided"
    assert "no clean reading" in decision.reason


@pytest.mark.parametrize("found", [readings([100.0]), readings([100.0] * 9, session=8)])
def test_nothing_comparable_is_undecided(found: Readings) -> None:
    decision = judged(found)
    assert (decision.verdict, decision.comparison) == ("undecided", None)


def test_a_base_that_is_the_head_leaves_nothing_to_judge_and_a_newer_one_is_an_error() -> None:
    assert judged(readings([100.0] * 5), base=sha(4)).verdict == "pass"
    with pytest.raises(ErgitError, match=r"gate\.base .* is newer than gate\.head"):
        judged(readings([100.0] * 5), head=sha(3), base=sha(4))


def test_the_runs_that_are_said_to_be_needed_decide_more_often_than_not() -> None:
    few = readings([100.0] * 20, runs=3, run=0.05)
    decision = judged(few)
    assert decision.verdict == "undecided"
    needed = compared(decision).runs_needed
    assert needed is not None and needed > 3
    assert judged(readings([100.0] * 20, runs=needed, run=0.05)).verdict == "pass"


def test_what_is_needed_is_said_in_rounds_or_that_nothing_helps() -> None:
    needed = Comparison([sha(0)], [sha(1)], 0.01, -0.01, 0.03, 0.04, 6, 13)
    assert "About 7 more runs of each commit" in what_is_needed(needed, {"rounds": 2, "repeats": 3})
    assert "set measure.rounds to 5" in what_is_needed(needed, {"rounds": 2, "repeats": 3})
    assert "measure.rounds" not in what_is_needed(needed, None)
    never = Comparison([sha(0)], [sha(1)], 0.01, -0.01, 0.03, 0.04, 6, None)
    assert "tell 4.0% from nothing" in what_is_needed(never, {"rounds": 2, "repeats": 3})
    assert compared(judged(readings([100.0] * 15 + [100.0], runs=3), Settings(least_change=0.001))).runs_needed is None


@pytest.mark.parametrize(
    ("verdict", "undecided", "passed"),
    [("pass", "fail", True), ("fail", "pass", False), ("undecided", "fail", False), ("undecided", "pass", True)],
)
def test_only_a_pass_passes_unless_the_config_lets_the_undecided_through(
    verdict: str, undecided: str, passed: bool
) -> None:
    assert passes({"verdict": verdict, "undecided": undecided}) is passed


def reported(accepted_as: str | None = None) -> ElementTree.Element:
    """The report on an unchanged, an increased, a cheaper, an unmeasured and a broken commit."""
    changes = [
        ChangeFinding(sha(1), 1, "persistent", "increase", 0.1, 0.05, 0.15, 0.01, [sha(1)], 1, 1.1, None, None),
        ChangeFinding(sha(2), 2, "persistent", "decrease", -0.2, -0.3, -0.1, 0.01, [sha(2)], 1, 0.8, None, None),
    ]
    nothing = Files(0, 0, 0, (), 0, (), 0)
    contexts = [
        Context(
            *(change.commit, change.kind, "", "", "", None, sha(0), change.commit, nothing, (), None, None, None),
            *(None, accepted_as),
        )
        for change in changes
    ]
    rows = [(sha(n), "ok", True, "", 0.5) for n in (0, 0, 1, 2)] + [(sha(4), "build-failed", False, "no\x1b[31m", None)]
    table = pd.DataFrame(rows, columns=["commit", "status", "clean", "reason", "duration_seconds"])
    commits = pd.DataFrame(
        [(sha(n), f'<&"\x01 {n}', "yes") for n in range(5)] + [(sha(5), "dropped", "no")],
        columns=["commit", "subject", "chosen"],
    )
    study = Study("measured", "J", 5, 3, 4, 2, 0.01, 0.05, None, [], [])
    text = report(
        table.assign(host="box", flags=""),
        commits,
        Findings(study, [], changes),
        contexts,
        datetime(2024, 1, 2, 3, 4, 5),
    )
    return ElementTree.fromstring(text)


def test_each_chosen_commit_is_a_test_case_and_an_increase_a_failure() -> None:
    (suite,) = reported()
    assert [child.tag for child in suite] == ["properties", *["testcase"] * 5, "system-out", "system-err"]
    outcomes = [[child.tag for child in case] for case in suite.iter("testcase")]
    assert outcomes == [[], ["failure"], [], ["skipped"], ["skipped"]]
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped", "time", "timestamp")}
    assert counts == {
        **{"tests": "5", "failures": "1", "errors": "0", "skipped": "2"},
        **{"time": "2.000", "timestamp": "2024-01-02T03:04:05"},
    }
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == "+10.0% energy (95 % interval +5.0% to +15.0%)"
    assert [case.get("name") for case in suite.iter("testcase")][1] == '0000000000 <&"\ufffd 1'
    assert [skipped.text for skipped in suite.iter("skipped")] == ["it was not measured", "build-failed: no\ufffd[31m"]


def test_an_accepted_increase_is_no_failure() -> None:
    assert next(iter(reported(accepted_as="v1"))).get("failures") == "0"


def test_the_gate_of_the_config_has_defaults_and_knows_its_words() -> None:
    gate = Draft202012Validator(SCHEMA["properties"]["gate"])
    assert gate.is_valid({})
    assert gate.is_valid({"base": "v1.0", "newest": 3, "undecided": "pass"})
    assert not gate.is_valid({"undecided": "maybe"})
    assert not gate.is_valid({"bass": "v1.0"})


def test_one_call_measures_and_fails_by_the_verdict_and_an_accepted_change_passes(tmp_path: Path) -> None:
    project = Repository(tmp_path / "project")
    project.path.mkdir()
    project.git("init", "--quiet", "--initial-branch=main")
    project.commit("Start", program=SPIN.format(loops=10_000), build="#!/bin/bash\n")
    for name in ("program", "build"):
        (project.path / name).chmod(0o755)
    base = project.commit("Good")
    slower = project.commit("Slower", program=SPIN.format(loops=100_000))
    work = tmp_path / "work"
    usual: dict[str, Any] = {"commits": [base, slower], "measure__repeats": 3, "measure__rounds": 1}

    configure(work, **usual)
    failed = snakemake(work, "gate")
    printed = failed.stdout + failed.stderr
    assert failed.returncode != 0
    assert f"ergit: gate: fail: {slower[:10]} uses +" in printed
    assert "estimated from CPU time" in printed
    assert "Traceback" not in printed
    assert (work / "results/junit.xml").exists()
    assert (work / "results/summary.md").exists()

    configure(work, **usual, changes={"accepted": [slower[:7]]})
    passed = snakemake(work, "gate")
    assert passed.returncode == 0, passed.stderr
    assert f"ergit: gate: pass: the change of {slower[:10]} is accepted." in passed.stdout + passed.stderr

    configure(work, **usual, gate={"base": "v9"})
    unknown = snakemake(work, "gate")
    assert unknown.returncode != 0
    assert "gate.base: 'v9' is no commit, tag or branch" in unknown.stdout + unknown.stderr
    assert "Traceback" not in unknown.stdout + unknown.stderr
