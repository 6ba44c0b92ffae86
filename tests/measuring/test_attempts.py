"""Which readings a job takes, how often again, and when it stops."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from ergit.config.settings import MeasureSettings
from ergit.measuring.attempts import Attempt, loops_for, take_all
from ergit.records.readings import Reading
from tests.fakes import job_records

SETTINGS = MeasureSettings(warmup=1, repeats=3, retries=2, loops="auto", minimum_window_seconds=0.1)


def reading(attempt: Attempt, **changes: Any) -> Reading:
    """A clean reading of that attempt."""
    known = {"repeat": attempt.repeat, "attempt": attempt.attempt, "warmup": attempt.warmup, "loops": attempt.loops}
    return job_records.reading(**known | changes)


def attempts(outcomes: dict[str, Any], **settings: Any) -> list[str]:
    """The attempts that were made, when those named here have another status or flags than a clean reading."""
    chosen = msgspec.structs.replace(SETTINGS, **settings)
    taken = take_all(lambda attempt: reading(attempt, **outcomes.get(str(attempt), {})), chosen)
    return [str(Attempt(each.repeat, each.attempt, each.warmup)) for each in taken]


def test_clean_readings_are_taken_once() -> None:
    assert attempts({}) == ["warm-up 1", "reading 1", "reading 2", "reading 3"]


def test_a_contaminated_reading_is_kept_and_taken_again_until_it_is_clean() -> None:
    assert attempts({"reading 2": {"flags": ("foreign-cpu",)}}) == [
        "warm-up 1",
        "reading 1",
        "reading 2",
        "reading 2, attempt 2",
        "reading 3",
    ]


def test_retries_have_an_end() -> None:
    always = {f"reading 1{again}": {"flags": ("steal",)} for again in ("", ", attempt 2", ", attempt 3")}
    assert attempts(always, repeats=1) == ["warm-up 1", "reading 1", "reading 1, attempt 2", "reading 1, attempt 3"]


def test_a_window_that_was_not_counted_is_taken_again() -> None:
    assert attempts({"reading 1": {"status": "not-counted"}}, repeats=1, warmup=0) == [
        "reading 1",
        "reading 1, attempt 2",
    ]


def test_flags_that_only_inform_cost_no_retry() -> None:
    assert attempts({"reading 1": {"flags": ("short-window", "left-behind:java")}}, repeats=1, warmup=0) == [
        "reading 1"
    ]


def test_a_contaminated_warm_up_is_not_taken_again() -> None:
    assert attempts({"warm-up 1": {"flags": ("foreign-cpu",)}}, repeats=1) == ["warm-up 1", "reading 1"]


@pytest.mark.parametrize("status", ["failed", "timeout"])
@pytest.mark.parametrize("last", ["warm-up 1", "reading 2"])
def test_nothing_follows_a_failure(status: str, last: str) -> None:
    assert attempts({last: {"status": status}})[-1] == last


@pytest.mark.parametrize(
    ("loops", "warmup_seconds", "expected"),
    [
        ("auto", 1.0, 1),
        ("auto", 0.1, 1),
        ("auto", 0.01, 13),
        ("auto", 0.0999, 2),
        ("auto", None, 1),
        ("auto", 0.0, 1),
        (7, 0.01, 7),
        (1, 0.01, 1),
    ],
)
def test_loops_fill_the_minimum_window(loops: Any, warmup_seconds: float | None, expected: int) -> None:
    warmup = None if warmup_seconds is None else reading(Attempt(1, warmup=True), duration_seconds=warmup_seconds)
    assert loops_for(msgspec.structs.replace(SETTINGS, loops=loops), warmup) == expected


def test_no_window_needs_filling_where_none_is_too_short() -> None:
    warmup = reading(Attempt(1, warmup=True), duration_seconds=0.001)
    assert loops_for(msgspec.structs.replace(SETTINGS, minimum_window_seconds=0.0), warmup) == 1


def shape_of_runs(seconds: Callable[[Attempt], float], **settings: Any) -> list[tuple[bool, int, int]]:
    """Whether each run is a warm-up, its repeat and its loops, where a run of an attempt takes that long."""
    chosen = msgspec.structs.replace(SETTINGS, repeats=2, retries=0, **settings)
    taken = take_all(lambda attempt: reading(attempt, duration_seconds=seconds(attempt)), chosen)
    return [(each.warmup, each.repeat, each.loops) for each in taken]


def test_loops_are_counted_again_where_the_first_window_was_too_short() -> None:
    shape = shape_of_runs(lambda attempt: 0.05 if attempt.warmup else 0.01 * attempt.loops)
    assert shape == [(True, 1, 1), (True, 2, 3), (False, 1, 13), (False, 2, 13)]


def test_loops_are_counted_from_the_first_reading_where_there_is_no_warm_up() -> None:
    shape = shape_of_runs(lambda attempt: 0.02 * attempt.loops, warmup=0)
    assert shape == [(True, 1, 1), (False, 1, 7), (False, 2, 7)]


def test_counting_loops_has_an_end() -> None:
    shape = shape_of_runs(lambda _: 0.001, warmup=0)
    assert [warmup for warmup, _, _ in shape] == [True, True, True, False, False]


def test_a_number_of_loops_that_is_set_is_not_counted_again() -> None:
    assert shape_of_runs(lambda _: 0.001, loops=2) == [(True, 1, 1), (False, 1, 2), (False, 2, 2)]
