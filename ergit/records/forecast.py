"""results/forecast.json: what a study was expected to take before its first build, and what it can detect then."""

from pathlib import Path
from typing import Literal

from msgspec import field

from ergit.records.record import Record, read_record, write_record

SCHEMA = "ergit.forecast/1"


class ForecastRecord(Record, frozen=True, kw_only=True):
    """What is left to do, and what it takes; None with the reason in `missing` where it is not known.

    `considered` counts the commits of commits.tsv, `commits` the chosen ones. Of these `builds_left` are to be built,
    `builds_failed` are recorded as failed, and no JDK here builds `without_jdk`; `missing_jdks` are the releases that
    they ask for. A job is a commit in one round; commits that failed to build, or have no JDK, have none.
    `build_seconds` are those of the builds that are left, one after
    another, `measuring_seconds` those of the jobs that are left, from the `jobs_seen` whose records were looked at;
    `least_seconds` is what rests, idle samples and the shortest windows alone take. `joules` are of the domain `judged`
    in all windows that are left, `kind` says whether they are measured or estimated. `lasting_change` and
    `newest_change` are the smallest relative changes that the whole study detects: the median over its commits, and
    where only the newest commit has it. They follow from `run_spread` and `build_spread` (0.01 is 1%), which are those
    of the readings so far, of the noise floor, or assumed. `plan` says in words when jobs run (the config's `plan`),
    `hints` what of the config may be meant otherwise.
    """

    schema: str = SCHEMA
    made: str
    considered: int
    commits: int
    without_jdk: int = 0
    missing_jdks: tuple[int, ...] = ()
    builds_left: int
    builds_failed: int
    jobs: int
    jobs_left: int
    repeats: int
    jobs_seen: int
    build_seconds: float | None
    measuring_seconds: float | None
    least_seconds: float
    disk_bytes: float | None
    free_bytes: int
    joules: float | None
    kind: Literal["measured", "estimated"] | None
    judged: str
    lasting_change: float | None
    newest_change: float | None
    run_spread: float
    build_spread: float
    noise_from: Literal["readings", "noise floor", "assumption"]
    plan: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    missing: dict[str, str] = field(default_factory=dict)


def write_forecast(path: Path, record: ForecastRecord) -> None:
    """Writes the record, whole or not at all."""
    write_record(path, record)


def read_forecast(path: Path) -> ForecastRecord:
    """The record; raises ErgitError where it is not there or damaged."""
    return read_record(path, ForecastRecord, SCHEMA)
