"""results/run.json: what the last run that measured has found out before, and whether a stage has ended it."""

from pathlib import Path

from msgspec import field

from ergit.records.record import JsonObject, Record, read_record, write_record

SCHEMA = "ergit.run/1"


class RunRecord(Record, frozen=True, kw_only=True):
    """One run: `run` names it, `context` is what its pre stages left, `ended` why it was ended; None: it was not."""

    schema: str = SCHEMA
    run: str
    context: JsonObject = field(default_factory=dict)
    ended: str | None = None


def write_run(path: Path, record: RunRecord) -> None:
    """Writes the record, whole or not at all."""
    write_record(path, record)


def read_run(path: Path) -> RunRecord:
    """The record; raises ErgitError where it is not there or damaged."""
    return read_record(path, RunRecord, SCHEMA)
