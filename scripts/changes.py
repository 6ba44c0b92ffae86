"""Finds the changes of a study: what the statistics say of it, as JSON and as a table."""

from pathlib import Path
from typing import Any

from msgspec import convert

from ergit.analysis.changes import anchors_named, changes_record
from ergit.analysis.readings import clean_readings
from ergit.analysis.side import main_line_of, side_commits, with_side_commits
from ergit.config.settings import ChangeSettings
from ergit.errors import exit_on_user_error
from ergit.git.runner import git_in
from ergit.records.changes import write_changes, write_changes_table
from ergit.records.commits import read_commits
from ergit.records.energy_table import read_energy_table


def main(job: Any) -> None:
    """The script of rule `changes`."""
    settings = convert(job.params.settings, ChangeSettings)
    history = read_commits(Path(job.input.commits))
    table = read_energy_table(Path(job.input.table))
    with git_in(Path(job.params.mirror)) as git:
        anchors = anchors_named(settings.anchors, git, history)
    side = side_commits(history, imported=job.params.imported)
    line = [row for row in history if row.commit not in side]
    readings = clean_readings(table, history, job.params.judged, job.input.table)
    of_line = clean_readings(table[~table["commit"].isin(side)], line, job.params.judged, job.input.table)
    record = changes_record(main_line_of(of_line, history, side), line, settings, anchors, job.params.judged)
    record = with_side_commits(record, readings, side, settings, anchors)
    write_changes(Path(job.output.json), record)
    write_changes_table(Path(job.output.table), record)


if __name__ == "__main__":
    the_job = globals()["snakemake"]
    with exit_on_user_error(the_job.log[0]):
        main(the_job)
