"""The gate's verdict as a page of Markdown."""

from pathlib import Path
from typing import Any

from msgspec.structs import replace

from ergit.analysis.broken import Broken
from ergit.records.context import CommitDifference, Differences, KindFiles
from ergit.records.gate import GateComparison, GateRecord
from ergit.reports.gate_page import gate_page
from tests.fakes.tables import commit_row, energy_table, reading, sha_of

TABLE = energy_table(
    [
        *[reading(0, repeat, 10.0 + repeat / 10, clean=repeat != 3) for repeat in (1, 2, 3)],
        *[reading(1, repeat, 12.6) for repeat in (1, 2, 3)],
        reading(2, 1, status="build-failed", reason="no"),
    ]
)
COMMITS = [commit_row(0), commit_row(1, subject="Use List<String> | sort"), commit_row(2)]
COMPARED = GateComparison(
    base=(sha_of(0),),
    head=(sha_of(1),),
    relative_change=0.26,
    ci_low=0.2,
    ci_high=0.3,
    decidable_change=0.04,
    runs=2,
    runs_needed=None,
)


def record(**entries: Any) -> GateRecord:
    """A gate that fails."""
    known: dict[str, Any] = {
        **{
            "verdict": "fail",
            "undecided": "fail",
            "reason": "It uses 26.0% more energy than that.",
            "kind": "measured",
        },
        **{"least_change": 0.05, "comparison": COMPARED, "head": sha_of(1)},
    }
    return GateRecord(**known | entries)


def test_both_sides_stand_side_by_side_with_what_differs() -> None:
    differs = Differences(
        kinds=("program",),
        files=(KindFiles(kind="program", files=("src/Sort.java",)),),
        commits=(CommitDifference(commit=sha_of(1), kinds=("program",)),),
    )
    page = gate_page(record(differs=differs), TABLE, COMMITS, "package", None, "results")
    assert page.splitlines() == [
        "## Energy gate: fail",
        "",
        "It uses 26.0% more energy than that.",
        "",
        "| side   | commit     | readings     | median energy   | median time   | subject                   |",
        "|:-------|:-----------|:-------------|:----------------|:--------------|:--------------------------|",
        "| base   | 0000000000 | 2 clean of 3 | 10.15 J         | 2 s           | Step 0                    |",
        "| head   | 0101010101 | 3 clean of 3 | 12.6 J          | 2 s           | Use List\\<String> \\| sort |",
        "",
        "Taken in turns, in one session, on box.",
        "",
        "The head differs in the program; program: Sort.java.",
        "",
        "The study's folder of results holds this page as `gate.md`, the figures in `plots`, the readings in"
        " `energy.csv`, and all numbers in `gate.json`.",
    ]


def test_posted_as_a_comment_it_calls_nobody_and_refers_to_no_issue() -> None:
    commits = [commit_row(0), commit_row(1, subject="Fixes #12, thanks @octocat"), commit_row(2)]
    told = record(reason="`make` of @octocat ended: see #12.")
    page = gate_page(told, TABLE, commits, "package", None, "results")
    assert "@octocat" not in page
    assert "#12" not in page
    assert "| Fixes #\u200b12, thanks @\u200boctocat |" in page


def test_an_estimate_is_said_to_be_none_and_a_verdict_that_is_let_through_too() -> None:
    told = record(verdict="undecided", undecided="pass", kind="estimated")
    page = gate_page(told, TABLE, COMMITS, "package", None, "results")
    assert page.startswith(
        "## Energy gate: undecided\n\nIt uses 26.0% more energy than that. The config lets `undecided`"
    )
    assert "\n**Estimated, not measured**: CPU time multiplied by a constant." in page


def test_of_what_is_broken_the_end_of_its_log_is_shown_whatever_it_holds(tmp_path: Path) -> None:
    log = tmp_path / "output.log"
    log.write_text("".join(f"line {number}\n" for number in range(40)) + "```\n<script>\x1b[31m error: no ;\n")
    told = record(verdict="broken", reason="0202020202 does not build: no.", comparison=None, head=sha_of(2))
    page = gate_page(told, TABLE, COMMITS, "package", Broken("", log), str(tmp_path))
    assert str(tmp_path) not in page
    assert "\nThe end of `output.log` in the study's folder of results:\n" in page
    assert "| head   | 0202020202 | 0 clean of 1 |" in page
    assert "\n    line 27\n" in page
    assert "line 26" not in page
    assert "\n    ```\n    <script>\ufffd[31m error: no ;\n" in page


def test_a_level_of_many_commits_is_one_row() -> None:
    level = record(comparison=replace(COMPARED, base=(sha_of(0), sha_of(1)), head=(sha_of(2),)))
    page = gate_page(level, TABLE, COMMITS, "package", None, "results")
    assert "| base   | 0000000000 to 0101010101 (2) | 5 clean of 6 |" in page
