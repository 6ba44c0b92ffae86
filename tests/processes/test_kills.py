"""A job that is killed again and again is its commit's failure, once others have gone well in between."""

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from ergit.disk import FullDiskError
from ergit.errors import CommitError, ErgitError
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
    with pytest.raises(CommitError, match=r"^killed: ergit's own program died 2 times"):
        attempt(output, [other])
    attempt(output, [other])  # asked for again: counted from 0


class Disk:
    """A disk that is full while the commit's own folder is there, or for good."""

    def __init__(self, *, for_good: bool) -> None:
        self.for_good = for_good

    def problem(self, _folder: Path) -> str | None:
        return "No space left on device" if self.for_good else None


def fill_the_disk(output: Path, other: Path) -> None:
    with count_kills(output, [other]):
        raise FullDiskError("the disk is full", (output.parent,))


@pytest.mark.parametrize(("for_good", "error"), [(True, FullDiskError), (False, CommitError)])
def test_a_commit_that_fills_the_disk_twice_has_failed_unless_the_disk_is_full_without_it(
    output: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, for_good: bool, error: type[Exception]
) -> None:
    monkeypatch.setattr("ergit.processes.kills.write_problem", Disk(for_good=for_good).problem)
    other = tmp_path / "other.json"
    other.touch()
    os.utime(other, (0, 0))
    for _ in range(3):  # no other commit went well since
        with pytest.raises(FullDiskError):
            fill_the_disk(output, other)
    other.touch()
    with pytest.raises(error):
        fill_the_disk(output, other)
    assert not unfinished_path(output).exists()  # what is the machine's is forgotten, what was recorded too


def test_a_commit_that_finds_room_the_next_time_is_done(output: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    with pytest.raises(FullDiskError):
        fill_the_disk(output, other)
    assert len(read_unfinished(unfinished_path(output)).disk_full) == 1
    other.touch()
    attempt(output, [other])
    assert not unfinished_path(output).exists()


def test_where_no_other_commit_was_done_in_between_the_machine_may_be_at_fault(output: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.touch()
    later = other.stat().st_mtime + 1
    killed_at(output, later, later + 1, later + 2)
    attempt(output, [other, tmp_path / "gone.json"])
