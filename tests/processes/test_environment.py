"""A commit's commands see what the user and the config have set, and nothing of ergit's own."""

import os
import sys
from pathlib import Path

import pytest

from ergit.config.handover import PROGRAMS, ROOT, program_variables
from ergit.processes.environment import child_environment, environment_of
from ergit.records.java import ChosenJdk, JavaRecord


def java(wanted: int | None, chosen: ChosenJdk | None) -> JavaRecord:
    return JavaRecord(commit="c", status="ok", wanted=wanted, wanted_from=None, chosen=chosen, reason="")


JDK = ChosenJdk(home="/jdk", release=21, version="21.0.1", vendor=None)


def test_ergits_own_folder_and_python_do_not_reach_the_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setenv("PATH", "/mine:/usr/bin")
    for name, value in program_variables().items():
        monkeypatch.setenv(name, value)
    found = child_environment({})
    assert "PYTHONPATH" not in found
    assert ROOT not in found["PATH"].split(os.pathsep)
    if sys.prefix != sys.base_prefix:
        assert found["PATH"] == "/mine:/usr/bin"
        assert PROGRAMS not in found["PATH"].split(os.pathsep)
        assert "VIRTUAL_ENV" not in found


def test_the_users_own_modules_reach_the_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/a::/b")
    for name, value in program_variables().items():
        monkeypatch.setenv(name, value)
    assert child_environment({})["PYTHONPATH"] == "/a:/b"


def test_variables_of_ergits_do_not_reach_the_commands_but_those_meant_for_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("ERGIT_SETTINGS_1", "ERGIT_BUILD_CACHE", "ERGIT_STUDY", "ERGIT_JAVA_RELEASE"):
        monkeypatch.setenv(name, "another study's")
    found = child_environment({"ERGIT_STUDY": "/study"})
    assert {name: value for name, value in found.items() if name.startswith("ERGIT_")} == {"ERGIT_STUDY": "/study"}


def test_a_commit_cannot_change_later_steps_of_a_workflow_on_github(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY", "GITHUB_SHA"):
        monkeypatch.setenv(name, "/runner/file")
    found = child_environment({})
    assert [name for name in found if name.startswith("GITHUB_")] == ["GITHUB_SHA"]


def test_safe_path_reaches_the_commands_only_where_the_user_has_set_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    assert "PYTHONSAFEPATH" not in program_variables()
    assert "PYTHONSAFEPATH" not in child_environment({})
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    assert child_environment({})["PYTHONSAFEPATH"] == "1"


def test_the_jdk_is_first_on_path_also_where_there_is_no_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin")
    assert child_environment({"JAVA_HOME": "/jdk"})["PATH"].startswith("/jdk/bin:")
    monkeypatch.delenv("PATH")
    assert child_environment({"JAVA_HOME": "/jdk"})["PATH"] == f"/jdk/bin:{os.defpath.replace('::', ':')}"


def test_the_release_is_the_one_asked_for_else_the_jdks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    study = {"ERGIT_STUDY": str(tmp_path)}
    assert environment_of(java(17, JDK), {}) == study | {"JAVA_HOME": "/jdk", "ERGIT_JAVA_RELEASE": "17"}
    assert environment_of(java(None, JDK), {}) == study | {"JAVA_HOME": "/jdk", "ERGIT_JAVA_RELEASE": "21"}
    assert environment_of(java(17, None), {}) == study


def test_the_config_has_the_last_word() -> None:
    assert environment_of(java(17, JDK), {"JAVA_HOME": "/other"})["JAVA_HOME"] == "/other"
