"""Says what lies in each change: what differs, words of the messages, JDK and tests."""

from pathlib import Path
from typing import Any

from msgspec import convert

from ergit.analysis.context import ContextSettings, context_record
from ergit.analysis.tests import KnownTests, with_tests
from ergit.config.settings import InputSettings
from ergit.errors import exit_on_user_error
from ergit.git.runner import git_in
from ergit.inputs.equal import Builds
from ergit.inputs.kinds import FileKinds
from ergit.records.changes import read_changes
from ergit.records.commits import read_commits
from ergit.records.context import write_context
from ergit.records.test_table import read_study_tests
from ergit.records.tests import SetsOfTests


def main(job: Any) -> None:
    """The script of rule `context`."""
    found = read_changes(Path(job.input.changes))
    history = read_commits(Path(job.input.commits))
    settings = ContextSettings(tuple(job.params.words), tuple(job.params.accepted), job.params.link)
    kinds = FileKinds(convert(job.params.inputs, InputSettings), job.params.replaced)
    builds = Builds(Path(job.params.builds))
    with git_in(Path(job.params.mirror)) as git:
        record = context_record(git, found, history, builds, kinds, settings)
    if job.input.tests:
        known = KnownTests(read_study_tests(Path(job.input.tests)), SetsOfTests(Path(job.params.results)))
        record = with_tests(record, found.changes, known)
    write_context(Path(job.output[0]), record)


if __name__ == "__main__":
    the_job = globals()["snakemake"]
    with exit_on_user_error(the_job.log[0]):
        main(the_job)
