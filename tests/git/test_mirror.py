"""The mirror of the studied repository: what is in it, and what is said where it cannot be made."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ergit.errors import ErgitError
from ergit.git.names import CommitNames
from ergit.git.runner import git_in
from tests.fakes.repositories import Repository, mirrored


def test_a_shallow_clone_is_an_error_with_the_fix(five: Repository) -> None:
    five.git("clone", "--quiet", "--depth=1", f"file://{five.path}", str(five.path.parent / "shallow"))
    with pytest.raises(ErgitError, match=r"shallow clone.*git fetch --unshallow"):
        mirrored(Repository(five.path.parent / "shallow"))


def test_a_path_without_a_repository_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ErgitError, match=r"there is no folder '.*missing'"):
        mirrored(Repository(tmp_path / "missing"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(ErgitError, match="does not appear to be a git repository"):
        mirrored(Repository(tmp_path / "empty"))


def test_a_repository_without_a_commit_is_an_error(repository: Repository) -> None:
    with pytest.raises(ErgitError, match="no commit"):
        mirrored(repository)


def test_an_unknown_branch_is_an_error_that_names_the_known_ones(five: Repository) -> None:
    with pytest.raises(ErgitError, match="no branch 'master'; it has: main, old"):
        mirrored(five, "master")


def test_a_branch_is_a_name_and_no_pattern(five: Repository) -> None:
    five.git("branch", "feature/a")
    for name in ("feature", "ma*"):
        with pytest.raises(ErgitError, match="no branch"):
            mirrored(five, name)
    assert mirrored(five, "feature/a")[1].head == five.git("rev-parse", "HEAD")


def test_a_repository_that_the_environment_names_is_never_touched(
    five: Repository, make_repository: Callable[[str], Repository], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = make_repository("mine")
    mine.commit("mine")
    mine.git("branch", "precious")
    before = (mine.git("for-each-ref"), (mine.path / ".git/config").read_text())
    monkeypatch.setenv("GIT_DIR", str(mine.path / ".git"))
    path, record = mirrored(five)
    monkeypatch.delenv("GIT_DIR", raising=False)
    assert record.head == five.git("rev-parse", "HEAD")
    assert (mine.git("for-each-ref"), (mine.path / ".git/config").read_text()) == before
    assert (path / "HEAD").exists()


def test_the_mirror_is_brought_up_to_date_and_the_repository_left_alone(five: Repository) -> None:
    (five.path / "uncommitted").write_text("work in progress")
    before = five.git("status", "--porcelain", "--branch")
    mirrored(five)
    new = five.commit("six")
    five.git("reset", "--quiet", "--soft", "HEAD~1")
    assert mirrored(five)[1].head == five.git("rev-parse", "HEAD") != new
    assert five.git("status", "--porcelain", "--branch").splitlines()[0] == before.splitlines()[0]


def test_another_repository_under_the_same_results_replaces_the_mirror(
    five: Repository, make_repository: Callable[[str], Repository]
) -> None:
    before, _ = mirrored(five)
    other = make_repository("other")
    sha = other.commit("elsewhere")
    path, record = mirrored(other)
    assert (path, record.head) == (before, sha)
    with git_in(path) as git, pytest.raises(ErgitError, match="v2"):
        CommitNames.of_repository(git).resolve("v2", "commits")
