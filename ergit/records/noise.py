"""results/noise.json: the noise floor, from one commit that was measured against itself."""

from pathlib import Path

from ergit.records.changes import RunsNeeded
from ergit.records.record import Record, Value, read_record, write_record

SCHEMA = "ergit.noise/1"


class DetectableChange(Value, frozen=True, kw_only=True):
    """The smallest relative change that is found once the newest `commits_after` commits have it."""

    commits_after: int
    change: float


class NoiseRecord(Record, frozen=True, kw_only=True):
    """Spreads and changes are relative: 0.01 is 1%.

    The spread between builds is None where there is one build; `likely_build_spread` is the one that was assumed.
    `changes_reported` are those that the study's own statistics find among the jobs, taken as if each were a commit:
    false alarms, or a machine that is not steady.
    """

    schema: str = SCHEMA
    commit: str
    chosen: str
    kind: str
    source: str
    host: str
    session: str
    builds: int
    rounds: int
    readings: int
    unclean_readings: int
    readings_of_other_sessions: int
    minutes: float
    median_joules: float
    run_spread: float | None
    round_spread: float
    build_spread: float | None
    likely_build_spread: float
    largest_build_difference: float | None
    jobs: int
    changes_reported: int
    planned_rounds: int
    planned_repeats: int
    planned_commits: int
    least_change: float
    false_discovery_rate: float
    visible: tuple[DetectableChange, ...]
    runs_needed: tuple[RunsNeeded, ...]


def write_noise(path: Path, record: NoiseRecord) -> None:
    """Writes the record, whole or not at all."""
    write_record(path, record)


def read_noise(path: Path) -> NoiseRecord:
    """The record; raises ErgitError where it is not there or damaged."""
    return read_record(path, NoiseRecord, SCHEMA)
