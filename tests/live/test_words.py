"""What a run is doing, in words."""

import pytest
from msgspec.structs import replace

from ergit.live.words import block, minute_line, now_words
from ergit.records.live import LiveRecord, LiveStep
from ergit.terminal import Line
from tests.fakes.live_records import PARSER, live_record


def plain(lines: list[Line]) -> str:
    return "\n".join("".join(text for _, text in line) for line in lines)


def test_the_block_says_how_far_what_now_and_what_went_wrong() -> None:
    assert plain(block(live_record())) == (
        "measuring  ━━━━━━━───────────────────────  215 of 900 readings, 24%  about 41 min left\n"
        "now        measures 0ec90d327f v1.1 Speed up the <parser>, round 2 of 3, reading 3 of 5, 54 °C\n"
        "failed     4 commits failed; 3 of them: build-failed, `make` ended with status 2\n"
        "flagged    12 readings flagged: 9 foreign-cpu, 3 too-hot"
    )


def test_what_is_waited_for_has_a_line_of_its_own() -> None:
    record = live_record(waits="for quiet: others use 1.80 cores", failures=(), flagged=0, flags={})
    assert plain(block(record)).splitlines()[2:] == ["waits      for quiet: others use 1.80 cores"]


def test_builds_are_counted_while_commits_are_built() -> None:
    builds = tuple(LiveStep(what="builds", since="", commit=PARSER) for _ in range(3))
    record = live_record(
        steps=(LiveStep(what="prepares builds", since=""), *builds),
        builds_done=12,
        readings_done=0,
        reading=None,
        seconds_left=None,
        building_seconds_left=300.0,
        celsius=None,
        failures=(),
        flagged=0,
    )
    assert plain(block(record)) == (
        "building   ━━━━━━────────────────────────  12 of 60 builds  about 5 min of building left\n"
        "now        builds 0ec90d327f v1.1 Speed up the <parser>, and 3 other jobs"
    )


def test_a_log_gets_all_of_it_on_one_line() -> None:
    assert plain([minute_line(live_record(waits="for quiet", has_windows=True))]) == (
        "ergit: 215 of 900 readings, 24%; about 41 min of work left; waits for quiet; 4 commits failed:"
        " 3 build-failed, 1 workload-timeout; 12 readings flagged: 9 foreign-cpu, 3 too-hot; measures 0ec90d327f"
        " v1.1 Speed up the <parser>, round 2 of 3, reading 3 of 5"
    )


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (live_record(steps=()), "between two jobs"),
        (live_record(steps=(LiveStep(what="draws the figures", since=""),), reading=None), "draws the figures"),
        (
            live_record(steps=(LiveStep(what="measures", since="", commit=PARSER, round=2003),), reading=None),
            "measures 0ec90d327f v1.1 Speed up the <parser>, round 2003",  # of an anchor: it says the batch too
        ),
    ],
)
def test_what_runs_now(record: LiveRecord, words: str) -> None:
    assert now_words(record) == words


def test_a_subject_can_do_nothing_to_a_terminal() -> None:
    commit = replace(PARSER, subject="\x1b[2J\nowned")
    record = live_record(steps=(LiveStep(what="builds", since="", commit=commit),), reading=None)
    assert now_words(record) == "builds 0ec90d327f v1.1 \ufffd[2J owned"


def test_before_the_commits_are_chosen_nothing_is_counted() -> None:
    record = live_record(
        builds_total=None, readings_total=None, steps=(), failures=(), flagged=0, celsius=None, seconds_left=0.0
    )
    assert plain(block(record)) == "now        between two jobs"
    assert plain([minute_line(record)]) == "ergit: the commits are not chosen yet; between two jobs"
