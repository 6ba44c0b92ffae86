"""Imports readings that another tool took: the same table as `sort` makes, and the record of what was left out."""

from pathlib import Path
from typing import Any

from ergit.errors import ErgitError, exit_on_user_error
from ergit.git.runner import git_in
from ergit.importing.files import read_file, sentences
from ergit.importing.table import import_record, imported_rows, missing_commits
from ergit.records.commits import chosen, read_commits
from ergit.records.energy_table import write_energy_table
from ergit.records.imported import write_imported


def main(job: Any) -> None:
    """The script of rule `import_readings`."""
    commits = {commit.commit: commit for commit in chosen(read_commits(Path(job.input.commits)))}
    files = [read_file(Path(path)) for path in job.input.files]
    left_out = [run.commit for file in files for run in file.runs if run.commit not in commits]
    with git_in(Path(job.params.mirror)) as git:
        record = import_record(files, commits, missing_commits(git, left_out))
    report = "\n".join(sentences(record))
    print(report)
    rows = imported_rows(files, commits)
    if not rows:
        raise ErgitError(f"imported: no row is of a commit of this study. {report}. Is it the right repository?")
    write_imported(Path(job.output.report), record)
    write_energy_table(Path(job.output.table), rows)


if __name__ == "__main__":
    the_job = globals()["snakemake"]
    with exit_on_user_error(the_job.log[0]):
        main(the_job)
