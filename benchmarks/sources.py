"""Prints what each energy source adds to a window, and what a sample inside a window costs.

python -m benchmarks.sources [ROUNDS]

Each round takes a window of `true` with a bare posix_spawn and wait4, and one of each source, in a new order. powercap
reads two zones in a temporary tree; pmu reads real perf events, but the kernel's CPU clock on one CPU in place of
energy; perf is the real program, counting `task-clock`. So the costs of the files, the system calls and the second
process are real, and that of the hardware's register (some microseconds) is not in them. powercap also samples long
windows: the CPU time of a sample, waking its thread included, is that of a process which does nothing else.
"""

import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from ergit.energy.estimate import EstimateSource
from ergit.energy.perf import PerfSource
from ergit.energy.pmu import PmuSource
from ergit.energy.powercap import PowercapSource
from ergit.energy.sampler import SAMPLE_SECONDS
from ergit.energy.source import Source, UnavailableError
from tests.fakes.counter_trees import clock_pmu, zone

TRUE = shutil.which("true") or "/bin/true"


def bare_window() -> float:
    """Seconds of spawning `true` and waiting for it."""
    began = time.perf_counter()
    os.wait4(os.posix_spawn(TRUE, [TRUE], os.environ), 0)
    return time.perf_counter() - began


def window_of(source: Source) -> float:
    """Seconds of the same between the edges of a source's window, the edges included."""
    began = time.perf_counter()
    source.start()
    os.wait4(os.posix_spawn(TRUE, [TRUE], os.environ), 0)
    source.stop()
    seconds = time.perf_counter() - began
    source.energy(0.0)
    return seconds


def powercap_tree(folder: Path) -> Path:
    """Two packages that never move."""
    for package in (0, 1):
        zone(folder / f"intel-rapl:{package}", f"package-{package}", 123_456_789)
    return folder


def openers(folder: Path) -> dict[str, Callable[[], Source]]:
    """How to open each source."""
    return {
        "estimate": lambda: EstimateSource(10.0),
        "powercap": lambda: PowercapSource(powercap_tree(folder / "powercap")),
        "pmu": lambda: PmuSource(clock_pmu(folder, "0")),
        "perf": lambda: PerfSource(
            {"task-clock": "package"}, unit="msec", packages=os.cpu_count() or 1, limit_watts=1e9
        ),
    }


def compare(sources: dict[str, Source], rounds: int) -> None:
    """Takes the windows in turn, in a new order each round, and prints their medians."""
    windows: dict[str, Callable[[], float]] = {"bare": bare_window}
    windows |= {name: partial(window_of, source) for name, source in sources.items()}
    seconds: dict[str, list[float]] = {name: [] for name in windows}
    order = random.Random(1)
    for _ in range(rounds):
        for name in order.sample(list(windows), len(windows)):
            seconds[name].append(windows[name]())
    floor = statistics.median(seconds["bare"])
    for name, taken in seconds.items():
        median = statistics.median(taken)
        print(f"{name:>9}  {1e3 * median:7.3f} ms  {median / floor:5.2f} × bare  (median of {rounds})")


def cpu_seconds_of_window(source: PowercapSource, seconds: float) -> float:
    """CPU time of this process in a window in which it sleeps."""
    before = time.process_time()
    source.start()
    time.sleep(seconds)
    source.stop()
    return time.process_time() - before


def sample_cost(folder: Path, seconds: float = 3.0, interval: float = 0.02) -> float:
    """CPU seconds of one sample of two zones."""
    tree = powercap_tree(folder / "sampled")
    with PowercapSource(tree, sample_seconds=60.0) as never:
        without = cpu_seconds_of_window(never, seconds)
    with PowercapSource(tree, sample_seconds=interval) as often:
        return (cpu_seconds_of_window(often, seconds) - without) / (seconds / interval)


def main(rounds: int) -> None:
    """Compares the sources within this process, then perf, whose second process would disturb the others."""
    for names in (("estimate", "powercap", "pmu"), ("perf",)):
        with ExitStack() as opened:
            folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
            sources = {}
            for name in names:
                try:
                    sources[name] = opened.enter_context(openers(folder)[name]())
                except UnavailableError as refusal:
                    print(f"{name:>9}  {refusal}")
            compare(sources, rounds)
    with tempfile.TemporaryDirectory() as folder:
        cost = sample_cost(Path(folder))
    print(
        f"a sample of powercap in a long window: {1e6 * cost:.0f} µs of CPU time, each {SAMPLE_SECONDS:g} s: "
        f"{cost / SAMPLE_SECONDS:.4%} of a processor"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
