"""Prints the window of `true` against a bare spawn and wait of the same command, and what a reading costs besides.

python -m benchmarks.window [RUNS]
"""

import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from benchmarks.stopwatch import Stopwatch
from ergit.config.handover import FIT, program_variables
from ergit.config.settings import (
    BuildSettings,
    JobSettings,
    MeasureSettings,
    QuietSettings,
    RepositorySettings,
    TemperatureSettings,
    WorkloadSettings,
)
from ergit.processes.run import run
from ergit.records.build import BuildRecord, write_build

COMMIT = "0" * 40
REPEATS = 5
SETTINGS = JobSettings(
    repository=RepositorySettings(url="none"),
    java=None,
    build=BuildSettings(),
    workload=WorkloadSettings(command="true"),
    measure=MeasureSettings(
        source="estimate",
        repeats=REPEATS,
        loops=1,
        retries=0,
        temperature=TemperatureSettings(wait_seconds=0),
        quiet=QuietSettings(wait_seconds=0),
    ),
)


def bare(shell: str) -> float:
    """Seconds of the shortest way to run `true` in bash."""
    started = time.perf_counter()
    os.wait4(os.posix_spawn(shell, [shell, "-c", "true"], os.environ, setsid=True), 0)
    return time.perf_counter() - started


def windows(runs: int, folder: Path) -> tuple[float, float]:
    """Median seconds of the window and of the bare call, taken in turn so that what else runs hits both alike."""
    shell = shutil.which("bash") or "bash"
    stopwatch = Stopwatch()
    inside, bares = [], []
    for _ in range(runs):
        bares.append(bare(shell))
        run(
            "true",
            directory=folder,
            environment=dict(os.environ),
            timeout_seconds=60,
            log=folder / "log",
            window=stopwatch,
        )
        inside.append(stopwatch.ended - stopwatch.started)
    return statistics.median(inside), statistics.median(bares)


def cpu_seconds_of_a_job(folder: Path) -> float:
    """CPU time of one whole job of the measuring program at the default settings, with all that it starts."""
    (folder / "tree").mkdir(exist_ok=True)
    subprocess.run(["tar", "-czf", folder / "build.tar.gz", "-C", folder / "tree", "."], check=True)
    build = BuildRecord(
        commit=COMMIT,
        java=None,
        directory=str(folder / "work/tree"),
        environment={},
        cached=False,
        commands=(),
        status="ok",
        reason=None,
    )
    write_build(folder / "build.json", build)
    options = {
        "settings": "ERGIT_SETTINGS_BENCHMARK",
        "build": folder / "build.json",
        "artifact": folder / "build.tar.gz",
        "commit": COMMIT,
        "round": 1,
        "output": folder / "out/1.json",
        "lock": folder / "lock",
    }
    arguments = [str(part) for name, value in options.items() for part in (f"--{name}", value)]
    name = str(options["settings"])
    settings = {name: msgspec.json.encode(SETTINGS).decode(), f"{name}{FIT}": platform.node()}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-P", "-m", "ergit.measuring.measure", *arguments],
        cwd=folder,
        env=os.environ | program_variables() | settings,
        check=True,
        stderr=subprocess.DEVNULL,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """The table."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        window, floor = windows(runs, folder)
        print(f"window of `true`:       {window * 1e3:7.3f} ms, median of {runs}")
        print(f"bare spawn and wait:    {floor * 1e3:7.3f} ms, ratio {window / floor:.3f}")
        cpu_seconds_of_a_job(folder)  # compiles and caches
        job = statistics.median(cpu_seconds_of_a_job(folder) for _ in range(3))
    print(f"CPU of a job of `true`: {job * 1e3:5.0f} ms, {job / REPEATS * 1e3:.0f} ms a reading of {REPEATS}")


if __name__ == "__main__":
    main()
