"""Draws the evolution of the energy, the readings of each commit and the sums of residuals, as SVG and PNG."""

from pathlib import Path
from typing import Any

from ergit.errors import exit_on_user_error
from ergit.files import write_bytes_atomically
from ergit.records.changes import read_changes
from ergit.records.commits import read_commits
from ergit.records.context import read_context
from ergit.records.energy_table import read_energy_table
from ergit.reports.figures import cusum, distribution, encoded, evolution


def main(job: Any) -> None:
    """The script of rule `plot`: its outputs are SVG and PNG of each figure in turn."""
    table = read_energy_table(Path(job.input.table))
    commits = read_commits(Path(job.input.commits))
    record = read_changes(Path(job.input.changes))
    contexts = read_context(Path(job.input.context)).changes
    figures = (
        evolution(table, commits, record, contexts),
        distribution(table, commits, record.study.judged),
        cusum(table, commits, record),
    )
    for figure, vector, raster in zip(figures, job.output[::2], job.output[1::2], strict=True):
        write_bytes_atomically(Path(vector), encoded(figure, "svg"))
        write_bytes_atomically(Path(raster), encoded(figure, "png"))


if __name__ == "__main__":
    the_job = globals()["snakemake"]
    with exit_on_user_error(the_job.log[0]):
        main(the_job)
