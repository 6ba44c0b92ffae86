"""results/**/.*.unfinished: beside the record of a job while it runs, and after it was killed."""

from pathlib import Path

from ergit.files import write_atomically
from ergit.records.record import Record, read_record, to_json

SCHEMA = "ergit.unfinished/1"


class UnfinishedRecord(Record, frozen=True, kw_only=True):
    """When the attempt that runs now began, and when those began that were killed or filled the disk.

    All in seconds since the epoch.
    """

    schema: str = SCHEMA
    started: float | None
    killed: tuple[float, ...]
    disk_full: tuple[float, ...] = ()


def unfinished_path(output: Path) -> Path:
    """The file for the job with that output."""
    return output.with_name(f".{output.stem}.unfinished")


def write_unfinished(path: Path, record: UnfinishedRecord) -> None:
    """Writes the record, whole or not at all."""
    write_atomically(path, to_json(record))


def read_unfinished(path: Path) -> UnfinishedRecord:
    """The record; raises ErgitError where it is not there or damaged."""
    return read_record(path, UnfinishedRecord, SCHEMA)
