"""The settings of a machine that move its readings: how they stand, what that means, and what prepares them."""

from collections.abc import Iterator

from ergit.machine.doctor.check import Check, Roots
from ergit.machine.kernel import text_of
from ergit.machine.prepare.command import AS_ROOT
from ergit.machine.prepare.plan import PROCESSORS, policies
from ergit.machine.prepare.targets import swaps

PREPARE = f"{AS_ROOT} apply"
GOVERNING_DAEMONS = {  # as /proc/<pid>/comm shows them, cut after 15 letters
    "power-profiles-": "power-profiles-daemon.service",
    "tuned": "tuned.service",
    "auto-cpufreq": "auto-cpufreq.service",
    "cpufreqd": "cpufreqd.service",
}


def setting_checks(roots: Roots) -> Iterator[Check]:
    """The settings that move the readings, each with the call that prepares it."""
    if policies(roots.sysfs):
        yield governor(roots)
        yield frequency(roots)
    else:
        yield no_frequency_scaling()
    yield turbo(roots)
    yield smt(roots)
    yield idle_states(roots)
    yield swap(roots)
    yield governing_daemons(roots)


def governor(roots: Roots) -> Check:
    """The cpufreq governors of all policies."""
    found = distinct(roots, "scaling_governor")
    if set(found) == {"performance"} or fixed_limits(roots):
        return Check("governor", "ok", ", ".join(found))
    return Check(
        "governor",
        "warn",
        ", ".join(found),
        "The frequency follows the load: two commits may run at different frequencies, and a short command is over "
        "before it is reached.",
        f"{PREPARE} --governor performance",
    )


def frequency(roots: Roots) -> Check:
    """The limits of frequency of all policies."""
    driver = distinct(roots, "scaling_driver")
    lowest, highest = distinct(roots, "scaling_min_freq"), distinct(roots, "scaling_max_freq")
    limits = "-".join(f"{pick(map(int, values)) / 1000:g}" for pick, values in ((min, lowest), (max, highest)))
    if fixed_limits(roots):
        return Check("frequency", "ok", f"{', '.join(driver)}, fixed at {int(lowest[0]) / 1000:g} MHz")
    if len(highest) > 1 and len(distinct(roots, "cpuinfo_max_freq")) == 1:
        return Check(
            "frequency",
            "warn",
            f"{', '.join(driver)}, {limits} MHz, not the same for all processors",
            "Energy depends on which processor the command happens to run on.",
            f"{PREPARE} --frequency 2GHz (one that all processors have)",
        )
    return Check("frequency", "ok", f"{', '.join(driver)}, {limits} MHz")


def turbo(roots: Roots) -> Check:
    """Whether the processors may exceed their base frequency."""
    off = text_of(roots.sysfs / PROCESSORS / "intel_pstate/no_turbo")
    boost = text_of(roots.sysfs / PROCESSORS / "cpufreq/boost")
    switches = [boost] if boost is not None else distinct(roots, "boost")
    if off is None and not switches:
        return Check("turbo", "missing", "no switch", "Whether frequencies above the base one are used is not known.")
    if off == "1" or (off is None and set(switches) == {"0"}):
        return Check("turbo", "ok", "off")
    return Check(
        "turbo",
        "warn",
        "on",
        "Frequency above the base one depends on temperature and on how many cores are busy: the same work costs other "
        "joules after a warm neighbour.",
        f"{PREPARE} --no-turbo",
    )


def smt(roots: Roots) -> Check:
    """Whether cores run more than one hardware thread."""
    control = text_of(roots.sysfs / PROCESSORS / "smt/control")
    if control in {None, "notsupported", "notimplemented", "off", "forceoff"}:
        return Check("SMT", "ok", control or "none")
    return Check(
        "SMT",
        "warn",
        control or "",
        "Two threads on one core take each other's cycles: where the scheduler puts them changes duration and joules.",
        f"{PREPARE} --no-smt",
    )


def idle_states(roots: Roots) -> Check:
    """The driver of idle states, and how many of them there are."""
    driver = text_of(roots.sysfs / PROCESSORS / "cpuidle/current_driver")
    states = sorted((roots.sysfs / PROCESSORS / "cpu0/cpuidle").glob("state[0-9]*"))
    if driver in {None, "none"} or not states:
        return Check("idle states", "missing", "none", "Idle processors may draw as much as busy ones.")
    return Check("idle states", "ok", f"{driver}, {len(states)} states")


def swap(roots: Roots) -> Check:
    """Whether memory can be swapped out."""
    areas = swaps(roots.proc)
    if not areas:
        return Check("swap", "ok", "off")
    used = sum(area.used_kibibytes for area in areas)
    return Check(
        "swap",
        "warn",
        f"{', '.join(area.name for area in areas)}, {used / 1024:.0f} MiB used",
        "Memory that comes back from disk inside a window costs time and joules that are not the commit's.",
        f"{PREPARE} --no-swap",
    )


def governing_daemons(roots: Roots) -> Check:
    """Services that set the governor or the limits themselves."""
    names = {text_of(path) for path in roots.proc.glob("[0-9]*/comm")}
    found = sorted(GOVERNING_DAEMONS[name] for name in names if name in GOVERNING_DAEMONS)
    if not found:
        return Check("power services", "ok", "none runs")
    return Check(
        "power services",
        "warn",
        ", ".join(found),
        "They change governor, limits or turbo by themselves, in the middle of a study.",
        f"{PREPARE} --stop {' '.join(found)}",
    )


def no_frequency_scaling() -> Check:
    """The check of governor and limits where there is no cpufreq."""
    return Check(
        "frequency",
        "missing",
        "no cpufreq",
        "The firmware or the host decides on the frequency: it is neither set nor recorded.",
    )


def fixed_limits(roots: Roots) -> bool:
    """Whether one frequency is the lower and upper limit of every processor."""
    limits = set(distinct(roots, "scaling_min_freq")) | set(distinct(roots, "scaling_max_freq"))
    return len(limits) == 1


def distinct(roots: Roots, setting: str) -> list[str]:
    """The different values of a setting of all cpufreq policies, in the order of the policies."""
    values = (text_of(roots.sysfs / policy / setting) for policy in policies(roots.sysfs))
    return list(dict.fromkeys(value for value in values if value is not None))
