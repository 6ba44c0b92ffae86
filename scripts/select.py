"""Selects the commits of the study, and says why each was chosen or dropped and in how many rounds it is measured."""

from pathlib import Path
from typing import Any

from msgspec import convert

from ergit.config.fingerprint import selection_of
from ergit.config.study_files import note_study_files
from ergit.errors import exit_on_user_error
from ergit.git.named_later import refuse_unknown
from ergit.git.names import CommitNames
from ergit.git.runner import git_in
from ergit.git.selection import select
from ergit.importing.files import read_file
from ergit.inputs.reuse import ReuseSettings, with_reuse
from ergit.planning.batches import batched
from ergit.records import study_files
from ergit.records.commits import chosen, reused_from, write_commits
from ergit.records.mirror import read_mirror
from ergit.records.plan import RoundsPlan, write_plan


def main(job: Any) -> None:
    """The script of rule `select`, which also notes the study's own files that are new, as they are now."""
    head = read_mirror(Path(job.input.mirror)).head
    read = [run.commit for path in job.input.readings for run in read_file(Path(path)).runs]
    mirror = Path(job.params.mirror)
    rows = select(mirror, head, selection_of(job.params.commits), read)
    if job.params.reuse:
        rows = with_reuse(mirror, rows, convert(job.params.reuse, ReuseSettings))
    named_later = job.params.get("named_later")
    if named_later:
        refuse_unknown(mirror, rows, named_later)
    write_commits(Path(job.output.commits), rows)
    note_study_files(job.params.files, Path(job.output.plan).with_name(study_files.NAME))
    plan = RoundsPlan(rounds={row.commit: 0 if reused_from(row) else None for row in chosen(rows)})
    if job.params.batches:
        size, *anchors = job.params.batches
        with git_in(mirror) as git:
            commits = CommitNames.of_repository(git).resolve_all(anchors, "plan.anchors")
        plan = batched(plan.rounds, size, commits, anchors)
    write_plan(Path(job.output.plan), plan)


if __name__ == "__main__":
    the_job = globals()["snakemake"]
    with exit_on_user_error(the_job.log[0]):
        main(the_job)
