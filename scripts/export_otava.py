"""Exports the median of each commit as the CSV file that Apache Otava reads, and the configuration for it."""

from pathlib import Path
from typing import Any

from ergit.analysis.side import side_commits
from ergit.errors import exit_on_user_error
from ergit.files import write_atomically
from ergit.records.commits import read_commits
from ergit.records.energy_table import read_energy_table
from ergit.reports.exports.otava import otava_configuration, otava_rows


def main(job: Any) -> None:
    """The script of rule `export_otava`."""
    history = read_commits(Path(job.input.commits))
    side = side_commits(history, imported=job.params.imported)
    rows = otava_rows(read_energy_table(Path(job.input.table)), history, side)
    write_atomically(Path(job.output.table), rows.to_csv(index=False))
    write_atomically(Path(job.output.configuration), otava_configuration(rows, job.output.table))


if __name__ == "__main__":
    the_job = globals()["snakemake"]
    with exit_on_user_error(the_job.log[0]):
        main(the_job)
