"""The commits of the study and why each was chosen or dropped; and the rounds in which each is measured."""

from pathlib import Path
from typing import Any

from ergit.errors import exit_on_user_error
from ergit.git.selection import select
from ergit.records.commits import chosen, write_commits
from ergit.records.mirror import read_mirror
from ergit.records.plan import Plan, write_plan


def main(job: Any) -> None:
    """Writes results/commits.tsv and results/plan.json."""
    head = read_mirror(Path(job.input[0])).head
    rows = select(Path(job.params.mirror), head, job.params.commits)
    write_commits(Path(job.output.commits), rows)
    write_plan(Path(job.output.plan), Plan(rounds={row.commit: job.params.rounds for row in chosen(rows)}))


if __name__ == "__main__":
    with exit_on_user_error():
        main(globals()["snakemake"])
