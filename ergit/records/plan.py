"""results/plan.json: how many rounds each chosen commit is measured in."""

from pathlib import Path

from ergit.records.record import Record, read_record, write_record

SCHEMA = "ergit.plan/1"


class Plan(Record, frozen=True, kw_only=True):
    """The rounds of each chosen commit, by SHA, in Git order."""

    schema: str = SCHEMA
    rounds: dict[str, int]


def write_plan(path: Path, record: Plan) -> None:
    """Writes the record, whole or not at all."""
    write_record(path, record)


def read_plan(path: Path) -> Plan:
    """The record; raises ErgitError where it is not there or damaged."""
    return read_record(path, Plan, SCHEMA)
