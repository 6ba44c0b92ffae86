"""The axis of the values: what it shows, and when it is logarithmic or broken."""

import numpy as np
import pytest

from ergit.reports.figures.axis import running_medians, scale_for

STEADY = 100 + np.random.default_rng(1).normal(size=60)


def test_one_far_value_is_shown_apart_and_presses_nothing_flat() -> None:
    values = np.append(STEADY, 640.0)
    scale = scale_for(values, np.full(61, 100.0))
    assert scale.main[0] > 90
    assert scale.main[1] < 110
    assert scale.below is None
    assert scale.above is not None
    assert scale.above[0] < 640 < scale.above[1]


def test_far_values_on_both_sides_are_shown_apart() -> None:
    scale = scale_for(np.concatenate([STEADY, [12.0, 640.0, 650.0]]), np.full(63, 100.0))
    assert scale.below is not None
    assert scale.above is not None
    assert scale.below[0] < 12 < scale.below[1]
    assert scale.above[0] < 640 < 650 < scale.above[1]


def test_a_lasting_level_is_never_shown_apart() -> None:
    values, levels = np.append(STEADY, STEADY[:20] + 80), np.repeat([100.0, 180.0], [60, 20])
    scale = scale_for(values, levels)
    assert (scale.below, scale.above) == (None, None)
    assert scale.main[0] < values.min()
    assert values.max() < scale.main[1]


def test_levels_of_four_times_or_more_are_on_a_logarithmic_axis_unless_a_linear_one_is_asked_for() -> None:
    values = np.array([50.0, 51.0, 200.0, 201.0])
    assert scale_for(values, values).is_logarithmic
    assert not scale_for(values, values, "linear").is_logarithmic
    assert not scale_for(values[:2], values[:2]).is_logarithmic
    assert scale_for(values[:2], values[:2], "log").is_logarithmic


def test_every_value_is_in_one_of_the_ranges() -> None:
    random = np.random.default_rng(2)
    for _ in range(200):
        values = np.exp(random.normal(scale=random.choice([0.01, 0.3, 2.0]), size=30))
        scale = scale_for(values, running_medians(values))
        ranges = [ends for ends in (scale.main, scale.below, scale.above) if ends is not None]
        assert all(any(low <= value <= high for low, high in ranges) for value in values)


@pytest.mark.parametrize("values", [[], [5.0], [0.0, 0.0], [-1.0, 1.0], [100.0] * 9 + [101.0]])
def test_degenerate_values_have_an_axis(values: list[float]) -> None:
    scale = scale_for(np.array(values), running_medians(np.array(values)), "log")
    assert scale.main[0] < scale.main[1]


def test_running_medians_pass_over_an_excursion_and_follow_a_lasting_change() -> None:
    values = np.array([1.0] * 10 + [9.0] + [1.0] * 10 + [5.0] * 10)
    assert running_medians(values).tolist() == [1.0] * 21 + [5.0] * 10
