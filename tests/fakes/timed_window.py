"""A window of an energy source, and between which limits its length lies."""

import time

from ergit.energy.source import Energy, Source


def timed_window(source: Source, seconds: float) -> tuple[float, Energy, float]:
    """A window's energy between its least and most possible seconds, with 0.1% for the difference of clocks."""
    outside = time.perf_counter()
    source.start()
    inside = time.perf_counter()
    time.sleep(seconds)
    shortest = time.perf_counter() - inside
    source.stop()
    longest = time.perf_counter() - outside
    return shortest * 0.999, source.energy(0.0), longest * 1.001
