"""Centres of commits from runs with outliers, cold starts and gaps."""

import numpy as np
import pytest

from ergit.analysis.detection.centres import centres, robust_centres, row_medians
from ergit.analysis.detection.observations import Observations, one_session


def test_medians_of_rows_leave_out_what_is_missing() -> None:
    matrix = np.array([[3.0, 1.0, 2.0, np.nan], [4.0, np.nan, np.nan, np.nan], [1.0, 4.0, 2.0, 3.0]])
    assert row_medians(matrix, np.array([3, 1, 4])).tolist() == [2.0, 4.0, 2.5]


def test_a_wild_reading_weighs_nothing() -> None:
    calm = [-0.02, -0.01, 0.0, 0.01, 0.02]
    matrix = np.array([[*calm, 0.0], [*calm, 5.0]])
    centre, _ = robust_centres(matrix, np.array([6, 6]))
    assert centre == pytest.approx([0.0, 0.0], abs=0.002)


def test_equal_readings_have_their_value_as_centre_and_no_variance() -> None:
    found = centres(one_session(np.repeat([0, 1], 3), np.array([8.0, 8, 8, 9, 9, 9])))
    assert np.exp(found.log_joules) == pytest.approx([8.0, 9.0])
    assert found.variance.tolist() == [0.0, 0.0]


def test_a_cold_first_run_is_no_part_of_a_commit_that_lost_it() -> None:
    rng = np.random.default_rng(1)
    logs = rng.normal(0, 0.002, (40, 5)) + np.array([0.3, 0.0, 0.0, 0.02, 0.02])
    rows = [row if number != 7 else row[1:] for number, row in enumerate(np.exp(logs))]
    commit = np.repeat(np.arange(40), [len(row) for row in rows])
    found = centres(one_session(commit, np.concatenate(rows)))
    assert np.abs(found.log_joules - np.median(found.log_joules)).max() < 0.01


def test_with_known_slots_any_readings_may_be_missing() -> None:
    rng = np.random.default_rng(2)
    logs = rng.normal(0, 0.002, (40, 6)) + np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5])
    present = np.ones((40, 6), dtype=bool)
    present[3, [0, 2, 5]] = False
    commit, slot = np.nonzero(present)
    observations = Observations(commit, np.exp(logs[present]), np.zeros(len(commit), dtype=np.int64), slot)
    found = centres(observations)
    assert np.abs(found.log_joules - np.median(found.log_joules)).max() < 0.01
    assert found.readings[3] == 3
