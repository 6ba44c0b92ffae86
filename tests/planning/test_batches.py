"""Batches of commits, and which round of which commit belongs to which."""

import pytest

from ergit.errors import ErgitError
from ergit.planning.batches import batched, round_in_batch, turn
from ergit.records.plan import RoundsPlan

ROUNDS: dict[str, int | None] = dict.fromkeys("abcdefg")


def test_a_plan_without_batches_is_one_batch() -> None:
    plan = RoundsPlan(rounds=ROUNDS)
    assert plan.batch_of("c", 2) == 0
    assert round_in_batch(plan, 1002) == 1002


def test_batches_are_counted_from_the_oldest_and_hold_no_anchors() -> None:
    plan = batched(ROUNDS, 2, ["a", "g"])
    assert plan.batches == (("b", "c"), ("d", "e"), ("f",))
    assert plan.anchors == ("a", "g")


def test_newer_commits_change_no_batch_but_the_last() -> None:
    longer = batched({**ROUNDS, "h": None, "i": None}, 2, ["a", "g"])
    assert longer.batches == (("b", "c"), ("d", "e"), ("f", "h"), ("i",))


def test_a_commit_that_is_measured_in_no_round_is_in_no_batch() -> None:
    assert batched({**ROUNDS, "d": 0}, 2, ["a", "g"]).batches == (("b", "c"), ("e", "f"))


def test_an_anchor_is_measured_in_every_batch_under_numbers_that_stay() -> None:
    plan = batched(ROUNDS, 3, ["a", "g"])
    readings = plan.readings(2)
    assert [number for commit, number in readings if commit == "a"] == [1, 2, 1001, 1002]
    assert [number for commit, number in readings if commit == "c"] == [1, 2]
    assert set(readings) < set(plan.readings(3))
    assert set(readings) < set(batched({**ROUNDS, "h": None, "i": None, "j": None}, 3, ["a", "g"]).readings(2))


def test_each_reading_knows_its_batch_and_its_round_there() -> None:
    plan = batched(ROUNDS, 3, ["a", "g"])
    assert [plan.batch_of(*reading) for reading in (("a", 2), ("a", 1002), ("b", 1), ("f", 2))] == [0, 1, 0, 1]
    assert [round_in_batch(plan, number) for number in (2, 1002)] == [2, 2]


def test_the_newest_batch_may_come_first() -> None:
    plan = batched(ROUNDS, 2, ["a", "g"])
    assert [turn(plan, batch, newest_first=False) for batch in range(3)] == [0, 1, 2]
    assert [turn(plan, batch, newest_first=True) for batch in range(3)] == [2, 1, 0]
    assert turn(RoundsPlan(rounds=ROUNDS), 0, newest_first=True) == 0


@pytest.mark.parametrize(
    ("anchors", "sentence"),
    [
        ([], "plan.anchors names 0 commits, and batches take 2 or more"),
        (["a", "a"], "plan.anchors names 1 commit, and batches take 2 or more"),
        (["a", "z"], "plan.anchors: z is not measured in this study"),
        (["a", "c"], "plan.anchors: c is not measured in this study"),
    ],
)
def test_batches_without_two_anchors_are_an_error(anchors: list[str], sentence: str) -> None:
    with pytest.raises(ErgitError, match=sentence):
        batched({**ROUNDS, "c": 0}, 2, anchors)


def test_an_anchor_that_is_not_chosen_is_named_as_in_the_config() -> None:
    with pytest.raises(
        ErgitError, match=r"plan.anchors: 'v1.0' \(z\) is not measured in this study. Add it to `commits`"
    ):
        batched(ROUNDS, 2, ["a", "z"], ["v0.9", "v1.0"])


def test_more_rounds_than_a_batch_can_number_are_an_error() -> None:
    with pytest.raises(ErgitError, match=r"measure.rounds is 1000; in batches \(plan.batch\) there are 999 at most"):
        batched(ROUNDS, 2, ["a", "g"]).readings(1000)
