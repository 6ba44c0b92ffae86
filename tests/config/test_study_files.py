"""Files of the study's own folder: which a command names, and what an edited one does to the fingerprints."""

import json
import os
from pathlib import Path

import pytest

from ergit.config.fingerprint import build_fingerprint, reading_fingerprint
from ergit.config.handover import hand_over, received
from ergit.config.reading import read_config
from ergit.config.settings import Settings
from ergit.config.study_files import (
    all_files,
    edited_files,
    hashes,
    note_study_files,
    paths_in,
    refuse_edited,
)
from ergit.errors import ErgitError
from ergit.records.study_files import read_study_files
from tests.fakes.another_user import another_user

NOTE = Path("results/study-files.json")


@pytest.fixture(autouse=True)
def study_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory is a study's folder with some files."""
    folder = tmp_path / "study"
    (folder / "lib").mkdir(parents=True)
    for name in ("bench.sh", "my file.txt", "a.jar", "lib/x.jar", "o'neill"):
        (folder / name).write_text(name)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize(
    ("command", "paths"),
    [
        ("make", []),
        ("$ERGIT_STUDY/bench.sh", ["bench.sh"]),
        ("${ERGIT_STUDY}/bench.sh; x", ["bench.sh"]),
        ('"$ERGIT_STUDY/bench.sh" && x', ["bench.sh"]),
        ('"$ERGIT_STUDY"/bench.sh', ["bench.sh"]),
        ('cat "$ERGIT_STUDY/my file.txt"', ["my file.txt"]),
        (r"cat $ERGIT_STUDY/my\ file.txt", ["my file.txt"]),
        ('bash -c "$ERGIT_STUDY/bench.sh 3"', ["bench.sh"]),
        ("java -cp $ERGIT_STUDY/a.jar:$ERGIT_STUDY/lib/x.jar:target Main", ["a.jar", "lib/x.jar"]),
        ('java -cp "$ERGIT_STUDY/a.jar:target" Main', ["a.jar"]),
        ("java -cp $ERGIT_STUDY/lib/*:target Main", ["lib"]),
        ('java -cp "$ERGIT_STUDY/lib/*" Main', ["lib"]),
        ('java -cp "$ERGIT_STUDY/lib/*:$ERGIT_STUDY/a.jar" Main', ["lib", "a.jar"]),
        ("cat $ERGIT_STUDY/lib/$X.jar", ["lib"]),
        ("cat $ERGIT_STUDY/./lib//x.jar", ["lib/x.jar"]),
        ("$ERGIT_STUDY/gone.sh --x", ["gone.sh"]),
        ('make > $ERGIT_STUDY/out.txt 2>> "$ERGIT_STUDY/err.txt"', []),
        ("cd $ERGIT_STUDY && make; ls $ERGIT_STUDY/ $ERGIT_STUDY/.. $ERGIT_STUDY/results/x", []),
        ("$ERGIT_STUDYING/bench.sh", []),
        ("cat $ERGIT_STUDY/../beside.txt", ["../beside.txt"]),
    ],
)
def test_the_files_that_a_command_names_are_found(command: str, paths: list[str]) -> None:
    assert list(paths_in(command)) == paths


def study(**workload: object) -> Settings:
    return read_config(
        {
            "repository": {"url": "x"},
            "commits": ["a"],
            "build": {"commands": ["cp $ERGIT_STUDY/a.jar ."]},
            "workload": {"command": "$ERGIT_STUDY/bench.sh", "prepare": "true", **workload},
        }
    )


def edited(settings: Settings) -> dict[str, str]:
    return edited_files(all_files(settings), NOTE, is_new=False)


def texts(settings: Settings) -> tuple[str, str]:
    found = edited(settings)
    return build_fingerprint(settings, found), reading_fingerprint(settings, found)


def test_a_study_whose_files_were_never_edited_keeps_the_texts_it_has_always_had() -> None:
    settings = study()
    old = build_fingerprint(settings), reading_fingerprint(settings)
    assert "files" not in old[1]
    assert texts(settings) == old  # nothing is noted yet
    note_study_files(all_files(settings).names, NOTE)
    assert texts(settings) == old
    os.utime("bench.sh", (0, 0))
    assert texts(settings) == old


def test_an_edited_file_of_the_workload_changes_what_readings_stand_for_and_going_back_changes_it_back() -> None:
    settings = study()
    note_study_files(all_files(settings).names, NOTE)
    old = texts(settings)
    Path("bench.sh").write_text("other")
    assert texts(settings)[0] == old[0]
    assert json.loads(texts(settings)[1])["workload"]["files"] == hashes(["bench.sh"])
    Path("bench.sh").write_text("bench.sh")
    assert texts(settings) == old


def test_an_edited_file_of_the_build_changes_what_builds_and_readings_stand_for() -> None:
    settings = study()
    note_study_files(all_files(settings).names, NOTE)
    old = texts(settings)
    Path("a.jar").write_text("other")
    assert json.loads(texts(settings)[0])["build"]["files"] == hashes(["a.jar"])
    assert texts(settings)[1] != old[1]
    assert "files" not in json.loads(texts(settings)[1])["workload"]


def test_files_in_the_lists_count_like_those_in_commands() -> None:
    settings = study(files=["lib"])
    note_study_files(all_files(settings).names, NOTE)
    Path("lib/new.jar").touch()
    assert list(edited(settings)) == ["lib"]


def test_a_file_that_is_listed_later_is_noted_as_it_is_then() -> None:
    note_study_files(all_files(study()).names, NOTE)
    Path("bench.sh").write_text("other")
    settings = study(files=["lib"])
    assert list(edited(settings)) == ["bench.sh"]
    note_study_files(all_files(settings).names, NOTE)
    assert list(edited(settings)) == ["bench.sh"]
    assert set(read_study_files(NOTE).hashes) == {"a.jar", "bench.sh", "lib"}


def test_a_listed_file_that_is_not_there_is_an_error_that_names_it() -> None:
    with pytest.raises(ErgitError, match=r"^config: gone\.py is listed in .* no such file in the study's folder, /"):
        edited(study(files=["gone.py"]))


def test_a_named_file_that_is_not_there_is_an_error_in_a_new_study_and_where_it_was_there_once() -> None:
    files = all_files(study(command="$ERGIT_STUDY/gone.sh"))
    with pytest.raises(ErgitError, match=r"^config: gone\.sh is named in a command, and there is no such file"):
        edited_files(files, NOTE, is_new=True)
    assert edited_files(files, NOTE, is_new=False) == {}  # an old study, which may do without
    note_study_files(files.names, NOTE)
    assert edited_files(files, NOTE, is_new=False) == {}
    Path("gone.sh").touch()  # written by the command itself, perhaps
    assert edited_files(files, NOTE, is_new=False) == {}
    Path("bench.sh").unlink()
    note_study_files(["gone.sh"], NOTE)
    with pytest.raises(ErgitError, match=r"bench\.sh is named"):
        edited_files(all_files(study()), NOTE, is_new=True)


def test_a_file_that_cannot_be_read_is_an_error_that_names_it(tmp_path: Path) -> None:
    Path("bench.sh").chmod(0)
    with another_user(tmp_path), pytest.raises(ErgitError, match=r"config: bench\.sh, .* cannot be read: Permission"):
        hashes(["bench.sh"])


def test_a_folder_is_its_content_and_rights_and_not_what_programs_leave_there() -> None:
    def now() -> str | None:
        return hashes(["lib"])["lib"]

    first = now()
    Path("lib/__pycache__").mkdir()
    Path("lib/__pycache__/x.pyc").touch()
    assert now() == first
    Path("lib/x.jar").chmod(0o755)
    second = now()
    Path("lib/link").symlink_to("x.jar")
    third = now()
    Path("lib/x.jar").rename("lib/y.jar")
    assert len({first, second, third, now()}) == 4


def test_the_results_of_a_study_below_a_prefix_are_no_files_of_the_study() -> None:
    first = hashes(["."])["."]
    Path("parser/results").mkdir(parents=True)
    Path("parser/results/mirror.json").touch()
    Path("parser/results/energy.csv").touch()
    Path("parser/results/mirror.json").write_text("new")
    second = hashes(["."])["."]
    Path("parser/results/energy.csv").write_text("more")
    assert hashes(["."])["."] == second != first  # the folder `parser` itself is new
    assert list(paths_in("cat $ERGIT_STUDY/parser/results/energy.csv")) == []


def test_a_file_edited_while_the_study_runs_is_an_error_in_the_next_job(monkeypatch: pytest.MonkeyPatch) -> None:
    name = hand_over(study())
    monkeypatch.setenv(name, os.environ[name])  # so that it is gone after the test
    refuse_edited(received(name))
    Path("bench.sh").write_text("other")
    with pytest.raises(ErgitError, match=r"^bench\.sh in the study's folder was changed while the study ran\."):
        refuse_edited(received(name))
