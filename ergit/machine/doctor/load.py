"""What the machine does at this moment: foreign load, heat, throttling, and whether the kernel would notice."""

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from ergit.config.settings import MeasureSettings, TemperatureSettings
from ergit.errors import ErgitError
from ergit.locks import is_locked
from ergit.machine.doctor.check import Check
from ergit.machine.interference import Interference, between, flags, machine_totals, seen_from_cores
from ergit.machine.kernel import Machine, text_of
from ergit.machine.lock import lock_path
from ergit.machine.temperature import find


def running_checks(
    settings: MeasureSettings, machine: Machine, lock_folders: Sequence[Path], sample_seconds: float
) -> Iterator[Check]:
    """The checks of a short sample, by the means that flag the readings later."""
    try:
        before = machine_totals(machine)
        time.sleep(sample_seconds)
        after = machine_totals(machine)
        sample = between(before, after, workload_cpu_seconds=0.0)
    except ErgitError as error:
        yield Check("load", "fatal", str(error), "What else runs beside a reading cannot be seen.")
    else:
        yield load(sample, settings.quiet.foreign_cores)
        yield whole_machine(machine)
        yield short_windows(settings, after.processors)
        yield throttling(None if after.throttles is None else sum(after.throttles.values()))
        yield pressure(after.pressure_seconds is not None)
    yield temperature(settings.temperature, machine)
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


def whole_machine(machine: Machine) -> Check:
    """Whether /proc/stat is the kernel's: lxcfs shows a container its own share alone."""
    mounts = [line.split() for line in (text_of(machine.proc / "self/mountinfo") or "").splitlines()]
    if not any(
        len(fields) > 4 and fields[4] in {"/proc", "/proc/stat"} and "fuse.lxcfs" in fields for fields in mounts
    ):
        return Check("CPU time", "ok", "of the whole machine")
    return Check(
        "CPU time",
        "warn",
        "of this container alone (/proc/stat is made by lxcfs)",
        "Counters see the whole package, but what runs outside of this container is not seen, and so not flagged.",
        "Measure on the machine itself.",
    )


def short_windows(settings: MeasureSettings, processors: int) -> Check:
    """From how much foreign load on a window is flagged, in the shortest one and in one of a second."""
    limit, shortest = settings.quiet.foreign_cores, settings.minimum_window_seconds
    lengths = sorted({shortest, 1.0} if shortest else {0.1, 1.0})
    seen = [f"{seen_from_cores(limit, seconds, processors, seconds):.2g} in {seconds:g} s" for seconds in lengths]
    return Check("foreign load", "ok", f"flagged from these many cores on: {', '.join(seen)}")


def throttling(times: int | None) -> Check:
    """How often the processors were slowed because of heat since boot."""
    if times is None:
        return Check("throttling", "missing", "no counters", "Slowing because of heat shows in the durations only.")
    if times == 0:
        return Check("throttling", "ok", "never since boot")
    return Check(
        "throttling",
        "warn",
        f"{times} times since boot",
        "The processors were slowed because they were too hot. Readings during which that happens are flagged.",
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


def temperature(settings: TemperatureSettings, machine: Machine) -> Check:
    """The sensor of `measure.temperature`, and where it stands between the bounds."""
    lowest, highest = settings.lowest_celsius, settings.highest_celsius
    try:
        sensor = find(machine, settings.sensor)
        celsius = None if sensor is None else sensor.celsius()
    except ErgitError as error:
        return Check("temperature", "fatal", str(error), "The sensor that the settings name decides on each reading.")
    if sensor is None or celsius is None:
        return without_sensor(settings)
    found = f"{sensor.name} {celsius:g} °C"
    if (lowest is None or celsius >= lowest) and (highest is None or celsius <= highest):
        return Check("temperature", "ok", found)
    return Check(
        "temperature",
        "warn",
        f"{found}, wanted {'-' if lowest is None else lowest} to {'-' if highest is None else highest}",
        f"Each reading waits up to {settings.wait_seconds:g} s for the bounds and is then flagged, or refused.",
        "Let the machine cool down or warm up first, or widen measure.temperature.",
    )


def without_sensor(settings: TemperatureSettings) -> Check:
    """What it means that there is no sensor: nothing, or that bounds cannot be kept."""
    found = "not wanted (measure.temperature.sensor is null)" if settings.sensor is None else "no sensor of the CPU"
    if settings.lowest_celsius is None and settings.highest_celsius is None:
        meaning = "Leakage grows with heat: a drift of the readings with temperature looks like a change."
        return Check("temperature", "missing", found, meaning)
    return Check(
        "temperature",
        "fatal" if settings.on_timeout == "error" else "warn",
        found,
        "The settings set bounds for the temperature, and nothing shows whether it keeps them.",
        "Load the sensor's driver (sudo modprobe coretemp, or k10temp for AMD), name a sensor, or remove the bounds.",
    )


def other_study(folders: Sequence[Path]) -> Check:
    """Whether another program holds the lock under which one program at a time measures."""
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
    """What the holder of the lock wrote into it, or None if nobody holds it; does not wait.

    Raises:
        ErgitError: the file cannot be read.
    """
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return (file.read().strip() or "an unknown program") if is_locked(file.fileno()) else None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ErgitError(f"The lock file {path} cannot be read: {os.strerror(error.errno or 0)}.") from error
