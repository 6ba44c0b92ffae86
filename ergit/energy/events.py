"""Events of the kernel's `power` PMU, as /sys describes them: domain, scale, processors, and the right to open them."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from ergit.energy.source import OtherDomainError, UnavailableError, absent_counter_fix, parse_whole_number

EVENT_DOMAINS = {
    "energy-pkg": "package",
    "energy-cores": "core",
    "energy-gpu": "uncore",
    "energy-ram": "dram",
    "energy-psys": "psys",
}
"""Events of the `power` PMU (linux/arch/x86/events/rapl.c) in the words of powercap."""

OTHER_SOURCE = "Choose the source perf or powercap"
CPU_FILES = Path("/sys/devices/system/cpu")


class Event(Struct, frozen=True):
    """One event of the PMU: `scale` × count is energy in `unit`."""

    name: str
    domain: str
    config: int
    scale: str
    unit: str


def cpus_in(mask: str) -> tuple[int, ...]:
    """CPU numbers in a list such as `0,18` or `0-3,8`; raises ValueError where it is none.

    Source: linux/Documentation/admin-guide/cputopology.rst.
    """
    cpus: list[int] = []
    for part in mask.strip().split(","):
        first, dash, last = part.partition("-")
        cpus.extend(range(parse_whole_number(first), parse_whole_number(last if dash else first) + 1))
    return tuple(cpus)


def config_of(terms: str, formats: dict[str, str]) -> int:
    """Config number of an event such as `event=0x02` under formats such as `{"event": "config:0-7"}`.

    Source: linux/Documentation/ABI/testing/sysfs-bus-event_source-devices-format. Raises ValueError for anything else.
    """
    config = 0
    for term in terms.strip().split(","):
        name, _, value = term.partition("=")
        position = re.fullmatch(r"config:(\d+)(-\d+)?", formats.get(name, "").strip())
        if position is None:
            raise ValueError(f"the term {term!r} has no position in the event's config")
        if not re.fullmatch(r"(0x[0-9a-fA-F]+|[0-9]+)?", value):
            raise ValueError(f"the term {term!r} has no number")
        config |= int(value or "1", 0) << int(position[1])
    return config


def events_shown(power: Path) -> dict[str, str]:
    """Names of the energy events that the PMU has, each with its domain."""
    return {name: domain for name, domain in EVENT_DOMAINS.items() if (power / "events" / name).is_file()}


def read_type_and_cpus(power: Path, proc: Path, judged: str = "package") -> tuple[int, tuple[int, ...]]:
    """The PMU's type number and the CPUs to count on, one per package.

    Raises UnavailableError where the PMU does not count the domain `judged`. Its name alone says little: older
    processors of AMD have another PMU named `power`, without energy events (linux/arch/x86/events/amd/power.c).
    """
    shown = list(events_shown(power).values())
    if not shown:
        event = next(name for name, domain in EVENT_DOMAINS.items() if domain == judged)
        raise UnavailableError(f"there is no event {power}/events/{event}", absent_counter_fix("rapl", proc))
    if judged not in shown:
        raise OtherDomainError(power, shown, judged)
    try:
        return parse_whole_number((power / "type").read_text(encoding="ascii")), cpus_in(
            (power / "cpumask").read_text(encoding="ascii")
        )
    except (OSError, ValueError) as error:
        reason = f"type and cpumask in {power} do not say how to open the counters ({error})"
        raise UnavailableError(reason, OTHER_SOURCE) from error


class Die(NamedTuple):
    """Where a CPU lies, as the kernel numbers it; None where the kernel does not say."""

    package: str | None
    die: str | None


def die_of(cpu: int, cpu_files: Path) -> Die:
    """Package and die of a CPU (linux/Documentation/ABI/stable/sysfs-devices-system-cpu)."""

    def number(name: str) -> str | None:
        try:
            return (cpu_files / f"cpu{cpu}" / "topology" / name).read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            return None

    return Die(number("physical_package_id"), number("die_id"))


def one_cpu_per_die(cpus: Sequence[int], cpu_files: Path) -> tuple[dict[int, Die], tuple[str, ...]]:
    """The CPUs of a mask that stand for a die each, where they lie, and notes on those left out.

    Two CPUs of one die would count the same counter twice. A CPU of which the kernel says nothing stands for itself.
    """
    kept: dict[int, Die] = {}
    notes: list[str] = []
    for cpu in cpus:
        die = die_of(cpu, cpu_files)
        twin = next((other for other in kept if kept[other] == die), None) if die.package is not None else None
        if twin is None:
            kept[cpu] = die
        else:
            notes.append(f"CPU {cpu} left out: it belongs to the same package as CPU {twin}, which is counted once")
    return kept, tuple(notes)


def read_event(power: Path, name: str) -> Event:
    """One event with its scale and unit; raises UnavailableError if it isn't there or isn't in joules."""
    events = power / "events"
    try:
        formats = {entry.name: entry.read_text(encoding="ascii") for entry in (power / "format").iterdir()}
        config = config_of((events / name).read_text(encoding="ascii"), formats)
        scale = (events / f"{name}.scale").read_text(encoding="ascii").strip()
        unit = (events / f"{name}.unit").read_text(encoding="ascii").strip()
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?", scale):
            raise ValueError(f"the scale {scale!r} is no number")
        factor = float(scale)
    except (OSError, ValueError) as error:
        reason = f"the event {events / name} cannot be understood ({error})"
        raise UnavailableError(reason, OTHER_SOURCE) from error
    if unit != "Joules" or not 0 < factor < 1:
        reason = f"{events / name} counts {scale} {unit}, and not a fraction of Joules"
        raise UnavailableError(reason, OTHER_SOURCE)
    return Event(name, EVENT_DOMAINS[name], config, scale, unit)
