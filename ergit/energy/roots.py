"""Where the kernel's files and perf are found."""

from pathlib import Path
from typing import Self

from msgspec import Struct

from ergit.config.settings import MeasureSettings


class Roots(Struct, frozen=True):
    """Where the kernel's files and perf are found."""

    powercap: Path = Path("/sys/class/powercap")
    event_sources: Path = Path("/sys/bus/event_source/devices")
    proc: Path = Path("/proc")
    perf: str = "perf"
    cpu_files: Path = Path("/sys/devices/system/cpu")

    @property
    def power(self) -> Path:
        """The PMU that counts energy."""
        return self.event_sources / "power"

    @classmethod
    def of(
        cls,
        settings: MeasureSettings,
        *,
        powercap: Path = powercap,
        event_sources: Path = event_sources,
        proc: Path = proc,
        perf: str = perf,
        cpu_files: Path = cpu_files,
    ) -> Self:
        """The powercap tree that the settings name, and the other roots as given."""
        tree = Path(settings.powercap) if settings.powercap else powercap
        return cls(tree, event_sources, proc, perf, cpu_files)


KERNEL_ROOTS = Roots()
"""Those of a running kernel."""
