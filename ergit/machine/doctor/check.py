"""The shape of a check of this machine, and the folders that checks look at."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ergit.machine.kernel import Machine
from ergit.machine.lock import FOLDERS
from ergit.machine.prepare.saved_state import STATE

Level = Literal["ok", "warn", "missing", "fatal"]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at; `missing` is what this machine does not have and these settings do not need."""

    name: str
    level: Level
    found: str
    meaning: str = ""
    fix: str = ""


@dataclass(frozen=True)
class CheckRoots:
    """The kernel's trees, the folders that a study writes to, and where JDKs, the saved state and locks are."""

    sysfs: Path = Path("/sys")
    proc: Path = Path("/proc")
    results: Path = Path("results")
    temporary: Path = Path(tempfile.gettempdir())
    root: Path = Path("/")
    saved_state: Path = STATE
    locks: tuple[Path, ...] = FOLDERS

    @property
    def machine(self) -> Machine:
        """The machine that the kernel's trees describe."""
        return Machine(self.sysfs, self.proc)
