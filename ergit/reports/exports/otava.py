"""The median of each commit as the CSV file that Apache Otava reads, and the configuration for it."""

from collections.abc import Collection, Sequence

import pandas as pd
import yaml

from ergit.records.commits import CommitRow
from ergit.records.energy_table import NUMBERS
from ergit.reports.exports.dates import dates_for_export

TEST = "energy"


def otava_rows(table: pd.DataFrame, commits: Sequence[CommitRow], side: Collection[str] = ()) -> pd.DataFrame:
    """A row for each commit and session, in Git order: medians of the clean readings.

    Without the commits in `side`, which lie beside the main line: Otava would take one line for the history of all.
    Columns as in Otava's docs/CSV.md: `time` (the author's date), the attributes `commit` and `version` (the commit's
    tags), then the metrics. Otava wants a number in every row, so a metric that is missing somewhere is left out. With
    more than one session there is a column `branch`, which holds the session: by that name Otava never puts two of
    them into one series, but asks which one is meant (`--branch`).
    """
    clean = table[table["clean"] & ~table["commit"].isin(side)].assign(session=table["host"] + " " + table["session"])
    groups = clean.groupby(["order", "commit", "session"], sort=True)
    rows = groups[list(NUMBERS)].median().dropna(axis="columns").reset_index()
    attributes = pd.DataFrame(
        {
            "commit": [commit.commit for commit in commits],
            "time": [date.isoformat() for date in dates_for_export(commit.date for commit in commits)],
            "version": [" ".join(commit.tags) for commit in commits],
        }
    )
    rows = rows.merge(attributes, on="commit").rename(columns={"session": "branch"})
    sessions = ["branch"] if rows["branch"].nunique() > 1 else []
    return rows[["time", "commit", "version", *sessions, *(name for name in NUMBERS if name in rows)]]


def otava_configuration(rows: pd.DataFrame, file: str) -> str:
    """The text of an Otava configuration with one test, for which less is better in every metric."""
    metrics = {name: {"column": name, "direction": -1} for name in NUMBERS if name in rows}
    test = {
        "type": "csv",
        "file": file,
        "time_column": "time",
        "attributes": ["commit", "version"],
        "metrics": metrics,
        "csv_options": {"delimiter": ",", "quotechar": '"'},
    }
    return yaml.safe_dump({"tests": {TEST: test}}, sort_keys=False)
