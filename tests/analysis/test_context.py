"""What lies in a change, from real Git histories and from literal values."""

import os
from pathlib import Path
from typing import Any

import pytest

from ergit.analysis.context import ContextSettings, context_record, mostly, words_in
from ergit.config.settings import InputSettings
from ergit.errors import ErgitError
from ergit.git.runner import git_in
from ergit.inputs.equal import Builds
from ergit.inputs.kinds import FileKinds
from ergit.records.build import BuildRecord, write_build
from ergit.records.changes import ChangeResult
from ergit.records.context import AcceptedCommit, ChangeContext, ChangedFile, JdkVersions, read_context, write_context
from ergit.records.java import ChosenJdk
from tests.fakes.repositories import Repository
from tests.fakes.results import change, changes_record
from tests.fakes.tables import commit_row

SETTINGS = ContextSettings(words=("perf", "#12"), accepted=(), link=None)


def increase(commit: str, *location: str) -> ChangeResult:
    """An increase by a tenth, all of it time."""
    return change(0, 0.1, commit=commit, location=location, duration_change=0.1, power_change=0.0)


def contexts(
    folder: Path, repository: Repository, changes: list[ChangeResult], chosen: list[str], **settings: Any
) -> tuple[tuple[ChangeContext, ...], tuple[AcceptedCommit, ...]]:
    """The context of these changes in this history, as it is read back from its file."""
    history = []
    for order, sha in enumerate(repository.git("rev-list", "--reverse", "main").split()):
        date, author, subject = repository.git("show", "--no-patch", "--format=%aI%n%an%n%s", sha).split("\n")
        cells = {"date": date, "author": author, "subject": subject, "chosen": sha in chosen}
        history.append(commit_row(order, commit=sha, **cells))
    with git_in(repository.path) as git:
        wanted = ContextSettings(**{**vars(SETTINGS), **settings})
        kinds, builds = FileKinds(InputSettings()), Builds(folder / "build")
        found = context_record(git, changes_record(*changes), history, builds, kinds, wanted)
        write_context(folder / "context.json", found)
    record = read_context(folder / "context.json")
    return record.changes, record.accepted


def test_a_change_has_the_files_words_and_link_of_all_commits_it_may_lie_in(
    tmp_path: Path, repository: Repository
) -> None:
    first = repository.commit("Start", a__txt="1\n2\n")
    second = repository.commit("Go faster\n\nFixes #12", a__txt="1\n3\n")
    third = repository.commit("Other", b__txt="1\n", pom__xml="<project/>\n")
    chosen = [first, second, third]
    link = "https://example.org/{commit}?a={b}"
    (found,), _ = contexts(tmp_path, repository, [increase(third, second, third)], chosen, link=link)
    assert (found.before, found.until) == (first, third)
    assert (found.files.count, found.files.added, found.files.removed) == (3, 3, 1)
    assert [file.path for file in found.files.largest] == ["a.txt", "b.txt", "pom.xml"]
    assert found.files.build_files == ("pom.xml",)
    assert found.tags == ("#12",)
    assert (found.subject, found.author, found.date[:4]) == ("Other", "Ada", "2023")
    assert found.link == f"https://example.org/{third}?a={{b}}"
    assert found.java is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"-rf", "-rf"),
        (b"tab\there\nnext", "tab\there\nnext"),
        (b'"quoted" $(x) `y`', '"quoted" $(x) `y`'),
        ("grün".encode(), "grün"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"a => b", "a => b"),
    ],
)
def test_a_file_name_is_only_a_name(tmp_path: Path, repository: Repository, name: bytes, shown: str) -> None:
    first = repository.commit("Start")
    Path(os.fsdecode(os.fsencode(repository.path) + b"/" + name)).write_text("x\n", encoding="utf-8")
    second = repository.commit("Hostile")
    (found,), _ = contexts(tmp_path, repository, [increase(second, second)], [first, second])
    assert found.files.largest == (ChangedFile(path=shown, added=1, removed=0),)


def test_a_binary_file_has_no_lines(tmp_path: Path, repository: Repository) -> None:
    first = repository.commit("Start")
    (repository.path / "data").write_bytes(b"\0\1")
    second = repository.commit("Binary")
    (found,), _ = contexts(tmp_path, repository, [increase(second, second)], [first, second])
    assert found.files.largest == (ChangedFile(path="data", added=None, removed=None),)


def test_another_jdk_that_has_built_is_told(tmp_path: Path, repository: Repository) -> None:
    first, second = repository.commit("Start"), repository.commit("Next")
    (tmp_path / "build").mkdir()
    for sha, release, version in ((first, 11, "11.0.2"), (second, 17, "17.0.1")):
        jdk = ChosenJdk(home="/jdk", release=release, version=version, vendor=None)
        build = BuildRecord(
            commit=sha,
            java=jdk,
            directory="/d",
            environment={},
            cached=False,
            commands=(),
            status="ok",
            reason=None,
        )
        write_build(tmp_path / "build" / f"{sha}.json", build)
    (found,), _ = contexts(tmp_path, repository, [increase(second, second)], [first, second])
    assert found.java == JdkVersions(before="11.0.2", after="17.0.1")


def test_an_accepted_commit_counts_from_the_first_one_of_the_study_that_holds_it(
    tmp_path: Path, repository: Repository
) -> None:
    first, between, third, last = (repository.commit(name) for name in ("Start", "Between", "Third", "Last"))
    repository.git("tag", "known", between)
    changes = [increase(third, between, third), increase(last, last)]
    names = ("known", last[:8])
    found, accepted = contexts(tmp_path, repository, changes, [first, third], accepted=names)
    assert accepted == (
        AcceptedCommit(name="known", commit=between, from_commit=third),
        AcceptedCommit(name=last[:8], commit=last, from_commit=None),
    )
    assert [context.accepted_as for context in found] == ["known", None]


def test_an_unknown_accepted_commit_is_an_error_that_names_the_key(tmp_path: Path, repository: Repository) -> None:
    first = repository.commit("Start")
    with pytest.raises(ErgitError, match=r"changes\.accepted: 'v9' is no commit"):
        contexts(tmp_path, repository, [], [first], accepted=("v9",))


@pytest.mark.parametrize(
    ("message", "found"), [("Perf: faster", ("perf",)), ("perfect", ()), ("see #12.", ("#12",)), ("#123", ()), ("", ())]
)
def test_words_count_as_whole_words(message: str, found: tuple[str, ...]) -> None:
    assert words_in(message, ["perf", "#12"]) == found


@pytest.mark.parametrize(
    ("time", "power", "cause"),
    [
        *[(0.10, 0.00, "time"), (-0.10, 0.01, "time"), (0.00, 0.10, "power"), (0.05, 0.05, "both")],
        *[(None, 0.1, None), (0.1, None, None), (0.0, 0.0, None)],
    ],
)
def test_time_or_power_accounts_for_a_change(time: float | None, power: float | None, cause: str | None) -> None:
    assert mostly(time, power) == cause
