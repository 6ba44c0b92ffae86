"""Counters that have two names: found by their package and by how they move, so that no joule is added up twice."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from msgspec import Struct

from ergit.energy.source import work

MOMENTS = 4
MOMENT_SECONDS = 0.005
"""How often, and how far apart, two counters must have moved by the same amount to be one.

A counter moves once in a millisecond and a read takes some microseconds, so that each moment leaves room for a
difference of about a thousandth: counters of their own pass the first by chance now and then, hardly ever all of them.
"""

PATIENCE_SECONDS = 0.05
"""How long a counter may take to move before it says nothing."""

SKEW_SECONDS = 0.1
SKEW_SHARE = 0.02
"""Two names in one package may be updated a millisecond apart at either end, which is 2% of a tenth of a second.

Work on one die of two draws more than 2% of what a die draws at rest, so that counters of their own differ by more.
"""

NEAR_JOULES = 1.0
NEAR_SHARE = 0.01
"""Counts since boot that are as near as this belong to one counter: a millisecond of the highest power is 1 J.

Two counters of their own are so near by chance once in 30,000 openings, since a range has 65 kJ or more.
"""


class Candidate(Struct, frozen=True):
    """A counter as it is compared with others: `count` reads it, in units of which a joule has `units_per_joule`.

    `cpu` is a processor that it counts, where one is known. Counts of powercap go on since the machine's boot
    (`counts_since_boot`), those of an event start when it is opened.
    """

    name: str
    domain: str
    package: str | None
    units_per_joule: float
    counts_since_boot: bool
    count: Callable[[], int]
    cpu: int | None = None


class Frame(NamedTuple):
    """A read of one counter between two reads of another."""

    before: int
    other: int
    after: int


def other_names(candidates: Sequence[Candidate]) -> dict[int, int]:
    """Indices of the candidates that are another name of an earlier one, each with the index of that one.

    Raises OSError and ValueError where a counter cannot be read.
    """
    found: dict[int, int] = {}
    for index, candidate in enumerate(candidates):
        for earlier in range(index):
            if earlier not in found and is_one_counter(candidates[earlier], candidate):
                found[index] = earlier
                break
    return found


def is_one_counter(one: Candidate, other: Candidate) -> bool:
    """Whether two candidates are names of one counter, for all that a fraction of a second can show.

    Counters of one package are one if their counts since boot are near, or if they move alike within the time of an
    update; those of different packages only if each read of one lies between two reads of the other while they move.
    """
    if one.domain != other.domain or one.units_per_joule != other.units_per_joule:
        return False
    shares_package = one.package is not None and one.package == other.package
    if one.counts_since_boot and shares_package:
        return are_near(one.count(), other.count(), one.units_per_joule)
    if moves_as_one(one, other):
        return True
    return shares_package and all(moves_alike(one, other, cpu) for cpu in (one.cpu, other.cpu))


def are_near(count: int, other: int, units_per_joule: float) -> bool:
    """Whether two counts since boot are those of one counter, updated a moment apart."""
    return abs(count - other) < min(NEAR_JOULES * units_per_joule, NEAR_SHARE * max(count, other))


def moves_as_one(one: Candidate, other: Candidate) -> bool:
    """Whether `other` lies between two reads of `one`, again and again while they move."""
    start = frame_of(one, other)
    if one.counts_since_boot and not start.before <= start.other <= start.after:
        return False
    latest = start
    for _ in range(MOMENTS):
        earlier, latest = latest, frame_after_a_move(one, other, latest.after)
        moved = latest.other - start.other
        if latest.after == earlier.after or not latest.before - start.after <= moved <= latest.after - start.before:
            return False
    return True


def frame_after_a_move(one: Candidate, other: Candidate, count: int) -> Frame:
    """The reads after a moment of work, or a longer one if `one` still has that count."""
    ends = time.perf_counter() + PATIENCE_SECONDS
    work(MOMENT_SECONDS)
    while (frame := frame_of(one, other)).after == count and time.perf_counter() < ends:
        work(MOMENT_SECONDS)
    return frame


def moves_alike(one: Candidate, other: Candidate, cpu: int | None) -> bool:
    """Whether both move by the same amount in a tenth of a second of work on a CPU, but for the moment of updates."""
    start, began = one.count(), other.count()
    with kept_on(cpu):
        work(SKEW_SECONDS)
    moved, by = one.count() - start, other.count() - began
    return moved > 0 and abs(moved - by) <= SKEW_SHARE * moved


@contextlib.contextmanager
def kept_on(cpu: int | None) -> Iterator[None]:
    """Runs this thread on one processor for a while, where that is allowed."""
    allowed = os.sched_getaffinity(0)
    if cpu not in allowed:
        yield
        return
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def frame_of(one: Candidate, other: Candidate) -> Frame:
    """A read of `other` between two of `one`."""
    return Frame(one.count(), other.count(), one.count())
