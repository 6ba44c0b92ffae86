"""What the jobs in the guest share: the test module, windows of known energy, the measuring program, and verdicts."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ergit.config.handover import PREFIX
from ergit.config.settings import (
    BuildSettings,
    JobSettings,
    MeasureSettings,
    QuietSettings,
    RepositorySettings,
    WorkloadSettings,
)
from ergit.energy import Energy, Source
from ergit.git.checkout import WHOLE
from ergit.records.java import JavaRecord, write_java

PARAMETERS = Path("/sys/module/fakepower/parameters")
CPU_1_ONLINE = Path("/sys/devices/system/cpu/cpu1/online")
MEASURING = ("pmu", "perf", "powercap")


def check(what: str, *, right: bool, found: object) -> None:
    """Prints one verdict, which the host counts."""
    print(f"{'RIGHT' if right else 'WRONG'}\t{what}\t{' '.join(str(found).split())[:400]}", flush=True)


def load(**parameters: object) -> None:
    """Loads the test module anew."""
    subprocess.run(["rmmod", "fakepower"], stderr=subprocess.DEVNULL, check=False)
    options = [f"{name}={value}" for name, value in parameters.items()]
    print(f"# fakepower {' '.join(options)}", flush=True)
    subprocess.run(["insmod", "/share/fakepower.ko", *options], check=True)


def unload() -> None:
    """Takes the module, and with it the counters, away."""
    subprocess.run(["rmmod", "fakepower"], check=True)


def steer(name: str, value: object) -> None:
    """Sets a parameter of the loaded module."""
    (PARAMETERS / name).write_text(str(value))


@dataclass(frozen=True)
class Window:
    """A window's energy, between the shortest and the longest time for which it can have counted."""

    energy: Energy
    shortest_seconds: float
    longest_seconds: float

    def is_right(self, watts: float, domain: str = "package", *, lost_seconds: float = 0.0) -> bool:
        """Whether the joules are those of a counter of so many watts, but for a microjoule of the zones' steps."""
        least, most = (
            watts * (self.shortest_seconds - lost_seconds) * 0.999999 - 2e-6,
            watts * self.longest_seconds * 1.000001 + 2e-6,
        )
        return least <= self.energy.joules.get(domain, -1.0) <= most

    def __str__(self) -> str:
        energy = self.energy
        return (
            f"{energy.joules or energy.problem} in {self.shortest_seconds:.4f} to {self.longest_seconds:.4f} s, "
            f"by the counters {energy.seconds}"
        )


def window(source: Source, seconds: float, during: Callable[[], None] | None = None) -> Window:
    """A window of a sleep, in which `during` runs beside it."""
    thread = threading.Thread(target=during) if during else None
    outer = time.monotonic()
    source.start()
    inner = time.monotonic()
    if thread:
        thread.start()
    time.sleep(max(0.0, inner + seconds - time.monotonic()))
    shortest = time.monotonic() - inner
    source.stop()
    longest = time.monotonic() - outer
    if thread:
        thread.join()
    return Window(source.energy(0.0), shortest, longest)


@contextmanager
def later(seconds: float, action: Callable[[], object]) -> Iterator[None]:
    """Does something so many seconds after the block began, and waits for it at its end."""

    def act() -> None:
        time.sleep(seconds)
        action()

    thread = threading.Thread(target=act)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def settings(command: str, **measure: Any) -> JobSettings:
    """Settings of a job that measures a command."""
    quiet = QuietSettings(foreign_cores=1.5, wait_seconds=0)
    return JobSettings(
        repository=RepositorySettings(url="."),
        java=None,
        build=BuildSettings(commands=("echo built > built",)),
        workload=WorkloadSettings(command=command),
        measure=MeasureSettings(
            **({"rest_seconds": 0.2, "retries": 0, "repeats": 3, "idle_seconds": 0, "quiet": quiet} | measure)
        ),
    )


def run_job(folder: Path, job: JobSettings) -> tuple[int, Path, str]:
    """Builds a commit and measures it in one round: the status, where the record is or would be, what was printed."""
    commit = "c" * 40
    folder.mkdir(parents=True, exist_ok=True)
    checkout, output = folder / "checkout", folder / "1.json"
    (checkout / WHOLE).parent.mkdir(parents=True, exist_ok=True)
    (checkout / WHOLE).touch()
    output.unlink(missing_ok=True)
    java = JavaRecord(
        commit=commit, status="not-wanted", wanted=None, wanted_from=None, chosen=None, reason="java is null"
    )
    write_java(folder / "java.json", java)
    environment = os.environ | {f"{PREFIX}GUEST": msgspec.json.encode(job).decode()}
    common = ["--settings", f"{PREFIX}GUEST", "--commit", commit, "--artifact", str(folder / "b.tar.gz")]
    build = [
        *common,
        "--java",
        str(folder / "java.json"),
        "--checkout",
        str(checkout),
        "--output",
        str(folder / "b.json"),
    ]
    measure = [*common, "--round", "1", "--build", str(folder / "b.json"), "--output", str(output)]
    printed = ""
    for module, arguments in (("ergit.building.build", build), ("ergit.measuring.measure", measure)):
        command = [sys.executable, "-P", "-m", module, *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        printed += done.stdout + done.stderr
        if done.returncode:
            break
    return done.returncode, output, printed
