"""results/live.json: what a run is doing, and how far it is; small, since it is written between any two readings.

The process that runs the study writes it when jobs start and end, the measuring program before and after each reading,
never while a window is open. It is no result: removing it loses nothing.
"""

from pathlib import Path
from typing import Literal

import msgspec
from msgspec import field

from ergit.errors import ErgitError
from ergit.files import replace_unsynced
from ergit.records.record import Record, Value, decode

SCHEMA = "ergit.live/1"
NAME = "live.json"

Outcome = Literal["done", "failed", "stopped", "interrupted"]
"""How a run ended: all was done; a job failed; `ergit stop` or a spent budget ended it; Ctrl-C or SIGTERM did."""


class LiveProcess(Value, frozen=True, kw_only=True):
    """The process that runs the study, `process` on `host` between two boots; `started` is when, ISO 8601 in UTC.

    `ticks` is when the kernel started it, in clock ticks after boot (proc_pid_stat(5)): another process that gets the
    same number later has another one. None where that is not known.
    """

    process: int
    ticks: int | None
    user: str
    host: str
    boot: str
    started: str


class LiveCommit(Value, frozen=True, kw_only=True):
    """A commit for a person."""

    sha: str
    tags: tuple[str, ...] = ()
    subject: str = ""


class LiveStep(Value, frozen=True, kw_only=True):
    """A job that runs: `what` it does in words; the commit that it builds or measures, and in which round."""

    what: str
    since: str
    commit: LiveCommit | None = None
    round: int | None = None


class LiveReading(Value, frozen=True, kw_only=True):
    """A reading that was taken, warm-ups left out.

    `joules` are those of the judged domain and `seconds` those of one run of the command, None where there is none;
    `reason` says why it failed; `celsius` is the CPU's temperature after it, or else before; `flags` are those under
    which it is not used. `ended` is when, ISO 8601 in UTC.
    """

    commit: LiveCommit
    round: int
    ended: str
    joules: float | None
    seconds: float | None
    celsius: float | None
    flags: tuple[str, ...]
    reason: str | None = None


class LiveFailure(Value, frozen=True, kw_only=True):
    """So many commits failed with one reason; `kind` is as in failures.tsv, `reason` without what differs."""

    kind: str
    reason: str
    commits: int


class LiveRecord(Record, frozen=True, kw_only=True):
    """What a run is doing.

    `study` names what is studied, `written` is the time of this news and `until` when the next is expected, both ISO
    8601 in UTC; None: not known. A job is a commit in one round, and has `repeats` readings. Totals are None before the
    commits are chosen. `seconds_left` is about how long building and measuring go on without waiting for a person or a
    window of time, `building_seconds_left` building alone, and `window_seconds` is how long a window was on
    average; None: not known yet. `has_windows` says whether there are such windows (plan.windows). `steps` are
    the jobs that run now, `reading` says which reading of the job that measures, and `waits` why none is taken now.
    `stop` says who has asked the run to end, and when; None: nobody. `flagged` counts the readings that are not used
    because of their flags, repeated ones included, and `flags` by flag why. `last` are the last readings, the newest
    last. `outcome` is None while the run goes on, `ending` a sentence on what came out. `told` is when a line was last
    written where there is no terminal, in seconds since the epoch.
    """

    schema: str = SCHEMA
    study: str
    run: LiveProcess
    written: str
    until: str | None = None
    repeats: int
    rounds: int
    builds_done: int = 0
    builds_total: int | None = None
    jobs_done: int = 0
    jobs_total: int | None = None
    readings_done: int = 0
    readings_total: int | None = None
    seconds_left: float | None = None
    building_seconds_left: float | None = None
    window_seconds: float | None = None
    has_windows: bool = False
    steps: tuple[LiveStep, ...] = ()
    reading: str | None = None
    waits: str | None = None
    stop: str | None = None
    celsius: float | None = None
    judged: str = "package"
    kind: Literal["measured", "estimated"] | None = None
    flagged: int = 0
    flags: dict[str, int] = field(default_factory=dict)
    failures: tuple[LiveFailure, ...] = ()
    last: tuple[LiveReading, ...] = ()
    outcome: Outcome | None = None
    ending: str | None = None
    told: float = 0.0


def write_live(path: Path, record: LiveRecord) -> None:
    """Writes the record, whole or not at all, without waiting for the disk.

    Raises:
        OSError: the disk is full, or the folder cannot be written to.
    """
    replace_unsynced(path, msgspec.json.encode(record))


def read_live(path: Path) -> LiveRecord | None:
    """The record; None where there is none, or one of another version.

    Raises:
        OSError: it may not be read.
    """
    try:
        return decode(path.read_bytes(), LiveRecord, SCHEMA, str(path))
    except (FileNotFoundError, ErgitError):
        return None
