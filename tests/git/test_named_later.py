"""Commits that the config names for later: looked up when commits are chosen."""

from pathlib import Path

import pytest

from ergit.config.names import resolved_later
from ergit.config.reading import read_config
from ergit.config.settings import Selection
from ergit.errors import ErgitError
from ergit.git.named_later import refuse_unknown
from ergit.git.selection import select
from ergit.records.commits import CommitRow
from tests.fakes.repositories import Repository, mirrored, small_history


@pytest.fixture
def chosen_two(repository: Repository) -> tuple[Path, list[CommitRow]]:
    """The mirror of five commits, of which four (v4) and five are chosen."""
    path, record = mirrored(small_history(repository))
    return path, select(path, record.head, Selection(commits=("v4", "main")))


@pytest.mark.parametrize(
    ("key", "name", "words"),
    [
        ("gate.base", "v9", "gate.base: 'v9' is no commit, tag or branch of the repository. Did you mean v4 or v2?"),
        ("gate.base", "v2", "is not among the chosen commits, so it will have no reading. Add it to `commits`"),
        ("gate.head", "main~9", "gate.head: 'main~9' goes back too far: main and what came before it are 5 commits."),
        ("noise.commit", "v2", "noise.commit: 'v2' ("),
        ("changes.accepted", "v9", "changes.accepted: 'v9' is no commit"),
        ("changes.anchors", "v9", "changes.anchors: 'v9' is no commit"),
    ],
)
def test_a_name_that_is_of_no_use_later_is_refused(
    chosen_two: tuple[Path, list[CommitRow]], key: str, name: str, words: str
) -> None:
    with pytest.raises(ErgitError) as raised:
        refuse_unknown(*chosen_two, [(key, name)])
    assert words in str(raised.value)


def test_names_that_are_of_use_are_not(chosen_two: tuple[Path, list[CommitRow]]) -> None:
    refuse_unknown(*chosen_two, [("gate.base", "v4"), ("noise.commit", "main"), ("changes.accepted", "v2")])


def test_the_names_for_later_are_those_of_these_keys() -> None:
    config = {"repository": {"url": "demo"}, "commits": ["main"], "workload": {"command": "true"}}
    assert list(resolved_later(read_config(config))) == []
    named = {"gate": {"head": "a", "base": "b"}, "noise": {"commit": "c"}, "changes": {"accepted": ["d"]}}
    found = resolved_later(read_config(config | named | {"plan": {"anchors": ["e", "f"]}}))
    assert [(name.key, name.text) for name in found] == [
        *(("gate.head", "a"), ("gate.base", "b"), ("noise.commit", "c"), ("changes.accepted", "d")),
    ]
