"""Plots the evolution of the energy over the history and the readings of each commit, as SVG and PNG."""

from pathlib import Path
from typing import Any

from ergit.errors import exit_on_user_error
from ergit.records.changes import read_changes
from ergit.records.commits import read_commits
from ergit.records.context import read_context
from ergit.records.energy_table import read_energy_table
from ergit.reports.figures import distribution, evolution, png, svg


def main(job: Any) -> None:
    """The script of rule `plot`: its outputs are SVG and PNG of the evolution, then of the distribution."""
    table = read_energy_table(Path(job.input.table))
    commits = read_commits(Path(job.input.commits))
    record = read_changes(Path(job.input.changes))
    contexts = read_context(Path(job.input.context)).changes
    figures = evolution(table, commits, record, contexts), distribution(table, commits, record.study.judged)
    for figure, vector, raster in zip(figures, job.output[::2], job.output[1::2], strict=True):
        Path(vector).write_bytes(svg(figure))
        Path(raster).write_bytes(png(figure))


if __name__ == "__main__":
    the_job = globals()["snakemake"]
    with exit_on_user_error(the_job.log[0]):
        main(the_job)
