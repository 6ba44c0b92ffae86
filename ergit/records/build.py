"""results/build/{commit}.json: how a commit was built, or why it was not."""

from pathlib import Path
from typing import Literal

from msgspec import field

from ergit.records.java import ChosenJdk
from ergit.records.record import JsonObject, Record, Value, read_record, write_record
from ergit.records.stages import StageOutcome

SCHEMA = "ergit.build/1"

BuildStatus = Literal["ok", "failed", "timeout", "no-jdk"]


class CommandOutcome(Value, frozen=True, kw_only=True):
    """How one build command ended; `started` is ISO 8601 in UTC."""

    command: str
    status: Literal["ok", "failed", "timeout"]
    reason: str | None
    exit_code: int | None
    signal: int | None
    started: str
    seconds: float


class JdkRange(Value, frozen=True, kw_only=True):
    """Releases of JDKs, both ends included; None is no bound."""

    least: int | None = None
    most: int | None = None


class BuildTry(Value, frozen=True, kw_only=True):
    """One try at a build, with one JDK, on a fresh copy of the tree; `seconds` are those of its commands.

    `cure` is there where the log of a failed try blames the JDK: the releases with which the commit may build.
    """

    java: ChosenJdk
    status: BuildStatus
    reason: str | None
    seconds: float
    cure: JdkRange | None = None


class BuildRecord(Record, frozen=True, kw_only=True):
    """A build: its JDK, the folder it was made in (and is measured in), the variables set for it, and its commands.

    `tries` are all of them, in their order; the last is this build. There is none without a JDK, or from the cache.
    `stages` are the study's own, those before the build first, and `context` is what they put into the context.
    `workload` is the commit whose workload was laid over it, where that is held fixed. `contents` is a digest of what
    was kept (ergit/inputs/contents.py); None where that is not known: in older records, and of builds from the cache.
    `dependencies` are the versions that Maven has resolved, where the build has listed them (docs/inputs.md).
    `fingerprint` is equal where builds of a commit stand for the same (config/fingerprint.py); None in older records.
    """

    schema: str = SCHEMA
    commit: str
    java: ChosenJdk | None
    directory: str
    environment: dict[str, str]
    cached: bool
    commands: tuple[CommandOutcome, ...]
    status: BuildStatus
    reason: str | None
    stages: tuple[StageOutcome, ...] = ()
    context: JsonObject = field(default_factory=dict)
    workload: str | None = None
    tries: tuple[BuildTry, ...] = ()
    contents: str | None = None
    dependencies: dict[str, str] = field(default_factory=dict)
    fingerprint: str | None = None


def write_build(path: Path, record: BuildRecord) -> None:
    """Writes the record, whole or not at all."""
    write_record(path, record)


def read_build(path: Path) -> BuildRecord:
    """The record; raises ErgitError where it is not there or damaged."""
    return read_record(path, BuildRecord, SCHEMA)
