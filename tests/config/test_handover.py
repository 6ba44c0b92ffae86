"""Settings on their way to the programs of jobs, each study's under a name of its own."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ergit.config.handover import (
    PROGRAMS,
    ROOT,
    command_of_python,
    compile_programs,
    hand_over,
    is_known_to_fit,
    note_fit_machine,
    program_variables,
    received,
    variables_beside_others,
)
from ergit.config.reading import read_config
from ergit.config.settings import Settings
from ergit.errors import ErgitError


def study(**parts: Any) -> Settings:
    """The settings of a small study with these parts."""
    return read_config({"repository": {"url": "demo"}, "commits": ["main"], "workload": {"command": "true"}} | parts)


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test puts into the environment leaves it with the test."""
    monkeypatch.setattr(os, "environ", os.environ.copy())


def test_programs_are_compiled_where_python_itself_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    (tmp_path / "one.py").write_text("x = 1\n", encoding="utf-8")
    compile_programs(tmp_path)
    assert [path.name for path in (tmp_path / "__pycache__").iterdir()] == [f"one.{sys.implementation.cache_tag}.pyc"]


def test_programs_that_cannot_be_compiled_to_a_file_are_left_as_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "pycache_prefix", None)
    (tmp_path / "one.py").write_text("x = 1\n", encoding="utf-8")
    (tmp_path / "__pycache__").write_text("no folder", encoding="utf-8")
    compile_programs(tmp_path)
    assert (tmp_path / "__pycache__").read_text(encoding="utf-8") == "no folder"
    assert capsys.readouterr() == ("", "")


def test_two_studies_in_one_process_each_get_their_own_settings() -> None:
    names = [hand_over(study(workload={"command": command})) for command in ("first", "second")]
    assert [received(name).measured_workload().command for name in names] == ["first", "second"]


def test_the_settings_arrive_as_they_were_numbers_included() -> None:
    settings = study(measure={"watts_per_core": 10, "rest_seconds": 1.0, "loops": 3}, java=None)
    got = received(hand_over(settings))
    assert (got.measure, got.java, got.build) == (settings.measure, None, settings.build)
    assert repr(got.measure.watts_per_core) == "10"


def test_settings_that_are_missing_or_broken_are_named() -> None:
    os.environ["ERGIT_SETTINGS_BROKEN"] = "{"
    for name in ("ERGIT_SETTINGS_NONE", "ERGIT_SETTINGS_BROKEN"):
        with pytest.raises(ErgitError, match=f"not in the environment variable {name}"):
            received(name)


@pytest.mark.parametrize("path", ["", ":", ".", "./", ".:", "/opt/lib:.", "/opt/lib::"])
def test_programs_never_search_the_working_directory_for_modules(path: str) -> None:
    os.environ["PYTHONPATH"] = path
    entries = program_variables()["PYTHONPATH"].split(os.pathsep)
    assert entries == [ROOT, *(["/opt/lib"] if "/opt/lib" in path else [])]


def test_programs_find_this_python_first() -> None:
    assert Path(program_variables()["PATH"].split(os.pathsep)[0]).joinpath("python3").exists()


@pytest.mark.parametrize("path", ["", "/opt/lib", f"/opt/lib:{ROOT}"])
def test_beside_other_jobs_ergit_stands_last_and_once_on_their_search_path(path: str) -> None:
    os.environ["PYTHONPATH"] = path
    assert variables_beside_others() == {"PYTHONPATH": f"/opt/lib:{ROOT}" if path else ROOT}


def test_beside_other_jobs_the_jobs_of_ergit_name_their_python_and_find_ergit_first() -> None:
    os.environ["PYTHONPATH"] = "/opt/my lib:."
    assert command_of_python(with_conda=False) == f"env 'PYTHONPATH={ROOT}:/opt/my lib' {sys.executable}"
    assert command_of_python(with_conda=True) == f"env 'PYTHONPATH={ROOT}:/opt/my lib' python3"
    assert PROGRAMS not in variables_beside_others().values()


def test_a_machine_is_known_to_fit_the_settings_that_it_was_looked_at_for_and_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    note_fit_machine("ERGIT_SETTINGS_ONE")
    assert is_known_to_fit("ERGIT_SETTINGS_ONE")
    assert not is_known_to_fit("ERGIT_SETTINGS_TWO")
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(nodename="another node of a cluster"))
    assert not is_known_to_fit("ERGIT_SETTINGS_ONE")
