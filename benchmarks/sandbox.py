"""Prints what the sandbox adds to a window and outside of it, from pairs of runs with and without it in random order.

python -m benchmarks.sandbox [PAIRS]
"""

import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.stopwatch import Stopwatch
from ergit.processes.run import run
from ergit.processes.sandbox import Sandbox

SEED = 1
COMMANDS = {
    "`true`": "true",
    "a loop": "for ((i = 0; i < 100000; i++)); do :; done",
    "200 processes": "for ((i = 0; i < 200; i++)); do /bin/true; done",
    "10,000 file names": "find /usr/lib /usr/share -name nothing | head -c 0; ls -R /usr/share/doc > /dev/null",
    "a JVM": "java -version",
}


class Seconds(NamedTuple):
    """Of one run: in the window, of CPU time, and of the whole call."""

    window: float
    cpu: float
    whole: float


def one(command: str, folder: Path, sandbox: Sandbox | None) -> Seconds:
    """The seconds of one run."""
    stopwatch = Stopwatch()
    began = time.perf_counter()
    outcome = run(
        command,
        directory=folder / "tree",
        environment=dict(os.environ),
        timeout_seconds=60,
        log=folder / "log",
        window=stopwatch,
        sandbox=sandbox,
    )
    assert outcome.status == "ok", (folder / "log").read_text()
    return Seconds(stopwatch.ended - stopwatch.started, outcome.cpu_seconds, time.perf_counter() - began)


def pairs(command: str, folder: Path, number: int) -> list[tuple[Seconds, Seconds]]:
    """So many pairs of runs without and with the sandbox; which comes first is drawn for each."""
    order = random.Random(SEED)
    within = Sandbox(tree=folder / "tree", private=folder / "private")
    found = []
    for _ in range(number):
        first = order.random() < 0.5
        taken = [one(command, folder, within if is_in else None) for is_in in (first, not first)]
        found.append((taken[first], taken[not first]))
    return found


def interval(values: list[float]) -> str:
    """The median in ms and its 95% interval (order statistics; Conover, Practical Nonparametric Statistics, 3.2)."""
    ordered, half = sorted(values), 0.98 * len(values) ** 0.5
    low, high = max(0, int(len(ordered) / 2 - half)), min(len(ordered) - 1, int(len(ordered) / 2 + half))
    return f"{statistics.median(ordered) * 1e3:+.2f} [{ordered[low] * 1e3:+.2f}, {ordered[high] * 1e3:+.2f}]"


def main() -> None:
    """The table."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    print(f"Medians of {number} pairs in ms; of differences with 95% interval.\n")
    print("| command | window without | window: with - without | CPU time: with - without | outside: with - without |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "tree").mkdir()
        for title, command in COMMANDS.items():
            if shutil.which(command.split()[0]) is None and title == "a JVM":
                continue
            found = pairs(command, folder, number)
            window = statistics.median(without.window for without, _ in found)
            more = [
                [taken.window - without.window for without, taken in found],
                [taken.cpu - without.cpu for without, taken in found],
                [taken.whole - taken.window - without.whole + without.window for without, taken in found],
            ]
            print(f"| {title} | {window * 1e3:.2f} | {' | '.join(map(interval, more))} |", flush=True)


if __name__ == "__main__":
    main()
