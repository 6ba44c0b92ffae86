"""Joules of a counter that restarts at 0 past its range: wraps undone, resets refused."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from ergit.energy.source import UPDATE_SECONDS, NotCountedError, implausible

WRAP_FACTOR = 2.0
"""A step with a wrap lies between half and twice the power of the steps beside it, or is refused.

Convention: wide enough for a workload whose power changes within one step between two others, and narrow enough that a
reset taken for a wrap is wrong by no more than the energy of about one step.
"""

SHORTEST_NEIGHBOUR_SECONDS = 0.05
"""A shorter step says too little of the power: the counter itself moves once in a millisecond."""


class Watts(NamedTuple):
    """Lowest and highest mean power that a counter has shown."""

    lowest: float
    highest: float


def joules_between(first_uj: int, last_uj: int, range_uj: int) -> float:
    """Energy in joules from one reading to the next, with at most one wrap between them.

    The counter holds 0..`range_uj` and restarts at 0 (linux/Documentation/power/powercap/powercap.rst,
    `max_energy_range_uj`). The kernel makes both from a 32-bit count of units of 61 µJ or less, so that a wrap is exact
    to one unit.
    """
    return (last_uj - first_uj) % (range_uj + 1) / 1e6


class CounterStep(NamedTuple):
    """From one read of the counter to the next, a fall of the count taken for a wrap."""

    first_uj: int
    last_uj: int
    seconds: float
    joules: float

    @property
    def falls(self) -> bool:
        """Whether there was a wrap or a reset in it."""
        return self.last_uj < self.first_uj

    @property
    def watts(self) -> float:
        """Mean power."""
        return self.joules / self.seconds

    @property
    def can_be_compared_with(self) -> bool:
        """Whether its power is known well enough to judge another step by it."""
        return not self.falls and self.seconds >= SHORTEST_NEIGHBOUR_SECONDS


def window_joules(
    times: Sequence[float],
    counts_uj: Sequence[int],
    range_uj: int,
    limit_watts: float,
    earlier: Watts | None = None,
) -> float:
    """Joules from the first count to the last, any number of wraps undone; `times` in seconds belong to `counts_uj`.

    A count that fell was a wrap or a reset, and nothing but the power tells which. Each step from one count to the next
    may hold one wrap, which is sure only if `limit_watts` could not fill the range meanwhile; taken for a wrap, a fall
    must mean a power like that of the steps beside it, or, in a window without such steps, of `earlier` windows. A
    reset after which the counter passes its earlier count within one step is not seen: the window lacks that count.

    Raises NotCountedError where a step is unsure or impossible.
    """
    steps = [
        CounterStep(first, last, end - begin, joules_between(first, last, range_uj))
        for (begin, end), (first, last) in zip(pairwise(times), pairwise(counts_uj), strict=True)
    ]
    for index, step in enumerate(steps):
        if limit_watts * (step.seconds + UPDATE_SECONDS) * 1e6 > range_uj:
            raise NotCountedError(
                f"{step.seconds:g} s passed between two reads: the counter may have wrapped more than once"
            )
        refusal = implausible(step.joules, step.seconds, limit_watts)
        if refusal is None and step.falls:
            refusal = why_no_wrap(step, neighbours_of(steps, index) or earlier)
        if refusal is not None:
            raise NotCountedError(f"from {step.first_uj} to {step.last_uj} µJ: {refusal}")
    return sum(step.joules for step in steps)


def neighbours_of(steps: Sequence[CounterStep], index: int) -> Watts | None:
    """Power of the nearest steps before and after one, in which the count did not fall; None where there are none."""
    before = next((step for step in reversed(steps[:index]) if step.can_be_compared_with), None)
    after = next((step for step in steps[index + 1 :] if step.can_be_compared_with), None)
    watts = [step.watts for step in (before, after) if step is not None]
    return Watts(min(watts), max(watts)) if watts else None


def why_no_wrap(step: CounterStep, known: Watts | None) -> str | None:
    """Why a fall of the count is not believed to be a wrap, or None where it is."""
    if known is None:
        return "the counter fell, and no other power is known by which a wrap could be told from a reset"
    least = known.lowest / WRAP_FACTOR * (step.seconds - UPDATE_SECONDS)
    most = known.highest * WRAP_FACTOR * (step.seconds + UPDATE_SECONDS)
    if least <= step.joules <= most:
        return None
    return (
        f"as a wrap this is {step.joules:g} J in {step.seconds:g} s, beside a power of {known.lowest:g} to "
        f"{known.highest:g} W: the counter was reset"
    )
