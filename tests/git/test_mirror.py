"""The mirror of the studied repository: what is in it, and the error where it cannot be made."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ergit.config.settings import RepositorySettings
from ergit.errors import ErgitError
from ergit.git.history import first_parents
from ergit.git.mirror import mirror, refuse_old_git
from ergit.git.names import CommitNames
from ergit.git.runner import git_in
from tests.fakes.repositories import Repository, mirrored, new_repository


def test_a_path_without_a_repository_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ErgitError, match=r"there is no folder '.*missing'"):
        mirrored(Repository(tmp_path / "missing"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(ErgitError, match=r"empty is no Git repository\. Write the path of one"):
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


def test_a_repository_in_detached_head_on_a_commit_of_no_branch_is_studied_from_there(five: Repository) -> None:
    five.git("checkout", "--quiet", "--detach", "v2")
    merged = five.commit("merged by the CI server")
    path, record = mirrored(five)
    assert (record.branch, record.head) == (None, merged)
    with git_in(path) as git:
        assert CommitNames.of_repository(git).resolve("HEAD", "commits") == merged
        assert first_parents(git, record.head)[-1] == merged
    five.git("checkout", "--quiet", "main")
    path, record = mirrored(five)
    assert (record.branch, record.head) == ("main", five.git("rev-parse", "main"))
    five.git("checkout", "--quiet", "--detach", "v4")
    assert mirrored(five)[1].head == five.git("rev-parse", "v4")
    assert mirrored(five, "main")[1].branch == "main"


def test_a_reference_that_is_neither_branch_nor_tag_can_be_the_one_to_study(five: Repository) -> None:
    five.git("checkout", "--quiet", "--detach", "v2")
    for reference in ("refs/pull/5/head", "refs/pipelines/7", "refs/merge-requests/1/merge"):
        sha = five.commit(reference)
        five.git("update-ref", reference, sha)
        path, record = mirrored(five, reference)
        assert (record.branch, record.head) == (reference, sha)
        with git_in(path) as git:
            assert CommitNames.of_repository(git).resolve(reference, "commits") == sha
    with pytest.raises(ErgitError, match=r"has no reference refs/pull/6/head"):
        mirrored(five, "refs/pull/6/head")


def test_a_branch_can_be_spelled_out(five: Repository) -> None:
    five.git("tag", "release", "v2")
    five.git("branch", "release", "v4")
    assert mirrored(five, "release")[1].head == five.git("rev-parse", "v4")
    assert mirrored(five, "refs/heads/release")[1].head == five.git("rev-parse", "v4")
    assert mirrored(five, "refs/tags/release")[1].head == five.git("rev-parse", "v2")


def test_a_head_on_a_branch_that_is_not_there_is_an_error_that_names_the_branches(five: Repository) -> None:
    five.git("symbolic-ref", "HEAD", "refs/heads/master")
    with pytest.raises(ErgitError, match=r"no commit that its HEAD names; it has: main, old"):
        mirrored(five)
    assert mirrored(five, "main")[1].branch == "main"
    five.git("checkout", "--quiet", "--detach", "main")
    assert mirrored(five)[1].branch is None
    five.git("symbolic-ref", "HEAD", "refs/heads/master")
    with pytest.raises(ErgitError, match="no commit that its HEAD names"):  # and not the commit of the last time
        mirrored(five)


def test_any_folder_that_git_itself_takes_for_a_repository_will_do(five: Repository, tmp_path: Path) -> None:
    head = five.git("rev-parse", "HEAD")
    five.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "worktree"), "v2")
    five.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    five.git("clone", "--quiet", "--shared", ".", str(tmp_path / "shared"))
    outer = new_repository(tmp_path / "outer")
    outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../project", "inner")
    (tmp_path / "a link").symlink_to(five.path)
    for folder in ("project/.git", "bare.git", "shared", "outer/inner", "a link"):
        assert mirrored(Repository(tmp_path / folder))[1].head == head, folder
    assert mirrored(Repository(tmp_path / "worktree"))[1].head == five.git("rev-parse", "v2")


def test_a_bundle_will_do_as_well(five: Repository, tmp_path: Path) -> None:
    five.git("bundle", "create", "--quiet", str(tmp_path / "project.bundle"), "--all")
    path, record = mirrored(Repository(tmp_path / "project.bundle"))
    assert record.head == five.git("rev-parse", "main")
    assert mirrored(Repository(tmp_path / "project.bundle"), "old")[1].head == five.git("rev-parse", "old")
    with git_in(path) as git:
        assert CommitNames.of_repository(git).resolve("v2", "commits") == five.git("rev-parse", "v2")


def test_a_folder_inside_a_repository_is_an_error_that_names_its_top(five: Repository) -> None:
    (five.path / "src/main").mkdir(parents=True)
    with pytest.raises(ErgitError, match=rf"src/main lies inside the repository {five.path}\. Write that path instead"):
        mirrored(Repository(five.path / "src/main"))


def test_a_partial_clone_is_an_error_with_the_fix(five: Repository, tmp_path: Path) -> None:
    five.git("config", "uploadpack.allowFilter", "true")
    five.git(
        "clone", "--quiet", "--no-checkout", "--filter=blob:none", f"file://{five.path}", str(tmp_path / "partial")
    )
    with pytest.raises(ErgitError, match=r"is a partial clone.*git remote get-url origin.*without --filter"):
        mirrored(Repository(tmp_path / "partial"))


def test_a_shallow_clone_that_is_completed_is_mirrored_whole(five: Repository, tmp_path: Path) -> None:
    five.git("clone", "--quiet", "--depth=1", f"file://{five.path}", str(tmp_path / "shallow"))
    shallow = Repository(tmp_path / "shallow")
    shallow.git("remote", "rename", "origin", "elsewhere")
    shallow.git("remote", "add", "origin", str(tmp_path / "nowhere"))
    with pytest.raises(ErgitError, match=r"shallow clone.*git fetch --unshallow"):
        mirrored(shallow)
    shallow.git("fetch", "--quiet", "--unshallow", "elsewhere")
    path, record = mirrored(shallow)
    with git_in(path) as git:
        assert len(first_parents(git, record.head)) == 5


def test_a_shallow_clone_in_the_place_of_a_whole_one_takes_nothing_from_the_mirror(
    five: Repository, tmp_path: Path
) -> None:
    path, record = mirrored(five)
    original = Repository(five.path.rename(tmp_path / "original"))
    original.git("clone", "--quiet", "--depth=1", f"file://{original.path}", str(five.path))
    assert mirrored(five)[1].head == record.head
    original.commit("six")
    original.commit("seven")
    five.git("fetch", "--quiet", "--depth=1")
    five.git("reset", "--quiet", "--hard", "origin/main")
    original.path.rename(tmp_path / "gone")
    with pytest.raises(ErgitError, match="shallow clone"):
        mirrored(five)
    (tmp_path / "gone").rename(original.path)
    with git_in(path) as git:
        assert len(first_parents(git, mirrored(five)[1].head)) == 7


def test_grafts_and_replaced_commits_do_not_change_the_history(five: Repository) -> None:
    five.git("replace", "--graft", "v4")
    (five.path / ".git/info/grafts").write_text(five.git("rev-parse", "main") + "\n")
    path, record = mirrored(five)
    with git_in(path) as git:
        assert len(first_parents(git, record.head)) == 5


def test_a_repository_with_names_by_sha_256_is_refused_in_a_sentence(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "project")
    repository.path.mkdir()
    repository.git("init", "--quiet", "--initial-branch=main", "--object-format=sha256")
    with pytest.raises(ErgitError, match="no commit"):
        mirrored(repository)
    repository.commit("one")
    with pytest.raises(ErgitError, match="names its objects by SHA-256") as raised:
        mirrored(repository)
    assert "\n" not in str(raised.value)


def test_odd_names_of_references_are_mirrored(five: Repository) -> None:
    names = [
        "größe/été",
        "a,b;c",
        "with'quote",
        "feature/@home",
        "--no",
        "x{y}",
        "v1.lock.d",
        "\u202eleft",
        "$(reboot)",
    ]
    for name in names[:4] + names[5:]:
        five.git("branch", name, "v2")
    five.git("update-ref", "refs/heads/--no", "v2")
    with (five.path / ".git/packed-refs").open("ab") as file:
        file.write(five.git("rev-parse", "v4").encode() + b" refs/heads/caf\xe9\n")
    for name in names:
        assert mirrored(five, name)[1].head == five.git("rev-parse", "v2"), name


def test_branches_that_come_and_go_follow_into_the_mirror(five: Repository) -> None:
    five.git("branch", "topic", "v2")
    mirrored(five)
    five.git("branch", "--delete", "--force", "topic")
    five.git("branch", "topic/one", "v4")
    five.git("tag", "--delete", "v2")
    path, _ = mirrored(five)
    with git_in(path) as git:
        names = CommitNames.of_repository(git)
    assert (sorted(names.branches()), names.tags()) == (["main", "old", "topic/one"], ["v4"])


def test_a_history_that_was_rewritten_is_followed(five: Repository) -> None:
    mirrored(five)
    five.git("reset", "--quiet", "--hard", "v2")
    sha = five.commit("another three")
    assert mirrored(five)[1].head == sha


def test_a_mirror_that_a_crash_left_half_made_is_made_anew_and_no_other_repository_touched(
    five: Repository, make_repository: Callable[[str], Repository]
) -> None:
    around = make_repository("study")  # results/ often lies in a repository of the user's
    around.commit("the study")
    before = around.git("for-each-ref")
    path = around.path / "results/mirror.git"
    for damage in ("HEAD", "config", "refs"):
        mirror(RepositorySettings(url=str(five.path)), path)
        target = path / damage
        shutil.rmtree(target) if target.is_dir() else target.write_text("")
        assert mirror(RepositorySettings(url=str(five.path)), path).head == five.git("rev-parse", "HEAD"), damage
    assert around.git("for-each-ref") == before
    assert around.git("config", "--get-regexp", "remote.*|core.bare") == "core.bare false"


def test_what_a_killed_git_has_left_in_the_mirror_is_removed(five: Repository) -> None:
    path, _ = mirrored(five)
    five.commit("six")
    left = [
        "HEAD.lock",
        "config.lock",
        "packed-refs.lock",
        "shallow.lock",
        "refs/heads/main.lock",
        "refs/tags/x/y.lock",
    ]
    left += ["objects/pack/tmp_pack_abc", "objects/incoming-abc/pack/x"]
    for name in left:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text("")
    assert mirrored(five)[1].head == five.git("rev-parse", "HEAD")
    assert [name for name in left if (path / name).exists()] == []


def test_many_unknown_branches_are_not_all_listed(five: Repository) -> None:
    for number in range(30):
        five.git("branch", f"topic{number:02}")
    with pytest.raises(ErgitError, match=r"it has: main, old, topic00, .*topic17, …\.$"):
        mirrored(five, "gone")


@pytest.mark.parametrize("version", ["git version 2.30.9", "git version 2.25.1.windows.1", "git version 1.8.3"])
def test_a_git_that_takes_no_notice_of_settings_is_refused(version: str) -> None:
    with pytest.raises(ErgitError, match=r"ergit needs Git 2\.31 or newer"):
        refuse_old_git(version)


@pytest.mark.parametrize(
    "version", ["git version 2.31.0", "git version 2.39.5 (Apple Git-154)", "git version 3.0.0.rc1"]
)
def test_a_newer_git_will_do(version: str) -> None:
    refuse_old_git(version)
