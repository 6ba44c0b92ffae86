"""Says which tests ran at each commit, how each test class ended, and how long it took."""

from pathlib import Path
from typing import Any

import msgspec

from ergit.analysis.tests import class_rows, commit_tests, readings_with_tests
from ergit.errors import exit_on_user_error
from ergit.measuring.flags import Limits, record_judged_again
from ergit.records.commits import read_commits
from ergit.records.readings import read_readings
from ergit.records.test_table import ClassRow, CommitTests, StudyTests, write_study_tests, write_test_table
from ergit.records.tests import SetsOfTests


def main(job: Any) -> None:
    """The script of rule `tests`."""
    limits, sets = msgspec.convert(job.params.limits, Limits), SetsOfTests(Path(job.params.results))
    commits = {row.commit: row for row in read_commits(Path(job.input.commits))}
    paths = [Path(path) for path in job.input.readings]
    records = ((path, record_judged_again(read_readings(path), limits)) for path in paths)
    rows, found = list[ClassRow](), list[CommitTests]()
    for commit, known in readings_with_tests(records):
        rows += class_rows(
            commits[commit], known, sets, judged=job.params.judged, least_seconds=limits.minimum_window_seconds
        )
        found.append(commit_tests(commit, known))
    write_test_table(Path(job.output.table), rows)
    write_study_tests(Path(job.output.json), StudyTests(commits=tuple(found)))


if __name__ == "__main__":
    the_job = globals()["snakemake"]
    with exit_on_user_error(the_job.log[0]):
        main(the_job)
