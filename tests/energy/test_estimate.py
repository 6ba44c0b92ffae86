"""The estimate is CPU time times a power, says so, and refuses what is neither."""

import math

import pytest

from ergit.energy.estimate import EstimateSource
from ergit.energy.source import Energy
from ergit.errors import ErgitError


def estimated(watts_per_core: float, cpu_seconds: float) -> Energy:
    with EstimateSource(watts_per_core) as source:
        source.start()
        source.stop()
        return source.energy(cpu_seconds)


def test_three_cpu_seconds_at_ten_watts_are_thirty_joules():
    assert estimated(10.0, 3.0) == Energy({"package": 30.0}, (), None)


def test_an_estimate_is_called_estimated():
    source = EstimateSource(10.0)
    assert (source.name, source.kind, source.domains) == ("estimate", "estimated", ("package",))


@pytest.mark.parametrize("cpu_seconds", [-0.1, math.nan, math.inf])
def test_what_is_no_cpu_time_gives_no_energy(cpu_seconds):
    energy = estimated(10.0, cpu_seconds)
    assert energy.joules == {}
    assert energy.problem is not None
    assert repr(cpu_seconds) in energy.problem


@pytest.mark.parametrize("watts_per_core", [0.0, -1.0, math.nan, math.inf])
def test_what_is_no_power_is_refused_with_the_key(watts_per_core):
    with pytest.raises(ErgitError, match=r"measure\.watts_per_core"):
        EstimateSource(watts_per_core)
