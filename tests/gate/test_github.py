"""What GitHub Actions is told of a verdict."""

from pathlib import Path
from typing import Any

import pytest

from ergit.gate.github import annotation, is_github, without_commands, write_outputs, write_summary
from ergit.records.context import Differences, KindFiles
from ergit.records.gate import GateRecord

TOUCHED = Differences(
    kinds=("program", "build"),
    files=(KindFiles(kind="build", files=("pom.xml",)), KindFiles(kind="program", files=("src/A, B.java", "C.java"))),
)


def gate(verdict: str, **entries: Any) -> GateRecord:
    """A verdict with a reason of two lines."""
    known: dict[str, Any] = {
        **{"verdict": verdict, "undecided": "fail", "reason": "It uses 26.0% more.\nFix it.", "kind": "measured"},
        **{"least_change": 0.05, "comparison": None, "differs": TOUCHED},
    }
    return GateRecord(**known | entries)


@pytest.mark.parametrize(
    ("verdict", "undecided", "level"),
    [
        *[("pass", "fail", "notice"), ("fail", "pass", "error"), ("broken", "pass", "error")],
        *[("undecided", "fail", "error"), ("undecided", "pass", "warning"), ("not judged", "fail", "error")],
    ],
)
def test_what_ends_the_job_is_an_error_and_what_is_let_through_a_warning(
    verdict: str, undecided: str, level: str
) -> None:
    told = annotation(gate(verdict, undecided=undecided), None, {})
    assert told.startswith(f"::{level} title=Energy gate%3A {verdict}::It uses 26.0%25 more.%0AFix it.")
    assert ("The config lets" in told) == (level == "warning")


def test_it_stands_at_the_first_file_of_the_program_seen_from_the_workspace() -> None:
    told = annotation(gate("fail"), Path("/space/parser"), {"GITHUB_WORKSPACE": "/space"})
    assert told.startswith("::error file=parser/src/A%2C B.java,title=Energy gate%3A fail::")
    assert "file=" not in annotation(gate("fail"), Path("/elsewhere"), {"GITHUB_WORKSPACE": "/space"})
    assert "file=" not in annotation(gate("fail", differs=None), Path("/space"), {"GITHUB_WORKSPACE": "/space"})
    jdk = Differences(kinds=("jdk",))
    assert "file=" not in annotation(gate("fail", differs=jdk), Path("/space"), {"GITHUB_WORKSPACE": "/space"})


def test_summary_and_outputs_are_added_to_what_other_steps_wrote(tmp_path: Path) -> None:
    (tmp_path / "summary").write_text("# Before\n")
    environment = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary"), "GITHUB_OUTPUT": str(tmp_path / "output")}
    write_summary("## Energy gate: pass\n", environment)
    write_outputs(environment, results="/r")
    write_outputs(environment, verdict="not judged")
    assert (tmp_path / "summary").read_text() == "# Before\n## Energy gate: pass\n"
    assert (tmp_path / "output").read_text() == "results=/r\nverdict=not judged\n"
    write_summary("", {})
    assert is_github({"GITHUB_ACTIONS": "true"})
    assert not is_github({})


def test_what_a_commit_prints_is_no_command(capsys: pytest.CaptureFixture[str]) -> None:
    with without_commands({"GITHUB_ACTIONS": "true"}):
        print("    ::error::of a log")
    stop, printed, resume = capsys.readouterr().out.splitlines()
    assert printed == "    ::error::of a log"
    assert stop.startswith("::stop-commands::")
    assert resume == f"::{stop.removeprefix('::stop-commands::')}::"
    with without_commands({}):
        print("elsewhere")
    assert capsys.readouterr().out == "elsewhere\n"


def test_after_an_error_nothing_is_a_command_since_what_failed_is_told_last(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), without_commands({"GITHUB_ACTIONS": "true"}):
        raise SystemExit
    assert len(capsys.readouterr().out.splitlines()) == 1
