"""Counters that do not count, from the start or from some moment on."""

import subprocess
import sys
import time
from pathlib import Path

from ergit.config.settings import MeasureSettings
from ergit.energy import choose
from ergit.errors import ErgitError
from tests.guest.guest import MEASURING, check, load, run_job, settings, steer, window


def main() -> None:
    """Trials, the doctor, and a job whose counter freezes."""
    load(watts=0)
    for name in MEASURING:
        began = time.monotonic()
        try:
            with choose(MeasureSettings(source=name)) as source:
                found = source.reason
        except ErgitError as refusal:
            found = str(refusal)
        seconds = time.monotonic() - began
        check(
            f"{name}: 0 W is refused when it is opened",
            right="did not move" in found,
            found=f"{seconds:.2f} s; {found}",
        )
    with choose(MeasureSettings(allow_estimate=True)) as source:
        check(
            "auto falls back to the estimate where that is allowed",
            right=source.name == "estimate",
            found=source.reason,
        )
    doctor = subprocess.run(
        [sys.executable, "-P", "-m", "ergit.cli", "doctor", "--measure", "{}"],
        capture_output=True,
        text=True,
        check=False,
        cwd="/tmp",
    )
    printed = doctor.stdout + doctor.stderr
    verdict = printed.splitlines()[0]
    check(
        "the doctor says so, and why",
        right=doctor.returncode == 1
        and verdict.endswith("no counter of package can be read.")
        and " ".join(printed.split()).count("did not move") == len(MEASURING),
        found=printed,
    )

    load()
    with choose(MeasureSettings(source="powercap")) as source:
        steer("frozen", 1)
        found = window(source, 0.5)
    check("a counter that froze after the trial counts nothing", right=not found.energy.joules, found=found)
    load()
    for name in ("pmu", "powercap"):
        steer("frozen", 0)
        freezing = settings("echo 1 > /sys/module/fakepower/parameters/frozen; sleep 0.5", source=name, loops=1)
        status, record, printed = run_job(Path("/tmp/frozen"), freezing)
        # the first window still counts the moment before the command freezes its counter
        check(
            f"{name}: a job whose counter freezes ends as the machine's fault or counts no frozen window",
            right=status != 0 or "not-counted" in record.read_text(),
            found=f"status {status}; {printed[-300:]}",
        )


if __name__ == "__main__":
    main()
