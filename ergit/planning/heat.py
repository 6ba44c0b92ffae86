"""Whether measuring is held back by a hot CPU, so that other commits are built meanwhile (`plan.build_while_hot`)."""

import os
from collections.abc import Callable, Mapping

from ergit.config.handover import received
from ergit.config.settings import Settings
from ergit.errors import ErgitError
from ergit.machine.kernel import Machine
from ergit.machine.temperature import find

VARIABLE = "ERGIT_BUILD_WHILE_HOT"  # the name of the study's settings, where its config says so


def announce(name: str, settings: Settings) -> None:
    """Puts into this process's environment, for the scheduler, that commits are built while the CPU is hot."""
    if settings.plan.build_while_hot:
        os.environ[VARIABLE] = name
    else:
        os.environ.pop(VARIABLE, None)


def hold(environment: Mapping[str, str] = os.environ, machine: Machine | None = None) -> Callable[[], bool]:
    """A function that says whether the CPU is too hot now to measure; never so where the config does not ask for it.

    Raises:
        ErgitError: the config names a sensor that is not here.
    """
    name = environment.get(VARIABLE)
    if name is None:
        return lambda: False
    limits = received(name).measure.temperature
    sensor, highest = find(machine or Machine(), limits.sensor), limits.highest_celsius
    if sensor is None or highest is None:
        return lambda: False

    def is_too_hot() -> bool:
        try:
            return sensor.celsius() > highest
        except ErgitError:  # the measuring job says so, and stops
            return False

    return is_too_hot
