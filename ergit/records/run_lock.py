""".snakemake/ergit-run.lock: who runs the study, or who ran it last."""

from pathlib import Path

from ergit.errors import ErgitError
from ergit.records.record import Record, read_record, to_json

SCHEMA = "ergit.run-lock/1"


class RunLock(Record, frozen=True, kw_only=True):
    """A process of a user on a host between two boots; `started` is when, ISO 8601 in UTC."""

    schema: str = SCHEMA
    process: int
    user: str
    host: str
    boot: str
    started: str


def written(record: RunLock) -> bytes:
    """The content of the file: it is written in place, since who waits for the lock has it open."""
    return to_json(record).encode()


def read_run_lock(path: Path) -> RunLock | None:
    """The record; None where there is none, or what a full disk left of one."""
    try:
        return read_record(path, RunLock, SCHEMA)
    except ErgitError:
        return None
