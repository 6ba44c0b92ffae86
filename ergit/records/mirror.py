"""results/mirror.json: what was mirrored, and when."""

from pathlib import Path

from ergit.records.record import Record, read_record, write_record

SCHEMA = "ergit.mirror/1"


class MirrorRecord(Record, frozen=True, kw_only=True):
    """The repository (without user and password), the branch that gives the order, and its newest commit."""

    schema: str = SCHEMA
    url: str
    branch: str | None
    head: str
    references: int
    fetched: str


def write_mirror(path: Path, record: MirrorRecord) -> None:
    """Writes the record, whole or not at all."""
    write_record(path, record)


def read_mirror(path: Path) -> MirrorRecord:
    """The record; raises ErgitError where it is not there or damaged."""
    return read_record(path, MirrorRecord, SCHEMA)
