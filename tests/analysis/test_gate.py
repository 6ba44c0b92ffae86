"""The gate: its verdict on literal readings, and the exit status of a real run."""

import dataclasses
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from ergit.analysis.broken import Broken
from ergit.analysis.detection.detect import detect
from ergit.analysis.detection.observations import Observations
from ergit.analysis.gate import (
    Decision,
    Question,
    Rounds,
    decide,
    differences_between,
    gate_record,
    question,
    told_with,
    what_is_needed,
)
from ergit.analysis.readings import CleanReadings
from ergit.config.reading import read_config
from ergit.config.settings import ChangeSettings, GateSettings, InputSettings
from ergit.errors import ErgitError
from ergit.git.runner import git_in
from ergit.inputs.equal import Builds
from ergit.inputs.kinds import FileKinds
from ergit.records.commits import REUSED
from ergit.records.context import AcceptedCommit, Differences, Kind, KindFiles
from ergit.records.gate import GateComparison
from tests.fakes.repositories import Repository
from tests.fakes.studies import CONFIG, SPIN, configure, snakemake
from tests.fakes.tables import commit_row

ONE_PERCENT = ChangeSettings()
FIVE_PERCENT = ChangeSettings(least_change=0.05)


def sha(number: int) -> str:
    """The full name of a commit."""
    return f"{number:040x}"


def readings(levels: list[float], runs: int = 9, run: float = 0.01, session: int | None = None) -> CleanReadings:
    """Readings around a level for each commit; from commit `session` on in a second session."""
    rng = np.random.default_rng(7)
    joules = np.exp(np.log(levels)[:, None] + rng.normal(0, run, (len(levels), runs)))
    commits = np.repeat(np.arange(len(levels)), runs)
    sessions = (commits >= (len(levels) if session is None else session)).astype(np.int64)
    blank = np.full(len(commits), np.nan)
    return CleanReadings(
        kind="measured",
        commits=[commit_row(number, commit=sha(number), order=10 * number) for number in range(len(levels))],
        sessions=[("box", "1"), ("box", "2")],
        observations=Observations(commits, joules.ravel(), sessions),
        seconds=blank,
        watts=blank,
    )


def judged(
    found: CleanReadings, settings: ChangeSettings = FIVE_PERCENT, broken: Broken | None = None, **question: Any
) -> Decision:
    """The gate's decision on the newest of these commits, or on what the question says."""
    asked = Question(**{"head": sha(len(found.commits) - 1)} | question)
    return decide(asked, found, detect(found.observations, settings), settings, broken, lambda sha: f"why {sha[:3]}")


def compared(decision: Decision) -> GateComparison:
    """The comparison of a decision that has one."""
    assert decision.comparison is not None
    return decision.comparison


def numbers(shas: tuple[str, ...]) -> list[int]:
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
    assert "0000000000 has no clean reading (why 000); the summary says what to do." in decision.reason


@pytest.mark.parametrize("found", [readings([100.0]), readings([100.0] * 9, session=8)])
def test_nothing_comparable_is_undecided(found: CleanReadings) -> None:
    decision = judged(found)
    assert (decision.verdict, decision.comparison) == ("undecided", None)


@pytest.mark.parametrize("newest", [100.0, 80.0, 200.0])
@pytest.mark.parametrize("commits", [1, 15])
def test_one_reading_of_each_commit_is_undecided_and_the_reason_says_what_to_do(newest: float, commits: int) -> None:
    decision = judged(readings([100.0] * commits + [newest], runs=1))
    assert decision.verdict == "undecided"
    record = gate_record(decision, sha(commits), "measured", FIVE_PERCENT, GateSettings(), Rounds(1, 1))
    assert not record.passes
    assert record.reason.endswith("set measure.rounds or measure.repeats to 2 or more and run again.")


def test_a_broken_head_is_broken_whatever_its_other_readings_say_and_never_passes() -> None:
    found = readings([100.0] * 15 + [80.0])
    decision = judged(found, broken=Broken("it fails in 1 of 9 readings.", Path("log")))
    assert decision == Decision("broken", "it fails in 1 of 9 readings.")
    lenient = GateSettings(undecided="pass", workload_changes="pass")
    assert not gate_record(decision, sha(15), "measured", FIVE_PERCENT, lenient, Rounds(3, 3)).passes


def test_what_needs_as_much_is_said_in_these_words() -> None:
    found = replace_joules(readings([100.0] * 16), np.full(16 * 9, 100.0))
    assert judged(found).reason.startswith(f"{sha(15)[:10]} uses as much energy as the 15 commits ")


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
    needed = GateComparison(
        base=(sha(0),),
        head=(sha(1),),
        relative_change=0.01,
        ci_low=-0.01,
        ci_high=0.03,
        decidable_change=0.04,
        runs=6,
        runs_needed=13,
    )
    assert "About 7 more runs of each commit" in what_is_needed(needed, Rounds(2, 3))
    assert "set measure.rounds to 5" in what_is_needed(needed, Rounds(2, 3))
    assert "measure.rounds" not in what_is_needed(needed, None)
    assert "About 1 more run of" in what_is_needed(replace(needed, runs_needed=7), None)
    never = replace(needed, runs_needed=None)
    assert "these readings decide about 4.0% or more" in what_is_needed(never, Rounds(2, 3))
    hardly = judged(readings([100.0] * 15 + [100.0], runs=3), ChangeSettings(least_change=0.001))
    assert compared(hardly).runs_needed is None


def test_the_config_asks_by_names_and_a_question_is_of_chosen_commits(repository: Repository) -> None:
    first, second, third = (repository.commit(name) for name in ("One", "Two", "Three"))
    repository.git("tag", "v1", first)
    history = [
        commit_row(number, commit=commit, chosen=number != 2) for number, commit in enumerate((first, second, third))
    ]
    accepted = [
        AcceptedCommit(name="v1", commit=first, from_commit=second),
        AcceptedCommit(name="none", commit=third, from_commit=None),
    ]
    with git_in(repository.path) as git:
        assert question(GateSettings(), git, history, accepted) == Question(second, None, 1, (1,))
        assert question(GateSettings(base="v1", head=second[:10]), git, history, []) == Question(second, first)
        same = [*history[:1], replace(history[1], reason=f"listed as main{REUSED}{first}")]
        assert question(GateSettings(), git, same, []).head == first
        with pytest.raises(ErgitError, match=r"gate\.base: 'v9' is no commit, tag or branch"):
            question(GateSettings(base="v9"), git, history, [])
        with pytest.raises(ErgitError, match=r"gate\.head: 'main' .* is not among the commits of the study"):
            question(GateSettings(head="main"), git, history, [])
        with pytest.raises(ErgitError, match="The study has no commit"):
            question(GateSettings(), git, [], [])


def test_the_record_says_what_an_undecided_verdict_counts_as_and_what_would_decide_it() -> None:
    decision = judged(readings([100.0] * 15 + [104.5]))
    record = gate_record(decision, sha(15), "measured", FIVE_PERCENT, GateSettings(undecided="pass"), Rounds(3, 3))
    assert (record.verdict, record.undecided, record.kind, record.least_change) == (
        "undecided",
        "pass",
        "measured",
        0.05,
    )
    assert record.passes
    assert record.reason.startswith(decision.reason)
    assert len(record.reason) > len(decision.reason)


def test_a_verdict_on_few_commits_says_how_far_builds_are_assumed_to_differ() -> None:
    few, many = judged(readings([100.0] * 3 + [120.0])), judged(readings([100.0] * 15 + [120.0]))
    assert compared(few).assumed_build_difference == pytest.approx(0.014, abs=0.001)
    assert "this assumes that builds of the same source differ by at most 1.4%." in few.reason
    assert compared(many).assumed_build_difference is None
    assert "assumes" not in many.reason


def test_a_noisy_commit_fails_no_gate() -> None:
    found = readings([100.0] * 12 + [115.0], runs=4)
    joules = found.observations.joules.copy()
    joules[-4:] = 115 * np.exp(0.13 * np.linspace(-1.2, 1.2, 4))
    noisy = replace_joules(found, joules)
    assert judged(found).verdict == "fail"
    assert judged(noisy).verdict == "undecided"
    assert compared(judged(noisy)).ci_high - compared(judged(noisy)).ci_low > 0.12


def replace_joules(found: CleanReadings, joules: np.ndarray[Any, Any]) -> CleanReadings:
    """The same readings with other energies."""
    return dataclasses.replace(found, observations=dataclasses.replace(found.observations, joules=joules))


WORKLOAD = Differences(kinds=("workload",), files=(KindFiles(kind="workload", files=("test/A.java", "test/B.java")),))


def test_an_increase_that_only_the_workload_can_have_made_is_not_judged() -> None:
    failed = judged(readings([100.0] * 15 + [112.0]))
    assert failed.verdict == "fail"
    told = told_with(failed, WORKLOAD, "measured")
    assert told.verdict == "not judged"
    assert re.match(r"0+f uses 12\.\d% more energy than the 15 commits ", told.reason.replace(sha(15)[:10], "000f"))
    assert "nothing else than the workload has changed (test/A.java, test/B.java)" in told.reason
    assert "Fix it" not in told.reason
    for counts_as in ("fail", "pass"):
        record = gate_record(told, sha(15), "measured", FIVE_PERCENT, GateSettings(workload_changes=counts_as), None)
        assert (record.passes, record.differs) == (counts_as == "pass", WORKLOAD)


@pytest.mark.parametrize(
    "kinds", [("program",), ("program", "workload"), ("workload", "dependencies"), ("workload", "jdk"), ("build",)]
)
def test_whatever_else_has_changed_is_judged_as_before(kinds: tuple[Kind, ...]) -> None:
    failed = judged(readings([100.0] * 15 + [112.0]))
    assert told_with(failed, Differences(kinds=kinds), "measured") == dataclasses.replace(
        failed, differs=Differences(kinds=kinds)
    )


def test_a_pass_and_an_undecided_verdict_stay_with_a_changed_workload() -> None:
    for level, verdict in ((100.0, "pass"), (104.5, "undecided")):
        decision = judged(readings([100.0] * 15 + [level]))
        told = told_with(decision, WORKLOAD, "measured")
        assert (decision.verdict, told.verdict) == (verdict, verdict)
        assert told.reason.endswith("Nothing but the workload has changed (test/A.java, test/B.java).")


def test_an_increase_where_nothing_that_runs_has_changed_fails_and_says_so() -> None:
    told = told_with(judged(readings([100.0] * 15 + [112.0])), Differences(kinds=()), "measured")
    assert told.verdict == "fail"
    assert told.reason.endswith(
        "Nothing that runs has changed (no file differs): this is drift or a batch, not the program."
    )


def test_the_gate_looks_at_all_commits_after_the_base_also_unmeasured_ones(
    repository: Repository, tmp_path: Path
) -> None:
    first = repository.commit("One", a__java="1")
    repository.commit("Nobody measured this one", a__java="2")
    repository.commit("Back", a__java="1")
    last = repository.commit("Tests", **{"test_a__py": "1"})
    found = readings([100.0, 112.0])
    rows = [commit_row(0, commit=first), commit_row(3, commit=last)]
    comparison = GateComparison(
        **{"base": (first,), "head": (last,), "relative_change": 0.12, "ci_low": 0.1, "ci_high": 0.14},
        **{"decidable_change": 0.04, "runs": 9, "runs_needed": None},
    )
    with git_in(repository.path) as git:
        told = differences_between(
            git, comparison, dataclasses.replace(found, commits=rows), FileKinds(InputSettings()), Builds(tmp_path)
        )
    assert told.kinds == ("program", "workload")
    assert [commit.kinds for commit in told.commits] == [("program",), ("program",), ("workload",)]


def test_commits_between_that_nobody_measured_are_counted_in_the_reason() -> None:
    decision = judged(readings([100.0] * 15 + [112.0]))
    assert (compared(decision).commits_between, compared(decision).measured_between) == (10, 1)
    assert f"After {sha(14)[:10]}, up to {sha(15)[:10]}: 10 commits, 1 of them measured." in decision.reason


def test_the_gate_of_the_config_has_defaults_and_knows_its_words() -> None:
    assert read_config(CONFIG).gate == GateSettings()
    named = {"base": "v1.0", "newest": 3, "undecided": "pass"}
    assert read_config(CONFIG | {"gate": named}).gate == GateSettings(base="v1.0", newest=3, undecided="pass")
    with pytest.raises(ErgitError, match="maybe"):
        read_config(CONFIG | {"gate": {"undecided": "maybe"}})
    with pytest.raises(ErgitError, match="bass"):
        read_config(CONFIG | {"gate": {"bass": "v1.0"}})


def ergit_gate(study: Path) -> subprocess.CompletedProcess[str]:
    """One call of `ergit gate` on the study of a folder."""
    command = [sys.executable, "-P", "-m", "ergit.cli", "gate", "--study", str(study)]
    return subprocess.run(command, cwd=study.parent, capture_output=True, text=True, timeout=300)


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
    assert re.search(f"ergit: gate: fail: {slower[:10]} uses [0-9.]+% more energy than {base[:10]} ", printed)
    assert "estimated from CPU time" in printed
    assert "Traceback" not in printed
    assert (work / "results/junit.xml").exists()
    assert (work / "results/summary.md").exists()

    configure(work, **usual, changes={"accepted": [slower[:7]]})
    passed = ergit_gate(work)
    assert passed.returncode == 0, passed.stderr
    assert f"ergit: gate: pass: the change of {slower[:10]} is accepted." in passed.stdout

    configure(work, **usual, gate={"base": "v9"})
    unknown = ergit_gate(work)
    assert unknown.returncode == 1
    assert "gate.base: 'v9' is no commit, tag or branch" in unknown.stdout + unknown.stderr
    assert "ergit: gate: no verdict: the study did not finish." in unknown.stderr
    assert "Traceback" not in unknown.stdout + unknown.stderr
