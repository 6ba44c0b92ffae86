"""The command that hears how a run ended."""

from pathlib import Path

import pytest

from ergit.config.settings import NotifySettings
from ergit.live.notify import notify


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working directory, which is the study's."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").mkdir()


def told(command: str, outcome: str = "done", **settings: object) -> list[str]:
    facts = {"ERGIT_OUTCOME": outcome, "ERGIT_MESSAGE": "jsoup: all is done"}
    return notify(NotifySettings(command=command, **settings), facts, Path("results"))  # type: ignore[arg-type]


def test_the_command_finds_the_facts_in_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ERGIT_SETTINGS_1234", "of the jobs")
    assert told('env | grep ^ERGIT | sort > heard; echo "sent"') == []
    assert Path("heard").read_text() == "ERGIT_MESSAGE=jsoup: all is done\nERGIT_OUTCOME=done\n"
    assert Path("results/notify.log").read_text() == "sent\n"


@pytest.mark.parametrize(("outcome", "hears"), [("failed", True), ("stopped", True), ("interrupted", False)])
def test_it_hears_of_the_outcomes_that_it_wants(outcome: str, hears: bool) -> None:
    assert told("touch heard", outcome) == []
    assert Path("heard").exists() is hears


def test_its_failure_is_a_warning() -> None:
    assert told("echo no route >&2; exit 3") == [
        "ergit: warning: the command of `notify` did not work: it ended with status 3 (log: results/notify.log)"
    ]
    assert Path("results/notify.log").read_text() == "no route\n"


def test_it_is_ended_when_it_takes_too_long() -> None:
    [warning] = told("sleep 60", timeout_seconds=0.2)
    assert "it took longer than 0.2 s" in warning


def test_without_a_command_nothing_is_run() -> None:
    assert notify(NotifySettings(), {"ERGIT_OUTCOME": "done"}, Path("results")) == []
