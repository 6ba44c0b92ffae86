"""results/context.json: what lies in each change: files, words of the messages, JDK, build and tests."""

from pathlib import Path
from typing import Literal

from ergit.records.record import Record, Value, read_record, write_record

SCHEMA = "ergit.context/1"

FileKind = Literal["program", "workload", "build", "dependencies", "ignore"]
"""What a file is; `ignore` is what neither builds nor runs."""

Kind = Literal["program", "workload", "build", "dependencies", "jdk"]
"""What may differ between two commits."""

Sameness = Literal["files", "build"]
"""Why nothing that runs differs: all files that are not ignored are the same, or what was kept of the builds is."""


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


class KindFiles(Value, frozen=True, kw_only=True):
    """The files of one kind that commits touch, the most often touched first; `unlisted` counts the others."""

    kind: FileKind
    files: tuple[str, ...]
    unlisted: int = 0


class DependencyDifference(Value, frozen=True, kw_only=True):
    """A dependency, or a plug-in of the build, and its versions in turn.

    The first version is that before the commits. None stands where it is not declared, "" where no version is named.
    `resolved` says that a tool has resolved them, as in a lock file.
    """

    name: str
    versions: tuple[str | None, ...]
    scope: str | None
    file: str
    resolved: bool = False


class MethodDifference(Value, frozen=True, kw_only=True):
    """A Java method that commits touch, by its classes, its name and the types of its parameters."""

    name: str
    happened: Literal["changed", "added", "removed"]
    kind: FileKind
    file: str


class CommitDifference(Value, frozen=True, kw_only=True):
    """What one commit touches."""

    commit: str
    kinds: tuple[Kind, ...]


class Differences(Value, frozen=True, kw_only=True):
    """What differs by a change: the union over all commits that it may lie in, also those that nobody measured.

    A file that one of them changes and another changes back is among it. `kinds` say what may matter, none where
    nothing that runs is touched. `files` are given for each kind, also for what is ignored; `without_effect` are the
    others: touched in no more than a comment or formatting (of Java and manifests), or in the project's own version.
    `same` says that even the ends are known to be equal. `methods` are those of the Java files that were read,
    `methods_unlisted` counts the others, `methods_unread` the Java files that were not read. `commits` are the newest
    100 of those commits.
    """

    kinds: tuple[Kind, ...]
    files: tuple[KindFiles, ...] = ()
    without_effect: tuple[str, ...] = ()
    dependencies: tuple[DependencyDifference, ...] = ()
    dependencies_unlisted: int = 0
    methods: tuple[MethodDifference, ...] = ()
    methods_unlisted: int = 0
    methods_unread: int = 0
    commits: tuple[CommitDifference, ...] = ()
    same: Sameness | None = None


class ChangeContext(Value, frozen=True, kw_only=True):
    """The circumstances of one change; `before` and `until` are the ends of the commits it may lie in.

    `differs` says what these commits touch; it is None in records of 0.1.0.

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
    differs: Differences | None = None


class AcceptedCommit(Value, frozen=True, kw_only=True):
    """A commit of `changes.accepted`; `from_commit` is the study's first one that holds it, None if none does."""

    name: str
    commit: str
    from_commit: str | None


class EqualNeighbours(Value, frozen=True, kw_only=True):
    """Measured neighbours between which nothing that runs differs: what they show is noise, drift or a batch.

    `pairs` of them were compared, `by_build` of these since what was kept of their builds is the same. `differ` counts
    those whose energy is said to differ by `commits[].shift`, `median_difference` and `largest_usual_difference` (the
    95th percentile) are of the absolute differences, 0.01 is 1%. `false_alarms` are the changes, by their commits,
    that lie between such neighbours alone. `commits` has the later commit of each pair, whose `shift` is its
    difference; empty in older records.
    """

    pairs: int
    by_build: int
    differ: int
    median_difference: float | None
    largest_usual_difference: float | None
    false_alarms: tuple[str, ...]
    commits: tuple[str, ...] = ()


class ContextRecord(Record, frozen=True, kw_only=True):
    """The context of each change, the accepted commits, and what neighbours with equal inputs show.

    `side` are the commits beside the main line whose energy differs: what they touch after the commit where they left.
    `equal` is None in records of 0.1.0.
    """

    schema: str = SCHEMA
    changes: tuple[ChangeContext, ...]
    accepted: tuple[AcceptedCommit, ...]
    equal: EqualNeighbours | None = None
    side: tuple[CommitDifference, ...] = ()


def write_context(path: Path, record: ContextRecord) -> None:
    """Writes the record, whole or not at all."""
    write_record(path, record)


def read_context(path: Path) -> ContextRecord:
    """The record; raises ErgitError where it is not there or damaged."""
    return read_record(path, ContextRecord, SCHEMA)
