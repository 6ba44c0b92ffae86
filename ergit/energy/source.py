"""What every energy source gives: the joules between two edges of a window, or the reason why there are none."""

import errno
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Literal, Self

from msgspec import Struct

from ergit.errors import ErgitError
from ergit.records.readings import DOMAINS, Counter, SourceRecord

LIMIT_WATTS = 1000.0
"""More than any CPU package draws: twice the 500 W design power of the largest server packages on sale in 2025."""

OUTSIDE = "Measure on the machine itself, not in a virtual machine: its host keeps the counters"
"""What to do in a guest, whose host rarely passes counters on."""

UPDATE_SECONDS = 0.01
"""What a window may gain from the counter's own steps: ten of them, each about a millisecond.

Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 3B, "RAPL Interfaces".
"""

STILL_SECONDS = 0.1
"""A package counter that has not moved for this long is not counting: even 1 W would have moved it 1,600 times."""

MAY_REST = frozenset({"uncore"})
"""Domains that draw nothing for a while on a healthy machine: a graphics unit is switched off when it is idle."""

TRIAL_SECONDS = (0.005, 0.02, 0.1)
"""Windows of the trial of a source, one after the other until one counts: a healthy counter needs the first alone."""

CLOCK_SLACK_SECONDS = 0.02
CLOCK_SLACK_SHARE = 0.001
"""How far the kernel's own time of an event may lie outside the edges of a window, as seconds and as a share of it.

Two clocks differ by at most 0.05% (CLOCK_MONOTONIC is slewed by up to 500 ppm, adjtimex(2)). Healthy windows of a
guest under emulation, the worst machine at hand, differed by -3.3 to +9.5 ms, and by -13 ms under load.
"""

GONE = frozenset({errno.ENODEV, errno.ENXIO})
"""Error numbers of a counter whose device has left: no further read can succeed."""


class UnavailableError(ErgitError):
    """A source that cannot be used here: `reason` says why, `fix` what to do, with the least privilege first."""

    def __init__(self, reason: str, fix: str) -> None:
        super().__init__(f"{reason}. {fix}.")
        self.reason = reason
        self.fix = fix


class NoRightError(UnavailableError):
    """A source that could be used here by a program with more rights; `fix` gives it these."""


class OtherDomainError(UnavailableError):
    """A source that counts here, but not what the settings judge by; `domain` is the first that it shows."""

    def __init__(self, place: object, shown: Sequence[str], judged: str) -> None:
        self.domain = shown[0]
        whole = ", the energy of the whole machine" if self.domain == "psys" else ""
        super().__init__(
            f"{place} counts {', '.join(shown)} and no {judged}, by which measure.judged compares commits",
            f"Set measure.judged: {self.domain}{whole}",
        )


class NotCountedError(ValueError):
    """Why a window has no joules; `is_gone` where the counter will not count again, in no window."""

    def __init__(self, reason: str, *, is_gone: bool = False) -> None:
        super().__init__(reason)
        self.is_gone = is_gone


Read = bytes | OSError
"""What one read of a counter gave."""


class Energy(Struct, frozen=True):
    """Joules of one window by domain, summed over sockets and dies; none, but a `problem`, if they can't be trusted.

    The package holds core and uncore, psys holds the package: domains are never to be added to each other. `seconds` is
    how long the counters counted by their own account, None where they have none: it differs from the time of the
    command where an edge of the window was late. `is_gone`: a counter will not count again, so that no later window of
    this source can be counted either.
    """

    joules: dict[str, float]
    counters: tuple[Counter, ...]
    problem: str | None
    seconds: float | None = None
    is_gone: bool = False


class CounterResult(Struct, frozen=True):
    """What one counter says of one window: its record, and its joules or the reason why they can't be trusted."""

    counter: Counter
    joules: float
    problem: str | None = None
    is_gone: bool = False


def add_up(source: str, results: Sequence[CounterResult], seconds: float | None) -> Energy:
    """Energy of a window by domain; a single counter that can't be trusted makes the whole window void."""
    counters = tuple(result.counter for result in results)
    problems = [f"{result.counter.name}: {result.problem}" for result in results if result.problem]
    if problems:
        is_gone = any(result.is_gone for result in results)
        return Energy({}, counters, f"{source}: " + "; ".join(problems), seconds, is_gone)
    counted = {counter.domain for counter in counters}
    joules = {domain: 0.0 for domain in DOMAINS if domain in counted}
    for result in results:
        joules[result.counter.domain] += result.joules
    return Energy(joules, counters, None, seconds)


class Source(ABC):
    """Energy counters that are opened once and read at both edges of many windows, one window after the other."""

    name: str
    kind: ClassVar[Literal["measured", "estimated"]] = "measured"
    domains: tuple[str, ...]
    judged: str = "package"
    """The domain by which commits are compared: without it a window counts nothing."""
    watts_per_core: float | None = None
    """The estimate's power of one core; counters have none."""
    notes: tuple[str, ...] = ()
    """What this machine lacks, and which counters were left out, each with the reason."""
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

    def try_out(self, windows_seconds: Sequence[float] = TRIAL_SECONDS) -> None:
        """Counts a moment of work, to see that the counters of the judged domain move.

        Raises UnavailableError where a window of none of these lengths gives energy of the judged domain.
        """
        if self.judged not in self.domains:
            raise OtherDomainError(f"the source {self.name}", self.domains, self.judged)
        problem: str | None = None
        for seconds in windows_seconds:
            self.start()
            work(seconds)
            self.stop()
            energy = self.energy(seconds)
            problem = energy.problem or unmoved(energy.counters, self.judged, seconds)
            if problem is None:
                return
        raise UnavailableError(
            f"a trial counted no energy: {problem}",
            "This counter is shown but does not count, as in virtual machines and containers that pass the files "
            "through: measure on the machine itself, or choose another source",
        )

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


def parse_whole_number(text: str) -> int:
    """The number in a file of the kernel; raises ValueError for all but its decimal digits."""
    if not re.fullmatch(r"[0-9]+\n?", text):
        raise ValueError(f"{text!r} is no whole number")
    return int(text)


def work(seconds: float) -> None:
    """Uses one processor for that long."""
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends:
        pass


def unmoved(counters: Iterable[Counter], judged: str, seconds: float) -> str | None:
    """Which counters of the judged domain stood still in a trial of `seconds`, or None; some domains may rest."""
    still = [counter.name for counter in counters if counter.domain == judged and counter.before == counter.after]
    if not still or judged in MAY_REST:
        return None
    return f"{', '.join(still)} did not move in {seconds:g} s of work"


def limit_of(domain: str, packages: int, limit_watts: float) -> float:
    """Highest believable power in watts of one counter.

    A counter of package, core, uncore or dram belongs to one package. psys counts the whole platform: all packages, and
    as much as one more for everything else.
    """
    return limit_watts * (max(packages, 1) + 1) if domain == "psys" else limit_watts


def failed_read(error: OSError) -> NotCountedError:
    """What a failed read of a counter means for its window, with the name of its error number."""
    number = errno.errorcode.get(error.errno or 0, "no error number")
    return NotCountedError(f"cannot be read: {number}, {error.strerror}", is_gone=error.errno in GONE)


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


def stands_still(domain: str, judged: str, joules: float, seconds: float) -> str | None:
    """Why a counter of the judged domain that did not move is not believed, or None; other domains may rest."""
    if domain == judged and domain not in MAY_REST and joules == 0 and seconds >= STILL_SECONDS:
        return f"the counter did not move in {seconds:g} s: it is not counting"
    return None


def refuse_other_length(counted_seconds: float, shortest_seconds: float, longest_seconds: float) -> None:
    """Does nothing where an event counted for as long as its window lasted, between its inner and its outer edges.

    Raises NotCountedError where it stopped inside the window (its processor went offline), or its clock is wrong.
    """
    slack = CLOCK_SLACK_SECONDS + CLOCK_SLACK_SHARE * longest_seconds
    if not shortest_seconds - slack <= counted_seconds <= longest_seconds + slack:
        raise NotCountedError(
            f"it counted for {counted_seconds:.3f} s of a window of {shortest_seconds:.3f} to {longest_seconds:.3f} s"
            + (": it stopped inside the window" if counted_seconds < shortest_seconds else ""),
            is_gone=counted_seconds == 0,
        )


def left_out_by_settings(domains: Iterable[str]) -> tuple[str, ...]:
    """Notes on domains that a source could read and the settings leave out."""
    return tuple(f"{domain} left out by measure.domains" for domain in domains)


def absent_counter_fix(module: str, proc: Path) -> str:
    """What to do where the kernel shows no energy counter at all; `module` is the kernel module that would show it.

    A virtual machine is recognised by the flag `hypervisor` in /proc/cpuinfo, which CPUID leaf 1 sets in guests.
    """
    try:
        flags = (proc / "cpuinfo").read_text(encoding="utf-8", errors="replace").split()
    except OSError:
        flags = []
    if "hypervisor" in flags:
        return OUTSIDE
    return (
        f"Load the kernel module (sudo modprobe {module}); CPUs before Intel Sandy Bridge and AMD Zen have no counter"
    )
