"""What is drawn over a history: the commits in Git order, their readings in each session, and those without energy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import comb
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ergit.errors import ErgitError
from ergit.records.commits import CommitRow, chosen, reused_from
from ergit.records.energy_table import ENERGIES
from ergit.records.imported import SOURCE

Values = NDArray[np.float64]

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Quantity:
    """What is drawn of each reading: its column in the table, its words, and its unit."""

    name: str
    column: str
    noun: str
    words: str
    unit: str = "J"

    def label(self, kind: str | None, *, is_short: bool = False) -> str:
        """The words at the axis; an estimate is no measurement."""
        if self.unit == "J" and kind == "estimated":
            return f"{'estimate:' if is_short else 'estimated energy,'} CPU time × watts (J)"
        return f"{self.words}{'' if is_short else ' of one run'} ({self.unit})"


QUANTITIES = {
    **{domain: Quantity(domain, column, "Energy", f"{domain} energy") for domain, column in ENERGIES.items()},
    "seconds": Quantity("seconds", "duration_seconds", "Duration", "duration", "s"),
    "cpu-seconds": Quantity("cpu-seconds", "cpu_seconds", "CPU time", "CPU time", "s"),
    "watts": Quantity("watts", "power_watts", "Power", "power", "W"),
}
STATUSES = {
    "build-failed": "did not build",
    "failed": "workload failed",
    "killed": "measuring was killed",
    "no-jdk": "no JDK for it",
    "not-counted": "energy not counted",
    "timeout": "workload timed out",
}


@dataclass(frozen=True)
class SessionReadings:
    """The readings of one commit in one session, in the order in which they were taken.

    `values` and `clean` have shape (n,). A commit measured in several sessions has them side by side: `centre` is the
    middle and `width` the width of these readings, in positions.
    """

    session: str
    values: Values
    clean: NDArray[np.bool_]
    centre: float
    width: float


@dataclass(frozen=True)
class Contents:
    """A commit's position is its index in `commits`; sessions stand in the order of their first readings.

    `kind` is measured or estimated, None without a clean reading. `outcomes` says what happened instead of a clean
    reading, and at which positions.
    """

    kind: str | None
    quantity: Quantity
    commits: tuple[CommitRow, ...]
    readings: tuple[SessionReadings, ...]
    sessions: tuple[str, ...]
    hosts: tuple[str, ...]
    sources: tuple[str, ...]
    outcomes: Mapping[str, list[int]]

    @property
    def clean(self) -> int:
        """The number of clean readings."""
        return sum(int(readings.clean.sum()) for readings in self.readings)

    @property
    def flagged(self) -> int:
        """The number of readings that are not clean."""
        return sum(len(readings.clean) for readings in self.readings) - self.clean

    @cached_property
    def positions(self) -> dict[str, int]:
        """The position of each commit, by its SHA."""
        return {commit.commit: position for position, commit in enumerate(self.commits)}

    def of(self, session: str) -> list[SessionReadings]:
        """The readings of one session, in Git order."""
        return [readings for readings in self.readings if readings.session == session]


def median_interval(values: Values, confidence: float = CONFIDENCE) -> tuple[float, float] | None:
    """The distribution-free interval of the median of `values` (n,) between two of its order statistics.

    The k-th smallest and k-th largest of n values enclose the median with probability 1 - 2 P(B < k), where B is
    binomial (n, 1/2) (David and Nagaraja, Order Statistics, 2003, section 7.1). None where n is too small for the
    confidence: below 6 values at 95%.
    """
    count = len(values)
    tail, rank = 0, 0
    while rank < count // 2 and 2 * (tail + comb(count, rank)) <= (1 - confidence) * 2**count:
        tail += comb(count, rank)
        rank += 1
    if rank == 0:
        return None
    ordered = np.sort(values)
    return float(ordered[rank - 1]), float(ordered[count - rank])


def columns(rows: Sequence[tuple[float, ...]], count: int) -> NDArray[np.float64]:
    """The `rows` (n, count), which may be none, as `count` columns (count, n)."""
    return np.array(rows, dtype=float).reshape(-1, count).T


def gather(table: pd.DataFrame, commits: Sequence[CommitRow], quantity: str) -> Contents:
    """What the table of readings (results/energy.csv) and the list of commits (results/commits.tsv) hold to draw.

    `quantity` is one of `QUANTITIES`, such as `package`.

    Raises:
        ErgitError: the table holds both measured and estimated energy.
    """
    history = tuple(chosen(commits))
    positions = {commit.commit: position for position, commit in enumerate(history)}
    is_imported = bool(len(table)) and bool((table["source"] == SOURCE).all())
    rows = table.assign(position=table["commit"].map(positions)).sort_values(["started", "round"], kind="stable")
    drawn = QUANTITIES[quantity]
    read = rows[(rows["status"] == "ok") & rows[drawn.column].notna() & rows["position"].notna()]
    kinds = sorted(read["kind"].unique())
    if len(kinds) > 1:
        raise ErgitError(
            f"The table of readings holds both {' and '.join(kinds)} energy, which share no axis. Set measure.source to"
            " one source, and remove the readings of the other."
        )
    return Contents(
        kind=kinds[0] if read["clean"].any() else None,
        quantity=drawn,
        commits=history,
        readings=_readings(read, drawn.column),
        sessions=tuple(read["session"].unique()),
        hosts=tuple(sorted(read["host"].unique())),
        sources=tuple(sorted(read["source"].unique())),
        outcomes=_outcomes(
            rows[rows["position"].notna()], set(read.loc[read["clean"], "position"]), history, is_imported=is_imported
        ),
    )


def _readings(read: pd.DataFrame, column: str) -> tuple[SessionReadings, ...]:
    sessions_at = {position: sorted(set(sessions)) for position, sessions in read.groupby("position")["session"]}
    found = []
    for key, rows in read.groupby(["position", "session"]):
        position, session = cast(tuple[int, str], key)
        values, clean = rows[column].to_numpy(float), rows["clean"].to_numpy(bool)
        width = 0.7 / len(sessions_at[position])
        centre = position - 0.35 + width * (sessions_at[position].index(session) + 0.5)
        found.append(SessionReadings(session, values, clean, centre, width))
    return tuple(found)


def _outcomes(
    rows: pd.DataFrame, clean: set[int], history: Sequence[CommitRow], *, is_imported: bool
) -> dict[str, list[int]]:
    found = {str(status): set(positions) for status, positions in rows.groupby("status")["position"]}
    without = {"no clean reading": found.pop("ok", set()) - clean}
    unread = set(range(len(history))) - set(rows["position"])
    reused = {position for position in unread if reused_from(history[position]) is not None}
    absent = {
        "measured as an equal one": reused,
        "not in the files" if is_imported else "not measured yet": unread - reused,
    }
    outcomes = {STATUSES.get(status, status): positions for status, positions in found.items()} | without | absent
    return {words: sorted(positions) for words, positions in outcomes.items() if positions}
