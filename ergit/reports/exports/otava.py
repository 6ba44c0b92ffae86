"""Exports the median of each commit as the CSV file that Apache Otava reads, and the configuration for it."""

from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from ergit.errors import exit_on_user_error
from ergit.files import write_atomically
from ergit.measuring.table import read_commits
from ergit.records.energy_table import NUMBERS, read_typed_table

TEST = "energy"


def series(table: pd.DataFrame, commits: pd.DataFrame) -> pd.DataFrame:
    """A row for each commit and session, in Git order: medians of the clean readings.

    Columns as in Otava's docs/CSV.md: `time` (the author's date), the attributes `commit` and `version` (the commit's
    tags), then the metrics. Otava wants a number in every row, so a metric that is missing somewhere is left out. With
    more than one session there is a column `branch`, which holds the session: by that name Otava never puts two of
    them into one series, but asks which one is meant (`--branch`).
    """
    clean = table[table["clean"]].assign(session=table["host"] + " " + table["session"])
    groups = clean.groupby(["order", "commit", "session"], sort=True)
    rows = groups[list(NUMBERS)].median().dropna(axis="columns").reset_index()
    rows = rows.merge(commits[["commit", "date", "tags"]], on="commit")
    rows = rows.rename(columns={"date": "time", "tags": "version", "session": "branch"})
    sessions = ["branch"] if rows["branch"].nunique() > 1 else []
    return rows[["time", "commit", "version", *sessions, *(name for name in NUMBERS if name in rows)]]


def configuration(rows: pd.DataFrame, file: str) -> str:
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


def main(job: Any) -> None:
    """The script of the rule `export_otava`."""
    rows = series(read_typed_table(Path(job.input.table)), read_commits(Path(job.input.commits)))
    write_atomically(Path(job.output.table), rows.to_csv(index=False))
    write_atomically(Path(job.output.configuration), configuration(rows, job.output.table))


if __name__ == "__main__":
    with exit_on_user_error():
        main(globals()["snakemake"])
