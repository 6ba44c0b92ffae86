"""results/java/{commit}.json: the Java release that a commit asks for, and the JDK that it gets."""

from pathlib import Path
from typing import Literal

from ergit.records.record import Record, Value, read_record, write_record

SCHEMA = "ergit.java/1"


class ChosenJdk(Value, frozen=True, kw_only=True):
    """A JDK: its folder, its feature release (17) and its whole version ("17.0.15")."""

    home: str
    release: int
    version: str
    vendor: str | None


class JavaRecord(Record, frozen=True, kw_only=True):
    """`status` is `not-wanted` with `java: null`, `none` where no JDK here will do.

    `wanted` is the release that the main classes are compiled for. `needed` is the release of the JDK that is asked
    for where that is another one: newer test classes, an enforcer's range, a version file such as .java-version.
    `candidates` are the JDKs to try, the first of them `chosen`; a record of 0.1.0 has none. `fingerprint` is equal
    where the config asked for the same (config/fingerprint.py); None in older records.
    """

    schema: str = SCHEMA
    commit: str
    status: Literal["ok", "none", "not-wanted"]
    wanted: int | None
    wanted_from: str | None
    chosen: ChosenJdk | None
    reason: str
    needed: int | None = None
    needed_from: str | None = None
    candidates: tuple[ChosenJdk, ...] = ()
    fingerprint: str | None = None


def write_java(path: Path, record: JavaRecord) -> None:
    """Writes the record, whole or not at all."""
    write_record(path, record)


def read_java(path: Path) -> JavaRecord:
    """The record; raises ErgitError where it is not there or damaged."""
    return read_record(path, JavaRecord, SCHEMA)
