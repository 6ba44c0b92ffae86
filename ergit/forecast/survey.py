"""What is there of a study: builds, artifacts, and a sample of the records of its measuring jobs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ergit.records.build import BuildRecord, read_build
from ergit.records.readings import JobCosts, output_log_of, read_costs

SAMPLE = 200
"""So many records of readings are read at most: a study may have tens of thousands."""

Job = tuple[str, int]  # a commit in one round


@dataclass(frozen=True)
class Survey:
    """The builds of the chosen commits that have one, with the bytes of each artifact, and the jobs that are done.

    `sample` are the records of some of these, evenly spaced in the order of the history, `record_bytes` their sizes
    with their logs.
    """

    builds: dict[str, BuildRecord]
    artifact_bytes: dict[str, int]
    done: frozenset[Job]
    sample: tuple[JobCosts, ...]
    record_bytes: tuple[int, ...]

    @property
    def failed(self) -> set[str]:
        """The commits whose build is recorded as failed."""
        return {commit for commit, build in self.builds.items() if build.status != "ok"}


def survey(results: Path, commits: Sequence[str], jobs: Iterable[Job]) -> Survey:
    """What is there of the commits and of their jobs, in a folder of results.

    Raises:
        ErgitError: a record is damaged.
    """
    paths = {commit: results / f"build/{commit}.json" for commit in commits}
    builds = {commit: read_build(path) for commit, path in paths.items() if path.exists()}
    artifacts = {commit: results / f"build/{commit}.tar.gz" for commit, build in builds.items() if build.status == "ok"}
    done = [job for job in jobs if record_path(results, job).exists()]
    sampled = [record_path(results, done[index]) for index in evenly_spaced(len(done), SAMPLE)]
    return Survey(
        builds=builds,
        artifact_bytes={commit: path.stat().st_size for commit, path in artifacts.items() if path.exists()},
        done=frozenset(done),
        sample=tuple(read_costs(path) for path in sampled),
        record_bytes=tuple(bytes_of(path) for path in sampled),
    )


def some_records(results: Path) -> list[Path]:
    """Some of the records of readings, of the study and of its noise floor: at most `SAMPLE`."""
    found = [*results.glob("readings/*/*.json"), *results.glob("noise/*/*/*.json")]
    records = [path for path in found if path.stem.isdecimal()]
    return [records[index] for index in evenly_spaced(len(records), SAMPLE)]


def record_path(results: Path, job: Job) -> Path:
    """Where the record of a job is."""
    return results / f"readings/{job[0]}/{job[1]}.json"


def bytes_of(record: Path) -> int:
    """The size of a record of readings and of the logs beside it."""
    files = (record, record.with_suffix(".log"), output_log_of(record))
    return sum(path.stat().st_size for path in files if path.exists())


def evenly_spaced(length: int, most: int) -> list[int]:
    """At most so many indices of a sequence, evenly spaced: all of them where there are no more."""
    if length <= most:
        return list(range(length))
    return [index * length // most for index in range(most)]
