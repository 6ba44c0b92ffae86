"""Tells what a study can see here, from the readings of a control: the noise floor, as numbers and to read."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ergit.analysis.detection.change_points import Settings
from ergit.errors import exit_on_user_error
from ergit.files import write_atomically
from ergit.analysis.noise_floor.jobs import job_of
from ergit.reports.noise import page
from ergit.analysis.noise_floor.result import Plan, noise_floor
from ergit.measuring.table import read_commits

SCHEMA = "ergit.noise/1"


def main(job: Any) -> None:
    """The script of the rule `noise_floor`."""
    paths = [Path(path) for path in job.input.readings]
    jobs = [job_of(int(path.parent.name), path, json.loads(path.read_text(encoding="utf-8"))) for path in paths]
    commits = read_commits(Path(job.input.commits))
    plan = Plan(
        rounds=job.params.measure["rounds"],
        repeats=job.params.measure["repeats"],
        commits=int((commits["chosen"] == "yes").sum()),
        settings=Settings(**job.params.changes),
    )
    control = json.loads(Path(job.input.control).read_text(encoding="utf-8"))
    floor = noise_floor(control, jobs, plan)
    content = {"schema": SCHEMA, **asdict(floor)}
    write_atomically(Path(job.output.json), json.dumps(content, indent=1, allow_nan=False) + "\n")
    write_atomically(Path(job.output.page), page(floor))


if __name__ == "__main__":
    with exit_on_user_error():
        main(globals()["snakemake"])
