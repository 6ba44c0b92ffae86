"""Readings of one job: which are taken, how often again, and when to stop."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ergit.energy.source import Counter

DISQUALIFYING = frozenset({"foreign-cpu", "steal", "suspended", "throttled", "too-hot", "too-cold", "busy"})
"""Flags under which a reading is not the energy of the workload alone; all others only inform."""

LOOP_MARGIN = 1.25  # what follows a warm-up is faster than the warm-up, from which loops are counted


@dataclass(frozen=True)
class Reading:
    """One window, as it is recorded. Joules, seconds and CPU time are those of all loops together."""

    repeat: int
    attempt: int
    warmup: bool
    status: str  # ok, failed, timeout, not-counted
    exit_code: int | None
    signal: int | None
    reason: str | None
    started: str
    duration_seconds: float
    cpu_seconds: float
    loops: int
    joules: dict[str, float]
    counters: list[Counter]
    flags: list[str]
    conditions: dict[str, Any]

    @property
    def has_failed(self) -> bool:
        """Whether the workload did not do its work."""
        return self.status in {"failed", "timeout"}

    @property
    def is_clean(self) -> bool:
        """Whether it can stand as a reading of its commit."""
        return self.status == "ok" and DISQUALIFYING.isdisjoint(self.flags)


@dataclass(frozen=True)
class Attempt:
    """Which run of a job this is; repeats and attempts count from 1, warm-ups apart."""

    repeat: int
    attempt: int = 1
    warmup: bool = False
    loops: int = 1

    def __str__(self) -> str:
        again = f", attempt {self.attempt}" if self.attempt > 1 else ""
        return f"{'warm-up' if self.warmup else 'reading'} {self.repeat}{again}"


def take_all(take: Callable[[Attempt], Reading], settings: Mapping[str, Any]) -> list[Reading]:
    """The warm-ups, then each repeat, taken again while it is contaminated and retries are left.

    The first run that fails or takes too long is the last one: what does not work is not measured, and each further try
    could cost the whole time limit. `settings` is `measure` of the config.
    """
    taken: list[Reading] = []
    for repeat in range(1, settings["warmup"] + 1):
        taken.append(take(Attempt(repeat, warmup=True)))
        if taken[-1].has_failed:
            return taken
    loops = loops_for(settings, taken[-1].duration_seconds if taken else None)
    for repeat in range(1, settings["repeats"] + 1):
        for attempt in range(1, settings["retries"] + 2):
            taken.append(take(Attempt(repeat, attempt, loops=loops)))
            if taken[-1].has_failed:
                return taken
            if taken[-1].is_clean:
                break
    return taken


def loops_for(settings: Mapping[str, Any], warmup_seconds: float | None) -> int:
    """How often the command is run in one window, so that the window is not too short for the counter.

    With `loops: auto` that follows from the last warm-up; without a warm-up the command is run once.
    """
    if settings["loops"] != "auto":
        return int(settings["loops"])
    shortest: float = settings["shortest_window_seconds"]
    if not warmup_seconds or warmup_seconds >= shortest:
        return 1
    return math.ceil(LOOP_MARGIN * shortest / warmup_seconds)
