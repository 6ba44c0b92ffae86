"""The CPU's temperature: its sensor, found by name, and the gate that holds a reading back until it is in bounds."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct

from ergit.errors import ErgitError
from ergit.machine.kernel import Machine, text_of, whole_number
from ergit.processes.run import run

CPU_SENSORS = ("x86_pkg_temp", "coretemp", "k10temp", "zenpower", "cpu-thermal", "cpu_thermal", "soc_thermal")
"""What drivers call the sensor of the CPU package, the most direct first (Linux, Documentation/hwmon and thermal)."""

WHOLE_PACKAGE = ("Package id", "Physical id", "Tctl")
"""Labels under which hwmon drivers give the package's own value among those of cores (coretemp, k10temp)."""

POSSIBLE_CELSIUS = (1.0, 125.0)
CHECK_SECONDS = 0.5


class Sensor(Struct, frozen=True):
    """A temperature by the name of its driver, one file for each CPU package, in thousandths of a degree."""

    name: str
    paths: tuple[Path, ...]

    def celsius(self) -> float:
        """The temperature of the hottest package.

        Raises:
            ErgitError: the sensor cannot be read, or gives what no running CPU can have.
        """
        return max(_celsius(path) for path in self.paths)


class TemperatureWait(Struct, frozen=True):
    """What a reading waited for: `flag` is too-hot or too-cold where the bounds were not reached in time."""

    celsius: float | None
    waited_seconds: float
    flag: str | None


def sensors(machine: Machine) -> dict[str, Sensor]:
    """All temperature sensors by name; a hwmon sensor's labelled values also as `name/label`."""
    found: dict[str, list[Path]] = {}
    for name, path in (*_zones(machine.sysfs), *_monitors(machine.sysfs)):
        found.setdefault(name, []).append(path)
    return {name: Sensor(name, tuple(paths)) for name, paths in found.items()}


def find(machine: Machine, wanted: str | None) -> Sensor | None:
    """The sensor that `measure.temperature.sensor` asks for; None where it is null, or auto finds none.

    Raises:
        ErgitError: the sensor is named, but not here; lists those that are.
    """
    if wanted is None:
        return None
    found = sensors(machine)
    if wanted == "auto":
        return next((found[name] for name in CPU_SENSORS if name in found), None)
    if wanted not in found:
        known = ", ".join(sorted(found)) or "none at all"
        raise ErgitError(
            f"measure.temperature.sensor is {wanted}, which this machine does not have. It has {known}. "
            "Name one of these, or set the key to auto or null."
        )
    return found[wanted]


def warm_up() -> None:
    """Keeps every processor busy for a moment."""
    spin = f"for _ in {{1..{os.cpu_count() or 1}}}; do while :; do :; done & done; wait"
    run(spin, directory=Path("/"), environment=dict(os.environ), timeout_seconds=CHECK_SECONDS, log=Path(os.devnull))


def wait_until_within(
    sensor: Sensor,
    lowest_celsius: float | None,
    highest_celsius: float | None,
    wait_seconds: float,
    *,
    warm: Callable[[], None] = warm_up,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    on_wait: Callable[[str, float], None] = lambda _flag, _celsius: None,
    go_on: Callable[[], None] = lambda: None,
) -> TemperatureWait:
    """Waits while the CPU is too hot, and makes it work while it is too cold, at most `wait_seconds` long.

    Calls `on_wait` with the flag and the temperature before it waits for the first time, and `go_on` each time.

    Raises:
        ErgitError: the sensor is broken.
    """
    started, has_told = clock(), False
    while True:
        celsius = sensor.celsius()
        waited = clock() - started
        if highest_celsius is not None and celsius > highest_celsius:
            flag = "too-hot"
        elif lowest_celsius is not None and celsius < lowest_celsius:
            flag = "too-cold"
        else:
            return TemperatureWait(celsius, waited, None)
        if waited >= wait_seconds:
            return TemperatureWait(celsius, waited, flag)
        if not has_told:
            on_wait(flag, celsius)
            has_told = True
        go_on()
        if flag == "too-hot":
            sleep(CHECK_SECONDS)
        else:
            warm()


def _celsius(path: Path) -> float:
    text = text_of(path)
    millidegrees = whole_number(text)
    if millidegrees is None:
        raise ErgitError(
            f"The temperature sensor {path} cannot be read: it gives {repr(text) if text else 'nothing'}, which is no "
            "number. Name another one as measure.temperature.sensor, or set that to null."
        )
    celsius = millidegrees / 1000
    if not POSSIBLE_CELSIUS[0] <= celsius <= POSSIBLE_CELSIUS[1]:
        raise ErgitError(
            f"The temperature sensor {path} gives {celsius:g} °C, which no running CPU has. "
            "Name another one as measure.temperature.sensor, or set that to null."
        )
    return celsius


def _zones(sysfs: Path) -> Iterator[tuple[str, Path]]:
    for zone in sorted((sysfs / "class/thermal").glob("thermal_zone*")):
        name = text_of(zone / "type")
        if name:
            yield name, zone / "temp"


def _monitors(sysfs: Path) -> Iterator[tuple[str, Path]]:
    """The hwmon sensors: whole packages (else the first value) by the driver's name, and each value by its label."""
    for monitor in sorted((sysfs / "class/hwmon").glob("hwmon*")):
        name = text_of(monitor / "name")
        inputs = sorted(monitor.glob("temp*_input"))
        if not name or not inputs:
            continue
        labels = {path: text_of(path.with_name(path.name.replace("input", "label"))) or "" for path in inputs}
        whole = [path for path in inputs if labels[path].startswith(WHOLE_PACKAGE)]
        yield from ((name, path) for path in whole or inputs[:1])
        yield from ((f"{name}/{label}", path) for path, label in labels.items() if label)
