"""results/spent.json: what the measuring jobs of a study have taken so far, held against its budget."""

from pathlib import Path

from ergit.records.record import Record, read_record, write_record

SCHEMA = "ergit.spent/1"


class Spent(Record, frozen=True, kw_only=True):
    """Seconds in which jobs measured, warm-up, rests and idle samples included, and joules in their windows."""

    schema: str = SCHEMA
    jobs: int = 0
    seconds: float = 0.0
    joules: float = 0.0


def write_spent(path: Path, record: Spent) -> None:
    """Writes the record, whole or not at all."""
    write_record(path, record)


def read_spent(path: Path) -> Spent:
    """The record, of nothing where it is not there; raises ErgitError where it is damaged."""
    return read_record(path, Spent, SCHEMA) if path.exists() else Spent()
