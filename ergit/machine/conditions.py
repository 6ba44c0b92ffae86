"""The conditions that readings are taken under, as facts of the machine, and the session that equal ones make."""

import hashlib
import json
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from ergit.machine.kernel import Machine, text_of
from ergit.machine.temperature import sensors

PROCESSORS = "devices/system/cpu"

Fact: TypeAlias = "str | int | float | list[Fact] | dict[str, Fact] | None"


class AbsentError(Exception):
    """Why a fact cannot be told on this machine."""


@dataclass(frozen=True)
class Conditions:
    """Facts by name; what could not be told is None and has its reason in `missing`."""

    lasting: dict[str, Fact]  # what must be equal for readings to be compared
    passing: dict[str, Fact]  # what is only noted
    missing: dict[str, str]

    def record(self) -> dict[str, Fact]:
        """All facts as one JSON object, with the reasons under `missing`."""
        return {**self.lasting, **self.passing, "missing": dict(self.missing)}

    def session(self, scale: Mapping[str, Fact]) -> str:
        """Eight hexadecimal digits, equal for equal lasting facts and an equal `scale`: what joules are read with."""
        text = json.dumps([self.lasting, dict(scale)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:8]


def conditions(machine: Machine) -> Conditions:
    """The conditions now; nothing that is absent is an error."""
    missing: dict[str, str] = {}
    return Conditions(_told(LASTING, machine, missing), _told(PASSING, machine, missing), missing)


def differences(before: Conditions, machine: Machine) -> list[str]:
    """The lasting facts that are not what they were, in words."""
    now = _told(LASTING, machine, {})
    return [f"{name}: {fact} became {now[name]}" for name, fact in before.lasting.items() if now[name] != fact]


def host(_machine: Machine) -> Fact:
    """The name that this machine gives itself."""
    return socket.gethostname()


def boot(machine: Machine) -> Fact:
    """The kernel's random name of this boot."""
    return _text(machine.proc / "sys/kernel/random/boot_id")


def kernel(machine: Machine) -> Fact:
    """Release and build of the kernel."""
    return f"{_text(machine.proc / 'sys/kernel/osrelease')} {_text(machine.proc / 'sys/kernel/version')}"


def cpu_model(machine: Machine) -> Fact:
    """The processor's name for itself; several names where there are several kinds of cores."""
    return _of_processors(machine, "model name")


def microcode(machine: Machine) -> Fact:
    """Revision of the microcode."""
    return _of_processors(machine, "microcode")


def processors_online(machine: Machine) -> Fact:
    """The processors in use, as ranges."""
    return _text(machine.sysfs / PROCESSORS / "online")


def governor(machine: Machine) -> Fact:
    """What sets the frequency, by policy."""
    return _of_policies(machine, "scaling_governor")


def frequency_driver(machine: Machine) -> Fact:
    """The driver behind the governor, by policy."""
    return _of_policies(machine, "scaling_driver")


def frequency_limits(machine: Machine) -> Fact:
    """Lowest and highest frequency in kilohertz that the governor may choose, by policy."""
    return [_of_policies(machine, "scaling_min_freq"), _of_policies(machine, "scaling_max_freq")]


def energy_preference(machine: Machine) -> Fact:
    """What the processor itself weighs, performance or energy, by policy."""
    return _of_policies(machine, "energy_performance_preference")


def turbo(machine: Machine) -> Fact:
    """Whether frequencies above the base one may be used: on or off."""
    off = text_of(machine.sysfs / PROCESSORS / "intel_pstate/no_turbo")
    if off is not None:
        return "off" if off == "1" else "on"
    boost = text_of(machine.sysfs / PROCESSORS / "cpufreq/boost")
    if boost is None:
        raise AbsentError("neither intel_pstate/no_turbo nor cpufreq/boost is there")
    return "on" if boost == "1" else "off"


def smt(machine: Machine) -> Fact:
    """Whether cores run several hardware threads, in the kernel's words."""
    return _text(machine.sysfs / PROCESSORS / "smt/control")


def idle_states(machine: Machine) -> Fact:
    """The states that processor 0 may rest in, each on or off, deepest last."""
    folders = sorted(
        (machine.sysfs / PROCESSORS / "cpu0/cpuidle").glob("state[0-9]*"), key=lambda path: int(path.name[5:])
    )
    if not folders:
        raise AbsentError("the kernel offers no idle states (cpuidle)")
    return {
        text_of(folder / "name") or folder.name: "off" if text_of(folder / "disable") == "1" else "on"
        for folder in folders
    }


def supply(machine: Machine) -> Fact:
    """Where the current comes from: mains or battery."""
    supplies = list((machine.sysfs / "class/power_supply").glob("*"))
    kinds = {path: text_of(path / "type") for path in supplies if text_of(path / "scope") != "Device"}
    outlets = [path for path, kind in kinds.items() if kind in {"Mains", "USB", "Wireless"}]
    if any(text_of(path / "online") == "1" for path in outlets):
        return "mains"
    if "Battery" in kinds.values():
        return "battery"
    raise AbsentError("no power supply is described (class/power_supply), as on most desktops and servers")


def temperatures(machine: Machine) -> Fact:
    """All sensors in degrees Celsius, the hottest of those that share a name, without those that give no number."""
    found: dict[str, Fact] = {}
    for name, sensor in sensors(machine).items():
        values = [int(text) for path in sensor.paths if re.fullmatch(r"-?\d+", text := text_of(path) or "")]
        if values:
            found[name] = max(values) / 1000
    if not found:
        raise AbsentError("no temperature sensor is there (class/thermal, class/hwmon)")
    return found


def load(machine: Machine) -> Fact:
    """Load averages of the last 1, 5 and 15 minutes (proc_loadavg(5))."""
    return [float(average) for average in _text(machine.proc / "loadavg").split()[:3]]


def perf(_machine: Machine) -> Fact:
    """The version of perf on PATH."""
    program = shutil.which("perf")
    if program is None:
        raise AbsentError("perf is not on PATH")
    done = subprocess.run(
        [program, "--version"], capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL, check=False
    )
    if done.returncode:
        raise AbsentError(f"perf --version failed: {done.stderr.strip()}")
    return done.stdout.strip()


LASTING: Mapping[str, Callable[[Machine], Fact]] = {
    "host": host,
    "boot": boot,
    "kernel": kernel,
    "cpu_model": cpu_model,
    "microcode": microcode,
    "processors_online": processors_online,
    "governor": governor,
    "frequency_driver": frequency_driver,
    "frequency_limits_kilohertz": frequency_limits,
    "energy_performance_preference": energy_preference,
    "turbo": turbo,
    "smt": smt,
    "idle_states": idle_states,
    "supply": supply,
}

PASSING: Mapping[str, Callable[[Machine], Fact]] = {
    "temperatures_celsius": temperatures,
    "load_averages": load,
    "perf": perf,
}


def _told(facts: Mapping[str, Callable[[Machine], Fact]], machine: Machine, missing: dict[str, str]) -> dict[str, Fact]:
    """The facts by name; the reasons for those that are absent are added to `missing`."""
    values: dict[str, Fact] = {}
    for name, fact in facts.items():
        try:
            values[name] = fact(machine)
        except AbsentError as reason:
            values[name], missing[name] = None, str(reason)
    return values


def _text(path: Path) -> str:
    text = text_of(path)
    if not text:
        raise AbsentError(f"{path} is not there, cannot be read or is empty")
    return text


def _of_processors(machine: Machine, key: str) -> str:
    """The distinct values of a key of /proc/cpuinfo."""
    found = re.findall(rf"^{key}\s*:[ \t]*(.+)$", _text(machine.proc / "cpuinfo"), re.MULTILINE)
    if not found:
        raise AbsentError(f"{machine.proc / 'cpuinfo'} has no {key}")
    return " + ".join(dict.fromkeys(value.strip() for value in found))


def _of_policies(machine: Machine, name: str) -> Fact:
    """A value of the frequency policies: one where all agree, else by policy."""
    policies = sorted((machine.sysfs / PROCESSORS / "cpufreq").glob("policy[0-9]*"))
    values: dict[str, Fact] = {path.name: text for path in policies if (text := text_of(path / name))}
    if not values:
        raise AbsentError(f"no frequency policy has {name} (cpufreq)")
    agreed = set(map(str, values.values()))
    return agreed.pop() if len(agreed) == 1 else values
