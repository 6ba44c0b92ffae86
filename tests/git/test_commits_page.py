"""docs/commits.md: each of its examples chooses the commits that it says."""

import re
from collections.abc import Iterator

import msgspec
import pytest
import yaml

from ergit.config.settings import CommitFilters, Selection
from ergit.git.selection import select
from tests.fakes.repositories import Repository, mirrored, new_repository
from tests.fakes.studies import ROOT

PAGE = (ROOT / "docs/commits.md").read_text(encoding="utf-8")


def examples() -> Iterator[tuple[str, str, list[str]]]:
    """What each row has in `commits` and `exclude`, and the commits that it chooses."""
    for row in re.findall(r"^\| `.*\|$", PAGE, re.MULTILINE):
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        code = [cell.strip("`") for cell in cells if re.fullmatch("`[^`]*`", cell)]
        if code[0] != "commits":
            yield code[0], code[1] if len(code) > 1 else "[]", cells[len(code)].split(", ")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """The history that the page draws."""
    repository = new_repository(tmp_path_factory.mktemp("page") / "project")
    for folder in ("src", "src/test"):
        (repository.path / folder).mkdir()

    def commit(subject: str, file: str) -> None:
        repository.clock = at[subject]
        (repository.path / file).write_text(subject, encoding="utf-8")
        repository.git("add", "--all")
        repository.git("commit", "--quiet", "--message", subject)

    january = 1_704_067_200  # 2024-01-01T00:00Z
    days = {"one": 9, "two": 19, "fix-a": 20, "fix-b": 21, "three": 33, "four": 51, "five": 61, "six": 89}
    days |= {"next-a": 90, "next-b": 91}
    at = {name: january + day * 86_400 for name, day in days.items()}
    commit("one", "src/a.java")
    commit("two", "README.md")
    repository.git("tag", "v1.0")
    repository.git("switch", "--quiet", "--create", "fix")
    commit("fix-a", "src/b.java")
    commit("fix-b", "src/b.java")
    repository.git("switch", "--quiet", "main")
    commit("three", "src/a.java")
    repository.clock = at["four"]
    repository.git("merge", "--quiet", "--no-ff", "--message", "four", "fix")
    repository.git("branch", "--quiet", "--delete", "--force", "fix")
    repository.git("tag", "v1.1")
    commit("five", "README.md")
    repository.git("switch", "--quiet", "--create", "next")
    commit("next-a", "README.md")
    commit("next-b", "README.md")
    repository.git("switch", "--quiet", "main")
    commit("six", "src/test/a.txt")
    return repository


@pytest.mark.parametrize(("commits", "exclude", "chosen"), list(examples()), ids=str)
def test_an_example_chooses_what_the_page_says(
    drawn: Repository, commits: str, exclude: str, chosen: list[str]
) -> None:
    path, record = mirrored(drawn)
    written = {"commits": yaml.safe_load(commits), "exclude": yaml.safe_load(exclude)}
    rows = select(path, record.head, msgspec.convert(written, Selection))
    assert [row.subject for row in rows if row.chosen] == chosen


def test_the_page_has_a_row_for_every_filter() -> None:
    written = [yaml.safe_load(commits) for commits, _, _ in examples()]
    named = {key for filters in written if isinstance(filters, dict) for key in filters}
    assert named == set(CommitFilters.__struct_fields__)
