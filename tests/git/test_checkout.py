"""The tree of one commit: clean, and complete where the config wants submodules and LFS objects."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from ergit.config.settings import RepositorySettings, WorkloadSettings
from ergit.errors import ErgitError
from ergit.git.checkout import FAILURE, WHOLE, checkout, make_whole
from ergit.git.workload import workload_record
from ergit.records.workload import WorkloadRecord
from tests.fakes.needs import needs_lfs
from tests.fakes.repositories import Repository, mirrored


def test_a_checkout_is_clean_and_shares_the_mirrors_objects(five: Repository) -> None:
    path, _ = mirrored(five)
    tree = path.parent / "checkout/x"
    checkout(path, five.git("rev-parse", "v2"), tree, RepositorySettings(url="."))
    assert sorted(file.name for file in tree.iterdir()) == [".git", "a.java", "b.md"]
    assert (tree / ".git/objects/info/alternates").read_text().strip() == str(path / "objects")
    assert not [file for file in (tree / ".git/objects").rglob("*") if file.is_file() and file.parent.name != "info"]
    assert Repository(tree).git("status", "--porcelain") == ""


def test_a_mirror_that_was_removed_is_an_error_that_says_how_to_get_it_back(tmp_path: Path) -> None:
    with pytest.raises(ErgitError, match=r"-R mirror` makes it again"):
        checkout(tmp_path / "mirror.git", "a" * 40, tmp_path / "tree", RepositorySettings(url="."))


SUBMODULES = "protocol.file.allow=always"


@pytest.fixture
def library(make_repository: Callable[[str], Repository]) -> Repository:
    """A repository that may be a submodule."""
    made = make_repository("library")
    made.commit("of the library", lib__txt="1\n")
    return made


def checked_out(repository: Repository, tree: Path, commit: str = "HEAD", *, submodules: bool = False) -> Path:
    """The tree of a commit, as the workflow makes it."""
    path, _ = mirrored(repository)
    settings = RepositorySettings(url=str(repository.path), submodules=submodules)
    checkout(path, repository.git("rev-parse", commit), tree, settings)
    return tree


@pytest.fixture
def with_submodule(five: Repository, library: Repository, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """The small history with a submodule in its last commit, which the user lets Git fetch from a path."""
    five.git("-c", SUBMODULES, "submodule", "--quiet", "add", f"../{library.path.name}", "lib")
    five.commit("six")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "protocol.file.allow")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "always")
    return five


def test_submodules_are_checked_out_where_the_config_wants_them(with_submodule: Repository, tmp_path: Path) -> None:
    assert (checked_out(with_submodule, tmp_path / "with", submodules=True) / "lib/lib.txt").read_text() == "1\n"
    assert list((checked_out(with_submodule, tmp_path / "without") / "lib").iterdir()) == []


def test_a_submodule_that_is_gone_is_told_to_the_build_and_is_no_error(
    with_submodule: Repository, library: Repository, tmp_path: Path
) -> None:
    library.path.rename(tmp_path / "moved")
    tree = checked_out(with_submodule, tmp_path / "tree", submodules=True)
    failure = (tree / FAILURE).read_text()
    assert failure.startswith(f"`git submodule update` failed in {tree}: ")
    assert "library" in failure
    assert "\n" not in failure
    assert not (checked_out(with_submodule, tmp_path / "older", "v2", submodules=True) / FAILURE).exists()


def test_a_repository_that_is_out_of_reach_is_an_error_and_not_the_commits_fault(
    with_submodule: Repository, library: Repository, tmp_path: Path
) -> None:
    path, record = mirrored(with_submodule)
    library.path.rename(tmp_path / "moved library")
    settings = RepositorySettings(url=str(with_submodule.path), submodules=True)
    with_submodule.path.rename(tmp_path / "moved")
    with_submodule.path.mkdir()
    with pytest.raises(ErgitError, match="does not appear to be a git repository"):
        checkout(path, record.head, tmp_path / "tree", settings)
    assert not (tmp_path / "tree" / FAILURE).exists()


def test_a_commit_that_the_mirror_lacks_is_an_error(five: Repository, tmp_path: Path) -> None:
    path, _ = mirrored(five)
    with pytest.raises(ErgitError, match=r"`git checkout` failed in .*: fatal: .*ab"):
        checkout(path, "ab" * 20, tmp_path / "tree", RepositorySettings(url=str(five.path)))


def test_what_an_earlier_checkout_left_is_replaced(five: Repository, tmp_path: Path) -> None:
    (tmp_path / "tree/left").mkdir(parents=True)
    (tmp_path / "tree/left/over").write_text("")
    assert not (checked_out(five, tmp_path / "tree") / "left").exists()


def test_a_tree_whose_removal_was_begun_is_made_again_and_a_whole_one_is_not(
    five: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = checked_out(five, tmp_path / "tree")
    head, settings = five.git("rev-parse", "HEAD"), RepositorySettings(url=str(five.path))
    (tree / "made").write_text("")
    make_whole(mirrored(five)[0], head, tree, settings, None)
    assert (tree / "made").exists()
    (tree / WHOLE).unlink()
    (tree / "a.java").unlink()
    make_whole(mirrored(five)[0], head, tree, settings, None)
    assert (tree / "a.java").exists() and (tree / WHOLE).exists() and not (tree / "made").exists()
    assert capsys.readouterr().err == f"ergit: {tree} is not whole, and is made again\n"


def test_a_tree_that_was_made_with_other_settings_is_made_again(
    five: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (mirror, _), tree = mirrored(five), tmp_path / "tree"
    head, settings = five.git("rev-parse", "HEAD"), RepositorySettings(url=str(five.path))

    def is_made_again(settings: RepositorySettings, workload: WorkloadRecord | None = None) -> bool:
        (tree / "made").write_text("")
        make_whole(mirror, head, tree, settings, workload)
        return not (tree / "made").exists()

    checkout(mirror, head, tree, settings)
    workload = WorkloadSettings(command="true", source="v2", paths=("a.java",))
    fixed = workload_record(mirror, workload, None)
    assert [is_made_again(settings), is_made_again(settings, fixed), is_made_again(settings, fixed)] == [0, 1, 0]
    assert (tree / "a.java").read_text() == five.git("show", "v2:a.java")
    other = workload_record(mirror, replace(workload, source="v4"), None)
    assert [is_made_again(settings, other), is_made_again(settings)] == [1, 1]
    submodules = replace(settings, submodules=True)
    assert [is_made_again(submodules), is_made_again(submodules), is_made_again(settings)] == [1, 0, 1]
    assert capsys.readouterr().err == 5 * f"ergit: {tree} was made with other settings, and is made again\n"


def test_files_with_any_name_are_checked_out(five: Repository, tmp_path: Path) -> None:
    names = ["with space", "größe", "-n", "a\nb", "\u202eleft", "x" * 255]
    (five.path / "deep/er").mkdir(parents=True)
    for name in names:
        (five.path / "deep/er" / name).write_text(name)
    (five.path / "deep/er").joinpath(os.fsdecode(b"caf\xe9")).write_text("latin")
    five.commit("odd names")
    tree = checked_out(five, tmp_path / "tree")
    assert sorted(path.name for path in (tree / "deep/er").iterdir()) == sorted([*names, os.fsdecode(b"caf\xe9")])


def test_the_tags_of_the_repository_are_there_for_git_describe(five: Repository, tmp_path: Path) -> None:
    tree = checked_out(five, tmp_path / "tree")
    assert Repository(tree).git("describe", "--tags").startswith("v4-1-g")


def with_lfs_file(repository: Repository, text: str) -> None:
    """Commits a file that Git LFS holds."""
    repository.git("lfs", "install", "--local")
    repository.git("lfs", "track", "*.bin")
    repository.commit("large", large__bin=text)


@needs_lfs
def test_lfs_objects_are_fetched_where_the_config_wants_them(five: Repository, tmp_path: Path) -> None:
    with_lfs_file(five, "large file\n")
    path, record = mirrored(five)
    for lfs, start in ((True, "large file\n"), (False, "version https://git-lfs")):
        checkout(path, record.head, tmp_path / "tree", RepositorySettings(url=str(five.path), lfs=lfs))
        assert (tmp_path / "tree/large.bin").read_text().startswith(start)
        assert not (tmp_path / "tree" / FAILURE).exists()
        assert Repository(tmp_path / "tree").git("status", "--porcelain") == ""


@needs_lfs
def test_an_lfs_object_that_is_gone_is_told_to_the_build(five: Repository, tmp_path: Path) -> None:
    with_lfs_file(five, "large file\n")
    shutil.rmtree(five.path / ".git/lfs")
    path, record = mirrored(five)
    checkout(path, record.head, tmp_path / "tree", RepositorySettings(url=str(five.path), lfs=True))
    assert (tmp_path / "tree" / FAILURE).read_text().startswith("`git lfs pull` failed")


def test_a_missing_git_lfs_is_an_error_with_the_fix(
    five: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, record = mirrored(five)
    (tmp_path / "bin").mkdir()
    for name in ("git", "sh", "sed", "uname", "basename"):
        (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(ErgitError, match=r"repository\.lfs: there is no command `git lfs`. Install git-lfs"):
        checkout(path, record.head, tmp_path / "tree", RepositorySettings(url=str(five.path), lfs=True))
