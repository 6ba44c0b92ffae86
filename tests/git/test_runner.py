"""Git as ergit runs it: where, with which settings, and what an error says."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ergit.errors import ErgitError
from ergit.git.runner import FOREIGN, Git, GitError, GitObject, GitOfEachCommit, configuration, git_in
from tests.fakes.repositories import Repository
from tests.fakes.waiting import wait_for

both_kinds = pytest.mark.parametrize("kind", [Git, GitOfEachCommit])


@both_kinds
def test_an_error_names_the_command_and_the_folder_and_is_gits_own_words_on_one_line(
    tmp_path: Path, kind: type[Git]
) -> None:
    with git_in(tmp_path, kind=kind) as git, pytest.raises(GitError) as raised:
        git.rev_list("--all", "--no-such-option=secret")
    assert str(raised.value) == (
        f"`git rev-list` failed in {tmp_path}: fatal: not a git repository (or any of the parent directories): .git"
    )


@both_kinds
def test_an_error_holds_no_secret(five: Repository, kind: type[Git]) -> None:
    with git_in(five.path, secrets=["sesame"], kind=kind) as git, pytest.raises(GitError) as raised:
        git.rev_parse("--verify", "sesame:https://ada:hunter2@host/r")
    assert "sesame" not in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_git_that_is_not_installed_is_an_error_with_the_fix(five: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ErgitError, match="install Git"), git_in(five.path):
        pass


@both_kinds
def test_git_that_is_killed_is_an_error_with_its_status(
    five: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[Git]
) -> None:
    script = f'#!/bin/sh\n[ "$1" = version ] && exec {shutil.which("git")} version\nkill -9 $$\n'
    (tmp_path / "git").write_text(script, encoding="utf-8")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with (
        git_in(five.path, kind=kind) as git,
        pytest.raises(GitError, match=r"`git rev-parse` failed in .*: it ended with status -9\."),
    ):
        git.rev_parse("HEAD")


@both_kinds
def test_git_ends_with_the_program_that_is_killed(five: Repository, tmp_path: Path, kind: type[Git]) -> None:
    waiting = f"""
from pathlib import Path
from ergit.git.runner import {kind.__name__}, git_in
with git_in(Path({str(five.path)!r}), kind={kind.__name__}) as git:
    git.output("-c", "alias.wait=!echo $$ > {tmp_path}/pid; exec sleep 60", "wait")
"""
    with subprocess.Popen([sys.executable, "-c", waiting]) as program:
        pid = tmp_path / "pid"
        wait_for(lambda: program.poll() is not None or (pid.exists() and pid.read_text() != ""))
        assert program.poll() is None
        command = Path("/proc") / pid.read_text().strip()
        assert command.exists()
        program.kill()
    wait_for(lambda: not command.exists())


def test_arguments_that_no_program_can_take_are_errors(five: Repository) -> None:
    with git_in(five.path) as git:
        with pytest.raises(GitError, match=r"'a\\x00b' holds a NUL"):
            git.rev_parse("a\0b")
        with pytest.raises(GitError, match="Argument list too long"):
            git.rev_list("HEAD", "--", *["x" * 100_000] * 100)


def test_a_folder_that_is_not_there_is_an_error_that_says_how_the_mirror_comes_back(tmp_path: Path) -> None:
    with pytest.raises(ErgitError, match=r"-R mirror` makes it again"), git_in(tmp_path / "mirror.git"):
        pass


def test_git_works_in_the_folder_alone_and_in_no_repository_around_it(five: Repository) -> None:
    (five.path / "results/mirror.git").mkdir(parents=True)
    with git_in(five.path / "results/mirror.git") as git:
        assert git.attempt("rev-parse", "--git-dir") is None


def test_the_environment_is_as_it_was_afterwards(five: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FOREIGN:
        monkeypatch.setenv(name, "/nowhere")
    before = dict(os.environ)
    with git_in(five.path) as git:
        assert git.rev_parse("HEAD") == five.git("rev-parse", "HEAD")
    assert dict(os.environ) == before


def test_settings_come_after_those_that_the_environment_hands_over(
    five: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "2")
    for number, (key, value) in enumerate([("user.name", "Ada"), ("core.hooksPath", "/hooks")]):
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{number}", key)
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{number}", value)
    with git_in(five.path, settings=[("user.email", "a@b")]) as git:
        assert git.config("user.name") == "Ada"
        assert git.config("user.email") == "a@b"
        assert git.config("core.hooksPath") == "/dev/null"


@pytest.mark.parametrize("count", ["", "x", "-1", "1" * 20])
def test_a_count_that_is_none_is_as_good_as_no_settings(count: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", count)
    assert configuration([("a.b", "c")]) == {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "a.b",
        "GIT_CONFIG_VALUE_0": "c",
    }


def test_objects_are_found_by_name_in_one_call(five: Repository) -> None:
    head = five.git("rev-parse", "HEAD")
    names = ["HEAD", "no such", "a\nb", "HEAD^{tree}", "HEAD:a.java", "", "HEAD:no such", "missing", "\udce9"]
    with git_in(five.path) as git:
        assert git.objects(names) == [
            GitObject(head, "commit"),
            None,
            None,
            GitObject(five.git("rev-parse", "HEAD^{tree}"), "tree"),
            GitObject(five.git("rev-parse", "HEAD:a.java"), "blob"),
            *[None] * 4,
        ]
        assert git.objects([]) == []


def test_output_that_is_no_utf_8_is_kept_to_the_byte(five: Repository) -> None:
    five.path.joinpath("latin").write_bytes(b"caf\xe9\n\n")
    five.commit("latin")
    with git_in(five.path) as git:
        assert git.output("cat-file", "blob", "HEAD:latin") == b"caf\xe9\n\n"
        assert git.cat_file("blob", "HEAD:latin") == "caf\udce9\n"
