"""Which commits a study has, and in what order: on real repositories, mirrored as the workflow does it."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ergit.git.checkout import checkout
from ergit.config.reading import validated
from ergit.errors import ErgitError
from ergit.git.history import legible
from ergit.git.mirror import mirror
from ergit.git.selection import select
from tests.fakes.repositories import Repository


def mirrored(repository: Repository, branch: str | None = None) -> tuple[Path, dict[str, Any]]:
    """The mirror of a repository, and its record."""
    path = repository.path.parent / "results/mirror.git"
    return path, mirror(str(repository.path), branch, path)


def selected(repository: Repository, commits: Any, branch: str | None = None) -> list[dict[str, str]]:
    """The rows of the table of commits."""
    path, record = mirrored(repository, branch)
    config = validated({"repository": {"url": "."}, "commits": commits, "workload": {"command": "true"}})
    return list(csv.DictReader(select(path, record["head"], config["commits"]).splitlines(), delimiter="\t"))


def chosen(rows: list[dict[str, str]]) -> list[str]:
    """The subjects of the chosen commits, in the table's order."""
    return [row["subject"] for row in rows if row["chosen"] == "yes"]


@pytest.fixture
def five(repository: Repository) -> Repository:
    """Five commits: one, two (tag v2), three, four (tag v4, branch old), five."""
    for number, name in enumerate(["one", "two", "three", "four", "five"], 1):
        repository.commit(name, **{"a__java" if number % 2 else "b__md": name})
        if number % 2 == 0:
            repository.git("tag", f"v{number}")
    repository.git("branch", "old", "v4")
    return repository


def test_shas_tags_branches_and_ranges_are_put_in_git_order(five: Repository) -> None:
    short = five.git("rev-parse", "--short=8", "HEAD")
    rows = selected(five, [short, "old", "v2", "v2..v4"])
    assert chosen(rows) == ["two", "three", "four", "five"]
    assert [row["order"] for row in rows] == ["1", "2", "3", "4"]
    assert rows[2]["reason"] == "listed as old, v2..v4"
    assert rows[0]["tags"] == "v2"


def test_a_branch_that_exists_only_on_the_remote_is_found(
    five: Repository, make_repository: Callable[[str], Repository]
) -> None:
    five.git("switch", "--quiet", "--create", "feature")
    sha = five.commit("on the remote only", a__java="6")
    five.git("switch", "--quiet", "main")
    clone = make_repository("clone")
    clone.git("remote", "add", "origin", str(five.path))
    clone.git("fetch", "--quiet", "origin", "main", "+refs/heads/*:refs/remotes/origin/*")
    clone.git("reset", "--quiet", "--hard", "origin/main")
    rows = selected(clone, ["main", "feature"])
    assert [row["commit"] for row in rows][-1] == sha
    assert chosen(selected(clone, ["feature"], branch="feature")) == ["on the remote only"]


def test_order_follows_the_history_not_the_dates(repository: Repository) -> None:
    repository.commit("first", a="1")
    repository.clock -= 10_000_000
    repository.commit("second, with an older date", a="2")
    assert chosen(selected(repository, ["HEAD", "HEAD~1"])) == ["first", "second, with an older date"]


def test_a_commit_beside_the_branch_comes_right_after_its_newest_ancestor_on_it(five: Repository) -> None:
    five.git("switch", "--quiet", "--create", "fix", "v2")
    five.commit("fix of v2", c="1")
    rows = selected(five, ["fix", "v2", "v4"], branch="main")
    assert [(row["subject"], row["first_parent"]) for row in rows] == [
        ("two", "yes"),
        ("fix of v2", "no"),
        ("four", "yes"),
    ]


@pytest.mark.parametrize(
    ("filters", "subjects"),
    [
        ({}, ["one", "two", "three", "four", "five"]),
        ({"newest": 2}, ["four", "five"]),
        ({"every": 2}, ["one", "three", "five"]),
        ({"every": 2, "newest": 4}, ["three", "five"]),
        ({"granularity": "tags"}, ["two", "four"]),
        ({"granularity": "branches"}, ["four", "five"]),
        ({"oldest_commit": "v2", "newest_commit": "v4"}, ["two", "three", "four"]),
        ({"extensions": ["java"]}, ["one", "three", "five"]),
        ({"paths": ["b.md"]}, ["two", "four"]),
        (
            {"granularity": "tags", "newest": 1, "neighbours_before": 1, "neighbours_after": 1},
            ["three", "four", "five"],
        ),
    ],
)
def test_filters_choose(five: Repository, filters: dict[str, Any], subjects: list[str]) -> None:
    assert chosen(selected(five, filters)) == subjects


def test_dropped_commits_stay_in_the_table_with_their_reason(five: Repository) -> None:
    rows = selected(five, {"newest": 1, "extensions": ["java"]})
    assert {row["subject"]: row["reason"] for row in rows if row["chosen"] == "no"} == {
        "one": "older than the newest 1",
        "two": "changes none of the tracked files",
        "three": "older than the newest 1",
        "four": "changes none of the tracked files",
    }


def test_an_ignored_directory_does_not_count(repository: Repository) -> None:
    repository.commit("code", a__java="1")
    (repository.path / "docs").mkdir()
    (repository.path / "docs/b.java").write_text("1")
    repository.commit("documentation")
    assert chosen(selected(repository, {"ignored_directories": ["docs"]})) == ["code"]


@pytest.mark.parametrize(
    ("commits", "words"),
    [
        (["v3"], ["'v3'", "v2", "-R mirror"]),
        (["0123456789012345678901234567890123456789"], ["0123456789"]),
        (["--output=x"], ["'--output=x'"]),
        (["v4..v2"], ["'v4..v2'", "empty"]),
        (["v2...v4"], ["'v2...v4'", "three dots"]),
        ({"oldest_commit": "v3"}, ["'v3'"]),
        ({"extensions": ["rs"]}, ["none of the 5 commits"]),
    ],
)
def test_what_cannot_be_found_is_named(five: Repository, commits: Any, words: list[str]) -> None:
    with pytest.raises(ErgitError) as raised:
        selected(five, commits)
    assert all(word in str(raised.value) for word in words), str(raised.value)


def test_subjects_with_tabs_quotes_and_carriage_returns_keep_the_table_whole(repository: Repository) -> None:
    repository.commit('a "quoted"\tsubject\rwith $pecial <b>characters</b> and ü')
    repository.commit("next")
    assert chosen(selected(repository, ["HEAD~1", "HEAD"])) == [
        'a "quoted" subject with $pecial <b>characters</b> and ü',
        "next",
    ]


def test_what_steers_a_terminal_or_is_no_utf_8_becomes_legible() -> None:
    assert legible("caf\udce9 \x1b[31mred\x07 \u202eleft") == "caf\N{REPLACEMENT CHARACTER}  [31mred   left"


def test_a_shallow_clone_is_an_error_with_the_mend(five: Repository) -> None:
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
        mirrored(five, branch="master")


def test_a_branch_is_a_name_and_no_pattern(five: Repository) -> None:
    five.git("branch", "feature/a")
    for name in ("feature", "ma*"):
        with pytest.raises(ErgitError, match="no branch"):
            mirrored(five, branch=name)
    assert mirrored(five, branch="feature/a")[1]["head"] == five.git("rev-parse", "HEAD")


def test_tags_of_tags_are_tags_of_their_commit(five: Repository) -> None:
    five.git("tag", "--annotate", "--message=inner", "inner", "v2")
    five.git("tag", "--annotate", "--message=outer", "outer", "inner")
    rows = selected(five, {"granularity": "tags"})
    assert [(row["subject"], row["tags"]) for row in rows] == [("two", "inner outer v2"), ("four", "v4")]


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
    assert record["head"] == five.git("rev-parse", "HEAD")
    assert (mine.git("for-each-ref"), (mine.path / ".git/config").read_text()) == before
    assert (path / "HEAD").exists()


def test_the_mirror_is_brought_up_to_date_and_the_repository_left_alone(five: Repository) -> None:
    (five.path / "uncommitted").write_text("work in progress")
    before = five.git("status", "--porcelain", "--branch")
    mirrored(five)
    new = five.commit("six")
    five.git("reset", "--quiet", "--soft", "HEAD~1")
    assert mirrored(five)[1]["head"] == five.git("rev-parse", "HEAD") != new
    assert five.git("status", "--porcelain", "--branch").splitlines()[0] == before.splitlines()[0]


def test_another_repository_under_the_same_results_replaces_the_mirror(
    five: Repository, make_repository: Callable[[str], Repository]
) -> None:
    mirrored(five)
    other = make_repository("other")
    sha = other.commit("elsewhere")
    assert mirrored(other)[1]["head"] == sha
    with pytest.raises(ErgitError, match="v2"):
        selected(other, ["v2"])


def test_a_checkout_is_clean_and_shares_the_mirrors_objects(five: Repository) -> None:
    path, _ = mirrored(five)
    tree = path.parent / "checkout/x"
    checkout(path, five.git("rev-parse", "v2"), tree, {"url": ".", "submodules": False, "lfs": False})
    assert sorted(file.name for file in tree.iterdir()) == [".git", "a.java", "b.md"]
    assert (tree / ".git/objects/info/alternates").read_text().strip() == str(path / "objects")
    assert not [file for file in (tree / ".git/objects").rglob("*") if file.is_file() and file.parent.name != "info"]
    assert Repository(tree).git("status", "--porcelain") == ""


def test_a_mirror_that_was_removed_is_an_error_that_says_how_to_get_it_back(tmp_path: Path) -> None:
    with pytest.raises(ErgitError, match=r"Remove results/mirror\.json"):
        checkout(tmp_path / "mirror.git", "a" * 40, tmp_path / "tree", {"submodules": False, "lfs": False})
