"""The machine's settings that move its energy, each described once: where it stands, and what its values mean.

Conditions record them, the doctor judges them, and `ergit prepare` sets those in SETTABLE and brings them back.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec import Struct, field

from ergit.machine.kernel import Machine, text_of

CPU = "devices/system/cpu"
POLICY = f"{CPU}/cpufreq/policy#"


class Knob(Struct, frozen=True, eq=False):
    """One setting: a file below /sys, or one for each processor or policy, whose number `#` stands for in `path`.

    `words` says what values mean that are no words themselves.
    """

    path: str
    words: Mapping[str, str] = field(default_factory=dict)

    def files(self, machine: Machine) -> dict[str, str]:
        """The raw values by path below /sys, in the order of their numbers, of the files that hold one."""
        paths = (str(path.relative_to(machine.sysfs)) for path in machine.sysfs.glob(self.path.replace("#", "[0-9]*")))
        values = ((path, text_of(machine.sysfs / path)) for path in sorted(filter(self.matches, paths), key=numbers))
        return {path: value for path, value in values if value and value != "<unsupported>"}

    def values(self, machine: Machine) -> dict[str, str]:
        """The values in words, by the processor or policy, in the order of their numbers."""
        return {self.owner(path): self.words.get(raw, raw) for path, raw in self.files(machine).items()}

    def raw(self, word: str) -> str:
        """The value that is written for a word."""
        return next((raw for raw, meaning in self.words.items() if meaning == word), word)

    def matches(self, path: str) -> bool:
        """Whether the path below /sys is that of such a file."""
        return re.fullmatch(re.escape(self.path).replace(r"\#", "[0-9]+"), path) is not None

    def owner(self, path: str) -> str:
        """What a file belongs to, by the numbered parts of its path: `policy3`; its own name where there are none."""
        parts = zip(self.path.split("/"), path.split("/"), strict=True)
        return "/".join(part for pattern, part in parts if "#" in pattern) or Path(path).name


GOVERNOR = Knob(f"{POLICY}/scaling_governor")
FREQUENCY_DRIVER = Knob(f"{POLICY}/scaling_driver")
LOWEST_FREQUENCY = Knob(f"{POLICY}/scaling_min_freq")
HIGHEST_FREQUENCY = Knob(f"{POLICY}/scaling_max_freq")
HIGHEST_POSSIBLE_FREQUENCY = Knob(f"{POLICY}/cpuinfo_max_freq")
SET_SPEED = Knob(f"{POLICY}/scaling_setspeed")  # only the governor `userspace` has it
ENERGY_PREFERENCE = Knob(f"{POLICY}/energy_performance_preference")  # barred while the governor is `performance`
NO_TURBO = Knob(f"{CPU}/intel_pstate/no_turbo", {"1": "off", "0": "on"})
BOOST = Knob(f"{CPU}/cpufreq/boost", {"0": "off", "1": "on"})
POLICY_BOOST = Knob(f"{POLICY}/boost", {"0": "off", "1": "on"})
LOWEST_PERFORMANCE = Knob(f"{CPU}/intel_pstate/min_perf_pct")
HIGHEST_PERFORMANCE = Knob(f"{CPU}/intel_pstate/max_perf_pct")
SMT = Knob(f"{CPU}/smt/control")
ONLINE = Knob(f"{CPU}/cpu#/online")
IDLE_STATE_NAME = Knob(f"{CPU}/cpu#/cpuidle/state#/name")
IDLE_STATE = Knob(f"{CPU}/cpu#/cpuidle/state#/disable", {"0": "on", "1": "off"})
IDLE_DRIVER = Knob(f"{CPU}/cpuidle/current_driver")
IDLE_GOVERNOR = Knob(f"{CPU}/cpuidle/current_governor")
ENERGY_BIAS = Knob(f"{CPU}/cpu#/power/energy_perf_bias")
LOWEST_UNCORE = Knob(f"{CPU}/intel_uncore_frequency/package_#_die_#/min_freq_khz")
HIGHEST_UNCORE = Knob(f"{CPU}/intel_uncore_frequency/package_#_die_#/max_freq_khz")
POWER_LIMIT = Knob("class/powercap/intel-rapl:#/constraint_#_power_limit_uw")
POWER_LIMIT_MMIO = Knob("class/powercap/intel-rapl-mmio:#/constraint_#_power_limit_uw")
PLATFORM_PROFILE = Knob("firmware/acpi/platform_profile")
HUGE_PAGES = Knob("kernel/mm/transparent_hugepage/enabled")

TURBO = (NO_TURBO, BOOST, POLICY_BOOST)
"""The switches of turbo: the first that a machine has decides (Documentation/admin-guide/pm)."""

SMT_IS_OFF = frozenset({"off", "forceoff"})
SMT_IS_ABSENT = frozenset({"notsupported", "notimplemented"})

SETTABLE = (
    SMT,  # first: the settings of an offline processor can't be written
    ONLINE,
    NO_TURBO,
    LOWEST_PERFORMANCE,
    HIGHEST_PERFORMANCE,
    BOOST,
    POLICY_BOOST,
    GOVERNOR,
    SET_SPEED,
    ENERGY_PREFERENCE,
    LOWEST_FREQUENCY,
    HIGHEST_FREQUENCY,
)
"""What `ergit prepare` may write, in the order in which the values are brought back."""

MOVED_WITH_POLICIES = (POLICY_BOOST, GOVERNOR, SET_SPEED, ENERGY_PREFERENCE, LOWEST_FREQUENCY, HIGHEST_FREQUENCY)
"""What the kernel may change along with a setting of a policy; the next two, along with turbo and with SMT."""
MOVED_WITH_TURBO = (NO_TURBO, LOWEST_PERFORMANCE, HIGHEST_PERFORMANCE, BOOST, *MOVED_WITH_POLICIES)
MOVED_WITH_SMT = (SMT, ONLINE, *MOVED_WITH_POLICIES)


def policies(machine: Machine) -> tuple[str, ...]:
    """The cpufreq policies, as paths below /sys, by number; one policy rules one or more processors."""
    found = (str(path.relative_to(machine.sysfs)) for path in machine.sysfs.glob(POLICY.replace("#", "[0-9]*")))
    return tuple(sorted(found, key=numbers))


def turbo_switch(machine: Machine) -> Knob | None:
    """The switch of turbo that decides here; None where there is none."""
    return next((knob for knob in TURBO if knob.files(machine)), None)


def turbo(machine: Machine) -> dict[str, str]:
    """Whether frequencies above the base one may be used, `on` or `off`, by what says so; empty where nothing does.

    With a common `boost`, those of single policies are there where they say something else.
    """
    switch = turbo_switch(machine)
    if switch is None:
        return {}
    state = switch.values(machine)
    if switch == BOOST:
        own = POLICY_BOOST.values(machine)
        if set(own.values()) - set(state.values()):
            return state | own
    return state


def idle_states(machine: Machine) -> dict[str, dict[int, str]]:
    """The idle states that processors may rest in, deepest last: `on` or `off`, by processor; on where no switch is."""
    disabled = IDLE_STATE.values(machine)
    states: dict[str, dict[int, str]] = {}
    for owner, name in IDLE_STATE_NAME.values(machine).items():
        processor, _ = numbers(owner)
        states.setdefault(name, {})[processor] = disabled.get(owner, "on")
    return states


def settable(path: str) -> int | None:
    """The rank in SETTABLE of what the path below /sys holds; None where it is nothing to be set."""
    return next((rank for rank, knob in enumerate(SETTABLE) if knob.matches(path)), None)


def numbers(path: str) -> list[int]:
    """The numbers in a path, by which files of one kind are sorted."""
    return [int(number) for number in re.findall("[0-9]+", path)]


def ranges(members: Iterable[int]) -> str:
    """Whole numbers as a list of ranges in the kernel's way: `0-3,8`."""
    parts: list[list[int]] = []
    for number in sorted(set(members)):
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)
