"""Which readings a job takes, how often again, and when it stops."""

import math
from collections.abc import Callable

import msgspec
from msgspec import Struct

from ergit.config.settings import MeasureSettings
from ergit.records.readings import Reading

LOOP_MARGIN = 1.25
"""Room for runs that are faster than the one from which loops are counted."""

RECOUNTS = 3
"""How often loops are counted again; each time there are at least a quarter more."""


class Attempt(Struct, frozen=True):
    """One run of a job; repeats and attempts count from 1, warm-ups apart."""

    repeat: int
    attempt: int = 1
    warmup: bool = False
    loops: int = 1

    def __str__(self) -> str:
        again = f", attempt {self.attempt}" if self.attempt > 1 else ""
        return f"{'warm-up' if self.warmup else 'reading'} {self.repeat}{again}"


def take_all(take: Callable[[Attempt], Reading], settings: MeasureSettings) -> list[Reading]:
    """The warm-ups, then each repeat, taken again while it is contaminated and retries are left.

    The first run that fails or takes too long is the last one: what does not work is not measured, and each further try
    could cost the whole time limit. With `loops: auto`, a first window that is too short becomes a warm-up, from which
    loops are counted again.
    """
    taken: list[Reading] = []
    for repeat in range(1, settings.warmup + 1):
        taken.append(take(Attempt(repeat, warmup=True)))
        if taken[-1].has_failed:
            return taken
    loops = loops_for(settings, taken[-1] if taken else None)
    first = take(Attempt(1, loops=loops))
    for _ in range(RECOUNTS):
        more = loops_for(settings, first)
        if first.has_failed or more <= loops:
            break
        taken.append(msgspec.structs.replace(first, warmup=True, repeat=len(taken) + 1))
        loops = more
        first = take(Attempt(1, loops=loops))
    for repeat in range(1, settings.repeats + 1):
        for attempt in range(1, settings.retries + 2):
            is_first = (repeat, attempt) == (1, 1)
            taken.append(first if is_first else take(Attempt(repeat, attempt, loops=loops)))
            if taken[-1].has_failed:
                return taken
            if taken[-1].is_clean:
                break
    return taken


def loops_for(settings: MeasureSettings, earlier: Reading | None) -> int:
    """How often the command is run in one window, so that the window is not too short for the counter.

    With `loops: auto` that follows from an earlier window; without one the command is run once.
    """
    if settings.loops != "auto":
        return settings.loops
    if earlier is None or not earlier.duration_seconds:
        return 1
    if earlier.duration_seconds >= settings.minimum_window_seconds:
        return earlier.loops
    return math.ceil(LOOP_MARGIN * settings.minimum_window_seconds * earlier.loops / earlier.duration_seconds)
