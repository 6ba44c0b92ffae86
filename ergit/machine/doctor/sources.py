"""Which energy sources can be read here, which one the settings lead to, and the fix of those that cannot."""

from collections.abc import Iterator, Sequence

from ergit import energy
from ergit.config.settings import MeasureSettings
from ergit.machine.doctor.check import Check, CheckRoots

HEADLINE = "readings"  # the check that follows from those of the sources
NOTHING_MEASURED = "Nothing can be measured: the study stops before it builds anything."


def source_checks(settings: MeasureSettings, roots: CheckRoots) -> Iterator[Check]:
    """Which source the settings lead to (fatal if none), then each source."""
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
    yield readings(settings, chosen, asked)
    for each in found:
        if each.available:
            use = "used" if each is chosen else "not used"
            yield Check(f"source {each.name}", "ok", f"{use}; {each.reason}")
        elif chosen is None and each in asked:
            yield Check(f"source {each.name}", "fatal", each.reason, NOTHING_MEASURED, each.fix or "")
        else:
            yield Check(f"source {each.name}", "missing", f"not needed; {each.reason}")


def readings(
    settings: MeasureSettings, chosen: energy.Availability | None, asked: Sequence[energy.Availability]
) -> Check:
    """What the readings will be: joules of a counter, an estimate, or nothing."""
    names = ", ".join(each.name for each in asked)
    if chosen is None:
        return Check(
            HEADLINE,
            "fatal",
            f"no counter of {settings.judged} can be read"
            if settings.source == "auto"
            else f"measure.source is {names}, and it cannot be read",
            NOTHING_MEASURED,
            energy.way_out(settings),
        )
    if chosen.kind == "estimated":
        return Check(
            HEADLINE,
            "warn",
            "estimated from CPU time",
            "No joules are measured: each value is CPU seconds times a fixed power, blind to memory and frequency.",
            "Measure where a counter can be read.",
        )
    return Check(HEADLINE, "ok", f"measured by {chosen.name}")
