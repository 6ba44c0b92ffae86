"""A change that the next one undoes is told as such."""

from ergit.reports.undone import undone
from tests.fakes.results import change
from tests.fakes.tables import sha_of


def test_a_change_and_the_one_that_brings_the_level_back_are_a_pair() -> None:
    broken, mended = change(4, -0.622), change(7, 1.663, ci_low=1.62, ci_high=1.68)
    found = undone([change(1, 0.1), broken, mended, change(9, 0.2)])
    assert found.keys() == {sha_of(4), sha_of(7)}
    assert found[sha_of(4)].in_words(sha_of(4)) == f"The next change, {sha_of(7)[:10]} (+166.3%), undoes it."
    assert found[sha_of(7)].in_words(sha_of(7)) == (
        f"It undoes the change before, {sha_of(4)[:10]} (-62.2%): the level is again what it was."
    )


def test_changes_that_leave_another_level_are_none() -> None:
    assert undone([change(4, 0.2), change(7, -0.1)]) == {}
    assert undone([change(4, 0.2), change(7, 0.2)]) == {}


def test_small_changes_and_passing_ones_are_none() -> None:
    assert undone([change(4, 0.03), change(7, -0.03)]) == {}
    assert undone([change(4, 0.25), change(5, -0.2, kind="transient")]) == {}


def test_a_change_is_undone_once() -> None:
    found = undone([change(4, 0.25), change(5, -0.2), change(6, 0.25)])
    assert found.keys() == {sha_of(4), sha_of(5)}
