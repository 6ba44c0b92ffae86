"""Files as the kernel shows its energy counters, in a temporary folder."""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

RANGE = 262_143_328_850
"""The range in microjoules of a package counter that steps in 2^-14 J, as many of Intel's do."""

SCALE = "2.3283064365386962890625e-10"
"""The scale of the kernel's energy events, 2^-32 J."""

SOFTWARE = 1
CPU_CLOCK = 0


def zone(folder: Path, name: str, energy_uj: int | str, range_uj: int | str = RANGE) -> Path:
    """Writes one zone and returns the file of its counter."""
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{name}\n")
    (folder / "max_energy_range_uj").write_text(f"{range_uj}\n")
    (folder / "energy_uj").write_text(f"{energy_uj}\n")
    return folder / "energy_uj"


@contextlib.contextmanager
def running(*counters: Path, watts: float = 20.0) -> Iterator[None]:
    """Lets counters of `zone` count `watts` each, from what they hold, until the block ends: a step a millisecond."""
    starts = {os.open(counter, os.O_RDWR): int(counter.read_text()) for counter in counters}
    ended = threading.Event()
    began = time.monotonic()

    def count() -> None:
        while not ended.wait(0.001):
            microjoules = round((time.monotonic() - began) * watts * 1e6)
            for descriptor, start in starts.items():
                os.pwrite(descriptor, b"%012d\n" % (start + microjoules), 0)

    for descriptor, start in starts.items():
        os.pwrite(descriptor, b"%012d\n" % start, 0)  # of one length, so that no read sees half of a number
    thread = threading.Thread(target=count, name="counters", daemon=True)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)  # else a test that reads every 5 ms, the default, may keep the thread from running
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        sys.setswitchinterval(interval)
        for descriptor in starts:
            os.close(descriptor)


def power_pmu(
    folder: Path,
    *,
    pmu_type: str = "21",
    cpumask: str = "0",
    events: dict[str, str] | None = None,
    scale: str = SCALE,
    unit: str = "Joules",
    position: str = "config:0-7",
) -> Path:
    """Writes the files with which the kernel describes a PMU, and returns its folder."""
    power = folder / "power"
    (power / "events").mkdir(parents=True)
    (power / "format").mkdir()
    (power / "type").write_text(f"{pmu_type}\n")
    (power / "cpumask").write_text(f"{cpumask}\n")
    (power / "format" / "event").write_text(f"{position}\n")
    for name, terms in (events or {"energy-pkg": "event=0x02"}).items():
        (power / "events" / name).write_text(f"{terms}\n")
        (power / "events" / f"{name}.scale").write_text(f"{scale}\n")
        (power / "events" / f"{name}.unit").write_text(f"{unit}\n")
    return power


def clock_pmu(folder: Path, cpumask: str, names: tuple[str, ...] = ("energy-pkg",)) -> Path:
    """A PMU whose energy events are the kernel's CPU clock: one joule a second on each CPU."""
    return power_pmu(
        folder,
        pmu_type=str(SOFTWARE),
        cpumask=cpumask,
        events=dict.fromkeys(names, f"event={CPU_CLOCK}"),
        scale="1e-9",
        position="config:0-63",
    )
