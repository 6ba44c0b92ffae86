"""What every energy source gives: the joules between two edges of a window, or the reason why there are none."""

import errno
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Literal, Self

from ergit.errors import ErgitError
from ergit.records.readings import DOMAINS, Counter, SourceRecord

LIMIT_WATTS = 1000.0
"""More than any CPU package draws: twice the 500 W design power of the largest server packages on sale in 2025.

Low enough to tell a reset from a wrap: ten seconds at this power are 10 kJ, and a counter holds 65 kJ or 262 kJ.
"""

UPDATE_SECONDS = 0.01
"""What a window may gain from the counter's own steps: ten of them, each about a millisecond.

Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 3B, "RAPL Interfaces".
"""

STILL_SECONDS = 0.1
"""A package counter that has not moved for this long is not counting: even 1 W would have moved it 1,600 times."""


class UnavailableError(ErgitError):
    """A source that cannot be used here: `reason` says why, `fix` what to do, with the least privilege first."""

    def __init__(self, reason: str, fix: str) -> None:
        super().__init__(f"{reason}. {fix}.")
        self.reason = reason
        self.fix = fix


Read = bytes | OSError
"""What one read of a counter gave."""


@dataclass(frozen=True)
class Energy:
    """Joules of one window by domain, summed over sockets and dies; none, but a `problem`, if they can't be trusted.

    The package holds core and uncore, psys holds the package: domains are never to be added to each other.
    """

    joules: dict[str, float]
    counters: tuple[Counter, ...]
    problem: str | None


@dataclass(frozen=True)
class CounterResult:
    """What one counter says of one window: its record, and its joules or the reason why they can't be trusted."""

    counter: Counter
    joules: float
    problem: str | None = None


def add_up(source: str, results: Sequence[CounterResult]) -> Energy:
    """Energy of a window by domain; a single counter that can't be trusted makes the whole window void."""
    counters = tuple(result.counter for result in results)
    problems = [f"{result.counter.name}: {result.problem}" for result in results if result.problem]
    if problems:
        return Energy({}, counters, f"{source}: " + "; ".join(problems))
    counted = {counter.domain for counter in counters}
    joules = {domain: 0.0 for domain in DOMAINS if domain in counted}
    for result in results:
        joules[result.counter.domain] += result.joules
    return Energy(joules, counters, None)


class Source(ABC):
    """Energy counters that are opened once and read at both edges of many windows, one window after the other."""

    name: ClassVar[str]
    kind: ClassVar[Literal["measured", "estimated"]]
    watts_per_core: float | None = None
    """The estimate's power of one core; counters have none."""
    domains: tuple[str, ...]
    notes: tuple[str, ...] = ()
    """What this machine lacks: domains that were left out, each with the reason."""
    reason: str = ""
    """Why this source was chosen."""

    @abstractmethod
    def start(self) -> None:
        """Reads the counters at the first edge of a window and does nothing else; `energy()` tells if that failed."""

    @abstractmethod
    def stop(self) -> None:
        """Reads the counters at the last edge of the window and does nothing else; `energy()` tells if that failed."""

    @abstractmethod
    def energy(self, cpu_seconds: float) -> Energy:
        """Energy of the window from the last `start()` to the last `stop()`.

        `cpu_seconds` is the CPU time of what ran in the window: only the estimate needs it.
        """

    @abstractmethod
    def close(self) -> None:
        """Gives back files, threads and processes."""

    def record(self) -> SourceRecord:
        """What a record of readings says of this source."""
        return SourceRecord(
            name=self.name,
            kind=self.kind,
            domains=self.domains,
            watts_per_core=self.watts_per_core,
            reason=self.reason,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def limit_of(domain: str, packages: int, limit_watts: float) -> float:
    """Highest believable power in watts of one counter.

    A counter of package, core, uncore or dram belongs to one package. psys counts the whole platform: all packages, and
    as much as one more for everything else.
    """
    return limit_watts * (packages + 1) if domain == "psys" else limit_watts


def failed_read(error: OSError) -> str:
    """What a failed read of a counter is called in a problem, with the name of its error number."""
    return f"cannot be read: {errno.errorcode.get(error.errno or 0, 'no error number')}, {error.strerror}"


def implausible(joules: float, seconds: float, limit_watts: float) -> str | None:
    """Why `joules` in `seconds` cannot be true of a counter that moves at most `limit_watts` fast, or None."""
    if joules < 0:
        return f"the counter went backwards by {-joules:g} J"
    if joules > limit_watts * (seconds + UPDATE_SECONDS):
        return (
            f"{joules:g} J in {seconds:g} s is more than {limit_watts:g} W, which no package draws: "
            "the counter was reset, or misread"
        )
    return None


def stands_still(domain: str, joules: float, seconds: float) -> str | None:
    """Why a package counter that did not move is not believed, or None; other domains may rest."""
    if domain == "package" and joules == 0 and seconds >= STILL_SECONDS:
        return f"the counter did not move in {seconds:g} s: it is not counting"
    return None


def absent_counter_fix(module: str, proc: Path) -> str:
    """What to do where the kernel shows no energy counter at all; `module` is the kernel module that would show it.

    A virtual machine is told by the flag `hypervisor` in /proc/cpuinfo, which CPUID leaf 1 sets in guests.
    """
    try:
        flags = (proc / "cpuinfo").read_text(encoding="utf-8", errors="replace").split()
    except OSError:
        flags = []
    if "hypervisor" in flags:
        return (
            "This is a virtual machine and its host keeps the counters: measure on the machine itself, "
            "or set measure.allow_estimate to work with CPU time"
        )
    return (
        f"Load the kernel module (sudo modprobe {module}); CPUs before Intel Sandy Bridge and AMD Zen have no counter"
    )
