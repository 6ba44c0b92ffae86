"""Groups the failures of a study by their reasons."""

from pathlib import Path
from typing import Any

from ergit.errors import exit_on_user_error
from ergit.records.energy_table import read_energy_table
from ergit.records.failures import write_failures
from ergit.reports.failures import failure_rows


def main(job: Any) -> None:
    """The script of rule `failures`."""
    table = read_energy_table(Path(job.input[0]))
    write_failures(Path(job.output[0]), failure_rows(table, job.params.results))


if __name__ == "__main__":
    the_job = globals()["snakemake"]
    with exit_on_user_error(the_job.log[0]):
        main(the_job)
