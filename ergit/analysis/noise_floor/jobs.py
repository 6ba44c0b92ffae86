"""The measuring jobs of a control, which is one commit measured against itself, and the readings that count."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ergit.analysis.detection.significance import FloatArray
from ergit.errors import ErgitError
from ergit.measuring.table import reading_row


@dataclass(frozen=True)
class Job:
    """One build of the control in one round: the log joules of its clean readings, and how many were not clean."""

    build: int
    round: int
    host: str
    session: str
    kind: str
    source: str
    started: str
    log_joules: tuple[float, ...]
    unclean: int


def job_of(build: int, path: Path, record: Mapping[str, Any]) -> Job:
    """What counts of the record that was read from `path`.

    Raises:
        ErgitError: the control was not built, or its workload did not succeed.
    """
    folder = path.parent.parent
    if record["status"] != "measured":
        missing = f" and results/java/{record['commit']}.json" if record["status"] == "no-jdk" else ""
        raise ErgitError(
            f"The control of the noise floor, {record['commit']}, has no build: {record['reason']}. Name another"
            f" commit as noise.commit; or fix the cause, remove {folder}{missing}, and run the same command again."
        )
    taken = [reading for reading in record["readings"] if not reading["warmup"]]
    for reading in record["readings"]:
        if reading["status"] in {"failed", "timeout"}:
            raise ErgitError(
                f"The workload of the control, {record['commit']}, did not succeed in round {record['round']}:"
                f" {reading['reason']} (its output: {path.with_suffix('.output.log')}). What fails is no control: name"
                f" another commit as noise.commit; or fix the cause, remove {folder}, and run the same command again."
            )
    rows = [reading_row(reading, record) for reading in taken]
    joules = [float(row["energy_package_joules"]) for row in rows if row["clean"]]
    return Job(
        build=build,
        round=record["round"],
        host=record["host"],
        session=record["session"],
        kind=record["source"]["kind"],
        source=record["source"]["name"],
        started=record["readings"][0]["started"],
        log_joules=tuple(math.log(value) for value in joules),
        unclean=len(rows) - len(joules),
    )


def of_one_session(jobs: Sequence[Job]) -> list[Job]:
    """The jobs of the session that has most of the clean readings, in the order in which they ran.

    Raises:
        ErgitError: in no session each build has clean readings, and one of them in two rounds.
    """
    readings: Counter[tuple[str, str]] = Counter()
    for job in jobs:
        readings[job.host, job.session] += len(job.log_joules)
    home, _ = readings.most_common(1)[0]
    mine = [job for job in jobs if (job.host, job.session) == home and job.log_joules]
    rounds = Counter(job.build for job in mine)
    if rounds.keys() != {job.build for job in jobs} or max(rounds.values()) < 2:
        raise ErgitError(
            "The control has too few clean readings in any one session: each build needs some, and one of them in two"
            " rounds. Look at the flags in results/noise/; quiet the machine, or raise measure.quiet.foreign_cores,"
            " remove the flagged rounds there, and run the same command again."
        )
    return sorted(mine, key=lambda job: job.started)


def table_of(jobs: Sequence[Job]) -> FloatArray:
    """The log joules of the jobs, builds × rounds × repeats, NaN where there is no reading."""
    builds, rounds = (sorted({getattr(job, name) for job in jobs}) for name in ("build", "round"))
    table = np.full((len(builds), len(rounds), max(len(job.log_joules) for job in jobs)), np.nan)
    for job in jobs:
        table[builds.index(job.build), rounds.index(job.round), : len(job.log_joules)] = job.log_joules
    return table
