"""Which counters have two names: by scripted counts, which follow the clock or the reads."""

import itertools
import time
from collections.abc import Callable

import pytest

from ergit.energy.names import Candidate, are_near, other_names

JOULE = 1e6


def candidate(
    name: str, count: Callable[[], int], package: str | None = "0", domain: str = "package", *, since_boot: bool = False
) -> Candidate:
    """A counter in microjoules."""
    return Candidate(name, domain, package, JOULE, since_boot, count)


def at(watts: float, offset: int = 0, step_seconds: float = 0.001) -> Callable[[], int]:
    """A counter that is updated once a millisecond."""
    return lambda: offset + round(time.perf_counter() / step_seconds) * round(watts * step_seconds * JOULE)


def test_two_names_of_one_counter_are_found_and_a_third_counter_is_not():
    counter = at(20.0)
    found = other_names([candidate("a", counter), candidate("b", counter), candidate("c", at(23.0))])
    assert found == {1: 0}


def test_three_names_of_one_counter_are_all_names_of_the_first():
    counter = at(20.0)
    assert other_names([candidate(name, counter, name) for name in "abc"]) == {1: 0, 2: 0}


def test_counters_of_other_domains_are_never_compared():
    counter = at(20.0)
    assert other_names([candidate("a", counter), candidate("b", counter, domain="dram")]) == {}


def test_dies_of_one_package_that_are_updated_a_moment_apart_are_one_counter():
    ahead = at(20.0, offset=50)
    assert other_names([candidate("a", at(20.0)), candidate("b", lambda: ahead() + next(jitter))]) == {1: 0}


jitter = itertools.cycle([0, 40, 90, 10])


def test_packages_that_only_move_alike_are_counters_of_their_own():
    ahead = at(20.0)
    wandering = itertools.cycle([0, 4000, 9000, 1000])
    found = other_names([candidate("a", at(20.0), "0"), candidate("b", lambda: ahead() + next(wandering), "1")])
    assert found == {}


def test_counters_that_move_all_the_time_are_told_apart_by_their_power():
    """As those of the guest, which no millisecond's steps keep apart."""
    smooth, faster = (at(watts, step_seconds=1e-6) for watts in (10.0, 13.0))
    assert other_names([candidate("a", smooth, "0"), candidate("b", faster, "1")]) == {}
    assert other_names([candidate("a", smooth, "0"), candidate("b", smooth, "1")]) == {1: 0}


def test_counters_that_do_not_move_say_nothing():
    assert other_names([candidate("a", lambda: 0, "0"), candidate("b", lambda: 0, "1")]) == {}


@pytest.mark.parametrize(
    ("count", "other", "near"),
    [
        (1_000_000, 1_000_100, True),
        (50_000_000_000, 50_000_900_000, True),
        (50_000_000_000, 50_001_100_000, False),
        (1_000_000, 1_020_000, False),
        (0, 0, False),
    ],
)
def test_counts_since_boot_are_near_within_a_joule_and_a_hundredth(count, other, near):
    assert are_near(count, other, JOULE) is near
    assert are_near(other, count, JOULE) is near
