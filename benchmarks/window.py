"""Prints the window of `true` against a bare spawn and wait of the same command, and what a reading costs besides.

python -m benchmarks.window [RUNS]
"""

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from ergit.processes.run import run

ROOT = Path(__file__).parent.parent
COMMIT = "0" * 40
REPEATS = 5
SETTINGS: dict[str, Any] = {
    "source": "estimate",
    "allow_estimate": True,
    "watts_per_core": 10.0,
    "powercap": None,
    "repeats": REPEATS,
    "warmup": 1,
    "rest_seconds": 1.0,
    "idle_seconds": 1.0,
    "minimum_window_seconds": 0.1,
    "loops": 1,
    "retries": 0,
    "temperature": {
        "sensor": "auto",
        "lowest_celsius": None,
        "highest_celsius": None,
        "wait_seconds": 0.0,
        "on_timeout": "flag",
    },
    "quiet": {"foreign_cores": 0.2, "wait_seconds": 0.0, "on_timeout": "flag"},
}
WORKLOAD = {
    "command": "true",
    "directory": ".",
    "prepare": None,
    "cleanup": None,
    "timeout_seconds": 60,
    "environment": {},
}


class Stopwatch:
    """A window that reads the clock, as an energy source reads its counter."""

    def __init__(self) -> None:
        self.started = self.ended = 0.0

    def start(self) -> None:
        """Reads the clock as the last thing before the command."""
        self.started = time.perf_counter()

    def stop(self) -> None:
        """Reads the clock as the first thing after the command."""
        self.ended = time.perf_counter()


def bare(shell: str) -> float:
    """Seconds of the shortest way to run `true` in bash."""
    started = time.perf_counter()
    os.wait4(os.posix_spawn(shell, [shell, "-c", "true"], os.environ, setsid=True), 0)
    return time.perf_counter() - started


def windows(runs: int, folder: Path) -> tuple[float, float]:
    """Median seconds of the window and of the bare call, taken in attempt so that what else runs hits both alike."""
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
    build = {"status": "ok", "reason": None, "java": None, "directory": str(folder / "work/tree"), "environment": {}}
    (folder / "build.json").write_text(json.dumps(build))
    options = {
        "build": folder / "build.json",
        "artifact": folder / "build.tar.gz",
        "commit": COMMIT,
        "round": 1,
        "workload": json.dumps(WORKLOAD),
        "settings": json.dumps(SETTINGS),
        "output": folder / "out/1.json",
        "lock": folder / "lock",
    }
    arguments = [str(part) for name, value in options.items() for part in (f"--{name}", value)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "ergit.measuring.measure", *arguments], cwd=ROOT, check=True, stderr=subprocess.DEVNULL
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
