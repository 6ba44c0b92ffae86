"""Writes the commits of a study as test cases in JUnit's XML."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ergit.errors import exit_on_user_error
from ergit.files import write_atomically
from ergit.records.changes import read_changes
from ergit.records.commits import read_commits
from ergit.records.context import read_context
from ergit.records.energy_table import read_energy_table
from ergit.records.gate import read_gate
from ergit.reports.junit import junit_report


def main(job: Any) -> None:
    """The script of rule `junit`."""
    table = read_energy_table(Path(job.input.table))
    commits = read_commits(Path(job.input.commits))
    record = read_changes(Path(job.input.changes))
    contexts = read_context(Path(job.input.context)).changes
    report = junit_report(table, commits, record, contexts, datetime.now(UTC), read_gate(Path(job.input.verdict)))
    write_atomically(Path(job.output[0]), report)


if __name__ == "__main__":
    the_job = globals()["snakemake"]
    with exit_on_user_error(the_job.log[0]):
        main(the_job)
