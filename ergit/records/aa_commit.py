"""results/noise/control.json: the A/A commit, which is built and measured against itself."""

from pathlib import Path

from ergit.records.record import Record, read_record, write_record

SCHEMA = "ergit.control/1"


class AACommit(Record, frozen=True, kw_only=True):
    """The commit, and why it is that one."""

    schema: str = SCHEMA
    commit: str
    reason: str


def write_aa_commit(path: Path, record: AACommit) -> None:
    """Writes the record, whole or not at all."""
    write_record(path, record)


def read_aa_commit(path: Path) -> AACommit:
    """The record; raises ErgitError where it is not there or damaged."""
    return read_record(path, AACommit, SCHEMA)
