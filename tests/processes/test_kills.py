"""A job that is killed again and again is its commit's failure, once others have gone well in between."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from ergit.errors import CommitFailure, ErgitError
from ergit.processes.kills import count_kills
from ergit.records.unfinished import UnfinishedRecord, read_unfinished, unfinished_path, write_unfinished


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """The record that a job writes."""
    return tmp_path / "x.json"


def killed_at(output: Path, *times: float) -> None:
    """The note as it is after the last of those attempts was killed."""
    *earlier, last = times
    write_unfinished(unfinished_path(output), UnfinishedRecord(started=last, killed=tuple(earlier)))


def attempt(output: Path, others: Iterable[Path] = ()) -> None:
    with count_kills(output, others):
        assert unfinished_path(output).exists()


def test_a_job_that_ends_leaves_no_note(output: Path, tmp_path: Path) -> None:
    attempt(output)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [ErgitError("x"), SystemExit(143), KeyboardInterrupt()])
def test_an_orderly_end_is_no_kill(output: Path, tmp_path: Path, error: BaseException) -> None:
    with pytest.raises(type(error)), count_kills(output, ()):
        raise error
    assert list(tmp_path.iterdir()) == []


def test_one_kill_is_forgiven_and_remembered_until_the_job_is_done(output: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.touch()
    killed_at(output, 10.0)
    with pytest.raises(ErgitError), count_kills(output, [other]):
        raise ErgitError("the disk is full")
    assert read_unfinished(unfinished_path(output)) == UnfinishedRecord(started=None, killed=(10.0,))
    attempt(output, [other])
    assert not unfinished_path(output).exists()


def test_two_kills_with_another_commit_done_in_between_are_the_commits_failure(output: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.touch()
    killed_at(output, 10.0, 20.0)
    with pytest.raises(CommitFailure, match=r"^killed: ergit's own program died 2 times"):
        attempt(output, [other])
    attempt(output, [other])  # asked for again: counted from 0


def test_where_no_other_commit_was_done_in_between_the_machine_may_be_at_fault(output: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.touch()
    later = other.stat().st_mtime + 1
    killed_at(output, later, later + 1, later + 2)
    attempt(output, [other, tmp_path / "gone.json"])
