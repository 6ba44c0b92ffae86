"""What `ergit compare` prints."""

from typing import Any

from msgspec.structs import replace

from ergit.records.comparison import CommonDifference, ComparedPair, ComparisonRecord
from ergit.reports.comparison import page

PAIR = ComparedPair(
    first="a" * 40,
    second="b" * 40,
    first_readings=15,
    second_readings=1,
    first_median_joules=100.0,
    second_median_joules=105.0,
    relative=0.05,
    ci_low=0.04,
    ci_high=0.06,
    q=0.0001,
    differs=True,
    visible=0.012,
    first_sessions=("box 01",),
    second_sessions=("box 01",),
    anchors=0,
)


def printed(*pairs: ComparedPair, **entries: Any) -> list[str]:
    """The lines about these pairs."""
    return list(page(ComparisonRecord(**{"first": "v1", "second": "v2", "kind": "measured"} | entries, pairs=pairs)))


def test_a_difference_is_printed_with_its_interval_and_verdict() -> None:
    assert printed(PAIR) == [
        "A: v1",
        "B: v2",
        "Both were measured in one session: box 01.",
        "",
        "A: median 100 J of 15 readings",
        "B: median 105 J of 1 reading",
        "B uses 5.0% more energy than A (95% interval +4.0% to +6.0%), q = 0.0001",
        "differs",
    ]


def test_no_difference_says_how_small_a_one_could_have_been_seen() -> None:
    assert printed(replace(PAIR, differs=False))[-1] == (
        "no difference of 1.2% or more was seen; a smaller one is possible"
    )


def test_less_energy_and_the_same_energy_are_said_in_words() -> None:
    assert any(line.startswith("B uses 26.0% less energy than A (") for line in printed(replace(PAIR, relative=-0.26)))
    assert any(line.startswith("B uses as much energy as A (") for line in printed(replace(PAIR, relative=-0.0004)))


def test_sessions_are_named_with_what_links_them() -> None:
    apart = replace(PAIR, second_sessions=("box 02",))
    assert (
        "They were measured in different sessions (A in box 01; B in box 02), linked by 4 commits that were measured in"
        " several of them." in printed(replace(apart, anchors=4))
    )
    assert (
        "They were measured in different sessions that no commit links (A in box 01; B in box 02): a difference may"
        " come from the machine or its state, not from the program." in printed(replace(apart, anchors=None))
    )


def test_the_same_sessions_on_both_sides_are_not_called_different() -> None:
    both = replace(PAIR, first_sessions=("box 01", "box 02"), second_sessions=("box 01", "box 02"))
    assert (
        "Both were measured in the same sessions (box 01, box 02), linked by 4 commits that were measured in several of"
        " them." in printed(replace(both, anchors=4))
    )
    assert (
        "Both were measured in the same sessions (box 01, box 02), which each study links by its own commits: a"
        " difference may still come from the machine or its state, not from the program."
        in printed(replace(both, anchors=None))
    )


def test_an_estimate_an_obstacle_and_an_assumption_are_stated() -> None:
    lines = printed(
        replace(PAIR, assumed_build_difference=0.015), kind="estimated", obstacles=("v1 has no clean reading",)
    )
    assert "Energy estimated from CPU time, not measured." in lines
    assert "cannot be compared: v1 has no clean reading" in lines
    assert any(
        line.startswith("The intervals assume that builds of the same source differ by at most 1.5%") for line in lines
    )


def test_of_many_pairs_the_surest_are_listed_and_the_rest_counted() -> None:
    pairs = [replace(PAIR, first=f"{n:040x}", second=f"{n:040x}", q=n / 100, differs=n < 3) for n in range(25)]
    common = CommonDifference(commits=25, relative=0.01, ci_low=0.0, ci_high=0.02, p=0.04, differs=False)
    lines = printed(*pairs, common=(common,))
    assert (
        "over 25 commits, B uses 1.0% more energy than A (95% interval +0.0% to +2.0%), p = 0.04: no difference seen"
        in lines
    )
    assert lines[-1] == "3 of 25 commits differ; --json has all of them."
    assert sum(line.startswith("A 0000000000: median") for line in lines) == 20
