"""Stretches and excursions of short literal series."""

import numpy as np

from ergit.analysis.detection.partition import best_cuts, level, partition, stretches


def test_one_step_is_one_cut() -> None:
    values = np.array([0, 0, 0, 0, 1, 1, 1, 1.0])
    assert best_cuts(values, np.full(8, 100.0), 10.0) == (4,)


def test_cuts_are_the_best_of_all_divisions() -> None:
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.normal(0, 1, 9), rng.normal(3, 1, 5), rng.normal(-1, 1, 7)])
    weights = rng.uniform(0.5, 2, 21)

    def cost(first: int, end: int) -> float:
        mean = np.average(values[first:end], weights=weights[first:end])
        return float((weights[first:end] * (values[first:end] - mean) ** 2).sum())

    best: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    for end in range(1, 22):
        options = [
            (
                best[first][0] + cost(first, end) + (4.0 if first else 0.0),
                (*best[first][1], *([first] if first else [])),
            )
            for first in range(end)
        ]
        best.append(min(options))
    assert best_cuts(values, weights, 4.0) == best[21][1]


def test_a_flat_series_has_no_cut_and_one_value_neither() -> None:
    assert best_cuts(np.zeros(50), np.ones(50), 5.0) == ()
    assert best_cuts(np.zeros(1), np.ones(1), 5.0) == ()


def test_a_commit_that_returns_at_once_is_an_excursion_not_two_changes() -> None:
    values = np.zeros(30)
    values[12] = 1.0
    division = partition(values, np.full(30, 1e-4))
    assert division.cuts == ()
    assert division.kept.tolist() == [*range(12), *range(13, 30)]


def test_a_step_beside_an_odd_commit_stays_where_it_is() -> None:
    values = np.array([0.0] * 15 + [0.9, 0.9] + [1.0] * 15)
    division = partition(values, np.full(32, 1e-4))
    assert len(division.kept) == 32
    assert 15 in division.cuts


def test_the_newest_commit_is_never_taken_for_an_excursion() -> None:
    values = np.zeros(30)
    values[-1] = 1.0
    assert partition(values, np.full(30, 1e-4)).cuts == (29,)


def test_stretches_cover_the_series() -> None:
    assert stretches((2, 5), 9) == [(0, 2), (2, 5), (5, 9)]
    assert stretches((), 3) == [(0, 3)]


def test_an_outlier_hardly_moves_a_level() -> None:
    values = np.array([1.0, 1.1, 0.9, 1.0, 9.0])
    assert abs(level(values, np.full(5, 100.0)) - 1.0) < 0.1
    assert level(np.array([1.0, 3.0]), np.array([1.0, 1.0])) == 2.0
