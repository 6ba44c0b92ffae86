"""Fails, with the reasons, where no commit could be measured."""

from pathlib import Path
from typing import Any

from ergit.errors import exit_on_user_error
from ergit.measuring.success import refuse_all_failed
from ergit.records.energy_table import read_energy_table


def main(job: Any) -> None:
    """The script of rule `measured`."""
    table = Path(job.input[0])
    refuse_all_failed(read_energy_table(table), str(table.parent))


if __name__ == "__main__":
    the_job = globals()["snakemake"]
    with exit_on_user_error(the_job.log[0]):
        main(the_job)
