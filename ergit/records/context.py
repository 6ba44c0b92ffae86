"""results/context.json: what lies in each change: files, words of the messages, JDK, build and tests."""

from pathlib import Path
from typing import Literal

from ergit.records.record import Record, Value, read_record, write_record

SCHEMA = "ergit.context/1"


class ChangedFile(Value, frozen=True, kw_only=True):
    """A file and its lines added and removed; None for a binary file."""

    path: str
    added: int | None
    removed: int | None


class ChangedFiles(Value, frozen=True, kw_only=True):
    """The files that changed between two commits.

    `largest` are those with the most changed lines, `unlisted` counts the others.
    """

    count: int
    added: int
    removed: int
    largest: tuple[ChangedFile, ...]
    unlisted: int
    build_files: tuple[str, ...]
    test_files: int


class JdkVersions(Value, frozen=True, kw_only=True):
    """Versions of the JDK before and after a change."""

    before: str
    after: str


class DifferentTests(Value, frozen=True, kw_only=True):
    """What differs between the tests that ran before and after a change: the two sides cannot be compared.

    `only_before` and `only_after` count the tests that ran on one side alone, `other_status` those that ended
    otherwise, `varying` those that differ between readings of one commit and tell nothing. `unknown` says why the
    tests of a side are not known; the counts are 0 then.
    """

    only_before: int = 0
    only_after: int = 0
    other_status: int = 0
    varying: int = 0
    examples: tuple[str, ...] = ()
    unknown: str | None = None


class ChangeContext(Value, frozen=True, kw_only=True):
    """The circumstances of one change; `before` and `until` are the ends of the commits it may lie in.

    `tags` are the config's words that occur in the messages, `java` is None where no JDK was recorded, `mostly` says
    whether time or power (joules = seconds × watts) accounts for it, `accepted_as` is the name that accepts it.
    `tests` says what differs between the tests of the two sides; None where they are the same, or no reports are read.
    """

    commit: str
    kind: str
    subject: str
    date: str
    author: str
    link: str | None
    before: str
    until: str
    files: ChangedFiles
    tags: tuple[str, ...]
    java: JdkVersions | None
    duration_change: float | None
    power_change: float | None
    mostly: Literal["time", "power", "both"] | None
    accepted_as: str | None
    tests: DifferentTests | None = None


class AcceptedCommit(Value, frozen=True, kw_only=True):
    """A commit of `changes.accepted`; `from_commit` is the study's first one that holds it, None if none does."""

    name: str
    commit: str
    from_commit: str | None


class ContextRecord(Record, frozen=True, kw_only=True):
    """The context of each change, and the accepted commits."""

    schema: str = SCHEMA
    changes: tuple[ChangeContext, ...]
    accepted: tuple[AcceptedCommit, ...]


def write_context(path: Path, record: ContextRecord) -> None:
    """Writes the record, whole or not at all."""
    write_record(path, record)


def read_context(path: Path) -> ContextRecord:
    """The record; raises ErgitError where it is not there or damaged."""
    return read_record(path, ContextRecord, SCHEMA)
