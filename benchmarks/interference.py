"""Prints how many of N readings with and without injected foreign load are flagged, on this machine as it is.

python -m benchmarks.interference [READINGS] [LIMIT_CORES]

The first part has one window length and several kinds of workload, the second one workload (one busy core) and several
lengths: the shorter a window, the less exactly /proc/stat tells the foreign load, and the more of it passes unflagged.

What else runs meanwhile counts as foreign load too: before each reading without injected load it waits for quiet, until
that has timed out once.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from ergit.energy.estimate import EstimateSource
from ergit.machine.interference import between, flags, machine_totals, seen_from_cores, wait_until_quiet
from ergit.machine.kernel import Machine
from ergit.measuring.window import MeasuredWindow
from ergit.processes.run import run

WORKLOADS = {
    "idle": "sleep 0.3",
    "one core": "i=0; while ((i++ < 150000)); do :; done",
    "all cores": f"for _ in {{1..{os.cpu_count()}}}; do i=0; while ((i++ < 150000)); do :; done & done; wait",
    "many processes": "for _ in {1..300}; do /bin/true; done",
}
LENGTHS_SECONDS = (0.1, 0.3, 1.0)
SPIN = "end=$((${{EPOCHREALTIME/./}} + {microseconds})); while ((${{EPOCHREALTIME/./}} < end)); do :; done"
FOREIGN_CORES = (0.4, 1.0)


@contextmanager
def foreign_load(cores: float) -> Iterator[None]:
    """Somebody else's process that uses that share of one core until the end of the block."""
    busy, idle = round(cores * 10_000), round((1 - cores) * 10_000)
    rest = f"sleep {idle / 1e6}" if idle else ":"
    loop = f"while :; do {SPIN.format(microseconds=busy)}; {rest}; done"
    with subprocess.Popen(["bash", "-c", loop]) as neighbour:
        try:
            yield
        finally:
            neighbour.kill()


def flagged(command: str, folder: Path, limit_cores: float) -> tuple[bool, float]:
    """Whether one reading of the command counts as contaminated, and the foreign load that was seen, in cores."""
    window = MeasuredWindow(EstimateSource(10.0), Machine())
    outcome = run(
        command,
        directory=folder,
        environment=dict(os.environ),
        timeout_seconds=60,
        log=folder / "log",
        window=window,
    )
    assert window.before is not None
    assert window.after is not None
    found = between(window.before, window.after, outcome.cpu_seconds)
    return "foreign-cpu" in flags(found, limit_cores), found.foreign_cpu_seconds / found.seconds


def flagged_without_load(command: str, folder: Path, readings: int, limit_cores: float) -> tuple[int, float]:
    """How many readings are flagged though no load was injected, and the median of the load that was seen."""
    number, seen, patience = 0, [], 30.0
    for _ in range(readings):
        if not wait_until_quiet(limit_cores, 0.0, patience, take=partial(machine_totals, Machine())).is_quiet:
            patience = 0.0
        is_flagged, cores = flagged(command, folder, limit_cores)
        number += is_flagged
        seen.append(cores)
    return number, sorted(seen)[len(seen) // 2]


def main() -> None:
    """One line a workload, then one a length of the window."""
    readings = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    limit = float(sys.argv[2]) if len(sys.argv) > 2 else 0.2
    print(f"{readings} readings each, limit {limit:g} cores, {os.cpu_count()} processors")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for title, command in WORKLOADS.items():
            quiet, typical = flagged_without_load(command, folder, readings, limit)
            with foreign_load(1.0):
                caught = sum(flagged(command, folder, limit)[0] for _ in range(readings))
            print(f"{title:15} none: {quiet:3} flagged (median {typical:.3f} cores); one busy core: {caught:3} flagged")
        for seconds in LENGTHS_SECONDS:
            command = SPIN.format(microseconds=round(seconds * 1e6))
            least = seen_from_cores(limit, seconds, os.cpu_count() or 1, seconds)
            parts = [f"none: {flagged_without_load(command, folder, readings, limit)[0]:3}"]
            for cores in FOREIGN_CORES:
                with foreign_load(cores):
                    caught = sum(flagged(command, folder, limit)[0] for _ in range(readings))
                parts.append(f"{cores:g} cores: {caught:3}")
            print(f"{seconds:g} s of one core, flagged from {least:.2f} foreign cores on: {'; '.join(parts)}")


if __name__ == "__main__":
    main()
