"""What the kernel shows of a machine, below /sys and /proc, read as it stands there."""

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Machine:
    """Where the kernel's two trees are: those of this machine, or others that look like them."""

    sysfs: Path = Path("/sys")
    proc: Path = Path("/proc")

    def boot(self) -> str:
        """The kernel's random name of this boot, empty if it has none."""
        return text_of(self.proc / "sys/kernel/random/boot_id") or ""


def text_of(path: Path) -> str | None:
    """The file's text without blanks at its ends; None if it is not there or cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def whole_number(text: str | None) -> int | None:
    """The number that the text is, in ASCII digits; None for anything else, such as `1_000` or `<unsupported>`."""
    return int(text) if text is not None and re.fullmatch("-?[0-9]{1,20}", text) else None
