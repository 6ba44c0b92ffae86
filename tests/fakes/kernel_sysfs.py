"""A live /sys/devices/system/cpu in a folder, by FUSE, which refuses, clips and changes along as the kernel does.

Called with a mount point. Four processors, two cores, `intel_pstate`; each rule names what it imitates.
"""

import errno
import stat
import sys
from typing import Any

import mfusepy

CPU = "/devices/system/cpu"
TURBO, BASE, LOWEST = 4_500_000, 3_400_000, 800_000
SIBLINGS = (2, 3)


class KernelSysfs(mfusepy.Operations):
    """Files are the keys of `values`; reads and writes go through the rules."""

    def __init__(self) -> None:
        self.values = {
            f"{CPU}/intel_pstate/no_turbo": "0",
            f"{CPU}/intel_pstate/min_perf_pct": "17",
            f"{CPU}/smt/control": "on",
            **{f"{CPU}/cpu{number}/online": "1" for number in (1, 2, 3)},
        }
        for number in range(4):
            policy = f"{CPU}/cpufreq/policy{number}"
            self.values |= {
                f"{policy}/scaling_governor": "powersave",
                f"{policy}/scaling_available_governors": "performance powersave",
                f"{policy}/scaling_min_freq": str(LOWEST + number * 100_000),
                f"{policy}/scaling_max_freq": str(TURBO - number * 100_000),
                f"{policy}/cpuinfo_min_freq": str(LOWEST),
                f"{policy}/cpuinfo_max_freq": str(TURBO),
                f"{policy}/energy_performance_preference": "balance_power" if number else "balance_performance",
            }
        self.values[f"{CPU}/cpu3/online"] = "0"  # a person put it offline

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:  # noqa: ARG002
        if path in self.values:
            return {"st_mode": stat.S_IFREG | 0o644, "st_nlink": 1, "st_size": 4096}
        if path == "/" or any(name.startswith(f"{path}/") for name in self.values):
            return {"st_mode": stat.S_IFDIR | 0o755, "st_nlink": 2}
        raise mfusepy.FuseOSError(errno.ENOENT)

    def readdir(self, path: str, fh: int) -> list[str]:  # noqa: ARG002
        prefix = path.rstrip("/") + "/"
        return [".", "..", *{name[len(prefix) :].split("/")[0] for name in self.values if name.startswith(prefix)}]

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:  # noqa: ARG002
        return 0

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:  # noqa: ARG002
        return f"{self.shown(path)}\n".encode()[offset : offset + size]

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:  # noqa: ARG002
        self.store(path, data.decode().strip())
        return len(data)

    def shown(self, path: str) -> str:
        """The limits of frequency as clipped by turbo; nothing (EBUSY) of a policy whose processor is offline."""
        self.refuse(self.is_offline(path), errno.EBUSY)
        value = self.values[path]
        turbo_is_off = self.values[f"{CPU}/intel_pstate/no_turbo"] == "1"
        return str(min(int(value), BASE)) if turbo_is_off and path.endswith("scaling_max_freq") else value

    def store(self, path: str, value: str) -> None:
        """Takes a value, or refuses it with the kernel's error, and changes what goes along with it."""
        self.refuse(self.is_offline(path), errno.EBUSY)
        folder, _, name = path.rpartition("/")
        if name == "scaling_min_freq":
            self.refuse(int(value) > int(self.values[f"{folder}/scaling_max_freq"]), errno.EINVAL)
        elif name == "scaling_max_freq":
            self.refuse(int(value) < int(self.values[f"{folder}/scaling_min_freq"]), errno.EINVAL)
        elif name == "energy_performance_preference":
            barred = (
                self.values[f"{folder}/scaling_governor"] == "performance"
            )  # intel_pstate.rst, "Energy vs Performance"
            self.refuse(barred and value != "performance", errno.EBUSY)
        elif name == "scaling_governor" and value == "performance":
            self.values[f"{folder}/energy_performance_preference"] = "performance"
        elif name == "no_turbo" and value == "1":
            self.values[f"{folder}/min_perf_pct"] = "23"
        elif name == "control":
            for number in (1, *SIBLINGS) if value == "on" else SIBLINGS:
                self.values[f"{CPU}/cpu{number}/online"] = "1" if value == "on" else "0"
        elif name == "online" and self.values[f"{CPU}/smt/control"] == "off":
            self.refuse(value == "1" and int(folder[-1]) in SIBLINGS, errno.EPERM)
        self.values[path] = value

    def is_offline(self, path: str) -> bool:
        number = path.partition("policy")[2].partition("/")[0]
        return bool(number) and self.values.get(f"{CPU}/cpu{number}/online", "1") == "0"

    def refuse(self, condition: bool, code: int) -> None:
        if condition:
            raise mfusepy.FuseOSError(code)


if __name__ == "__main__":
    mfusepy.FUSE(KernelSysfs(), sys.argv[1], foreground=True, nothreads=True, direct_io=True)
