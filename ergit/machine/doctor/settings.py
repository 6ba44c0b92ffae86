"""The settings of a machine that move its readings: how they stand, what that means, and what prepares them."""

from collections.abc import Iterator

from ergit.machine import knobs
from ergit.machine.doctor.check import Check, CheckRoots
from ergit.machine.kernel import Machine, swaps, text_of, whole_number
from ergit.machine.knobs import Knob
from ergit.machine.prepare.command import apply_command
from ergit.machine.prepare.plan import Request
from ergit.text import counted

GOVERNING_DAEMONS = {  # as /proc/<pid>/comm shows them, cut after 15 letters
    "power-profiles-": "power-profiles-daemon.service",
    "tuned": "tuned.service",
    "auto-cpufreq": "auto-cpufreq.service",
    "cpufreqd": "cpufreqd.service",
}


def setting_checks(roots: CheckRoots) -> Iterator[Check]:
    """The settings that move the readings, each with the call that prepares it."""
    machine = roots.machine
    if knobs.policies(machine):
        yield governor(machine)
        yield frequency(machine)
    else:
        yield no_frequency_scaling()
    yield turbo(machine)
    yield smt(machine)
    yield idle_states(machine)
    yield swap(machine)
    yield governing_daemons(machine)


def governor(machine: Machine) -> Check:
    """The cpufreq governors of all policies."""
    found = distinct(machine, knobs.GOVERNOR)
    if set(found) == {"performance"} or fixed_megahertz(machine):
        return Check("governor", "ok", ", ".join(found))
    return Check(
        "governor",
        "warn",
        ", ".join(found) or "unknown",
        "The frequency follows the load: two commits may run at different frequencies, and a short command is over "
        "before it is reached.",
        apply_command(Request(governor="performance")),
    )


def frequency(machine: Machine) -> Check:
    """The limits of frequency of all policies."""
    driver = ", ".join(distinct(machine, knobs.FREQUENCY_DRIVER)) or "unknown driver"
    fixed = fixed_megahertz(machine)
    if fixed:
        return Check("frequency", "ok", f"{driver}, fixed at {fixed:g} MHz")
    lowest, highest = megahertz(machine, knobs.LOWEST_FREQUENCY), megahertz(machine, knobs.HIGHEST_FREQUENCY)
    if not lowest or not highest:
        return Check("frequency", "missing", f"{driver}, no limits", "How the frequency is limited is not recorded.")
    found = f"{driver}, {min(lowest):g}-{max(highest):g} MHz"
    if len(highest) > 1 and len(distinct(machine, knobs.HIGHEST_POSSIBLE_FREQUENCY)) == 1:
        return Check(
            "frequency",
            "warn",
            f"{found}, not the same for all processors",
            "Energy depends on which processor the command happens to run on.",
            f"{apply_command(Request(frequency_kilohertz=2_000_000))} (or another one that all processors have)",
        )
    return Check("frequency", "ok", found)


def turbo(machine: Machine) -> Check:
    """Whether the processors may exceed their base frequency."""
    state = knobs.turbo(machine)
    words = set(state.values())
    if not state:
        return Check("turbo", "missing", "no switch", "Whether frequencies above the base one are used is not known.")
    if words == {"off"}:
        return Check("turbo", "ok", "off")
    return Check(
        "turbo",
        "warn",
        words.pop() if len(words) == 1 else ", ".join(f"{owner} {word}" for owner, word in state.items()),
        "Frequency above the base one depends on temperature and on how many cores are busy: the same work costs other "
        "joules after a warm neighbour.",
        apply_command(Request(no_turbo=True)),
    )


def smt(machine: Machine) -> Check:
    """Whether cores run more than one hardware thread."""
    found = distinct(machine, knobs.SMT)
    if set(found) <= knobs.SMT_IS_ABSENT | knobs.SMT_IS_OFF:
        return Check("SMT", "ok", ", ".join(word for word in found if word not in knobs.SMT_IS_ABSENT) or "none")
    return Check(
        "SMT",
        "warn",
        ", ".join(found),
        "Two threads on one core take each other's cycles: where the scheduler puts them changes duration and joules.",
        apply_command(Request(no_smt=True)),
    )


def idle_states(machine: Machine) -> Check:
    """The driver of idle states, and how many of them there are; a warning where processors differ."""
    driver = ", ".join(distinct(machine, knobs.IDLE_DRIVER))
    states = knobs.idle_states(machine)
    if driver in {"", "none"} or not states:
        return Check("idle states", "missing", "none", "Idle processors may draw as much as busy ones.")
    uneven = [name for name, by_processor in states.items() if len(set(by_processor.values())) > 1]
    if not uneven:
        return Check("idle states", "ok", f"{driver}, {counted(len(states), 'state')}")
    return Check(
        "idle states",
        "warn",
        f"{driver}, {', '.join(uneven)} not the same on all processors",
        "Energy depends on which processor the command happens to run on.",
        "Set cpuidle/state*/disable of all processors alike (cpupower idle-set).",
    )


def swap(machine: Machine) -> Check:
    """Whether memory can be swapped out."""
    areas = swaps(machine.proc)
    if not areas:
        return Check("swap", "ok", "off")
    used = sum(area.used_kibibytes for area in areas)
    return Check(
        "swap",
        "warn",
        f"{', '.join(area.name for area in areas)}, {used / 1024:.0f} MiB used",
        "Memory that comes back from disk inside a window costs time and joules that are not the commit's.",
        apply_command(Request(no_swap=True)),
    )


def governing_daemons(machine: Machine) -> Check:
    """Services that set the governor or the limits themselves."""
    names = {text_of(path) for path in machine.proc.glob("[0-9]*/comm")}
    found = sorted(GOVERNING_DAEMONS[name] for name in names if name in GOVERNING_DAEMONS)
    if not found:
        return Check("power services", "ok", "none runs")
    return Check(
        "power services",
        "warn",
        ", ".join(found),
        "They change governor, limits or turbo by themselves, in the middle of a study.",
        apply_command(Request(stop=tuple(found))),
    )


def no_frequency_scaling() -> Check:
    """The check of governor and limits where there is no cpufreq."""
    return Check(
        "frequency",
        "missing",
        "no cpufreq",
        "The firmware or the host decides on the frequency: it is neither set nor recorded.",
    )


def fixed_megahertz(machine: Machine) -> float | None:
    """The one frequency that is the lower and upper limit of every processor; None where there is no such one."""
    limits = {*megahertz(machine, knobs.LOWEST_FREQUENCY), *megahertz(machine, knobs.HIGHEST_FREQUENCY)}
    return limits.pop() if len(limits) == 1 else None


def megahertz(machine: Machine, knob: Knob) -> list[float]:
    """The different values of a limit in kilohertz, without those that are no number."""
    kilohertz = (whole_number(text) for text in distinct(machine, knob))
    return [number / 1000 for number in kilohertz if number is not None]


def distinct(machine: Machine, knob: Knob) -> list[str]:
    """The different values of a setting, in the order of the processors or policies."""
    return list(dict.fromkeys(knob.values(machine).values()))
