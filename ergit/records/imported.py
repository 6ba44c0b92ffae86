"""results/imported.json: what became of every row of the files that readings were imported from."""

from pathlib import Path

from ergit.records.record import Record, Value, read_record, write_record

SCHEMA = "ergit.imported/1"
SOURCE = "imported"
"""The source, and the host, of imported readings in the energy table."""


class FileCount(Value, frozen=True, kw_only=True):
    """How many rows a file has, and what they are; every row is counted once, in `rows` and in one of the others."""

    file: str
    rows: int
    readings: int
    without_joules: int
    without_commit: int
    not_selected: int
    unknown: int


class ImportRecord(Record, frozen=True, kw_only=True):
    """What became of all rows: counts by file, rows by commit for those left out, and examples of stray rows."""

    schema: str = SCHEMA
    files: tuple[FileCount, ...]
    not_selected: dict[str, int]
    unknown: dict[str, int]
    stray: tuple[str, ...]


def write_imported(path: Path, record: ImportRecord) -> None:
    """Writes the record, whole or not at all."""
    write_record(path, record)


def read_imported(path: Path) -> ImportRecord:
    """The record; raises ErgitError where it is not there or damaged."""
    return read_record(path, ImportRecord, SCHEMA)
