"""Builds are shared between studies; a cache that does not work costs a warning."""

import os
from pathlib import Path

import pytest

from ergit.building.artifacts import pack
from ergit.building.cache import cached_path, keep_in_cache, take_from_cache
from ergit.config.settings import BuildSettings
from ergit.records.java import ChosenJdk, JavaRecord
from tests.fakes.another_user import another_user

JAVA = JavaRecord(
    commit="c",
    status="ok",
    wanted=17,
    wanted_from="pom.xml",
    chosen=ChosenJdk(home="/jdk", release=17, version="17.0.1", vendor=None),
    reason="",
)
BUILD_DIR = Path("/tmp/ergit-0/01234567/89abcde")


def path_for(command: str = "make", fingerprint: str = "f", folder: str | None = "/cache") -> Path | None:
    return cached_path("c", JAVA, BuildSettings(commands=(command,)), fingerprint, BUILD_DIR, folder)


def test_equal_builds_have_one_place_and_others_another() -> None:
    assert path_for() == path_for()
    assert path_for() != path_for(fingerprint="g")


def test_without_a_folder_and_for_files_of_the_study_there_is_none() -> None:
    assert path_for(folder=None) is None
    assert path_for(folder="") is None
    assert path_for("$ERGIT_STUDY/build.sh") is None


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    """A build to keep."""
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/file").write_bytes(os.urandom(10_000))
    pack(tmp_path / "a.tar.gz", tmp_path / "tree", ["."])
    return tmp_path / "a.tar.gz"


def test_what_is_kept_can_be_taken(tmp_path: Path, artifact: Path) -> None:
    cached = tmp_path / "new/cache/x.tar.gz"
    assert keep_in_cache(artifact, cached) is None
    assert os.listdir(cached.parent) == ["x.tar.gz"]  # noqa: PTH208
    assert take_from_cache(cached, tmp_path / "b.tar.gz") is None
    assert (tmp_path / "b.tar.gz").read_bytes() == artifact.read_bytes()


def test_a_cache_that_cannot_be_written_says_why_and_leaves_nothing(tmp_path: Path, artifact: Path) -> None:
    cached = tmp_path / "cache/x.tar.gz"
    cached.parent.mkdir(0o555)
    with another_user(tmp_path):
        problem = keep_in_cache(artifact, cached)
    assert problem is not None
    assert problem.startswith("Permission denied (")
    assert list(cached.parent.iterdir()) == []
    (tmp_path / "file").touch()
    assert keep_in_cache(artifact, tmp_path / "file/x.tar.gz") is not None


def test_a_damaged_or_unreadable_build_is_not_taken(tmp_path: Path, artifact: Path) -> None:
    cached = tmp_path / "x.tar.gz"
    assert take_from_cache(cached, tmp_path / "b.tar.gz") == "it is not there"
    cached.write_bytes(artifact.read_bytes()[:-100])
    assert "unexpected end of file" in str(take_from_cache(cached, tmp_path / "b.tar.gz"))
    cached.write_bytes(b"")
    assert take_from_cache(cached, tmp_path / "b.tar.gz") is not None
