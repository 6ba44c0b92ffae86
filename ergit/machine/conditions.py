"""The conditions that readings are taken under, as facts of the machine, and the session that equal ones make."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from ergit.machine import knobs
from ergit.machine.kernel import Machine, swaps, text_of, whole_number
from ergit.machine.knobs import CPU, Knob, ranges
from ergit.machine.temperature import sensors

POSSIBLE_MILLIDEGREES = range(-60_000, 200_000)  # what any sensor of a machine that runs may give

PERF_SECONDS = 10.0

Fact: TypeAlias = "str | int | float | list[Fact] | dict[str, Fact] | None"


class AbsentError(Exception):
    """Why a fact is not known on this machine."""


class Conditions(Struct, frozen=True):
    """Facts by name; one that is not known is None and has its reason in `missing`."""

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
    return Conditions(_lasting(machine, missing), _known(PASSING, machine, missing), missing)


def differences(before: Conditions, machine: Machine) -> list[str]:
    """The lasting facts that are not what they were: `turbo from off to on`."""
    now = _lasting(machine, {})
    names = dict.fromkeys([*before.lasting, *now])
    changed = [name for name in names if before.lasting.get(name) != now.get(name)]
    return [f"{name} from {_text(before.lasting.get(name))} to {_text(now.get(name))}" for name in changed]


def host(_machine: Machine) -> Fact:
    """The name that this machine gives itself."""
    return os.uname().nodename


def boot(machine: Machine) -> Fact:
    """The kernel's random name of this boot."""
    return _content(machine.proc / "sys/kernel/random/boot_id")


def kernel(machine: Machine) -> Fact:
    """Release and build of the kernel."""
    return f"{_content(machine.proc / 'sys/kernel/osrelease')} {_content(machine.proc / 'sys/kernel/version')}"


def cpu_model(machine: Machine) -> Fact:
    """The processor's name for itself; several names where there are several kinds of cores."""
    return _of_processors(machine, "model name")


def microcode(machine: Machine) -> Fact:
    """Revision of the microcode."""
    return _of_processors(machine, "microcode")


def processors_online(machine: Machine) -> Fact:
    """The processors in use, as ranges."""
    return _content(machine.sysfs / CPU / "online")


def frequency_limits(machine: Machine) -> Fact:
    """Lowest and highest frequency in kilohertz that the governor may choose, by policy."""
    return [_of_knob(knobs.LOWEST_FREQUENCY, machine), _of_knob(knobs.HIGHEST_FREQUENCY, machine)]


def turbo(machine: Machine) -> Fact:
    """Whether frequencies above the base one may be used: on or off, by switch where they disagree."""
    state = knobs.turbo(machine)
    if not state:
        raise AbsentError("no switch is there (intel_pstate/no_turbo, cpufreq/boost, or boost of a policy)")
    return _agreed(state)


def smt(machine: Machine) -> Fact:
    """Whether cores run several hardware threads, in the kernel's words."""
    return _of_knob(knobs.SMT, machine)


def idle_states(machine: Machine) -> Fact:
    """The states that processor 0 may rest in, each on or off, deepest last; by processors where they disagree.

    A state that processor 0 does not have is there where it is off.
    """
    facts: dict[str, Fact] = {}
    for name, by_processor in knobs.idle_states(machine).items():
        words = set(by_processor.values())
        if words == {"on"} or (len(words) == 1 and 0 in by_processor):
            if 0 in by_processor:
                facts[name] = words.pop()
        else:
            facts[name] = {
                word: ranges(number for number, state in by_processor.items() if state == word)
                for word in sorted(words)
            }
    if not facts:
        raise AbsentError("the kernel offers no idle states (cpuidle)")
    return facts


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


def highest_performance(machine: Machine) -> Fact:
    """The share of the highest frequency that intel_pstate allows, in percent, where it is not all."""
    percent = _of_knob(knobs.HIGHEST_PERFORMANCE, machine)
    if percent == "100":
        raise AbsentError("not limited")
    return percent


def uncore_limits(machine: Machine) -> Fact:
    """Lowest and highest frequency of the uncore in kilohertz, by die."""
    return [_of_knob(knobs.LOWEST_UNCORE, machine), _of_knob(knobs.HIGHEST_UNCORE, machine)]


def performance_limits(machine: Machine) -> Fact:
    """Lowest and highest performance that intel_pstate allows, in percent."""
    return [_of_knob(knobs.LOWEST_PERFORMANCE, machine), _of_knob(knobs.HIGHEST_PERFORMANCE, machine)]


def power_limits(machine: Machine) -> Fact:
    """Limits of power in microwatts, by zone and constraint of the powercap tree."""
    limits = knobs.POWER_LIMIT.values(machine) | knobs.POWER_LIMIT_MMIO.values(machine)
    if not limits:
        raise AbsentError("no zone of the powercap tree has one (constraint_*_power_limit_uw)")
    return dict(limits)


def huge_pages(machine: Machine) -> Fact:
    """Whether memory comes in huge pages: the kernel writes the choice in brackets."""
    text = _of_knob(knobs.HUGE_PAGES, machine)
    chosen = re.search(r"\[(\w+)\]", str(text))
    return chosen[1] if chosen else text


def numa_balancing(machine: Machine) -> Fact:
    """Whether the kernel moves memory between nodes (sysctl kernel.numa_balancing)."""
    return _content(machine.proc / "sys/kernel/numa_balancing")


def swap(machine: Machine) -> Fact:
    """The active swap areas."""
    _content(machine.proc / "swaps")
    return [area.name for area in swaps(machine.proc)]


def temperatures(machine: Machine) -> Fact:
    """All sensors that give a temperature, in degrees Celsius; of those that share a name the hottest."""
    found: dict[str, Fact] = {}
    for name, sensor in sensors(machine).items():
        values = [whole_number(text_of(path)) for path in sensor.paths]
        possible = [value for value in values if value is not None and value in POSSIBLE_MILLIDEGREES]
        if possible:
            found[name] = max(possible) / 1000
    if not found:
        raise AbsentError("no temperature sensor is there (class/thermal, class/hwmon)")
    return found


def load(machine: Machine) -> Fact:
    """Load averages of the last 1, 5 and 15 minutes (proc_loadavg(5))."""
    return [float(average) for average in re.findall(r"[0-9]+\.[0-9]+", _content(machine.proc / "loadavg"))[:3]]


def perf(_machine: Machine) -> Fact:
    """The version of perf on PATH."""
    program = shutil.which("perf")
    if program is None:
        raise AbsentError("perf is not on PATH")
    try:
        done = subprocess.run(
            [program, "--version"],
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=PERF_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AbsentError(f"perf --version failed: {error}") from error
    if done.returncode:
        raise AbsentError(f"perf --version failed: {done.stderr.strip()}")
    return done.stdout.strip()


def _of_knob(knob: Knob, machine: Machine) -> Fact:
    """A setting: one value where all processors or policies agree, else by each."""
    values = knob.values(machine)
    if not values:
        raise AbsentError(f"no file {knob.path.replace('#', '*')} holds a value")
    return _agreed(values)


def _agreed(values: Mapping[str, str]) -> Fact:
    words = set(values.values())
    return words.pop() if len(words) == 1 else dict(values)


Facts: TypeAlias = Mapping[str, Callable[[Machine], Fact]]

LASTING: Facts = {
    "host": host,
    "boot": boot,
    "kernel": kernel,
    "cpu_model": cpu_model,
    "microcode": microcode,
    "processors_online": processors_online,
    "governor": partial(_of_knob, knobs.GOVERNOR),
    "frequency_driver": partial(_of_knob, knobs.FREQUENCY_DRIVER),
    "frequency_limits_kilohertz": frequency_limits,
    "energy_performance_preference": partial(_of_knob, knobs.ENERGY_PREFERENCE),
    "turbo": turbo,
    "smt": smt,
    "idle_states": idle_states,
    "supply": supply,
}

LASTING_WHERE_SET: Facts = {
    "set_speed_kilohertz": partial(_of_knob, knobs.SET_SPEED),
    "highest_performance_percent": highest_performance,
}
"""Facts that 0.1.0 did not know: where they are absent, or at the kernel's default, a session is what it was."""

PASSING: Facts = {
    "temperatures_celsius": temperatures,
    "load_averages": load,
    "perf": perf,
    "performance_limits_percent": performance_limits,
    "energy_performance_bias": partial(_of_knob, knobs.ENERGY_BIAS),
    "uncore_limits_kilohertz": uncore_limits,
    "power_limits_microwatts": power_limits,
    "platform_profile": partial(_of_knob, knobs.PLATFORM_PROFILE),
    "idle_governor": partial(_of_knob, knobs.IDLE_GOVERNOR),
    "transparent_huge_pages": huge_pages,
    "numa_balancing": numa_balancing,
    "swap": swap,
}


def _lasting(machine: Machine, missing: dict[str, str]) -> dict[str, Fact]:
    found = _known(LASTING_WHERE_SET, machine, {})
    return _known(LASTING, machine, missing) | {name: fact for name, fact in found.items() if fact is not None}


def _known(facts: Facts, machine: Machine, missing: dict[str, str]) -> dict[str, Fact]:
    """The facts by name; the reasons for those that are absent are added to `missing`."""
    values: dict[str, Fact] = {}
    for name, fact in facts.items():
        try:
            values[name] = fact(machine)
        except AbsentError as reason:
            values[name], missing[name] = None, str(reason)
    return values


def _text(fact: Fact) -> str:
    return "unknown" if fact is None else fact if isinstance(fact, str) else json.dumps(fact)


def _content(path: Path) -> str:
    text = text_of(path)
    if not text:
        raise AbsentError(f"{path} is not there, cannot be read or is empty")
    return text


def _of_processors(machine: Machine, key: str) -> str:
    """The distinct values of a key of /proc/cpuinfo."""
    found = re.findall(rf"^{key}\s*:[ \t]*(.+)$", _content(machine.proc / "cpuinfo"), re.MULTILINE)
    if not found:
        raise AbsentError(f"{machine.proc / 'cpuinfo'} has no {key}")
    return " + ".join(dict.fromkeys(value.strip() for value in found))
