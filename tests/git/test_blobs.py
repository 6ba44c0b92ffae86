"""Files of commits, read from real repositories."""

from pathlib import Path

import pytest

from ergit.errors import ErgitError
from ergit.git.blobs import files_in
from tests.fakes.repositories import Repository


def test_a_folder_is_not_taken_for_a_file(repository: Repository) -> None:
    (repository.path / "pom.xml").mkdir()
    commit = repository.commit("odd", **{"pom__xml/inner": "x"})
    with files_in(repository.path / ".git") as files:
        tree = files.tree_of(commit)
        assert (tree.read("pom.xml"), tree.has("pom.xml"), tree.has("pom.xml/inner")) == (None, True, True)


def test_files_are_read_to_the_byte(repository: Repository) -> None:
    commit = repository.commit("files", a="x\n\n", b="x", c="")
    with files_in(repository.path / ".git") as files:
        tree = files.tree_of(commit)
        assert [tree.read(name) for name in ("a", "b", "c", "d")] == [b"x\n\n", b"x", b"", None]


def test_a_link_in_the_tree_is_followed_and_no_other(repository: Repository) -> None:
    for name, target in (("link", "real"), ("loop", "loop"), ("gone", "nowhere"), ("out", "/etc/hostname")):
        (repository.path / name).symlink_to(target)
    commit = repository.commit("links", real="content")
    with files_in(repository.path / ".git") as files:
        tree = files.tree_of(commit)
        assert [tree.read(name) for name in ("link", "loop", "gone", "out", "real")] == [
            b"content",
            None,
            None,
            None,
            b"content",
        ]
        assert tree.identities(["link", "real"])[0] == tree.identities(["real"])[0]


@pytest.mark.parametrize("path", ["a\nb", "a\0b", "./a", "../a", "/a", ":a", "", "-"])
def test_an_odd_path_is_no_file_and_confuses_no_later_answer(repository: Repository, path: str) -> None:
    commit = repository.commit("one", a="content")
    with files_in(repository.path / ".git") as files:
        tree = files.tree_of(commit)
        assert (tree.read(path), tree.read("a")) == (None, b"content")


def test_a_thousand_files_are_found_in_one_question(repository: Repository) -> None:
    commit = repository.commit("many", **{f"f{number}": "x" for number in range(1000)})
    with files_in(repository.path / ".git") as files:
        found = files.tree_of(commit).identities([f"f{number}" for number in range(1001)])
        assert (len(found), found[999] is not None, found[1000]) == (1001, True, None)


def test_an_unknown_commit_is_an_error(repository: Repository) -> None:
    repository.commit("one")
    with files_in(repository.path / ".git") as files, pytest.raises(ErgitError, match="has no commit 0000000"):
        files.tree_of("0" * 40)


def test_a_mirror_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ErgitError, match=r"gone\.git is not there"), files_in(tmp_path / "gone.git"):
        pass


def test_a_folder_that_is_no_repository_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ErgitError, match="not a git repository"), files_in(tmp_path) as files:
        files.tree_of("0" * 40)
