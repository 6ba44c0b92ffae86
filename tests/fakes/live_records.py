"""Records of results/live.json, made by hand."""

import os
from typing import Any

from msgspec.structs import replace

from ergit.live.process import this_process
from ergit.records.live import LiveCommit, LiveFailure, LiveReading, LiveRecord, LiveStep

PARSER = LiveCommit(sha="0ec90d327f" + "0" * 30, tags=("v1.1",), subject="Speed up the <parser>")
READING = LiveReading(
    commit=PARSER,
    round=2,
    ended="2024-05-01T12:00:00.000000Z",
    joules=1.4124,
    seconds=0.2031,
    celsius=53.6,
    flags=(),
)


def live_record(**changes: Any) -> LiveRecord:
    """A run of 900 readings, of which 215 are done; the third of five of a commit comes next."""
    plain = LiveRecord(
        study="https://example.org/jsoup",
        run=this_process(),
        written="2024-05-01T12:00:05.000000Z",
        until="2024-05-01T12:00:35.000000Z",
        repeats=5,
        rounds=3,
        builds_done=60,
        builds_total=60,
        jobs_done=43,
        jobs_total=180,
        readings_done=215,
        readings_total=900,
        seconds_left=2460.0,
        steps=(LiveStep(what="measures", since="2024-05-01T11:59:00.000000Z", commit=PARSER, round=2),),
        reading="reading 3 of 5",
        celsius=53.6,
        kind="measured",
        flagged=12,
        flags={"foreign-cpu": 9, "too-hot": 3},
        failures=(
            LiveFailure(kind="build-failed", reason="`make` ended with status 2", commits=3),
            LiveFailure(kind="workload-timeout", reason="the workload took longer than 60 s", commits=1),
        ),
        last=(READING, replace(READING, ended="2024-05-01T12:00:04.000000Z", joules=1.3987, flags=("foreign-cpu",))),
    )
    return replace(plain, **changes)


def dead_process() -> int:
    """The number of a process that has ended."""
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return child
