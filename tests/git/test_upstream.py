"""What a shallow clone lacks comes from where it was cloned from, into the mirror alone."""

from pathlib import Path

import pytest

from ergit.config.settings import RepositorySettings
from ergit.errors import ErgitError
from ergit.git.mirror import mirror
from ergit.git.runner import git_in
from ergit.git.upstream import fetch_branch
from tests.fakes.git_server import git_server
from tests.fakes.repositories import Repository, mirrored, new_repository


def fetched(five: Repository, folder: Path, *words: str, depth: int = 1) -> Repository:
    """A clone that has fetched these references at that depth, and is on the commit of the last."""
    clone = new_repository(folder)
    clone.git("remote", "add", "origin", f"file://{five.path}")
    clone.git("fetch", "--quiet", "--no-tags", f"--depth={depth}", "origin", *words)
    clone.git("checkout", "--quiet", "--force", "--detach", "FETCH_HEAD")
    return clone


@pytest.mark.parametrize(
    ("references", "depth"),
    [
        (["+refs/heads/main:refs/remotes/origin/main"], 1),
        (["+refs/heads/main:refs/remotes/origin/main"], 2),
        (["refs/pull/7/merge"], 1),
        (["+refs/pipelines/11:refs/pipelines/11", "+refs/heads/old:refs/remotes/origin/old"], 1),
    ],
)
def test_a_shallow_clone_is_completed_in_the_mirror_and_stays_as_it_is(
    five: Repository, tmp_path: Path, references: list[str], depth: int
) -> None:
    for reference in ("refs/pull/7/merge", "refs/pipelines/11"):
        five.git("update-ref", reference, "main")
    clone = fetched(five, tmp_path / "clone", *references, depth=depth)
    path, record = mirrored(clone)
    assert record.head == five.git("rev-parse", "main")
    again, _ = mirrored(clone)
    with git_in(path) as git:
        assert git.rev_list("--count", record.head) == "5"
        assert git.rev_parse("--is-shallow-repository") == "false"
    assert again == path
    assert clone.git("rev-list", "--count", "HEAD") == str(depth)
    assert clone.git("rev-parse", "--is-shallow-repository") == "true"


def test_the_clones_own_settings_reach_a_server_that_asks_for_a_token_and_no_error_shows_it(tmp_path: Path) -> None:
    made = new_repository(tmp_path / "served/project")
    made.commit("One")
    made.commit("Two")
    with git_server(tmp_path / "served", "x-access-token", "t0ken") as host:
        clone = new_repository(tmp_path / "clone")
        clone.git("remote", "add", "origin", f"http://{host}/project")
        for token in ("eC1hY2Nlc3MtdG9rZW46dDBrZW4=", "d3Jvbmc6d3JvbmdfdG9rZW4="):
            clone.git("config", f"http.http://{host}/.extraheader", f"AUTHORIZATION: basic {token}")
            if not clone.git("for-each-ref"):
                clone.git("fetch", "--quiet", "--depth=1", "origin", "+refs/heads/main:refs/remotes/origin/main")
                clone.git("checkout", "--quiet", "--detach", "origin/main")
                mirrored(clone)
        with pytest.raises(ErgitError, match=r"is a shallow clone.*cannot be fetched: .*fetch-depth: 0") as error:
            mirror(RepositorySettings(url=str(clone.path)), tmp_path / "another.git")
        assert token not in str(error.value)


def test_a_token_in_the_address_that_a_clone_came_from_is_used_and_no_file_of_the_mirror_holds_it(
    tmp_path: Path,
) -> None:
    made = new_repository(tmp_path / "served/project")
    made.commit("One")
    made.commit("Two")
    with git_server(tmp_path / "served", "gitlab-ci-token", "t0ken") as host:
        clone = new_repository(tmp_path / "clone")
        clone.git("remote", "add", "origin", f"http://gitlab-ci-token:t0ken@{host}/project")
        clone.git("fetch", "--quiet", "--depth=1", "origin", "main")
        clone.git("checkout", "--quiet", "--detach", "FETCH_HEAD")
        path, record = mirrored(clone)
    with git_in(path) as git:
        assert git.rev_list("--count", record.head) == "2"
    assert not [file for file in path.rglob("*") if file.is_file() and b"t0ken" in file.read_bytes()]


def test_a_shallow_clone_of_a_repository_that_is_gone_is_an_error_with_the_fix(
    five: Repository, tmp_path: Path
) -> None:
    clone = fetched(five, tmp_path / "clone", "main")
    five.path.rename(tmp_path / "gone")
    with pytest.raises(ErgitError, match=r"is a shallow clone.*cannot be fetched: .*`git fetch --unshallow` in it"):
        mirrored(clone)
    clone.git("remote", "remove", "origin")
    with pytest.raises(ErgitError, match=r"names no repository that it came from.*fetch-depth: 0"):
        mirrored(clone)


def test_a_branch_that_the_clone_has_not_is_fetched_alone(five: Repository, tmp_path: Path) -> None:
    clone = fetched(five, tmp_path / "clone", "main", depth=10)
    path, _ = mirrored(clone)
    assert fetch_branch(path, clone.path, "old") == five.git("rev-parse", "old")
    assert fetch_branch(path, clone.path, "nowhere") is None
