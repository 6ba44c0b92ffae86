"""Commits beside the main line: what they are compared with, and that they leave the main line as it is."""

import numpy as np
import pytest
from msgspec.structs import replace

from ergit.analysis.changes import changes_record
from ergit.analysis.readings import CleanReadings, clean_readings
from ergit.analysis.side import line_of, main_line_of, side_commits, with_side_commits
from ergit.config.settings import ChangeSettings
from ergit.git.runner import git_in
from ergit.records.changes import ChangesRecord
from ergit.records.commits import CommitRow
from tests.fakes.repositories import Repository
from tests.fakes.tables import commit_row, energy_table, reading

SEED = 3


def study(levels: dict[int, float], side: tuple[int, ...]) -> tuple[list[CommitRow], ChangesRecord]:
    """The record of a study with nine readings of each commit around its level; some are beside the main line."""
    rows = [
        reading(number, repeat, level * float(np.exp(noise)))
        for number, level in levels.items()
        for repeat, noise in enumerate(np.random.default_rng((SEED, number)).normal(0, 0.003, 9), start=1)
    ]
    history = [commit_row(number, first_parent=number not in side) for number in levels]
    aside = side_commits(history, imported=True)
    table = energy_table(rows)

    def read(of: list[CommitRow]) -> CleanReadings:
        return clean_readings(table[table["commit"].isin([row.commit for row in of])], of)

    line = [row for row in history if row.commit not in aside]
    of_line = main_line_of(read(line), history, aside)
    record = changes_record(of_line, line, ChangeSettings())
    return history, with_side_commits(record, read(history), aside, ChangeSettings())


LEVELS = {number: 100.0 if number < 12 else 110.0 for number in range(24)}


def test_a_side_commit_is_compared_with_the_level_where_it_left_and_changes_no_level() -> None:
    levels = LEVELS | {6: 108.0, 18: 110.0}
    _, plain = study({number: level for number, level in levels.items() if number not in (6, 18)}, ())
    history, record = study(levels, (6, 18))
    assert [change.commit for change in record.changes] == [history[12].commit]
    assert record.changes[0].relative_change == pytest.approx(plain.changes[0].relative_change)
    assert record.changes[0].commits_between == 1
    first, second = record.side
    assert (first.commit, first.left, first.level_commits, first.differs) == (
        *(history[6].commit, history[5].commit, 6, True),
    )
    assert first.relative == pytest.approx(0.08, abs=0.01)
    assert first.ci_low is not None
    assert first.ci_low > 0
    assert (second.left, second.level_commits, second.differs) == (history[17].commit, 6, False)
    aside = {commit.commit: commit for commit in record.commits if commit.part is None}
    assert aside.keys() == {history[6].commit, history[18].commit}
    assert aside[history[6].commit].readings == 9
    assert aside[history[6].commit].level_joules is None


def test_a_change_does_not_count_commits_beside_the_line_among_those_it_may_lie_in() -> None:
    levels = {number: level for number, level in LEVELS.items() if number not in (11,)} | {10: 100.0}
    _, record = study(dict(sorted(levels.items())), (10,))
    (change,) = record.changes
    assert (change.commits_between, change.measured_between) == (2, 1)  # 11 was not measured, 10 is beside the line


def test_without_an_older_commit_of_the_line_nothing_is_compared() -> None:
    history, record = study(LEVELS, (0,))
    (alone,) = record.side
    assert (alone.commit, alone.left, alone.relative, alone.differs) == (history[0].commit, None, None, False)


def test_listed_commits_after_the_newest_of_the_main_line_go_on_from_it() -> None:
    rows = [commit_row(number, first_parent=number in (0, 1, 3)) for number in range(6)]
    assert side_commits(rows, imported=False) == {rows[2].commit}
    assert side_commits(rows, imported=True) == {rows[2].commit, rows[4].commit, rows[5].commit}
    assert side_commits([replace(row, first_parent=False) for row in rows], imported=True) == frozenset()


def test_the_line_to_a_side_commit_is_the_main_line_before_it_and_its_own_first_parents(repository: Repository) -> None:
    first = repository.commit("1")
    repository.git("switch", "--quiet", "--create", "aside")
    aside = [repository.commit("a"), repository.commit("b")]
    repository.git("switch", "--quiet", "--create", "other", first)
    other = repository.commit("c")
    repository.git("switch", "--quiet", "main")
    last = repository.commit("2")
    rows = [
        commit_row(number, commit=sha, first_parent=sha in (first, last))
        for number, sha in enumerate((first, other, *aside, last))
    ]
    side = side_commits(rows, imported=True)
    with git_in(repository.path) as git:
        assert [row.commit for row in line_of(git, rows, side, [last])] == [first, last]
        assert [row.commit for row in line_of(git, rows, side, [aside[1]])] == [first, *aside]
        assert [row.commit for row in line_of(git, rows, side, [other, last])] == [first, other, last]
