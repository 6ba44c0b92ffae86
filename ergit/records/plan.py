"""results/plan.json: how many rounds each chosen commit is measured in."""

from pathlib import Path

from ergit.records.record import Record, read_record, write_record

SCHEMA = "ergit.plan/1"


class RoundsPlan(Record, frozen=True, kw_only=True):
    """The rounds of each chosen commit, by SHA, in Git order; None: as many as `measure.rounds` of the config says.

    The number in the config is not written out here: a change of it would make Snakemake select anew before it can say
    what is left to measure.
    """

    schema: str = SCHEMA
    rounds: dict[str, int | None]

    def readings(self, configured_rounds: int) -> list[tuple[str, int]]:
        """Each commit with each of its rounds, counted from 1."""
        return [
            (commit, round_)
            for commit, rounds in self.rounds.items()
            for round_ in range(1, (configured_rounds if rounds is None else rounds) + 1)
        ]


def write_plan(path: Path, record: RoundsPlan) -> None:
    """Writes the record, whole or not at all."""
    write_record(path, record)


def read_plan(path: Path) -> RoundsPlan:
    """The record; raises ErgitError where it is not there or damaged."""
    return read_record(path, RoundsPlan, SCHEMA)
