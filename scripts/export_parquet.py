"""Exports the table of readings as Parquet, with a type for each column."""

from pathlib import Path
from typing import Any

from ergit.errors import exit_on_user_error
from ergit.records.energy_table import read_energy_table
from ergit.reports.exports.parquet import write_parquet


def main(job: Any) -> None:
    """The script of rule `export_parquet`."""
    write_parquet(read_energy_table(Path(job.input[0])), Path(job.output[0]))


if __name__ == "__main__":
    the_job = globals()["snakemake"]
    with exit_on_user_error(the_job.log[0]):
        main(the_job)
