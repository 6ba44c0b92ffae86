"""A build finds a Git repository on its commit, with its tags, submodules and LFS objects."""

import tempfile
from pathlib import Path

import pytest

from ergit.building.build import BuildJob, build
from ergit.building.build_dir import build_dir_of
from ergit.building.dependencies import Dependencies
from ergit.config.settings import BuildSettings, RepositorySettings
from ergit.git.checkout import checkout
from ergit.records.java import JavaRecord
from tests.fakes.needs import needs_lfs
from tests.fakes.repositories import Repository, mirrored, new_repository


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository with a tag, one commit behind it, and a branch on which there is another one."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    made = new_repository(tmp_path / "project")
    made.commit("one", a__txt="1")
    made.git("tag", "--annotate", "--message", "first", "v1")
    return made


def printed_in_build(project: Repository, tmp_path: Path, *commands: str, **settings: bool) -> str:
    """What the commands print in a build of the project's last commit."""
    mirror, record = mirrored(project)
    repository = RepositorySettings(url=str(project.path), **settings)
    checkout(mirror, record.head, tmp_path / "checkout", repository)
    job = BuildJob(
        commit=record.head,
        java=JavaRecord(commit=record.head, status="not-wanted", wanted=None, wanted_from=None, chosen=None, reason=""),
        checkout=tmp_path / "checkout",
        artifact=tmp_path / "a.tar.gz",
        settings=BuildSettings(commands=commands),
        fingerprint="f",
        log=tmp_path / "log",
        dependencies=Dependencies((), tmp_path / "cache", build_dir_of(record.head)),
    )
    built = build(job)
    assert built.status == "ok", built.reason
    return job.log.read_text()


def test_a_build_may_ask_git_for_its_version(project: Repository, tmp_path: Path) -> None:
    last = project.commit("two", a__txt="2")
    asked = "git describe --dirty; git rev-parse HEAD; git log --format=%s; git status --porcelain"
    assert printed_in_build(project, tmp_path, asked) == f"v1-1-g{last[:7]}\n{last}\ntwo\none\n"


def test_a_build_finds_the_files_of_submodules(
    project: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = new_repository(tmp_path / "library")
    library.commit("of the library", lib__txt="of the library\n")
    project.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../library", "lib")
    project.commit("two")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "protocol.file.allow")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "always")
    assert printed_in_build(project, tmp_path, "cat lib/lib.txt", submodules=True) == "of the library\n"


@needs_lfs
def test_a_build_finds_the_objects_of_lfs(project: Repository, tmp_path: Path) -> None:
    project.git("lfs", "install", "--local")
    project.git("lfs", "track", "*.bin")
    project.commit("large", large__bin="large file\n")
    assert printed_in_build(project, tmp_path, "cat large.bin", lfs=True) == "large file\n"
