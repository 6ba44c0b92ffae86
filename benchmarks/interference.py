"""Prints how many of N readings with and without injected foreign load are flagged, on this machine as it is.

python -m benchmarks.interference [READINGS] [LIMIT_CORES]

What else runs meanwhile counts as foreign load too: before each reading without injected load it waits for quiet, and
does not wait again once that has timed out.
"""

import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from ergit.energy.estimate import EstimateSource
from ergit.machine.interference import between, flags, machine_totals, wait_until_quiet
from ergit.machine.kernel import Machine
from ergit.measuring.window import MeasuredWindow
from ergit.processes.run import run

WORKLOADS = {
    "idle": "sleep 0.3",
    "one core": "i=0; while ((i++ < 150000)); do :; done",
    "all cores": f"for _ in {{1..{os.cpu_count()}}}; do i=0; while ((i++ < 150000)); do :; done & done; wait",
    "many processes": "for _ in {1..300}; do /bin/true; done",
    "short window": "i=0; while ((i++ < 70000)); do :; done",
}
FOREIGN = "while :; do :; done"


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


def main() -> None:
    """One line a workload."""
    readings = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    limit = float(sys.argv[2]) if len(sys.argv) > 2 else 0.2
    print(f"{readings} readings each, limit {limit:g} cores")
    with tempfile.TemporaryDirectory() as name:
        for title, command in WORKLOADS.items():
            quiet, seen, wait_seconds = 0, [], 30.0
            for _ in range(readings):
                if not wait_until_quiet(limit, 0.0, wait_seconds, take=partial(machine_totals, Machine())).is_quiet:
                    wait_seconds = 0.0
                is_flagged, cores = flagged(command, Path(name), limit)
                quiet += is_flagged
                seen.append(cores)
            with subprocess.Popen(["bash", "-c", FOREIGN]) as neighbour:
                caught = sum(flagged(command, Path(name), limit)[0] for _ in range(readings))
                neighbour.kill()
            typical = sorted(seen)[len(seen) // 2]
            print(f"{title:15} none: {quiet:3} flagged (median {typical:.3f} cores); one busy core: {caught:3} flagged")


if __name__ == "__main__":
    main()
