"""The selection language against Git itself: ranges against `git rev-list`, filters against its log and diffs."""

import random
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ergit.config.settings import Selection
from ergit.errors import ErgitError
from ergit.git.names import CommitNames
from ergit.git.ranges import commits_meant
from ergit.git.runner import Git, git_in
from ergit.git.selection import select
from tests.fakes.repositories import new_repository

COMMITS = 20
HISTORIES = 5
FILES = ("a.java", "b.md", "src/c.java", "docs/d.java")
OFFSETS = ("+0000", "+0530", "-1100", "+051800")
OPTIONAL = st.none()
quickly = settings(max_examples=40, deadline=None)


@dataclass(frozen=True, repr=False)
class History:
    """A random history with merges: commits c0, c1, … (tags), main at the newest one, side at another."""

    path: Path
    git: Git
    names: CommitNames

    def rev_list(self, *words: str) -> list[str]:
        """What `git rev-list` itself prints."""
        command = ["git", "-C", str(self.path), "rev-list", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()

    def changes(self) -> dict[str, list[str]]:
        """The files in which each commit of main differs from its first parent, oldest commit first."""
        printed = ["log", "--first-parent", "--reverse", "-m", "--name-only", "--format=:%H", "main"]
        command = ["git", "-C", str(self.path), *printed]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return {sha: files for sha, *files in (entry.split() for entry in text.split(":")[1:])}

    def chosen(self, **filters: object) -> list[str]:
        """The SHAs that ergit chooses with these filters; none where it says that nothing is left."""
        selection = msgspec.convert({"commits": filters}, Selection)
        try:
            rows = select(self.path, self.rev_list("-1", "main")[0], selection)
        except ErgitError as error:
            assert "is left after the filters" in str(error)
            return []
        return [row.commit for row in rows if row.chosen]


def stream_of(seed: int) -> str:
    """A history for `git fast-import`; dates jump back and forth over months, and one offset is impossible."""
    chance = random.Random(seed)
    lines = []
    for number in range(COMMITS):
        parents = chance.sample(range(number), min(number, chance.choice((1, 1, 1, 2, 2, 3))))
        if number and (chance.random() < 0.5 or number >= COMMITS - 3):  # so that main~2 is there
            parents = [number - 1, *(parent for parent in parents if parent != number - 1)]
        seconds = 1_577_800_000 + number * 900_000 + chance.randrange(-2_000_000, 2_000_000)
        lines += [f"reset refs/tags/c{number}", f"commit refs/tags/c{number}", f"mark :{number + 1}"]
        lines += [f"committer A <a@x> {seconds} {chance.choice(OFFSETS)}", "data 1", "x"]
        lines += [f"{'merge' if rank else 'from'} :{parent + 1}" for rank, parent in enumerate(parents)]
        lines += [f"M 100644 inline {chance.choice(FILES)}", f"data {len(str(number))}", str(number)]
    lines += [f"reset refs/heads/main\nfrom :{COMMITS}", f"reset refs/heads/side\nfrom :{chance.randrange(1, COMMITS)}"]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def histories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[History]]:
    """Some random histories, made once."""
    with ExitStack() as opened:
        made = []
        for seed in range(HISTORIES):
            repository = new_repository(tmp_path_factory.mktemp("random") / "project")
            repository.git("fast-import", "--quiet", "--date-format=raw-permissive", given=stream_of(seed))
            git = opened.enter_context(git_in(repository.path / ".git"))
            made.append(History(repository.path / ".git", git, CommitNames.of_repository(git)))
        yield made


commits = st.one_of(
    st.integers(0, COMMITS - 1).map(lambda number: f"c{number}"), st.sampled_from(["main", "side", "HEAD", "main~2"])
)
words = st.one_of(
    st.tuples(commits, st.sampled_from(["..", "..."]), commits).map("".join),
    commits.map(lambda name: f"{name}.."),
    commits.map(lambda name: f"..{name}"),
    commits.map(lambda name: f"^{name}"),
    commits,
)
ranges = st.lists(words, min_size=1, max_size=4).filter(lambda found: len(found) > 1 or ".." in found[0])


@quickly
@given(number=st.integers(0, HISTORIES - 1), parts=ranges, first_parent=st.booleans())
def test_a_range_is_what_git_rev_list_lists(
    histories: list[History], number: int, parts: list[str], first_parent: bool
) -> None:
    history, text = histories[number], " ".join(parts)
    expected = history.rev_list(*(["--first-parent"] if first_parent else []), "--reverse", *parts)
    try:
        found = commits_meant(history.git, history.names, [text], "commits", first_parent=first_parent)[text]
    except ErgitError as error:
        assert expected == [], error
    else:
        assert found == expected


dates = st.dates(datetime(2019, 12, 1).date(), datetime(2020, 9, 1).date()).map(str)


@quickly
@given(
    number=st.integers(0, HISTORIES - 1),
    since=st.one_of(OPTIONAL, dates),
    until=st.one_of(OPTIONAL, dates, dates.map(lambda text: text[:7])),
    newest=st.one_of(OPTIONAL, st.integers(1, COMMITS)),
    every=st.integers(1, 5),
)
def test_dates_counts_and_steps_choose_of_what_git_lists(
    histories: list[History], number: int, since: str | None, until: str | None, newest: int | None, every: int
) -> None:
    history = histories[number]
    dated = history.rev_list("--first-parent", "--timestamp", "main")
    listed = zip(map(int, dated[::2]), dated[1::2], strict=True)  # newest first
    days = [(datetime.fromtimestamp(seconds, UTC).date().isoformat(), sha) for seconds, sha in listed]
    kept = [
        sha for day, sha in days if (since is None or day >= since) and (until is None or day[: len(until)] <= until)
    ]
    expected = kept[:newest][::every][::-1]
    assert history.chosen(since=since, until=until, newest=newest, every=every) == expected


@quickly
@given(number=st.integers(0, HISTORIES - 1), period=st.sampled_from(["day", "week", "month", "year"]))
def test_of_each_period_the_last_commit_of_the_history_is_chosen(
    histories: list[History], number: int, period: str
) -> None:
    history, form = histories[number], {"day": "%Y-%m-%d", "week": "%G-%V", "month": "%Y-%m", "year": "%Y"}[period]
    dated = history.rev_list("--first-parent", "--reverse", "--timestamp", "main")
    last: dict[str, str] = {}
    for seconds, sha in zip(map(int, dated[::2]), dated[1::2], strict=True):
        last[datetime.fromtimestamp(seconds, UTC).strftime(form)] = sha
    assert set(history.chosen(per=period)) == set(last.values())


@quickly
@given(
    number=st.integers(0, HISTORIES - 1),
    extensions=st.sets(st.sampled_from(["java", "md"])),
    paths=st.sets(st.sampled_from(["src", "docs", "a.java"])),
    ignored=st.sets(st.sampled_from(["docs", "src"])),
)
def test_files_choose_the_commits_that_differ_in_them_from_their_first_parent(
    histories: list[History], number: int, extensions: set[str], paths: set[str], ignored: set[str]
) -> None:
    history = histories[number]

    def counts(file: str) -> bool:
        in_paths = any(file == path or file.startswith(f"{path}/") for path in paths)
        tracked = in_paths or Path(file).suffix[1:] in extensions or not (paths or extensions)
        return tracked and not any(file.startswith(f"{folder}/") for folder in ignored)

    is_filtered = bool(extensions or paths or ignored)
    expected = [sha for sha, files in history.changes().items() if not is_filtered or any(map(counts, files))]
    found = history.chosen(extensions=sorted(extensions), paths=sorted(paths), ignored_directories=sorted(ignored))
    assert found == expected


@quickly
@given(number=st.integers(0, HISTORIES - 1), parts=ranges, every=st.integers(1, 4))
def test_what_a_range_excludes_is_never_chosen_and_nothing_apart_from_it_changes(
    histories: list[History], number: int, parts: list[str], every: int
) -> None:
    history = histories[number]
    gone = set(history.rev_list(*parts))
    if not gone or all(word.startswith("^") for word in parts):
        return
    chain = history.rev_list("--first-parent", "main")
    selection = msgspec.convert(
        {"commits": {"every": every}, "exclude": [{"commits": " ".join(parts), "reason": "broken"}]}, Selection
    )
    groups = [chain[start : start + every] for start in range(0, len(chain), every)]
    expected = [next((sha for sha in group if sha not in gone), None) for group in groups]
    if not any(expected):
        with pytest.raises(ErgitError, match="is left after the filters"):
            select(history.path, chain[0], selection)
        return
    rows = select(history.path, chain[0], selection)
    assert [row.commit for row in rows if row.chosen] == [sha for sha in reversed(expected) if sha]
    assert {row.commit for row in rows} == set(chain)
    assert {row.commit for row in rows if row.reason == "excluded: broken"} == gone & set(chain)
