"""What lies in a change, from real Git histories and from literal values."""

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ergit.git.changed_files import LISTED_FILES, ChangedFile, Files, files_between, is_build_file, is_test_file
from ergit.analysis.context import Accepted, Context, Java, main, mostly, printable, read_context, sentence, words_in
from ergit.records.changes import ChangeFinding, Findings, Study, to_json
from tests.fakes.repositories import Repository

SETTINGS: dict[str, Any] = {"tags": ["perf", "#12"], "accepted": [], "link": None}
FILES = Files(1, 2, 1, (ChangedFile("a", 2, 1),), 0, (), 0)
CONTEXT = Context(
    *("c" * 40, "persistent", "Subject", "2024-01-01T00:00:00Z", "Ada", None, "a" * 40, "c" * 40, FILES),
    *((), None, 0.1, 0.001, "time", None),
)


def change(commit: str, location: list[str]) -> ChangeFinding:
    """An increase by a tenth, all of it time."""
    return ChangeFinding(commit, 0, "persistent", "increase", 0.1, 0.05, 0.15, 0.01, location, 100, 110, 0.1, 0.0)


def contexts(
    folder: Path, repository: Repository, changes: list[ChangeFinding], chosen: list[str], **settings: Any
) -> tuple[list[Context], list[Accepted]]:
    """What the rule `context` says of these changes in this history."""
    study = Study("measured", "J", 0, 0, 0, 0, 0.01, 0.05, None, [], [])
    (folder / "changes.json").write_text(to_json(Findings(study, [], changes)), encoding="utf-8")
    rows = ["commit\torder\tdate\tauthor\tsubject\tchosen"]
    for order, sha in enumerate(repository.git("rev-list", "--reverse", "main").split()):
        date, author, subject = repository.git("show", "--no-patch", "--format=%aI%n%an%n%s", sha).split("\n")
        rows.append(f"{sha}\t{order}\t{date}\t{author}\t{subject}\t{'yes' if sha in chosen else 'no'}")
    (folder / "commits.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    main(
        SimpleNamespace(
            input=SimpleNamespace(changes=folder / "changes.json", commits=folder / "commits.tsv"),
            output=[folder / "context.json"],
            params=SimpleNamespace(settings=SETTINGS | settings, mirror=repository.path / ".git", java=folder / "java"),
        )
    )
    return read_context(folder / "context.json")


def test_a_change_has_the_files_words_and_link_of_all_commits_it_may_lie_in(
    tmp_path: Path, repository: Repository
) -> None:
    first = repository.commit("Start", a__txt="1\n2\n")
    second = repository.commit("Go faster\n\nFixes #12", a__txt="1\n3\n")
    third = repository.commit("Other", b__txt="1\n", pom__xml="<project/>\n")
    chosen = [first, second, third]
    link = "https://example.org/{commit}?a={b}"
    (found,), _ = contexts(tmp_path, repository, [change(third, [second, third])], chosen, link=link)
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
    (found,), _ = contexts(tmp_path, repository, [change(second, [second])], [first, second])
    assert found.files.largest == (ChangedFile(shown, 1, 0),)
    assert sentence(found).isprintable()


def test_a_binary_file_has_no_lines(tmp_path: Path, repository: Repository) -> None:
    first = repository.commit("Start")
    (repository.path / "data").write_bytes(b"\0\1")
    second = repository.commit("Binary")
    (found,), _ = contexts(tmp_path, repository, [change(second, [second])], [first, second])
    assert found.files.largest == (ChangedFile("data", None, None),)


def test_another_jdk_is_told(tmp_path: Path, repository: Repository) -> None:
    first, second = repository.commit("Start"), repository.commit("Next")
    (tmp_path / "java").mkdir()
    for sha, version in ((first, "11.0.2"), (second, "17.0.1")):
        (tmp_path / "java" / f"{sha}.json").write_text(json.dumps({"chosen": {"version": version}}), encoding="utf-8")
    (found,), _ = contexts(tmp_path, repository, [change(second, [second])], [first, second])
    assert found.java == Java("11.0.2", "17.0.1")
    assert "JDK 11.0.2 → 17.0.1" in sentence(found)


def test_an_accepted_commit_counts_from_the_first_one_of_the_study_that_holds_it(
    tmp_path: Path, repository: Repository
) -> None:
    first, between, third, last = (repository.commit(name) for name in ("Start", "Between", "Third", "Last"))
    repository.git("tag", "known", between)
    changes = [change(third, [between, third]), change(last, [last])]
    names = ["known", last[:8]]
    found, accepted = contexts(tmp_path, repository, changes, [first, third], accepted=names)
    assert accepted == [Accepted("known", between, third), Accepted(last[:8], last, None)]
    assert [context.accepted_as for context in found] == ["known", None]


def test_an_unknown_accepted_commit_is_an_error_that_names_the_key(tmp_path: Path, repository: Repository) -> None:
    first = repository.commit("Start")
    with pytest.raises(SystemExit) as error:
        contexts(tmp_path, repository, [], [first], accepted=["v9"])
    assert str(error.value).startswith("ergit: changes.accepted: 'v9' is no commit")


def test_only_the_largest_files_are_listed_and_the_rest_is_counted() -> None:
    files = files_between([ChangedFile(f"f{lines:03}", lines, 0) for lines in range(100)])
    assert (files.count, files.unlisted, len(files.largest)) == (100, 100 - LISTED_FILES, LISTED_FILES)
    assert files.largest[0] == ChangedFile("f099", 99, 0)
    assert files_between([]) == Files(0, 0, 0, (), 0, (), 0)


@pytest.mark.parametrize(
    ("path", "build", "test"),
    [
        ("pom.xml", True, False),
        ("core/build.gradle.kts", True, False),
        ("gradle/libs.versions.toml", True, False),
        ("gradle.lockfile", True, False),
        ("web/package-lock.json", True, False),
        ("src/main/java/Pom.java", False, False),
        ("src/test/java/ATest.java", False, True),
        ("tests/a", False, True),
        ("test", False, False),
        ("latest/a", False, False),
    ],
)
def test_files_of_build_and_tests_are_known_by_name_and_folder(path: str, build: bool, test: bool) -> None:
    assert (is_build_file(path), is_test_file(path)) == (build, test)


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


def test_the_context_is_told_in_one_line() -> None:
    assert sentence(CONTEXT) == "mostly time (time +10.0%, power +0.1%); 1 file, +2 -1 lines: a"
    assert printable("a\x1b[31m\n‮b") == "a\ufffd[31m\ufffd\ufffdb"
