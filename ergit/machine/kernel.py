"""What the kernel shows of a machine, below /sys and /proc, read as it stands there."""

import re
from pathlib import Path

from msgspec import Struct

FIRST_PID_NAMESPACE = (
    "pid:[4026531836]"  # PROC_PID_INIT_INO, include/linux/proc_ns.h: every process of the machine is seen
)


class Machine(Struct, frozen=True):
    """Where the kernel's two trees are: those of this machine, or others that look like them."""

    sysfs: Path = Path("/sys")
    proc: Path = Path("/proc")

    def boot(self) -> str:
        """The kernel's random name of this boot, empty if it has none."""
        return text_of(self.proc / "sys/kernel/random/boot_id") or ""

    def shows_all_processes(self) -> bool:
        """Whether each process of the machine is seen from here, which is not so in a container."""
        return str((self.proc / "self/ns/pid").readlink()) == FIRST_PID_NAMESPACE


def text_of(path: Path) -> str | None:
    """The file's text without blanks at its ends; None if it is not there or cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def whole_number(text: str | None) -> int | None:
    """The number that the text is, in ASCII digits; None for anything else, such as `1_000` or `<unsupported>`."""
    return int(text) if text is not None and re.fullmatch("-?[0-9]{1,20}", text) else None


class SwapArea(Struct, frozen=True):
    """One line of /proc/swaps; a priority below 0 was given by the kernel (swapon(8))."""

    name: str
    used_kibibytes: int
    priority: int

    @property
    def value(self) -> str:
        """`on`, with the priority where a person gave it."""
        return "on" if self.priority < 0 else f"on, priority {self.priority}"


def swaps(proc: Path) -> tuple[SwapArea, ...]:
    """The active swap areas, in the order of /proc/swaps, which writes blanks in names as octal escapes."""
    lines = (text_of(proc / "swaps") or "").splitlines()[1:]
    columns = [line.split() for line in lines]
    return tuple(SwapArea(_unescaped(column[0]), int(column[3]), int(column[4])) for column in columns)


def _unescaped(name: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), name)
