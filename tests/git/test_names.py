"""What the name of a commit stands for: in a repository, and in the table of a study whose mirror is gone."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from ergit.errors import ErgitError
from ergit.git.names import CommitNames
from ergit.git.runner import git_in
from ergit.records.commits import CommitRow
from tests.fakes.repositories import Repository, mirrored


@contextmanager
def names_of(repository: Repository) -> Iterator[CommitNames]:
    """The names in the mirror of a repository."""
    path, _ = mirrored(repository)
    with git_in(path) as git:
        yield CommitNames.of_repository(git)


def refused(names: CommitNames, name: str) -> str:
    """Why a name stands for no commit."""
    with pytest.raises(ErgitError) as raised:
        names.resolve(name, "some.key")
    assert str(raised.value).startswith(f"some.key: {name!r} "), raised.value
    return str(raised.value)


def test_shas_tags_branches_and_references_stand_for_their_commit(five: Repository) -> None:
    head, four, two = (five.git("rev-parse", name) for name in ("HEAD", "v4", "v2"))
    five.git("tag", "--annotate", "--message=inner", "inner", "v2")
    five.git("tag", "--annotate", "--message=outer", "outer", "inner")
    expected = {
        head: [head, head[:4], head[:39], head[:8].upper(), "main", "HEAD", "@", "refs/heads/main", "heads/main"],
        four: ["v4", "old", "refs/tags/v4", "tags/v4", "HEAD~1", "HEAD^", "main~", "v4^0"],
        two: ["v2", "outer", "refs/tags/outer", "v4~2", "v4^^", f"{four[:7]}~2", f"v2-0-g{two[:7]}"],
    }
    with names_of(five) as names:
        for sha, spellings in expected.items():
            assert {spelling: names.resolve(spelling, "commits") for spelling in spellings} == dict.fromkeys(
                spellings, sha
            )
        assert names.resolve_all([two, "main", "v4", "v2"], "commits") == [two, head, four, two]


def test_thousands_of_names_cost_one_call_of_git(five: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    shas = five.git("rev-list", "main").split()
    calls: list[tuple[str, ...]] = []
    with names_of(five) as names:
        assert names.git is not None
        output = names.git.output

        def counted(*arguments: str, stdin: str = "") -> bytes:
            calls.append(arguments)
            return output(*arguments, stdin=stdin)

        monkeypatch.setattr(names.git, "output", counted)
        assert names.resolve_all([*shas * 1000, "main"], "commits") == [*shas * 1000, shas[0]]
    assert len(calls) == 1


def test_a_tag_and_a_branch_of_one_name_are_refused_with_both_spellings(five: Repository) -> None:
    five.git("tag", "release", "v2")
    five.git("branch", "release", "v4")
    with names_of(five) as names:
        assert "Write `refs/tags/release` for" in refused(names, "release")
        assert names.resolve("refs/tags/release", "commits") == five.git("rev-parse", "v2")
        assert names.resolve("refs/heads/release", "commits") == five.git("rev-parse", "v4")
        with pytest.raises(ErgitError, match="is a tag"):
            names.resolve("release~1", "commits")


def test_a_tag_and_a_branch_of_one_name_on_one_commit_are_no_matter(five: Repository) -> None:
    five.git("tag", "release", "v4")
    five.git("branch", "release", "v4")
    with names_of(five) as names:
        assert names.resolve("release", "commits") == five.git("rev-parse", "v4")


@pytest.fixture
def clone(five: Repository, make_repository: Callable[[str], Repository]) -> Repository:
    """A clone whose remote is called upstream; the branch dev is only there."""
    five.git("branch", "dev", "v2")
    five.git("tag", "both", "v4")
    five.git("branch", "both", "v2")
    made = make_repository("clone")
    made.git("remote", "add", "upstream", str(five.path))
    made.git("fetch", "--quiet", "upstream")
    made.git("reset", "--quiet", "--hard", "refs/remotes/upstream/main")
    return made


def test_a_branch_that_only_a_remote_has_is_found_whatever_its_name(five: Repository, clone: Repository) -> None:
    dev = five.git("rev-parse", "dev")
    with names_of(clone) as names:
        for name in ("dev", "upstream/dev", "refs/remotes/upstream/dev", "remotes/upstream/dev"):
            assert names.resolve(name, "commits") == dev
        assert "or `refs/remotes/upstream/both` for" in refused(names, "both")
        assert names.branch("dev", "repository.branch") == names.branch("upstream/dev", "repository.branch") == dev
    assert mirrored(clone, "dev")[1].head == mirrored(clone, "upstream/dev")[1].head == dev


def test_a_local_branch_comes_before_those_of_remotes_and_origin_before_others(
    five: Repository, clone: Repository
) -> None:
    two, four, head = (five.git("rev-parse", name) for name in ("v2", "v4", "main"))
    clone.git("update-ref", "refs/remotes/fork/dev", four)
    with names_of(clone) as names:
        assert "Write `fork/dev` or `upstream/dev`" in refused(names, "dev")
        assert names.resolve("fork/dev", "commits") == four
    clone.git("update-ref", "refs/remotes/origin/dev", head)
    with names_of(clone) as names:
        assert names.resolve("dev", "commits") == head
    clone.git("branch", "dev", two)
    with names_of(clone) as names:
        assert names.resolve("dev", "commits") == two


def test_a_tag_that_looks_like_an_abbreviation_is_the_tag(five: Repository) -> None:
    two, head = five.git("rev-parse", "v2"), five.git("rev-parse", "HEAD")
    five.git("tag", head[:6], two)
    five.git("branch", "20240101", two)
    with names_of(five) as names:
        assert names.resolve(head[:6], "commits") == two
        assert names.resolve(head, "commits") == head
        assert names.resolve("20240101", "commits") == two


def test_a_tag_of_a_blob_or_tree_is_refused_as_what_it_is(five: Repository) -> None:
    five.git("tag", "key", five.git("rev-parse", "HEAD:a.java"))
    five.git("tag", "--annotate", "--message=t", "tree", five.git("rev-parse", "HEAD^{tree}"))
    with names_of(five) as names:
        assert "is a tag of a blob, not of a commit" in refused(names, "key")
        assert "is a tag of a blob, not of a commit" in refused(names, "refs/tags/key")
        assert "is a tag of a tree, not of a commit" in refused(names, "tree")
        assert names.tags() == ["v2", "v4"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("^main", "Write 'main'"),
        ("main..old", "is a range"),
        ("main...old", "is a range"),
        ("v3", "Did you mean v4 or v2?"),
        ("v3", "-R mirror"),
        ("--all", "'--all' is an option of `git rev-list`"),
        ("-n1", "is an option of `git rev-list`"),
        ("", "no commit"),
        (" main", "no commit"),
        ("main\nold", "is a range"),
        ("main:a.java", "no commit"),
        (":/one", "no commit"),
        ("main@{1}", "no commit"),
        ("HEAD~99", "'HEAD~99' goes back too far: HEAD and what came before it are 5 commits. The oldest is HEAD~4."),
        ("main^7", "'main^7' is not there: only a merge has more than one parent"),
        ("gone~1", "no commit"),
        ("main^!", "Write `main`."),
        ("main^@", "Write `main^1` and `main^2`."),
        ("ma*", "no commit"),
        ("abc", "no commit"),
        ("0" * 40, "no commit"),
        ("refs/heads/gone", "no commit"),
        ("refs/pull/5/head", "`git fetch origin refs/pull/5/head:refs/heads/studied`"),
        ("pull/5/head", "`git fetch origin refs/pull/5/head:refs/heads/studied`"),
        ("\N{ARABIC-INDIC DIGIT ONE}" * 6, "no commit"),
    ],
)
def test_what_is_no_commit_is_refused(five: Repository, name: str, words: str) -> None:
    with names_of(five) as names:
        assert words in refused(names, name)


def test_an_abbreviation_of_several_commits_is_refused_with_them(repository: Repository) -> None:
    repository.commit("first")
    head = repository.git("cat-file", "commit", "HEAD").rpartition("\n")[0]
    seen: dict[str, str] = {}
    for number in range(5000):  # by the birthday paradox after some 300
        content = f"{head}\nnumber {number}\n"
        start = hashlib.sha1(f"commit {len(content)}\0{content}".encode()).hexdigest()[:4]
        if start in seen:
            break
        seen[start] = content
    shas = []
    for branch, made in (("one", seen[start]), ("two", content)):
        (repository.path / "made").write_text(made, encoding="utf-8")
        shas.append(repository.git("hash-object", "-t", "commit", "-w", "made"))
        repository.git("branch", branch, shas[-1])
    with names_of(repository) as names:
        text = refused(names, start)
    assert "abbreviates 2 commits" in text
    assert all(sha[:16] in text for sha in shas)


def test_names_beyond_ascii_and_names_that_are_no_utf_8_do_not_disturb(five: Repository) -> None:
    five.git("branch", "größe/été", "v2")
    with (five.path / ".git/packed-refs").open("ab") as file:
        file.write(five.git("rev-parse", "v4").encode() + b" refs/tags/caf\xe9\n")
    with names_of(five) as names:
        assert names.resolve("größe/été", "commits") == five.git("rev-parse", "v2")
        assert "no commit" in refused(names, "café")


def row(commit: str, reason: str = "one of the commits", tags: tuple[str, ...] = ()) -> CommitRow:
    """A row of the table of commits."""
    return CommitRow(
        commit=commit,
        order=0,
        date="",
        author="",
        subject="",
        parents=(),
        tree="",
        tags=tags,
        first_parent=True,
        chosen=True,
        reason=reason,
    )


def test_the_table_of_commits_knows_its_shas_tags_and_listed_names() -> None:
    first, second = "abcd" + "1" * 36, "abcd" + "2" * 36
    names = CommitNames.of_table([row(first, "listed as main, x..y", ("v1", "1234")), row(second, "listed as abcd2")])
    for name in (first, "abcd1", "ABCD1", "v1", "refs/tags/v1", "main", "1234"):
        assert names.resolve(name, "gate.head") == first
    for name in ("abcd2", "abcd22", second):
        assert names.resolve(name, "gate.head") == second
    assert "abbreviates 2 commits (abcd111111111111, abcd222222222222)" in refused(names, "abcd")
    for name in ("a", "abc", "dev", "x..y", "f" * 40, "main~1", "HEAD", "^main"):
        refused(names, name)
    assert "the study's commits.tsv" in refused(names, "dev")


def test_tags_are_sorted_as_versions(five: Repository) -> None:
    for tag in ("v10", "v9", "v1.10", "v1.9", "alpha", "v1.9-rc1", "\u0662"):
        five.git("tag", tag, "v2")
    with names_of(five) as names:
        tags = names.tags_of_commits()[five.git("rev-parse", "v2")]
    assert tags == ["alpha", "v1.9", "v1.9-rc1", "v1.10", "v2", "v9", "v10", "\u0662"]
