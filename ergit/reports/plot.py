"""Plots the evolution of the energy over the history and the readings of each commit, as SVG and PNG."""

from pathlib import Path
from typing import Any

import pandas as pd

from ergit.records.changes import from_json
from ergit.errors import exit_on_user_error
from ergit.reports.figures import distribution, evolution, png, svg
from ergit.measuring.table import read_commits

NUMBERS = ("order", "round", "repeat", "attempt", "energy_package_joules")


def read_table(path: Path) -> pd.DataFrame:
    """The table of readings: `NUMBERS` as numbers, `clean` as truth values, all else as the text that stands there."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    numbers = {column: pd.to_numeric(table[column].replace("", None)) for column in NUMBERS}
    return table.assign(**numbers, clean=table["clean"] == "True")


def main(job: Any) -> None:
    """The script of the rule `plot`: its outputs are SVG and PNG of the evolution, then of the distribution."""
    table = read_table(Path(job.input.table))
    commits = read_commits(Path(job.input.commits))
    findings = from_json(Path(job.input.changes).read_text(encoding="utf-8"))
    figures = evolution(table, commits, findings), distribution(table, commits)
    for figure, vector, raster in zip(figures, job.output[::2], job.output[1::2], strict=True):
        Path(vector).write_bytes(svg(figure))
        Path(raster).write_bytes(png(figure))


if __name__ == "__main__":
    with exit_on_user_error():
        main(globals()["snakemake"])
