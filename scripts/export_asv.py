"""Exports the readings as a results folder of asv (airspeed velocity)."""

import json
from pathlib import Path
from typing import Any

from ergit.errors import exit_on_user_error
from ergit.files import write_atomically
from ergit.records.energy_table import read_energy_table
from ergit.reports.exports.asv import asv_files


def main(job: Any) -> None:
    """The script of rule `export_asv`."""
    folder = Path(job.output[0])
    for path, content in asv_files(read_energy_table(Path(job.input[0])), job.params.domain):
        write_atomically(folder / path, json.dumps(content) + "\n")


if __name__ == "__main__":
    the_job = globals()["snakemake"]
    with exit_on_user_error(the_job.log[0]):
        main(the_job)
