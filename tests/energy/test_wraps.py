"""Falls of a counter: wraps undone, resets refused, by the power of the steps beside them."""

import pytest

from ergit.energy.source import NotCountedError
from ergit.energy.wraps import Watts, joules_between, window_joules

RANGE = 65_532_610_987
"""Of a package counter of AMD, 65.5 kJ."""

JOULE = 1_000_000


def joules(*counts_joules: float, earlier: Watts | None = None, step_seconds: float = 1.0) -> float:
    """Joules of a window with a read each `step_seconds`; a negative count is one below the range."""
    counts = [round(count * JOULE) if count >= 0 else RANGE + 1 + round(count * JOULE) for count in counts_joules]
    times = [step_seconds * index for index in range(len(counts))]
    return window_joules(times, counts, RANGE, 1000.0, earlier)


def test_a_microjoule_is_a_millionth_of_a_joule():
    assert joules_between(1_000_000, 3_500_000, RANGE) == 2.5


def test_a_wrap_is_undone():
    assert joules_between(RANGE, 0, RANGE) == 1e-6
    assert joules_between(RANGE - 999_999, 1_000_000, RANGE) == 2.0


def test_many_wraps_of_a_long_window_are_undone():
    counts = [0, 60_000, 20_000, 80_000, 40_000, 0]
    assert window_joules([0, 60, 120, 180, 240, 300], [c * 1_000_000 for c in counts], 100_000_999_999, 1000.0) == (
        pytest.approx(60_000 + 60_001 + 60_000 + 60_001 + 60_001)
    )


def test_a_wrap_at_the_power_of_its_neighbours_is_undone():
    assert joules(-120, -70, -20, 30, 80) == pytest.approx(200.0)


def test_a_wrap_while_the_power_rises_is_undone():
    assert joules(-25, -20, 40, 140) == pytest.approx(165.0)


@pytest.mark.parametrize("below", [100, 500, 900, 999])
def test_a_reset_below_the_range_is_refused_where_a_wrap_would_mean_another_power(below):
    with pytest.raises(NotCountedError, match="the counter was reset"):
        joules(-below - 40, -below - 20, -below, 10, 30)


def test_a_reset_anywhere_else_means_more_power_than_any_package_draws():
    with pytest.raises(NotCountedError, match="more than 1000 W"):
        joules(20_000, 20_050, 5, 55)


def test_a_reset_right_below_the_range_is_wrong_by_no_more_than_the_energy_of_a_step():
    """The counter stood 15 J below its range, was reset half a second later at 20 W, and then counted 10 J."""
    assert joules(-55, -35, -15, 10, 30) == pytest.approx(85.0)  # 80 J were used


def test_a_reset_so_close_to_the_range_that_too_little_is_left_is_refused():
    with pytest.raises(NotCountedError, match="beside a power of 20 to 20 W"):
        joules(-41, -21, -1, 1, 21)


def test_a_fall_without_anything_to_compare_it_with_is_refused():
    with pytest.raises(NotCountedError, match="no other power is known"):
        joules(-10, 10)


def test_a_fall_in_a_short_window_is_judged_by_earlier_windows():
    assert joules(-10, 10, earlier=Watts(15.0, 30.0)) == pytest.approx(20.0)
    with pytest.raises(NotCountedError, match="beside a power of 15 to 30 W"):
        joules(-90, 10, earlier=Watts(15.0, 30.0))


def test_a_step_of_milliseconds_says_too_little_to_judge_another_by():
    counts = [RANGE + 1 - 20 * JOULE, 0, 20 * JOULE]
    with pytest.raises(NotCountedError, match="no other power is known"):
        window_joules([0.0, 1.0, 1.03], counts, RANGE, 1000.0)


def test_reads_too_far_apart_to_know_the_number_of_wraps_are_refused():
    with pytest.raises(NotCountedError, match="wrapped more than once"):
        joules(0, 100, step_seconds=66.0)
