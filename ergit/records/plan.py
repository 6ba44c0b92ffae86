"""results/plan.json: how many rounds each chosen commit is measured in."""

from functools import cached_property
from pathlib import Path

from ergit.errors import ErgitError
from ergit.records.record import Record, read_record, write_record

SCHEMA = "ergit.plan/1"
ROUNDS_OF_A_BATCH = 1000
"""An anchor is measured in every batch: its round 2003 is the third one in batch 2. So a reading keeps its number."""


class RoundsPlan(Record, frozen=True, kw_only=True, dict=True):
    """The rounds of each chosen commit, by SHA, in Git order; None: as many as `measure.rounds` of the config says.

    The number in the config is not written out here: a change of it would make Snakemake select anew before it can say
    what is left to measure. `batches` are commits that are built and measured before the next batch is, counted from
    the oldest; the `anchors` are in none of them and are measured in each. Empty: all commits are one batch.
    """

    schema: str = SCHEMA
    rounds: dict[str, int | None]
    batches: tuple[tuple[str, ...], ...] = ()
    anchors: tuple[str, ...] = ()

    def readings(self, configured_rounds: int) -> list[tuple[str, int]]:
        """Each commit with the numbers of its rounds, counted from 1; those of an anchor say the batch too.

        Raises:
            ErgitError: there are more rounds than the numbers of a batch's rounds can tell apart.
        """
        return [
            (commit, number)
            for commit, rounds in self.rounds.items()
            for number in self._numbers(commit, configured_rounds if rounds is None else rounds)
        ]

    def batch_of(self, commit: str, round_number: int) -> int:
        """The number of the batch in which a commit is measured in that round, from 0."""
        if commit in self.anchors:
            return round_number // ROUNDS_OF_A_BATCH
        return self._batch_of_others.get(commit, 0)

    @cached_property
    def _batch_of_others(self) -> dict[str, int]:
        return {commit: number for number, batch in enumerate(self.batches) for commit in batch}

    def _numbers(self, commit: str, rounds: int) -> list[int]:
        if commit not in self.anchors:
            return list(range(1, rounds + 1))
        if rounds >= ROUNDS_OF_A_BATCH:
            raise ErgitError(
                f"measure.rounds is {rounds}; in batches (plan.batch) there are {ROUNDS_OF_A_BATCH - 1} at most."
            )
        return [
            batch * ROUNDS_OF_A_BATCH + number for batch in range(len(self.batches)) for number in range(1, rounds + 1)
        ]


def write_plan(path: Path, record: RoundsPlan) -> None:
    """Writes the record, whole or not at all."""
    write_record(path, record)


def read_plan(path: Path) -> RoundsPlan:
    """The record; raises ErgitError where it is not there or damaged."""
    return read_record(path, RoundsPlan, SCHEMA)
