"""results/tests.tsv and results/tests.json: the tests of each commit over the history, by class and as a whole."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from ergit.records.record import Record, Value, read_record, write_record
from ergit.records.tsv import write_table

SCHEMA = "ergit.tests-of-commits/1"


class ClassRow(msgspec.Struct, frozen=True, kw_only=True):
    """A test class (or module, or suite) of one commit, in one run of the command.

    `status` is that of the readings that were looked at: `ok`, or where a commit has no clean one, what it has instead.
    `seconds` is the median, over `readings` of them, of the sum of its tests' times. `joules_by_time` is an estimate,
    the median of a reading's joules × the share of its time: it holds where all tests draw the same power. Empty cells
    are not known; `joules_missing` says why.
    """

    commit: str
    order: int
    date: str
    subject: str
    test_class: str
    status: str
    readings: int
    tests: int
    passed: int
    failed: int
    errored: int
    skipped: int
    seconds: float | None = None
    joules_by_time: float | None = None
    joules_missing: str = ""


COLUMNS = ClassRow.__struct_fields__


class Outcome(Value, frozen=True, kw_only=True):
    """What the tests did in some `readings`: the name of their set, and those in it that did not pass."""

    set: str
    failed: tuple[int, ...]
    errored: tuple[int, ...]
    skipped: tuple[int, ...]
    readings: int


class CommitTests(Value, frozen=True, kw_only=True):
    """The outcomes of one commit, the most frequent first; `missing` counts readings without one, by the reason."""

    commit: str
    outcomes: tuple[Outcome, ...]
    missing: dict[str, int]


class StudyTests(Record, frozen=True, kw_only=True):
    """The tests of each commit that was measured, in Git order."""

    schema: str = SCHEMA
    commits: tuple[CommitTests, ...]


def write_test_table(path: Path, rows: Iterable[ClassRow]) -> None:
    """Writes the table; every cell on one line, None as an empty one."""
    write_table(path, COLUMNS, map(msgspec.structs.astuple, rows))


def write_study_tests(path: Path, record: StudyTests) -> None:
    """Writes the record, whole or not at all."""
    write_record(path, record)


def read_study_tests(path: Path) -> StudyTests:
    """The record; raises ErgitError where it is not there or damaged."""
    return read_record(path, StudyTests, SCHEMA)
