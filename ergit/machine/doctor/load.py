"""What the machine does at this moment: foreign load, heat, throttling, and whether the kernel would notice."""

import fcntl
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ergit.errors import ErgitError
from ergit.machine.doctor.check import Check
from ergit.machine.interference import Interference, between, flags, snapshot
from ergit.machine.knobs import Machine
from ergit.machine.lock import lock_path
from ergit.machine.temperature import find


def running_checks(
    settings: Mapping[str, Any], machine: Machine, lock_folders: Sequence[Path], sample_seconds: float
) -> Iterator[Check]:
    """The checks of a short sample, by the means that flag the readings later; `settings` is the config's `measure`."""
    try:
        before = snapshot(machine)
        time.sleep(sample_seconds)
        after = snapshot(machine)
    except ErgitError as error:
        yield Check("load", "fatal", str(error), "What else runs beside a reading cannot be seen.")
    else:
        yield load(between(before, after, workload_cpu_seconds=0.0), settings["quiet"]["foreign_cores"])
        yield throttling(after.throttles)
        yield pressure(after.pressure_seconds is not None)
    yield temperature(settings["temperature"], machine)
    yield other_study(lock_folders)


def load(sample: Interference, limit_cores: float) -> Check:
    """How many cores are busy with what is not ergit, against `measure.quiet.foreign_cores`."""
    found = f"{(sample.foreign_cpu_seconds + sample.steal_seconds) / sample.seconds:.2f} cores busy"
    if not {"foreign-cpu", "steal"} & set(flags(sample, limit_cores)):
        return Check("load", "ok", found)
    return Check(
        "load",
        "warn",
        f"{found}, limit {limit_cores:g}",
        "Counters see the whole package, and what else runs takes cache and turbo from the workload: readings under "
        "such load are flagged and left out.",
        "See what runs and end it: top -o %CPU",
    )


def throttling(times: int | None) -> Check:
    """How often the processors were slowed for heat since boot."""
    if times is None:
        return Check("throttling", "missing", "no counters", "Slowing for heat would show in the durations only.")
    if times == 0:
        return Check("throttling", "ok", "never since boot")
    return Check(
        "throttling",
        "warn",
        f"{times} times since boot",
        "The processors were slowed because they were too hot; readings during which that happens are flagged.",
        "Cool the machine better, turn turbo off, or set measure.temperature.highest_celsius.",
    )


def pressure(is_kept: bool) -> Check:
    """Whether the kernel keeps pressure stall information (Linux, Documentation/accounting/psi.rst)."""
    if is_kept:
        return Check("pressure", "ok", "recorded by the kernel")
    return Check(
        "pressure",
        "missing",
        "/proc/pressure cannot be read",
        "How long tasks waited for CPU, memory and disk is not in the records; foreign load is still found.",
        "Boot with psi=1 on the kernel's command line.",
    )


def temperature(settings: Mapping[str, Any], machine: Machine) -> Check:
    """The sensor of `measure.temperature`, and where it stands between the bounds."""
    bounds = [settings["lowest_celsius"], settings["highest_celsius"]]
    try:
        sensor = find(machine, settings["sensor"])
        celsius = None if sensor is None else sensor.celsius()
    except ErgitError as error:
        return Check("temperature", "fatal", str(error), "The sensor that the settings name decides on each reading.")
    if sensor is None or celsius is None:
        return without_sensor(settings["sensor"], bounds != [None, None], settings["otherwise"] == "error")
    found = f"{sensor.name} {celsius:g} °C"
    lowest, highest = bounds
    if (lowest is None or celsius >= lowest) and (highest is None or celsius <= highest):
        return Check("temperature", "ok", found)
    return Check(
        "temperature",
        "warn",
        f"{found}, wanted {'-' if lowest is None else lowest} to {'-' if highest is None else highest}",
        f"Each reading waits up to {settings['wait_seconds']:g} s for the bounds, and is flagged (or refused) then.",
        "Let the machine cool (or warm) down first, or widen measure.temperature.",
    )


def without_sensor(wanted: str | None, is_bounded: bool, is_strict: bool) -> Check:
    """What it means that there is no sensor: nothing, or that bounds cannot be held."""
    found = "not wanted (measure.temperature.sensor is null)" if wanted is None else "no sensor of the CPU"
    if not is_bounded:
        meaning = "Leakage grows with heat: a drift of the readings with temperature cannot be told from a change."
        return Check("temperature", "missing", found, meaning)
    return Check(
        "temperature",
        "fatal" if is_strict else "warn",
        found,
        "The settings bound the temperature, and nobody can tell whether it is held.",
        "Load the sensor's driver (sudo modprobe coretemp, or k10temp for AMD), name a sensor, or drop the bounds.",
    )


def other_study(folders: Sequence[Path]) -> Check:
    """Whether some program holds the lock of the one that measures."""
    try:
        holder = lock_holder(lock_path(folders))
    except ErgitError as error:
        return Check("other study", "fatal", str(error), "Two programs that measure at once would spoil both.")
    if holder is None:
        return Check("other study", "ok", "none is measuring")
    return Check(
        "other study",
        "warn",
        f"measuring now: {holder}",
        "Readings never overlap: this study waits whenever the other one measures, and its builds disturb that one.",
        "Let the other study end first.",
    )


def lock_holder(path: Path) -> str | None:
    """What the holder of the lock wrote into it, or None if nobody holds it; does not wait."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        return path.read_text(encoding="utf-8", errors="replace").strip() or "an unknown program"
    return None
