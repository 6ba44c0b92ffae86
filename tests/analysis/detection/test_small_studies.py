"""Studies of few commits and few readings, and commits whose readings spread more than the others'."""

import math

import numpy as np
import pytest

from ergit.analysis.detection.detect import PartResult, detect
from ergit.analysis.detection.neighbours import neighbour_differences
from ergit.analysis.detection.observations import one_session
from ergit.analysis.detection.power import minimum_detectable_change
from ergit.analysis.detection.significance import FloatArray
from ergit.analysis.difference import Sides, difference_of
from ergit.config.settings import ChangeSettings


def analysed(logs: FloatArray) -> PartResult:
    """What was found in log joules, commits × readings."""
    commits, readings = logs.shape
    return detect(one_session(np.repeat(np.arange(commits), readings), np.exp(logs).ravel()), ChangeSettings())[0]


@pytest.mark.parametrize(("commits", "readings"), [(2, 3), (3, 3), (4, 5), (10, 5)])
@pytest.mark.parametrize("noisy", [0.01, 0.08])
def test_intervals_of_small_and_uneven_studies_hold_the_truth(commits: int, readings: int, noisy: float) -> None:
    rng = np.random.default_rng(20)
    step = np.where(np.arange(commits) >= commits // 2, math.log(1.05), 0.0)
    spread = np.where(np.arange(commits) >= commits // 2, noisy, 0.01)[:, None]
    hits = 0
    for _ in range(150):
        levels = step + rng.normal(0, 0.005, commits)
        part = analysed(levels[:, None] + spread * rng.normal(0, 1, (commits, readings)))
        sides = Sides(part, list(range(commits // 2)), list(range(commits // 2, commits)))
        low, high = difference_of(sides).interval()
        hits += low <= 0.05 <= high
    assert hits >= 0.9 * 150  # 95% in truth: benchmarks/coverage.py has the whole table


@pytest.mark.parametrize("commits", [2, 3, 4, 5, 6, 10, 15])
@pytest.mark.parametrize("noisy", [0.02, 0.05, 0.1])
def test_one_reading_a_commit_makes_no_change_of_noise_however_large_that_is(commits: int, noisy: float) -> None:
    rng = np.random.default_rng(21)
    found = [bool(analysed(rng.normal(0, noisy, (commits, 1))).changes) for _ in range(60)]
    assert sum(found) <= 0.1 * 60  # 5% in truth; where the spread was assumed to be 2%, it was up to 77%


def test_one_reading_a_commit_shows_a_step_once_the_history_shows_its_noise() -> None:
    logs = np.random.default_rng(23).normal(0, 0.02, (20, 1))
    logs[10:] += math.log(1.2)
    assert [change.position for change in analysed(logs).changes] == [10]


def test_where_hardly_any_change_would_be_found_the_minimum_detectable_one_stays_a_number() -> None:
    numbers = np.random.default_rng(0)
    for _ in range(8):
        part = analysed(numbers.normal(0, 0.005, (49, 1)) + numbers.normal(0, 0.02, (49, 2)))
        assert np.nanmax(minimum_detectable_change(part, ChangeSettings(), 48)) <= 10


def test_a_commit_that_spreads_more_than_the_others_counts_with_its_own_spread() -> None:
    rng = np.random.default_rng(2)
    logs = rng.normal(0, 0.01, (12, 9))
    logs[11] = math.log(0.85) + 0.13 * np.linspace(-1.5, 1.5, 9)
    low, high = neighbour_differences(analysed(logs))[-1].interval()
    assert low < -0.2
    assert high > -0.1
    assert not any(change.kind == "persistent" for change in analysed(logs).changes)


def test_a_noisy_newest_commit_of_a_long_history_counts_with_its_own_spread() -> None:
    rng = np.random.default_rng(3)
    logs = rng.normal(0, 0.01, (100, 9))
    logs[99] = 0.13 * np.linspace(-1.5, 1.5, 9)
    low, high = neighbour_differences(analysed(logs))[-1].interval()
    assert high - low > 0.12


def test_one_far_reading_among_many_commits_is_an_outlier() -> None:
    logs = np.random.default_rng(4).normal(0, 0.01, (100, 9))
    wild = logs.copy()
    wild[50, 3] += 1
    calm_low, calm_high = neighbour_differences(analysed(logs))[49].interval()
    low, high = neighbour_differences(analysed(wild))[49].interval()
    assert high - low < 1.2 * (calm_high - calm_low)


def test_few_commits_assume_how_far_builds_differ_and_say_so() -> None:
    rng = np.random.default_rng(5)
    assert analysed(rng.normal(0, 0.01, (4, 5))).assumed_build_difference == pytest.approx(0.014, abs=0.0005)
    assert analysed(rng.normal(0, 0.01, (10, 5))).assumed_build_difference is None


def test_the_noise_of_few_commits_is_not_halved_where_no_stretch_shows_it() -> None:
    part = analysed(np.random.default_rng(6).normal(0, 0.01, (2, 9)))
    assert part.variance == pytest.approx(part.noise.variance)
