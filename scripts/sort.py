"""Sorts the readings by Git history into one table, one row per reading."""

from pathlib import Path
from typing import Any

import msgspec

from ergit.errors import exit_on_user_error
from ergit.measuring.flags import Limits
from ergit.measuring.table import energy_rows
from ergit.records.commits import read_commits
from ergit.records.energy_table import write_energy_table
from ergit.records.readings import read_readings


def main(job: Any) -> None:
    """The script of rule `sort`."""
    records = (read_readings(Path(path)) for path in job.input.readings)
    limits = msgspec.convert(job.params.limits, Limits)
    rows = energy_rows(records, read_commits(Path(job.input.commits)), limits, job.params.judged)
    write_energy_table(Path(job.output[0]), rows)


if __name__ == "__main__":
    the_job = globals()["snakemake"]
    with exit_on_user_error(the_job.log[0]):
        main(the_job)
