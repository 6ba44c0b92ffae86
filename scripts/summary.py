"""Sums the study up for a person, and lists the records of failures, to try these commits again."""

from pathlib import Path
from typing import Any

from msgspec import convert

import ergit
from ergit.config.settings import MeasureSettings
from ergit.errors import exit_on_user_error
from ergit.files import write_atomically
from ergit.records.changes import read_changes
from ergit.records.commits import read_commits
from ergit.records.context import read_context
from ergit.records.energy_table import read_energy_table
from ergit.records.failures import read_failures
from ergit.records.imported import read_imported
from ergit.reports.flags import flags_part
from ergit.reports.summary import failed_files, summary

OWN_FOLDER = Path(ergit.__file__).resolve().parents[1]


def main(job: Any) -> None:
    """The script of rule `summary`."""
    table = read_energy_table(Path(job.input.table))
    commits = read_commits(Path(job.input.commits))
    record = read_changes(Path(job.input.changes))
    context = read_context(Path(job.input.context))
    imported = read_imported(Path(job.input.imported)) if job.input.imported else None
    settings = None if job.params.measure is None else convert(job.params.measure, MeasureSettings)
    results = job.params.results
    flags = flags_part(table, Path(results) / "readings", settings)
    text = summary(
        table,
        commits,
        record,
        context,
        job.params.repository,
        results=results,
        flags=flags,
        imported=imported,
        failures=read_failures(Path(job.input.failures)),
        is_own_folder=Path.cwd() == OWN_FOLDER,
    )
    write_atomically(Path(job.output.summary), text)
    write_atomically(Path(job.output.failed), "".join(f"{file}\n" for file in failed_files(table, results)))


if __name__ == "__main__":
    the_job = globals()["snakemake"]
    with exit_on_user_error(the_job.log[0]):
        main(the_job)
