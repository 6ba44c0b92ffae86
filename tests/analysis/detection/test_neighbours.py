"""Each commit against the one before it."""

import math

import numpy as np
import pytest

from ergit.analysis.detection.detect import detect
from ergit.analysis.detection.neighbours import neighbour_differences
from ergit.analysis.detection.observations import one_session
from ergit.analysis.detection.significance import false_discovery_rates
from ergit.config.settings import ChangeSettings


def test_neighbours_are_compared_with_intervals() -> None:
    rng = np.random.default_rng(1)
    logs = rng.normal(0, 0.005, 80) + np.where(np.arange(80) >= 40, np.log1p(0.2), 0)
    joules = np.exp(logs[:, None] + rng.normal(0, 0.02, (80, 5)))
    (part,) = detect(one_session(np.repeat(np.arange(80), 5), joules.ravel()), ChangeSettings())
    found = neighbour_differences(part)
    assert len(found) == 79
    rates = false_discovery_rates(np.array([difference.p_value for difference in found]), 79)
    assert np.flatnonzero(rates <= 0.05).tolist() == [39]
    jump = found[39]
    assert math.expm1(jump.difference) == pytest.approx(0.2, abs=0.05)
    low, high = jump.interval()
    assert low < 0.2 < high
