"""Which energy sources can be read here, which one the settings lead to, and the fix of those that cannot."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ergit import energy
from ergit.machine.doctor.check import Check, Roots
from ergit.machine.knobs import text_of

CAP_SYS_ADMIN, CAP_PERFMON = 21, 38  # bits of capabilities(7), linux/capability.h


def source_checks(settings: Mapping[str, Any], roots: Roots) -> Iterator[Check]:
    """Which source the settings lead to, then each source that there is and the right to count; fatal if it is none."""
    sources = energy.Roots.of(
        settings,
        powercap=roots.sysfs / "class/powercap",
        event_sources=roots.sysfs / "bus/event_source/devices",
        proc=roots.proc,
    )
    found = energy.probe(settings, sources)
    wanted = settings["source"]
    asked = [
        each
        for each in found
        if each.name == wanted or (wanted == "auto" and (each.kind == "measured" or settings["allow_estimate"]))
    ]
    chosen = next((each for each in asked if each.available), None)
    yield chosen_source(wanted, chosen, asked)
    for each in found:
        if each.available:
            use = "used" if each is chosen else "not used"
            yield Check(f"source {each.name}", "ok", f"{use}; {each.reason}")
        elif chosen is None and each in asked:
            yield Check(f"source {each.name}", "fatal", each.reason, "These settings need it.", each.fix or "")
        else:
            yield Check(f"source {each.name}", "missing", each.reason, "These settings do without it.", each.fix or "")
    yield perf_right(roots)


def chosen_source(wanted: str, chosen: energy.Availability | None, asked: Sequence[energy.Availability]) -> Check:
    """What the readings will be: joules of a counter, an estimate, or nothing."""
    if chosen is None:
        return Check(
            "readings",
            "fatal",
            f"measure.source is {wanted}, and it cannot be read" if wanted != "auto" else "no counter can be read",
            "Nothing can be measured: the study stops before it builds anything.",
            f"Fix one of {', '.join(each.name for each in asked)} below, or set measure.allow_estimate: true "
            "with measure.source: auto.",
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


def perf_right(roots: Roots) -> Check:
    """Whether this process may count for the whole machine (perf_event_open(2), perf_event_paranoid above 0)."""
    paranoid = text_of(roots.proc / "sys/kernel/perf_event_paranoid")
    if paranoid is None:
        return Check("perf right", "missing", "this kernel has no perf events", "Only powercap can be read.")
    capabilities = dict(line.split(":\t", 1) for line in (text_of(roots.proc / "self/status") or "").splitlines())
    effective = int(capabilities.get("CapEff", "0"), 16)
    capable = any(effective >> bit & 1 for bit in (CAP_PERFMON, CAP_SYS_ADMIN))
    found = f"perf_event_paranoid {paranoid}, {'with' if capable else 'without'} CAP_PERFMON"
    if capable or int(paranoid) <= 0:
        return Check("perf right", "ok", found)
    return Check(
        "perf right",
        "missing",
        found,
        "The sources pmu and perf count for the whole machine, which takes this right; powercap does without it.",
    )
