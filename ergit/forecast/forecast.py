"""What a study will take: from its settings, its chosen commits, and what is there of it."""

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean, median
from typing import Literal, TypeVar

from ergit.analysis.planning import ExpectedNoise, assumed_noise, noise_of_floor, noise_of_study, planned_change
from ergit.config.settings import ChangeSettings, JobSettings, MeasureSettings, PlanSettings, Settings, WorkloadSettings
from ergit.errors import ErgitError
from ergit.forecast.hints import hints
from ergit.forecast.policies import in_words
from ergit.forecast.survey import Job, Survey, survey
from ergit.records.build import BuildRecord
from ergit.records.changes import read_changes
from ergit.records.commits import chosen, read_commits, reused_from
from ergit.records.forecast import ForecastRecord
from ergit.records.jdks import JdksRecord, read_jdks
from ergit.records.noise import read_noise
from ergit.records.plan import read_plan
from ergit.records.readings import JobCosts
from ergit.text import iso_time

MEANING = ("command", "directory", "prepare", "cleanup", "environment")
"""The settings of the workload of which another value measures everything again."""

NO_BUILD = "no commit is built yet"
NO_READING = "no reading is there yet"

Known = float | str
"""A number, or the reason why it is not known."""

NoiseSource = Literal["readings", "noise floor", "assumption"]
T = TypeVar("T")


@dataclass(frozen=True)
class Work:
    """What is left to do: the commits to build, and the jobs that measure."""

    builds: frozenset[str]
    jobs: frozenset[Job]


@dataclass(frozen=True)
class StudySettings:
    """The parts of the config on which a forecast depends."""

    workload: WorkloadSettings
    measure: MeasureSettings
    changes: ChangeSettings
    plan: PlanSettings = field(default_factory=PlanSettings)
    disk_gigabytes: float | None = None  # what built trees may take; those beyond are put aside


def study_settings(settings: Settings | JobSettings, changes: ChangeSettings) -> StudySettings:
    """The parts of a config on which a forecast depends; `changes` are not among the settings of a job.

    Raises:
        ErgitError: readings are imported, so nothing is measured.
    """
    workload, measure = settings.measured_workload(), settings.measure
    return StudySettings(workload, measure, changes, settings.plan, settings.build.disk_gigabytes)


def forecast(results: Path, settings: StudySettings, work: Work | None = None) -> ForecastRecord:
    """The forecast of the study whose results are in the folder.

    `work` is what Snakemake has found to be left; without it that is what has no record yet, and all readings where the
    workload is another one now.

    Raises:
        ErgitError: the commits are not chosen yet, or a record is damaged.
    """
    measure = settings.measure
    rows = read_commits(results / "commits.tsv")
    commits = [row.commit for row in chosen(rows) if reused_from(row) is None]
    plan = read_plan(results / "plan.json")
    jobs = plan.readings(measure.rounds)
    jdks = _if_there(results / "jdks.json", read_jdks)
    without_jdk = frozenset(jdks.without_jdk if jdks else ())
    found = survey(results, commits, jobs)
    left = work or _without_record(found, commits, jobs, settings.workload)
    hopeless = (found.failed - left.builds) | without_jdk
    builds = len(left.builds - without_jdk)
    measuring = sum(commit not in hopeless for commit, _ in left.jobs)
    noise, noise_from = _expected_noise(results, measure.repeats)
    runs = int(median(Counter(commit for commit, _ in jobs).values() or [1])) * measure.repeats
    change = planned_change(noise, len(commits) - len(hopeless), runs, settings.changes)
    no_change = "there are no two commits to compare"
    numbers: dict[str, Known] = {
        "build_seconds": _of_all(builds, [build_seconds(build) for build in _really_built(found)], NO_BUILD),
        "measuring_seconds": _of_all(measuring, job_seconds(found.sample, measure), NO_READING),
        "disk_bytes": _disk_bytes(found, builds, measuring, settings.disk_gigabytes),
        "joules": _of_all(measuring, _job_joules(found.sample, measure), NO_READING),
        "lasting_change": change.lasting if change else no_change,
        "newest_change": change.newest if change else no_change,
    }
    known = {name: None if isinstance(number, str) else number for name, number in numbers.items()}
    return ForecastRecord(
        made=iso_time(datetime.now(UTC)),
        considered=len(rows),
        commits=len(commits),
        without_jdk=len(without_jdk),
        missing_jdks=_missing_releases(jdks),
        builds_left=builds,
        builds_failed=len(found.failed - left.builds),
        jobs=sum(commit not in hopeless for commit, _ in jobs),
        jobs_left=measuring,
        repeats=measure.repeats,
        jobs_seen=len(found.sample),
        build_seconds=known["build_seconds"],
        measuring_seconds=known["measuring_seconds"],
        least_seconds=measuring * least_seconds_of_job(measure),
        disk_bytes=known["disk_bytes"],
        free_bytes=shutil.disk_usage(results).free,
        joules=known["joules"],
        kind=next((job.source.kind for job in found.sample if job.source), None),
        judged=measure.judged,
        lasting_change=known["lasting_change"],
        newest_change=known["newest_change"],
        run_spread=noise.run,
        build_spread=noise.build,
        noise_from=noise_from,
        plan=in_words(settings.plan, plan, results, measure.judged),
        hints=tuple(hints(settings.workload.command)),
        missing={name: number for name, number in numbers.items() if isinstance(number, str)},
    )


def least_seconds_of_job(settings: MeasureSettings) -> float:
    """What a measuring job takes even if the workload takes no time: idle sample, rests, and the shortest windows."""
    window = settings.minimum_window_seconds if settings.loops == "auto" else 0.0
    return settings.idle_seconds + settings.repeats * (settings.rest_seconds + window)


def build_seconds(build: BuildRecord) -> float:
    """How long the commands of a build ran, in all its tries."""
    return sum(step.seconds for step in build.tries or build.commands)


def _without_record(found: Survey, commits: Sequence[str], jobs: Sequence[Job], workload: WorkloadSettings) -> Work:
    """What is left by the records that are there."""
    is_another = any(_differs(job, workload) for job in found.sample)
    return Work(
        builds=frozenset(commits) - found.builds.keys(),
        jobs=frozenset(jobs) if is_another else frozenset(jobs) - found.done,
    )


def _differs(job: JobCosts, workload: WorkloadSettings) -> bool:
    """Whether a job measured another workload than the config has now."""
    return any(job.workload.get(name) != getattr(workload, name) for name in MEANING)


def _really_built(found: Survey) -> list[BuildRecord]:
    return [build for build in found.builds.values() if not build.cached and build.status != "no-jdk"]


def _of_all(count: int, each: Sequence[float], reason: str) -> Known:
    """What so many take, each as long as those seen on average; the reason where none was seen."""
    if count == 0:
        return 0.0
    return count * fmean(each) if each else reason


def job_seconds(jobs: Sequence[JobCosts], settings: MeasureSettings) -> list[float]:
    """How long each job takes that was measured, with as many windows as the settings now ask for."""
    return [job.lasted_seconds * _more_windows(job, settings) for job in jobs if job.status == "measured"]


def _job_joules(jobs: Sequence[JobCosts], settings: MeasureSettings) -> list[float]:
    """The same for the energy of all its windows, of those in which the judged domain was counted."""
    measured = [
        (job, [window.joules[settings.judged] for window in job.readings if settings.judged in window.joules])
        for job in jobs
    ]
    return [sum(joules) * _more_windows(job, settings) for job, joules in measured if joules]


def _more_windows(job: JobCosts, settings: MeasureSettings) -> float:
    return (settings.warmup + settings.repeats) / max(1, job.measure.warmup + job.measure.repeats)


def _disk_bytes(found: Survey, builds: int, jobs: int, gigabytes: float | None) -> Known:
    """What artifacts and records will need; artifacts are put aside where they take more than `gigabytes`."""
    there = [size for size in found.artifact_bytes.values() if size]  # one that was put aside is empty
    artifacts = _of_all(builds, there, NO_BUILD)
    if gigabytes is not None and not isinstance(artifacts, str):
        artifacts = min(artifacts, max(0.0, gigabytes * 1e9 - sum(there)))
    records = _of_all(jobs, found.record_bytes, NO_READING)
    if isinstance(artifacts, str) or isinstance(records, str):
        return artifacts if isinstance(artifacts, str) else records
    return artifacts + records


def _expected_noise(results: Path, repeats: int) -> tuple[ExpectedNoise, NoiseSource]:
    """The noise of the readings so far, else that of the noise floor, else the one that is assumed; and which it is."""
    changes = _if_there(results / "changes.json", read_changes)
    of_study = noise_of_study(changes) if changes else None
    if of_study:
        return of_study, "readings"
    floor = _if_there(results / "noise.json", read_noise)
    return (noise_of_floor(floor, repeats), "noise floor") if floor else (assumed_noise(), "assumption")


def _if_there(path: Path, read: Callable[[Path], T]) -> T | None:
    """The record of a file; None where there is no such file, or one of another version, which will be made anew."""
    try:
        return read(path)
    except ErgitError:
        return None


def _missing_releases(jdks: JdksRecord | None) -> tuple[int, ...]:
    """The releases that commits ask for and for which there is no JDK here."""
    if jdks is None:
        return ()
    return tuple(sorted(asked.release for asked in jdks.asked if asked.release is not None and asked.chosen is None))
