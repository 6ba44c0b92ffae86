"""Works out the noise floor of the A/A commit, as JSON and as a page."""

from pathlib import Path
from typing import Any

from msgspec import convert

from ergit.analysis.noise_floor.jobs import job_of
from ergit.analysis.noise_floor.result import PlannedStudy, noise_floor
from ergit.config.settings import ChangeSettings
from ergit.errors import exit_on_user_error
from ergit.files import write_atomically
from ergit.measuring.flags import Limits, record_judged_again
from ergit.records.aa_commit import read_aa_commit
from ergit.records.commits import chosen, read_commits
from ergit.records.noise import write_noise
from ergit.records.readings import read_readings
from ergit.reports.noise import page


def main(job: Any) -> None:
    """The script of rule `noise_floor`."""
    paths = [Path(path) for path in job.input.readings]
    limits = convert(job.params.limits, Limits)
    records = [record_judged_again(read_readings(path), limits) for path in paths]
    jobs = [
        job_of(int(path.parent.name), path, record, job.params.judged)
        for path, record in zip(paths, records, strict=True)
    ]
    plan = PlannedStudy(
        rounds=job.params.rounds,
        repeats=job.params.repeats,
        commits=len(chosen(read_commits(Path(job.input.commits)))),
        settings=convert(job.params.changes, ChangeSettings),
    )
    record = noise_floor(read_aa_commit(Path(job.input.aa_commit)), jobs, plan)
    write_noise(Path(job.output.json), record)
    write_atomically(Path(job.output.page), page(record, str(Path(job.output.page).parent)))


if __name__ == "__main__":
    the_job = globals()["snakemake"]
    with exit_on_user_error(the_job.log[0]):
        main(the_job)
