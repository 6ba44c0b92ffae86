"""results/tests/{commit}.json: the tests of one commit; results/tests/common.json: those that all commits have."""

import hashlib
from pathlib import Path

import msgspec

from ergit.records.record import Record, read_record, write_record
from ergit.records.tests import ResultsOfTests

FOUND_SCHEMA = "ergit.found-tests/1"
COMMON_SCHEMA = "ergit.common-tests/1"
WHOLE = "*"
"""Stands for all tests of a class, where their names do not say of which method they are."""


class FoundTests(Record, frozen=True, kw_only=True):
    """What the tests of a commit did in a run that was not measured; None with the reason where that is not known.

    `fingerprint` is equal where the same command ran on equal builds (config/fingerprint.py); None in older records.
    """

    schema: str = FOUND_SCHEMA
    commit: str
    results: ResultsOfTests | None
    reason: str | None
    seconds: float
    fingerprint: str | None = None


class CommonTests(Record, frozen=True, kw_only=True):
    """The methods, by class, that pass in every commit with the same cases; `cases` counts these.

    `left_out` counts the methods of any commit that are not among them, by the reason. `unknown` says of which commits
    the tests are not known, and why: they have no say. `lacking` counts the methods that a commit which joined the
    study later lacks or fails: the set does not change for it. `meaning` is equal where the same command runs on equal
    builds: another one makes another set.
    """

    schema: str = COMMON_SCHEMA
    tests: dict[str, tuple[str, ...]]
    cases: int
    left_out: dict[str, int]
    unknown: dict[str, str]
    lacking: dict[str, int]
    meaning: str


def write_found_tests(path: Path, record: FoundTests) -> None:
    """Writes the record, whole or not at all."""
    write_record(path, record)


def read_found_tests(path: Path) -> FoundTests:
    """The record; raises ErgitError where it is not there or damaged."""
    return read_record(path, FoundTests, FOUND_SCHEMA)


def write_common_tests(path: Path, record: CommonTests) -> None:
    """Writes the record, whole or not at all."""
    write_record(path, record)


def read_common_tests(path: Path) -> CommonTests:
    """The record; raises ErgitError where it is not there or damaged."""
    return read_record(path, CommonTests, COMMON_SCHEMA)


def common_mark(path: Path) -> str:
    """What is added to the fingerprint of readings: the methods that they run; empty where these are not known yet.

    Raises:
        ErgitError: the record is damaged.
    """
    if not path.exists():
        return ""
    return f" tests {hashlib.sha256(msgspec.json.encode(read_common_tests(path).tests)).hexdigest()[:16]}"
