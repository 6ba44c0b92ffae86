"""The jobs of the noise floor: a commit measured against itself, and the readings that count."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ergit.analysis.detection.significance import FloatArray
from ergit.errors import ErgitError
from ergit.records.readings import JobRecord, output_log_of


@dataclass(frozen=True)
class AAJob:
    """One build of the A/A commit in one round: the log joules of its clean readings, and how many were not clean."""

    build: int
    round: int
    host: str
    session: str
    kind: str
    source: str
    started: str
    log_joules: tuple[float, ...]
    unclean: int


def job_of(build: int, path: Path, record: JobRecord, judged: str = "package") -> AAJob:
    """What counts of the record that was read from `path`; `judged` is the domain whose energy counts.

    Raises:
        ErgitError: the A/A commit was not built, its workload did not succeed, or that domain was not counted.
    """
    folder = path.parent.parent
    if record.source is None or record.session is None:
        missing = f" and {folder.parent.parent}/java/{record.commit}.json" if record.status == "no-jdk" else ""
        raise ErgitError(
            f"The A/A commit of the noise floor, {record.commit}, has no build: {record.reason}. Name another commit as"
            f" noise.commit; or fix the cause, remove {folder}{missing}, and run the same command again."
        )
    for reading in record.readings:
        if reading.has_failed:
            raise ErgitError(
                f"The workload of the A/A commit, {record.commit}, did not succeed in round {record.round}:"
                f" {reading.reason} (its output: {output_log_of(path)}). Name another commit as noise.commit; or fix"
                f" the cause, remove {folder}, and run the same command again."
            )
    taken = [reading for reading in record.readings if not reading.warmup]
    clean = [reading for reading in taken if reading.is_clean]
    if any(judged not in reading.joules for reading in clean):
        raise ErgitError(
            f"{path} has no energy of the domain {judged!r}, which measure.judged names. Name a domain that this"
            " machine counts: `ergit doctor` lists them."
        )
    return AAJob(
        build=build,
        round=record.round,
        host=record.host,
        session=record.session,
        kind=record.source.kind,
        source=record.source.name,
        started=record.readings[0].started,
        log_joules=tuple(math.log(reading.joules[judged] / reading.loops) for reading in clean),
        unclean=len(taken) - len(clean),
    )


def of_one_session(jobs: Sequence[AAJob]) -> list[AAJob]:
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
            "The A/A commit has too few clean readings in any one session: each build needs some, and one of them in"
            " two rounds. Look at the flags in the study's `noise` folder; quiet the machine, or raise"
            " measure.quiet.foreign_cores, remove the flagged rounds there, and run the same command again."
        )
    return sorted(mine, key=lambda job: job.started)


def table_of(jobs: Sequence[AAJob]) -> FloatArray:
    """The log joules of the jobs, builds × rounds × repeats, NaN where there is no reading."""
    builds, rounds = sorted({job.build for job in jobs}), sorted({job.round for job in jobs})
    table = np.full((len(builds), len(rounds), max(len(job.log_joules) for job in jobs)), np.nan)
    for job in jobs:
        table[builds.index(job.build), rounds.index(job.round), : len(job.log_joules)] = job.log_joules
    return table
