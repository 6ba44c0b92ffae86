"""Files as the kernel shows its energy counters, in a temporary folder."""

from pathlib import Path

RANGE = 262_143_328_850
"""The range in microjoules of a package counter that steps in 2^-14 J, as many of Intel's do."""

SCALE = "2.3283064365386962890625e-10"
"""The scale of the kernel's energy events, 2^-32 J."""

SOFTWARE = 1
CPU_CLOCK = 0


def zone(folder: Path, name: str, energy_uj: int | str, range_uj: int | str = RANGE) -> Path:
    """Writes one zone and returns the file of its counter."""
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{name}\n")
    (folder / "max_energy_range_uj").write_text(f"{range_uj}\n")
    (folder / "energy_uj").write_text(f"{energy_uj}\n")
    return folder / "energy_uj"


def power_pmu(
    folder: Path,
    *,
    pmu_type: str = "21",
    cpumask: str = "0",
    events: dict[str, str] | None = None,
    scale: str = SCALE,
    unit: str = "Joules",
    place: str = "config:0-7",
) -> Path:
    """Writes the files with which the kernel describes a PMU, and returns its folder."""
    power = folder / "power"
    (power / "events").mkdir(parents=True)
    (power / "format").mkdir()
    (power / "type").write_text(f"{pmu_type}\n")
    (power / "cpumask").write_text(f"{cpumask}\n")
    (power / "format" / "event").write_text(f"{place}\n")
    for name, terms in (events or {"energy-pkg": "event=0x02"}).items():
        (power / "events" / name).write_text(f"{terms}\n")
        (power / "events" / f"{name}.scale").write_text(f"{scale}\n")
        (power / "events" / f"{name}.unit").write_text(f"{unit}\n")
    return power


def clock_pmu(folder: Path, cpumask: str, names: tuple[str, ...] = ("energy-pkg",)) -> Path:
    """A PMU whose energy events are the kernel's CPU clock: one joule a second on each CPU."""
    return power_pmu(
        folder,
        pmu_type=str(SOFTWARE),
        cpumask=cpumask,
        events=dict.fromkeys(names, f"event={CPU_CLOCK}"),
        scale="1e-9",
        place="config:0-63",
    )
