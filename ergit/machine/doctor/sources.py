"""Which energy sources can be read here, which one the settings lead to, and the fix of those that cannot."""

import re
from collections.abc import Collection, Iterator, Sequence

from ergit import energy
from ergit.config.settings import MeasureSettings
from ergit.energy.events import EVENT_DOMAINS, STRICTEST_FOR_PERFMON
from ergit.energy.zones import named_zones
from ergit.machine.doctor.check import Check, CheckRoots, Level
from ergit.machine.kernel import text_of, whole_number

CAP_SYS_ADMIN, CAP_PERFMON = 21, 38  # bits of capabilities(7), linux/capability.h
NOTHING_MEASURED = "Nothing can be measured: the study stops before it builds anything."
ALL_USERS = ["0", "0", "4294967295"]  # the first user namespace's uid_map, user_namespaces(7)


def source_checks(settings: MeasureSettings, roots: CheckRoots) -> Iterator[Check]:
    """Which source the settings lead to (fatal if none), then each source and the right to count."""
    sources = energy.Roots.of(
        settings,
        powercap=roots.sysfs / "class/powercap",
        event_sources=roots.sysfs / "bus/event_source/devices",
        proc=roots.proc,
        cpu_files=roots.sysfs / "devices/system/cpu",
    )
    found = energy.probe(settings, sources)
    asked = [each for each in found if each.is_asked_for]
    chosen = next((each for each in asked if each.available), None)
    others = {} if chosen else shown_instead(sources, settings.judged)
    yield chosen_source(settings, chosen, asked, others)
    for each in found:
        if each.available:
            use = "used" if each is chosen else "not used"
            yield Check(f"source {each.name}", "ok", f"{use}; {each.reason}")
        elif each.name in others:
            yield other_domain(each.name, others[each.name], settings.judged)
        else:
            is_needed = chosen is None and each in asked
            level: Level = "fatal" if is_needed else "missing"
            meaning = NOTHING_MEASURED if is_needed else "These settings do without it."
            yield Check(f"source {each.name}", level, each.reason, meaning, each.fix or "")
    yield perf_right(roots)


def shown_instead(roots: energy.Roots, judged: str) -> dict[str, str]:
    """The first domain that a source shows where it does not show the judged one; sources without any are left out."""
    power = roots.event_sources / "power"
    events = [domain for event, domain in EVENT_DOMAINS.items() if (power / "events" / event).is_file()]
    try:
        zones = [domain for _, domain, _ in named_zones(roots.powercap, roots.proc)]
    except energy.UnavailableError:
        zones = []
    shown = {"pmu": events, "perf": events, "powercap": zones}
    return {name: domains[0] for name, domains in shown.items() if domains and judged not in domains}


def other_domain(name: str, domain: str, judged: str) -> Check:
    """A source that counts, but not what the settings judge by."""
    return Check(
        f"source {name}",
        "fatal",
        f"counts {domain}, but no {judged}, by which measure.judged compares commits",
        NOTHING_MEASURED,
        f"Set measure.judged: {domain}{', the energy of the whole machine' if domain == 'psys' else ''}",
    )


def chosen_source(
    settings: MeasureSettings,
    chosen: energy.Availability | None,
    asked: Sequence[energy.Availability],
    others: Collection[str],
) -> Check:
    """What the readings will be: joules of a counter, an estimate, or nothing."""
    names = ", ".join(each.name for each in asked)
    if chosen is None:
        return Check(
            "readings",
            "fatal",
            f"no counter of {settings.judged} can be read"
            if settings.source == "auto"
            else f"measure.source is {names}, and it cannot be read",
            NOTHING_MEASURED,
            "" if others else "Fix one of the sources, or set measure.allow_estimate: true with measure.source: auto.",
        )
    if chosen.kind == "estimated":
        return Check(
            "readings",
            "warn",
            "estimated from CPU time",
            "No joules are measured: each value is CPU seconds times a fixed power, blind to memory and frequency.",
            "Measure where a counter can be read.",
        )
    return Check("readings", "ok", f"measured by {chosen.name}")


def perf_right(roots: CheckRoots) -> Check:
    """Whether this process may count for the whole machine (perf_event_open(2), perf_event_paranoid above 0).

    Debian and Ubuntu have levels above the kernel's own highest, 2: there CAP_PERFMON does not suffice.
    """
    text = text_of(roots.proc / "sys/kernel/perf_event_paranoid")
    level = whole_number(text)
    if level is None:
        return Check("perf right", "missing", "this kernel has no perf events", "Only powercap can be read.")
    held = capabilities(roots)
    capable = CAP_SYS_ADMIN in held or (CAP_PERFMON in held and level <= STRICTEST_FOR_PERFMON)
    if capable or level <= 0:
        return Check("perf right", "ok", f"perf_event_paranoid {level}{', with the right to count' if capable else ''}")
    strict = level > STRICTEST_FOR_PERFMON
    lacking = "CAP_SYS_ADMIN, and CAP_PERFMON does not suffice at this level" if strict else "CAP_PERFMON"
    return Check(
        "perf right",
        "missing",
        f"perf_event_paranoid {level}, without {lacking}",
        "The sources pmu and perf count for the whole machine, which takes this right. powercap works without it.",
    )


def capabilities(roots: CheckRoots) -> set[int]:
    """The effective capabilities, as bits, that count outside of a container: none where users are mapped."""
    mapping = (text_of(roots.proc / "self/uid_map") or "").split()
    if mapping and mapping != ALL_USERS:
        return set()
    found = re.search("^CapEff:\t([0-9a-f]+)$", text_of(roots.proc / "self/status") or "", re.MULTILINE)
    effective = int(found[1], 16) if found else 0
    return {bit for bit in range(effective.bit_length()) if effective >> bit & 1}
