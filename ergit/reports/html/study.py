"""The study that a report tells of: its records as they were read, and what was seen while each reading was taken."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from ergit.config.settings import Settings
from ergit.records.changes import ChangesRecord
from ergit.records.commits import CommitRow, chosen
from ergit.records.context import ChangeContext, ContextRecord
from ergit.records.energy_table import ENERGIES
from ergit.records.failures import FailureRow
from ergit.records.imported import ImportRecord
from ergit.records.readings import SeenJob, WindowConditions, read_seen

KEY = ["commit", "round", "repeat", "attempt"]
SEEN = ("celsius_before", "celsius_after", "megahertz", "foreign_cores", "steal_cores", "waited_seconds")


@dataclass(frozen=True)
class ReportStudy:
    """All that the report reads. A commit's position is its index in `commits`, the chosen ones in Git order.

    `repository` is its URL without user and password, `results` the folder of the results, `table` is
    results/energy.csv, `history` results/commits.tsv.
    """

    repository: str
    results: Path
    settings: Settings
    table: pd.DataFrame
    history: tuple[CommitRow, ...]
    changes: ChangesRecord
    context: ContextRecord
    failures: tuple[FailureRow, ...]
    imported: ImportRecord | None = None

    @cached_property
    def commits(self) -> tuple[CommitRow, ...]:
        """The chosen commits, oldest first."""
        return tuple(chosen(self.history))

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """The position of each commit, by its SHA."""
        return {row.commit: position for position, row in enumerate(self.commits)}

    @cached_property
    def contexts(self) -> Mapping[tuple[str, str], ChangeContext]:
        """What lies in each change, by its commit and kind."""
        return {(one.commit, one.kind): one for one in self.context.changes}

    @property
    def judged(self) -> str:
        """The column of the energy that was analysed."""
        return ENERGIES[self.changes.study.judged]

    @cached_property
    def jobs(self) -> tuple[SeenJob, ...]:
        """The records of all measuring jobs, in the order of commits and rounds; none of an imported study."""
        pairs = self.table.loc[self.table["round"] > 0, ["commit", "round"]].drop_duplicates()
        files = [self.results / "readings" / commit / f"{number}.json" for commit, number in pairs.to_numpy()]
        return tuple(read_seen(file) for file in files if file.exists())

    @cached_property
    def readings(self) -> pd.DataFrame:
        """The rows of the table that have energy, in its order, with the commit's `position` and what was seen.

        Seen are `celsius_before`, `celsius_after`, `megahertz` (mean of before and after), `foreign_cores` and
        `steal_cores` (seconds of processors that others used, per second of the window) and `waited_seconds` before
        it; NaN where not known.
        """
        rows = self.table[(self.table["status"] == "ok") & self.table[self.judged].notna()]
        rows = rows.assign(position=rows["commit"].map(self.positions))
        seen = pd.DataFrame(self._seen(), columns=[*KEY, *SEEN])
        return rows.merge(seen, how="left", on=KEY).astype(dict.fromkeys(SEEN, "float64"))

    def _seen(self) -> Iterator[tuple[object, ...]]:
        for job in self.jobs:
            for reading in job.readings:
                if not reading.warmup and reading.conditions is not None:
                    yield job.commit, job.round, reading.repeat, reading.attempt, *_amounts(reading.conditions)


def _amounts(conditions: WindowConditions) -> tuple[float | None, ...]:
    """The columns of `SEEN`."""
    frequencies = [
        value
        for value in (conditions.frequency_megahertz_before, conditions.frequency_megahertz_after)
        if value is not None
    ]
    window = conditions.window_seconds
    foreign, steal = (
        None if seconds is None or not window else seconds / window
        for seconds in (conditions.foreign_cpu_seconds, conditions.steal_seconds)
    )
    megahertz = sum(frequencies) / len(frequencies) if frequencies else None
    return conditions.celsius_before, conditions.celsius_after, megahertz, foreign, steal, conditions.waited_seconds
