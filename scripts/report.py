"""Tells the whole study on one page, which needs no network."""

from pathlib import Path
from typing import Any

from msgspec import convert

from ergit.config.settings import Settings
from ergit.errors import exit_on_user_error
from ergit.files import write_atomically
from ergit.records.changes import read_changes
from ergit.records.commits import read_commits
from ergit.records.context import read_context
from ergit.records.energy_table import read_energy_table
from ergit.records.failures import read_failures
from ergit.records.imported import read_imported
from ergit.reports.html import report
from ergit.reports.html.study import ReportStudy
from ergit.urls import public_url


def main(job: Any) -> None:
    """The script of rule `report`."""
    settings = convert(job.params.settings, Settings)
    study = ReportStudy(
        repository=public_url(settings.repository.url),
        results=Path(job.params.results),
        settings=settings,
        table=read_energy_table(Path(job.input.table)),
        history=tuple(read_commits(Path(job.input.commits))),
        changes=read_changes(Path(job.input.changes)),
        context=read_context(Path(job.input.context)),
        failures=tuple(read_failures(Path(job.input.failures))),
        imported=read_imported(Path(job.input.imported)) if job.input.imported else None,
    )
    write_atomically(Path(job.output[0]), report(study))


if __name__ == "__main__":
    the_job = globals()["snakemake"]
    with exit_on_user_error(the_job.log[0]):
        main(the_job)
