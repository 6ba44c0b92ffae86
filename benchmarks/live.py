"""What the live view costs: in the measuring program a reading, and in `ergit watch` while a reading runs.

.venv/bin/python -P -m benchmarks.live
"""

import os
import pty
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from msgspec.structs import replace

from ergit.config.settings import MeasureSettings
from ergit.live.job import LiveJob
from ergit.live.process import VARIABLE, name_of, this_process
from ergit.measuring.attempts import Attempt
from ergit.records.live import LiveCommit, LiveFailure, LiveReading, LiveRecord, LiveStep, write_live
from ergit.records.readings import Reading
from ergit.terminal import Screen
from ergit.text import iso_time

READINGS = 500
WATCHED_SECONDS = 60
ROOT = Path(__file__).parents[1]


def news() -> LiveRecord:
    """What a study of 4,500 readings tells in its midst, with eight last readings and five reasons of failures."""
    commit = LiveCommit(
        sha="0ec90d327f" + "0" * 30, tags=("v1.1",), subject="Speed up the parser where nothing is to do"
    )
    last = LiveReading(
        commit=commit, round=2, ended=now(), joules=1.4, seconds=0.2, celsius=54.0, flags=("foreign-cpu",)
    )
    failures = [
        LiveFailure(kind="build-failed", reason=f"`make` ended with status {n}", commits=n) for n in range(1, 6)
    ]
    return LiveRecord(
        study="https://example.org/parser",
        run=this_process(),
        written=now(),
        repeats=5,
        rounds=3,
        builds_done=300,
        builds_total=300,
        jobs_done=430,
        jobs_total=900,
        readings_done=2150,
        readings_total=4500,
        seconds_left=24_600.0,
        window_seconds=0.2,
        steps=(LiveStep(what="measures", since=now(), commit=commit, round=2),),
        reading="reading 3 of 5",
        celsius=54.0,
        kind="measured",
        flagged=12,
        flags={"foreign-cpu": 9, "too-hot": 3},
        failures=tuple(failures),
        last=(last,) * 8,
    )


def now(seconds: float = 0.0) -> str:
    """The time, so many seconds from now."""
    return iso_time(datetime.now(UTC) + timedelta(seconds=seconds))


def taken(attempt: Attempt, seconds: float) -> Reading:
    """A reading that takes no time, and says that it took so many seconds."""
    return Reading(
        repeat=attempt.repeat,
        attempt=1,
        warmup=False,
        status="ok",
        exit_code=0,
        signal=None,
        reason=None,
        started=now(),
        duration_seconds=seconds,
        cpu_seconds=0.2,
        loops=1,
        joules={"package": 1.4},
        counters=(),
        flags=(),
        conditions=None,
    )


def milliseconds_a_reading(results: Path, seconds: float) -> tuple[list[float], list[float]]:
    """What telling of each of many readings took (file, page, block on a terminal): wall and CPU time, sorted."""
    seen, given = pty.openpty()
    record = news()
    write_live(results / "live.json", record)
    told = LiveJob(results, MeasureSettings(), Screen(given, {"TERM": "xterm"}), {VARIABLE: name_of(record.run)})
    take, wall, cpu = told.around(lambda attempt: taken(attempt, seconds), "measured"), [], []
    for repeat in range(1, READINGS + 1):
        began, used = time.perf_counter(), time.process_time()
        take(Attempt(repeat))
        cpu.append((time.process_time() - used) * 1000)
        wall.append((time.perf_counter() - began) * 1000)
        os.read(seen, 100_000)
    return sorted(wall), sorted(cpu)


def share_of_a_core(study: Path, announced_seconds: float, every_seconds: float) -> float:
    """The CPU time of `ergit watch` by the time it runs, without its start; news come every so many seconds."""
    seen, given = pty.openpty()
    record, results = news(), study / "results"
    write_live(results / "live.json", replace(record, until=now(announced_seconds)))
    command = [sys.executable, "-P", "-m", "ergit.cli", "watch", "--study", str(study)]
    environment = {**os.environ, "TERM": "xterm", "PYTHONPATH": str(ROOT)}
    watch = subprocess.Popen(command, stdin=given, stdout=given, stderr=given, env=environment, start_new_session=True)
    os.read(seen, 10_000)
    time.sleep(1)
    before, end, number = cpu_seconds(watch.pid), time.monotonic() + WATCHED_SECONDS, 0
    os.set_blocking(seen, False)
    while time.monotonic() < end:
        time.sleep(every_seconds)
        number += 1
        write_live(results / "live.json", replace(record, written=now(), until=now(announced_seconds)))
        with suppress(BlockingIOError):
            os.read(seen, 100_000)
    used = cpu_seconds(watch.pid) - before
    watch.terminate()
    watch.wait()
    return used / WATCHED_SECONDS


def cpu_seconds(process: int) -> float:
    """User and system time of a process (proc_pid_schedstat: nanoseconds on a processor)."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9


def main() -> None:
    """Prints all figures."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder, "results")
        results.mkdir()
        for seconds in (0.2, 60.0):  # short readings are on the page every 5 s, long ones each
            wall, cpu = milliseconds_a_reading(results, seconds)
            print(f"a reading of {seconds:g} s: {median(cpu):.2f} ms of CPU time, {wall[0]:.2f} ms long at best")
        for announced, every in ((60.0, 60.0), (0.2, 0.5)):
            share = share_of_a_core(Path(folder), announced, every)
            print(f"ergit watch, news every {every:g} s: {share:.3%} of a core over {WATCHED_SECONDS} s")


if __name__ == "__main__":
    main()
