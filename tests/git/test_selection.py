"""Which commits a study has, and in what order: on real repositories, mirrored as the workflow does it."""

import time
from collections.abc import Callable, Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ergit.config.settings import CommitFilters, Exclusion, Selection
from ergit.errors import ErgitError
from ergit.git.selection import select
from ergit.records.commits import CommitRow, read_commits, write_commits
from tests.fakes.repositories import Repository, mirrored, new_repository

Filters = dict[str, object]
Block = dict[str, object]


def selected(
    repository: Repository, commits: list[str] | Filters, branch: str | None = None, exclude: Sequence[Block] = ()
) -> list[CommitRow]:
    """The rows of the table of commits; filters that are left out are at their defaults."""
    path, record = mirrored(repository, branch)
    return select(path, record.head, msgspec.convert({"commits": commits, "exclude": exclude}, Selection))


def chosen(rows: list[CommitRow]) -> list[str]:
    """The subjects of the chosen commits, in the table's order."""
    return [row.subject for row in rows if row.chosen]


def test_shas_tags_branches_and_ranges_are_put_in_git_order(five: Repository) -> None:
    short = five.git("rev-parse", "--short=8", "HEAD")
    rows = selected(five, [short, "old", "v2", "v2..v4"])
    assert chosen(rows) == ["two", "three", "four", "five"]
    assert [row.order for row in rows] == [1, 2, 3, 4]
    assert rows[2].reason == "listed as old, v2..v4"
    assert rows[0].tags == ("v2",)


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
    assert [row.commit for row in rows][-1] == sha
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
    assert [(row.subject, row.first_parent) for row in rows] == [
        ("two", True),
        ("fix of v2", False),
        ("four", True),
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
def test_filters_choose(five: Repository, filters: Filters, subjects: list[str]) -> None:
    assert chosen(selected(five, filters)) == subjects


def test_dropped_commits_stay_in_the_table_with_their_reason(five: Repository) -> None:
    rows = selected(five, {"newest": 1, "extensions": ["java"]})
    assert {row.subject: row.reason for row in rows if not row.chosen} == {
        "one": "older than the newest 1",
        "two": "changes none of the tracked files",
        "three": "older than the newest 1",
        "four": "changes none of the tracked files",
    }


def reasons(rows: list[CommitRow]) -> dict[str, str]:
    """The reason of each commit, by its subject; that of a dropped one after a minus."""
    return {row.subject: row.reason if row.chosen else f"-{row.reason}" for row in rows}


def test_an_excluded_commit_that_was_listed_is_dropped_with_both_reasons(five: Repository) -> None:
    exclude: list[Block] = [
        {"commits": "v4", "reason": "does not compile"},
        {"commits": ["old", "v2..v4"], "reason": "no tests"},
    ]
    assert reasons(selected(five, ["v4", "v2..main"], exclude=exclude)) == {
        "three": "-excluded: no tests (listed as v2..main)",
        "four": "-excluded: does not compile; no tests (listed as v4, v2..main)",
        "five": "listed as v2..main",
    }


def test_an_excluded_commit_is_no_neighbour_and_counts_as_a_candidate(five: Repository) -> None:
    filters: Filters = {"granularity": "tags", "newest": 1, "neighbours_before": 1, "neighbours_after": 1}
    rows = selected(five, filters, exclude=[{"commits": "main", "reason": "broken"}])
    assert reasons(rows) == {
        "two": "-older than the newest 1",
        "three": "neighbour of a chosen commit",
        "four": "one of the tags",
        "five": "-excluded: broken",
    }


def test_what_was_merged_is_in_an_excluded_range(five: Repository) -> None:
    five.git("switch", "--quiet", "--create", "side", "v2")
    aside = five.commit("aside", c="1")
    five.git("switch", "--quiet", "main")
    five.git("merge", "--quiet", "--no-ff", "--message", "merge", "side")
    rows = selected(five, [aside, "v2"], exclude=[{"commits": "v4..main", "reason": "broken"}])
    assert reasons(rows) == {"two": "listed as v2", "aside": f"-excluded: broken (listed as {aside})"}


def test_excluding_changes_nothing_for_commits_apart_from_it(repository: Repository) -> None:
    shas = [repository.commit(str(number)) for number in range(12)]
    every = {"every": 3}
    assert chosen(selected(repository, every)) == ["2", "5", "8", "11"]
    assert chosen(selected(repository, every, exclude=[{"commits": shas[8], "reason": "x"}])) == ["2", "5", "7", "11"]
    three = [{"commits": f"{shas[5]}..{shas[8]}", "reason": "x"}]
    rows = selected(repository, every, exclude=three)
    assert chosen(rows) == ["2", "5", "11"]
    assert [row.reason for row in rows[6:9]] == ["excluded: x"] * 3


@pytest.mark.parametrize(
    ("exclude", "words"),
    [
        ([{"commits": "main", "reason": "x"}, {"commits": "v3", "reason": "x"}], ["exclude[1].commits", "'v3'"]),
        ([{"commits": "v4..v2", "reason": "x"}], ["exclude[0].commits", "empty"]),
        ([{"commits": "main ", "reason": "x"}], ["exclude[0].commits", "no commit"]),
        ([{"commits": ["v2", "main"], "reason": "x"}], ["`exclude` leaves none"]),
    ],
)
def test_what_cannot_be_excluded_is_named(five: Repository, exclude: list[Block], words: list[str]) -> None:
    with pytest.raises(ErgitError) as raised:
        selected(five, ["v2", "main"], exclude=exclude)
    assert all(word in str(raised.value) for word in words), str(raised.value)


def test_a_name_that_is_a_tag_and_a_branch_is_said_with_both_spellings(five: Repository) -> None:
    five.git("tag", "release", "v2")
    five.git("branch", "release", "v4")
    for commits in (["release"], ["release..main"], {"oldest_commit": "release"}):
        with pytest.raises(ErgitError, match=r"'release' is a tag and a branch, .* `refs/tags/release` .* `refs/heads"):
            selected(five, commits)
    assert chosen(selected(five, ["refs/heads/release"])) == ["four"]
    assert chosen(selected(five, ["refs/tags/release..refs/heads/release"])) == ["three", "four"]


def test_every_candidate_says_of_which_month_it_is(repository: Repository) -> None:
    for subject, days in (("one", 0), ("two", 1), ("three", 40), ("four", 20)):  # the last one's clock went wrong
        repository.clock = 1_704_067_200 + days * 86_400
        repository.commit(subject)
    assert reasons(selected(repository, {"per": "month"})) == {
        "one": "-not the newest of 2024-01",
        "two": "-not the newest of 2024-01",
        "three": "one of the commits, the newest of 2024-02",
        "four": "one of the commits, the newest of 2024-01",
    }
    assert reasons(selected(repository, {"since": "2024-01-02", "until": "2024-01"})) == {
        "one": "-committed before 2024-01-02",
        "two": "one of the commits",
        "three": "-committed after 2024-01",
        "four": "one of the commits",
    }


def test_a_long_history_is_chosen_in_a_second_or_two(repository: Repository) -> None:
    stream = [
        f"commit refs/heads/main\ncommitter A <a@x> {1_500_000_000 + 40_000 * number} +0000\ndata 1\nx\n"
        f"M 100644 inline {'a.java' if number % 3 else 'b.md'}\ndata {len(str(number))}\n{number}\n"
        for number in range(3_000)
    ]
    repository.git("fast-import", "--quiet", given="".join(stream))
    path, record = mirrored(repository)
    filters = CommitFilters(extensions=("java",), since="2018", per="week", every=2)
    exclude = (Exclusion(commits="main~900..main~800", reason="broken"),)
    before = time.process_time()
    rows = select(path, record.head, Selection(commits=filters, exclude=exclude))
    assert time.process_time() - before < 2
    assert len(rows) == 3_000
    assert 60 < sum(row.chosen for row in rows) < 100


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
        (["v2...v2"], ["'v2...v2'", "empty"]),
        (["main ^v5"], ["'v5'", "no commit"]),
        (["^v2"], ["'^v2'", "`newer ^v2`", "`exclude`"]),
        (["v2^!"], ["'v2^!'", "Write `v2`"]),
        (["main --all"], ["'--all'", "option of `git rev-list`"]),
        ({"since": "2020-02-30"}, ["commits.since", "'2020-02-30'", "2020-03-31T12:00+02:00"]),
        ({"since": "2030"}, ["none of the 5 commits"]),
        ({"oldest_commit": "v3"}, ["'v3'"]),
        ({"extensions": ["rs"]}, ["none of the 5 commits"]),
    ],
)
def test_what_cannot_be_found_is_named(five: Repository, commits: list[str] | Filters, words: list[str]) -> None:
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


def test_tags_of_tags_are_tags_of_their_commit(five: Repository) -> None:
    five.git("tag", "--annotate", "--message=inner", "inner", "v2")
    five.git("tag", "--annotate", "--message=outer", "outer", "inner")
    rows = selected(five, {"granularity": "tags"})
    assert [(row.subject, row.tags) for row in rows] == [("two", ("inner", "outer", "v2")), ("four", ("v4",))]


def test_a_name_and_a_range_that_hold_one_commit_are_both_its_reason(five: Repository) -> None:
    rows = selected(five, ["v2", "old~3..old", "refs/tags/v2"])
    assert {row.subject: row.reason for row in rows} == {
        "two": "listed as v2, old~3..old, refs/tags/v2",
        "three": "listed as old~3..old",
        "four": "listed as old~3..old",
    }


def test_an_end_of_a_range_that_is_left_open_is_the_newest_commit_of_the_branch(five: Repository) -> None:
    assert chosen(selected(five, ["v4.."])) == ["five"]
    assert chosen(selected(five, ["v2.."], branch="old")) == ["three", "four"]


def test_tags_of_blobs_are_no_candidates(five: Repository) -> None:
    five.git("tag", "key", five.git("rev-parse", "HEAD:a.java"))
    assert chosen(selected(five, {"granularity": "tags"})) == ["two", "four"]


def test_branches_that_only_a_remote_has_are_candidates(
    five: Repository, make_repository: Callable[[str], Repository]
) -> None:
    clone = make_repository("clone")
    clone.git("fetch", "--quiet", str(five.path), "refs/heads/*:refs/remotes/upstream/*", "refs/tags/*:refs/tags/*")
    clone.git("symbolic-ref", "refs/remotes/upstream/HEAD", "refs/remotes/upstream/main")
    clone.git("reset", "--quiet", "--hard", "refs/remotes/upstream/main")
    assert chosen(selected(clone, {"granularity": "branches"})) == ["four", "five"]


ODD = b"""\
tree %s
author A <a@x> 1312735823 +051800
committer A <a@x> 1312735823 +051800
gpgsig -----BEGIN PGP SIGNATURE-----
 author M <m@x> 1 +0000
 -----END PGP SIGNATURE-----
encoding ISO-8859-1

caf\xe9 \x1b[31m
of two lines
"""


def test_odd_dates_encodings_and_signatures_become_clean_rows_of_the_table(repository: Repository) -> None:
    first = repository.commit("first")
    tree = repository.git("rev-parse", "HEAD^{tree}")
    content = ODD.replace(b"%s", f"{tree}\nparent {first}".encode())
    for parent in (content, content.replace(b" 1312735823 +051800", b"").replace(b"caf\xe9", b"no date")):
        (repository.path / "made").write_bytes(
            parent.replace(first.encode(), repository.git("rev-parse", "HEAD").encode())
        )
        made = repository.git("hash-object", "-t", "commit", "-w", "--literally", "made")
        repository.git("update-ref", "HEAD", made)
    _, odd, dateless = selected(repository, {})
    assert (odd.date, odd.author, odd.subject) == ("2011-08-07T16:50:23+00:00", "A", "café \ufffd[31m of two lines")
    assert (dateless.date, dateless.parents) == ("", (odd.commit,))
    dated = reasons(selected(repository, {"per": "month"}))
    assert dated["no date \ufffd[31m of two lines"] == "-has no date that can be read"
    assert dated["café \ufffd[31m of two lines"] == "one of the commits, the newest of 2011-08"
    table = repository.path.parent / "commits.tsv"
    write_commits(table, selected(repository, {}))
    assert read_commits(table) == selected(repository, {})


@st.composite
def histories(draw: st.DrawFn) -> list[list[int]]:
    """The parents of each commit, among those before it; some have none, some several."""
    parents: list[list[int]] = [[]]
    for number in range(1, draw(st.integers(2, 12))):
        parents.append(draw(st.lists(st.integers(0, number - 1), max_size=3, unique=True)))
    return parents


def ancestors_of(number: int, parents: list[list[int]]) -> set[int]:
    """The commits from which one descends."""
    return set(parents[number]).union(*(ancestors_of(parent, parents) for parent in parents[number]))


@settings(max_examples=25, deadline=None)
@given(parents=histories(), start=st.integers(0, 1000))
def test_any_history_is_ordered_and_cut_as_git_does_it(
    tmp_path_factory: pytest.TempPathFactory, parents: list[list[int]], start: int
) -> None:
    repository = new_repository(tmp_path_factory.mktemp("any") / "project")
    stream = []
    for number, those in enumerate(parents):
        lines = [f"reset refs/tags/c{number}", f"commit refs/tags/c{number}", f"mark :{number + 1}"]
        lines += [
            f"committer A <a@x> {1_700_000_000 - 1000 * (number % 3)} +0000",
            f"data {len(str(number))}\n{number}",
        ]
        stream += [*lines, *(f"{'merge' if rank else 'from'} :{parent + 1}" for rank, parent in enumerate(those))]
    repository.git("fast-import", "--quiet", given="\n".join(stream) + "\n")
    newest = len(parents) - 1
    repository.git("update-ref", "refs/heads/main", f"c{newest}")
    path, record = mirrored(repository)
    cut = f"c{start % newest}..c{newest}"
    expected = repository.git("log", "--first-parent", "--reverse", "--format=%s", cut).split()
    assert chosen(select(path, record.head, Selection(commits=(cut,)))) == expected
    chain = repository.git("log", "--first-parent", "--reverse", "--format=%s", "main").split()
    rows = select(path, record.head, Selection(commits=tuple(f"c{number}" for number in range(len(parents)))))
    order = [row.subject for row in rows]
    assert [row.subject for row in rows if row.first_parent] == chain
    assert sorted(order, key=int) == [str(number) for number in range(len(parents))]
    assert [row.order for row in rows] == list(range(len(parents)))
    for row in rows:
        if not row.first_parent:  # right after its newest ancestor on the chain, and after all of its ancestors
            ancestors = {str(number) for number in ancestors_of(int(row.subject), parents)}
            assert all(order.index(ancestor) < order.index(row.subject) for ancestor in ancestors)
            before = [subject for subject in order[: order.index(row.subject)] if subject in chain]
            assert before[-1:] == [subject for subject in chain if subject in ancestors][-1:]


def test_a_granularity_that_the_repository_does_not_have_is_an_error(repository: Repository) -> None:
    repository.commit("one")
    with pytest.raises(ErgitError, match=r"commits\.granularity: the repository has no tags"):
        selected(repository, {"granularity": "tags"})
