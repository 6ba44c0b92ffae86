"""Tail probabilities against published tables, and the step-up procedure on its authors' own example."""

import numpy as np
import pytest

from ergit.analysis.detection.significance import critical, false_discovery_rates, two_sided


@pytest.mark.parametrize(
    ("degrees", "chance", "value"),
    [(1, 0.05, 12.7062), (2, 0.01, 9.9248), (5, 0.05, 2.5706), (10, 0.001, 4.5869), (30, 0.05, 2.0423)],
)
def test_critical_values_are_those_of_the_printed_tables(degrees: float, chance: float, value: float) -> None:
    assert critical(chance, degrees) == pytest.approx(value, rel=1e-4)
    assert two_sided(value, degrees) == pytest.approx(chance, rel=1e-3)


def test_many_degrees_of_freedom_are_the_normal_distribution() -> None:
    assert two_sided(1.959964, 1e7) == pytest.approx(0.05, rel=1e-4)
    assert two_sided(6.0, 1e7) == pytest.approx(1.9732e-9, rel=1e-3)


def test_no_difference_has_the_chance_of_one_and_a_huge_one_none() -> None:
    assert two_sided(0.0, 5) == 1.0
    assert two_sided(1e200, 50) == 0.0
    assert 0 < two_sided(1e-9, 5) <= 1.0


def test_fifteen_p_values_of_benjamini_and_hochberg_reject_four() -> None:
    chances = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
    chances += [0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    rates = false_discovery_rates(np.array(chances), 15)
    assert (rates <= 0.05).tolist() == [True] * 4 + [False] * 11
    assert rates[0] == pytest.approx(0.0015)


def test_rates_keep_the_order_of_the_chances_and_count_the_tests_not_listed() -> None:
    rates = false_discovery_rates(np.array([0.04, 0.001]), 100)
    assert rates.tolist() == [1.0, pytest.approx(0.1)]
    assert false_discovery_rates(np.array([]), 10).tolist() == []
