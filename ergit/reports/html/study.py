"""The study that a report tells of: its records as they were read, and what was seen while each reading was taken."""

from collections.abc import Mapping
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
from ergit.reports.conditions import COLUMNS, conditions_over_time

KEY = ["commit", "round", "repeat", "attempt"]
SEEN = COLUMNS[COLUMNS.index("celsius_before") :]


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
    def has_times(self) -> bool:
        """Whether it is known of all readings when they were taken."""
        return bool(self.readings["started"].notna().all())

    @cached_property
    def conditions(self) -> pd.DataFrame:
        """What was seen around each reading, in the order in which they were taken; no row of an imported study."""
        return conditions_over_time(self.table, self.results)

    @cached_property
    def readings(self) -> pd.DataFrame:
        """The rows of the table that have energy, in its order, with the commit's `position` and what was seen.

        What was seen are the columns `SEEN` of `conditions`, NaN where not known.
        """
        rows = self.table[(self.table["status"] == "ok") & self.table[self.judged].notna()]
        rows = rows.assign(position=rows["commit"].map(self.positions))
        return rows.merge(self.conditions[[*KEY, *SEEN]], how="left", on=KEY).astype(dict.fromkeys(SEEN, "float64"))
