"""What figures and report compute of readings."""

import numpy as np
import pytest

from ergit.records.changes import ChangesRecord, CommitResult
from ergit.reports.distributions import (
    BRIDGE_95,
    bootstrap_shifts,
    density,
    ecdf,
    quantile_pairs,
    residual_sums,
)
from tests.fakes.results import change, changes_record


def record(joules: list[float], level: float = 100.0, *, starts: tuple[int, ...] = ()) -> ChangesRecord:
    """Commits with these medians, all at one level; at `starts` a change begins a new stretch."""
    commits = tuple(
        CommitResult(
            **{"commit": f"{number:040x}", "order": number, "part": 0, "readings": 7, "mad_joules": 1.0},
            **{"median_joules": value, "mean_joules": value, "level_joules": level},
            **{"shift": None, "minimum_detectable_change": None},
        )
        for number, value in enumerate(joules)
    )
    changes = (change(number, 0.1, commit=f"{number:040x}", order=number) for number in starts)
    return ChangesRecord(kind="measured", study=changes_record().study, commits=commits, changes=tuple(changes))


def noisy(count: int, seed: int = 1, drift: float = 0.0) -> list[float]:
    random = np.random.default_rng(seed)
    return [*(100 * np.exp(0.01 * random.normal(size=count) + drift * np.linspace(-1, 1, count) ** 2))]


def test_the_ecdf_steps_up_at_each_sorted_value() -> None:
    at, shares = ecdf(np.array([3.0, 1.0, 2.0, 2.0]))
    assert at.tolist() == [1.0, 2.0, 2.0, 3.0]
    assert shares.tolist() == [0.25, 0.5, 0.75, 1.0]


def test_a_qq_plot_of_a_side_against_itself_is_its_sorted_values() -> None:
    first, second = quantile_pairs(np.array([3.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0]))
    assert first.tolist() == second.tolist() == [1.0, 2.0, 3.0]


def test_a_qq_plot_has_as_many_points_as_the_smaller_side_and_none_beyond_the_larger_one() -> None:
    first, second = quantile_pairs(np.arange(1.0, 5.0), np.array([10.0, 20.0]))
    assert second.tolist() == [10.0, 20.0]
    assert first.tolist() == [1.5, 3.5]


def test_the_density_of_many_normal_values_is_that_of_the_normal_distribution() -> None:
    values = np.random.default_rng(3).normal(size=20_000)
    found = density(values, np.array([-1.0, 0.0, 1.0]))
    assert found is not None
    assert found == pytest.approx([0.2420, 0.3989, 0.2420], rel=0.05)


@pytest.mark.parametrize("values", [[], [5.0], [5.0, 6.0], [5.0, 5.0, 5.0, 5.0]])
def test_what_has_no_spread_has_no_density(values: list[float]) -> None:
    assert density(np.array(values), np.array([5.0])) is None


def test_the_bootstrap_finds_the_shift_and_is_the_same_for_the_same_seed() -> None:
    random = np.random.default_rng(4)
    before, after = 100 + random.normal(size=30), 110 + random.normal(size=30)
    shifts = bootstrap_shifts(before, after, seed=1)
    assert shifts.shape == (10_000,)
    low, high = np.quantile(shifts, [0.025, 0.975])
    assert low < 0.10 < high
    assert high - low < 0.02
    assert (bootstrap_shifts(before, after, seed=1) == shifts).all()


def test_the_sums_of_noise_alone_stay_inside_in_about_95_of_100_stretches() -> None:
    sums = [residual_sums(record(noisy(60, seed)))[0] for seed in range(400)]
    assert 0.93 <= np.mean([not one.leaves for one in sums]) <= 0.995


def test_a_drift_within_a_level_leaves() -> None:
    (sums,) = residual_sums(record(noisy(60, drift=0.03)))
    assert sums.leaves
    assert sums.sums[-1] == pytest.approx(0.0, abs=1e-9)


def test_an_excursion_is_no_drift() -> None:
    joules = noisy(60)
    joules[30] = 700.0
    (sums,) = residual_sums(record(joules))
    assert np.abs(sums.sums).max() < BRIDGE_95


def test_each_stretch_begins_anew_and_short_ones_are_left_out() -> None:
    found = residual_sums(record(noisy(60), starts=(20, 25)))
    assert [one.positions.tolist() for one in found] == [[*range(20)], [*range(25, 60)]]


def test_equal_readings_have_sums_of_zero() -> None:
    (sums,) = residual_sums(record([100.0] * 20))
    assert sums.sums.tolist() == [0.0] * 20
    assert residual_sums(record([])) == []
