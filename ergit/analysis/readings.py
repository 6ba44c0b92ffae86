"""The clean readings of a study, ready for the statistics: from results/energy.csv and results/commits.tsv."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ergit.analysis.detection.observations import IntArray, Observations
from ergit.analysis.detection.significance import FloatArray
from ergit.errors import ErgitError
from ergit.records.commits import CommitRow
from ergit.records.energy_table import ENERGIES
from ergit.records.plan import ROUNDS_OF_A_BATCH

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class CleanReadings:
    """The clean readings of a study, commits in Git order; `sessions` names host and session by number.

    `kind` is measured or estimated, None without a clean reading. `beside` are the orders in Git history of the commits
    that are no part of the line whose readings these are. `seconds` and `watts` have one entry a reading, NaN
    where they were not recorded.
    """

    kind: str | None
    commits: list[CommitRow]
    sessions: list[tuple[str, str]]
    observations: Observations
    seconds: FloatArray
    watts: FloatArray
    beside: tuple[int, ...] = ()

    def commits_between(self, first: int, last: int) -> int:
        """How many commits of the line come after the one at position `first`, up to the one at `last`."""
        orders = self.commits[first].order, self.commits[last].order
        return orders[1] - orders[0] - sum(orders[0] < order < orders[1] for order in self.beside)


def clean_readings(
    table: "pd.DataFrame", history: Iterable[CommitRow], judged: str = "package", name: str = "results/energy.csv"
) -> CleanReadings:
    """The clean readings of the table; `judged` is the domain whose energy counts, `name` that of its file, for errors.

    Raises:
        ErgitError: measured and estimated energy occur together, a clean row has no energy above 0, or a commit is not
            in the table of commits.
    """
    known = {row.commit: row for row in history}
    clean = table[table["clean"]]
    _refuse_impossible(clean, ENERGIES[judged], judged, name)
    kinds = sorted(clean["kind"].dropna().unique().tolist())
    if len(kinds) > 1:
        raise ErgitError(
            f"{name} holds both {' and '.join(kinds)} energy, which cannot be compared. Set measure.source to one"
            " source, and remove the readings of the other."
        )
    names = clean["commit"].unique().tolist()
    unknown = [commit for commit in names if commit not in known]
    if unknown:
        raise ErgitError(
            f"{name} has readings of {unknown[0]}, which is not in commits.tsv beside it: the two files are of"
            " different runs. Run the study again; it makes what is missing."
        )
    commits = sorted((known[commit] for commit in names), key=lambda row: row.order)
    positions = {row.commit: position for position, row in enumerate(commits)}
    commit = clean["commit"].map(positions).to_numpy(dtype=np.int64)
    order = np.argsort(commit, kind="stable")  # the readings of a commit stay in their order
    clean, commit = clean.iloc[order], commit[order]
    sessions, session = _numbered(clean)
    # A limit that was raised later makes several attempts at one reading clean: each has a slot of its own.
    attempt = clean.groupby(["commit", "host", "session", "round", "repeat"], dropna=False).cumcount()
    rounds = _rounds_in_batches(clean)
    return CleanReadings(
        kind=kinds[0] if kinds else None,
        commits=commits,
        sessions=sessions,
        observations=Observations(
            commit=commit.astype(np.int64),
            joules=clean[ENERGIES[judged]].to_numpy(dtype=np.float64),
            session=session,
            slot=clean.groupby([rounds, "repeat", attempt]).ngroup().to_numpy().astype(np.int64),
            trees=tuple(row.tree or None for row in commits),
        ),
        seconds=clean["duration_seconds"].to_numpy(dtype=np.float64),
        watts=clean["power_watts"].to_numpy(dtype=np.float64),
    )


def why_none_is_clean(table: "pd.DataFrame", commits: Sequence[str]) -> str:
    """Statuses, reasons and flags of the readings of commits, of which none is clean; the most frequent first."""
    rows = table[table["commit"].isin(commits)]
    if rows.empty:
        return "it was not measured"
    details = rows["reason"].fillna(rows["flags"]).fillna("")
    reasons = rows["status"].where(details == "", rows["status"] + ": " + details)
    return "; ".join(reasons.value_counts(sort=True).index[:3])


def _refuse_impossible(clean: "pd.DataFrame", column: str, judged: str, name: str) -> None:
    joules = clean[column]
    wrong = joules[~(np.isfinite(joules) & (joules > 0))]
    if len(wrong) == 0:
        return
    row, value = int(wrong.index[0]) + 2, wrong.iloc[0]
    if joules.isna().all():
        raise ErgitError(
            f"{name} has no energy of the domain {judged!r}, which measure.judged names. Name a domain that this"
            " machine counts: `ergit doctor` lists them."
        )
    raise ErgitError(
        f"row {row} of {name} has the energy {value:g} in {column}, which is not a number of joules above 0. A reading"
        " that failed or was not counted has no energy and is not clean: correct it, or remove the row."
    )


def _rounds_in_batches(clean: "pd.DataFrame") -> "pd.Series[int]":
    """The round of each reading within its batch: the third one of an anchor is that of the other commits.

    As it is where a commit has been measured in so many rounds without batches that two would become one.
    """
    within = clean["round"] % ROUNDS_OF_A_BATCH
    key = ["commit", "host", "session", "round", "repeat", "attempt"]
    return clean["round"] if clean.assign(round=within).duplicated(key).any() else within


def _numbered(clean: "pd.DataFrame") -> tuple[list[tuple[str, str]], IntArray]:
    """The sessions, each as host and session, in the order of their first reading; and the number of each reading's."""
    names = list(zip(clean["host"].fillna(""), clean["session"].fillna(""), strict=True))
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return list(numbers), np.array([numbers[name] for name in names], dtype=np.int64)
