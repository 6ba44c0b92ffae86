"""Serves a powercap tree whose counters run: a file system that computes `energy_uj` whenever it is read.

python -m tests.fakes.live_counter_server MOUNTPOINT CONTROL

CONTROL is a JSON file that is read at each reading of the first counter: `pid` is the process whose CPU time drives it
(0: the whole machine's), `offset_uj` is added to its count, `error` is an error number that reading it fails with (0:
none).
"""

import errno
import json
import stat
import sys
import time
from pathlib import Path
from typing import Any

import mfusepy

from tests.fakes.live_counter import BASE_WATTS, RANGE_UJ, WATTS_PER_CORE, cpu_seconds

ZONES = {"intel-rapl:0": "package-0", "intel-rapl:1": "package-1"}
FILES = ("name", "max_energy_range_uj", "energy_uj")


class Counters(mfusepy.Operations):
    """The tree's folders and files; nothing but the counters ever changes."""

    def __init__(self, control: Path) -> None:
        self.control = control
        self.zones = ZONES

    def content(self, path: str) -> bytes:
        """What a file holds at this moment."""
        _, folder, name = path.split("/")
        if name == "name":
            return f"{self.zones[folder]}\n".encode()
        if name == "max_energy_range_uj":
            return f"{RANGE_UJ}\n".encode()
        joules = BASE_WATTS * time.monotonic()
        offset_uj = 0
        if folder == "intel-rapl:0":
            control: dict[str, int] = json.loads(self.control.read_text())
            if control["error"]:
                raise mfusepy.FuseOSError(control["error"])
            joules += WATTS_PER_CORE * cpu_seconds(control["pid"])
            offset_uj = control["offset_uj"]
        return f"{(round(joules * 1e6) + offset_uj) % (RANGE_UJ + 1)}\n".encode()

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:  # noqa: ARG002
        """Folders and read-only files, without a size, as in sysfs."""
        parts = path.strip("/").split("/")
        if path == "/" or (len(parts) == 1 and parts[0] in self.zones):
            return {"st_mode": stat.S_IFDIR | 0o755, "st_nlink": 2}
        if len(parts) == 2 and parts[0] in self.zones and parts[1] in FILES:
            return {"st_mode": stat.S_IFREG | 0o444, "st_nlink": 1, "st_size": 4096}
        raise mfusepy.FuseOSError(errno.ENOENT)

    def readdir(self, path: str, fh: int) -> list[str]:  # noqa: ARG002
        """Names in a folder."""
        return [".", "..", *(self.zones if path == "/" else FILES)]

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:  # noqa: ARG002
        """The file as it is now."""
        return self.content(path)[offset : offset + size]


if __name__ == "__main__":
    mfusepy.FUSE(Counters(Path(sys.argv[2])), sys.argv[1], foreground=True, nothreads=True, direct_io=True)
