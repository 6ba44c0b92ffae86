"""What preparing a machine changes, each a target with a value: settings of the kernel, rights, swap areas and units.

A target is `sysfs:<path below /sys>`, `sysctl:<path below /proc/sys>`, `owner:<path below /sys>` (a user's number),
`group:<file>` (a group's number and the file's mode), `capability:<file>` (its capabilities in hexadecimal),
`swap:<file>` or `unit:<systemd unit>`.
"""

import errno
import os
import re
import stat
import struct
import subprocess
from pathlib import Path

from ergit.machine.kernel import Machine, swaps, text_of

COMMAND_TIMEOUT_SECONDS = 600.0
UNIT_NAME = re.compile(r"[\w:.\\@-]+")
RUNNING = {"active", "activating", "reloading"}
STOPPED_ALONG = ("RequiredBy", "BoundBy", "ConsistsOf")
PARANOID = "kernel/perf_event_paranoid"
RIGHTS = {  # of a file, by kind of target, with the files that may be named
    "owner": re.compile(r"class/powercap/(intel-rapl[:0-9]*/)+(energy_uj|max_energy_range_uj)"),
    "group": re.compile(r"/([^/]+/)*perf[^/]*"),
    "capability": re.compile(r"/([^/]+/)*perf[^/]*"),
}
CAPABILITIES = "security.capability"
NO_CAPABILITY = "none"
CAP_PERFMON = struct.pack("<5I", 0x02000001, 0, 0, 1 << (38 - 32), 0).hex()
"""CAP_PERFMON as a file's capability, permitted and effective (linux/include/uapi/linux/capability.h, vfs_cap_data)."""


class RefusalError(Exception):
    """Why a setting did not take a value, in the words of the kernel or of the program asked."""


def read_target(machine: Machine, target: str) -> str | None:
    """The present value: `on` or `off` of swap, `active` or `inactive` of a unit, else as its kind has it; or None."""
    kind, _, name = target.partition(":")
    if kind == "sysfs":
        return text_of(machine.sysfs / name)
    if kind == "sysctl":
        return text_of(machine.proc / "sys" / name)
    if kind in RIGHTS:
        return _read_right(kind, _file_of(machine, kind, name))
    if kind == "swap":
        return next((area.value for area in swaps(machine.proc) if area.name == name), "off")
    state = unit(name).get("ActiveState")
    return None if state is None else "active" if state in RUNNING else "inactive"


def write_target(machine: Machine, target: str, value: str) -> None:
    """Sets the target to the value.

    Raises:
        RefusalError: it does not take the value.
    """
    kind, _, name = target.partition(":")
    if kind == "sysfs":
        _overwrite(machine.sysfs / name, value)
    elif kind == "sysctl":
        _overwrite(machine.proc / "sys" / name, value)
    elif kind in RIGHTS:
        _write_right(kind, _file_of(machine, kind, name), value)
    elif kind == "swap":
        _run(["swapoff", name] if value == "off" else ["swapon", *_swap_options(value), name])
    else:
        _run(["systemctl", "start" if value == "active" else "stop", "--", name])


def unit(name: str) -> dict[str, str]:
    """Properties of a systemd unit, by name; empty where systemd does not run or has no such unit."""
    names = ",".join(("Id", "LoadState", "ActiveState", "TriggeredBy", *STOPPED_ALONG))
    try:
        answer = _run(["systemctl", "show", f"--property={names}", "--", name])
    except RefusalError:
        return {}
    properties = dict(line.split("=", 1) for line in answer.splitlines() if "=" in line)
    return {} if properties.get("LoadState") == "not-found" else properties


def _swap_options(value: str) -> list[str]:
    return [f"--priority={value.rpartition(' ')[2]}"] if "priority" in value else []


def _file_of(machine: Machine, kind: str, name: str) -> Path:
    return machine.sysfs / name if kind == "owner" else Path(name)


def _read_right(kind: str, file: Path) -> str | None:
    try:
        status = file.stat()
        if kind == "owner":
            return str(status.st_uid)
        if kind == "group":
            return f"{status.st_gid} {stat.S_IMODE(status.st_mode):04o}"
        return os.getxattr(file, CAPABILITIES).hex()
    except OSError as error:
        return NO_CAPABILITY if error.errno == errno.ENODATA else None


def _write_right(kind: str, file: Path, value: str) -> None:
    try:
        if kind == "owner":
            os.chown(file, int(value), -1)
        elif kind == "group":
            group, mode = value.split()
            capabilities = _read_right("capability", file)
            os.chown(file, -1, int(group))  # takes the capabilities away
            file.chmod(int(mode, 8))
            if capabilities not in {None, NO_CAPABILITY}:
                _write_right("capability", file, capabilities)
        elif value == NO_CAPABILITY:
            os.removexattr(file, CAPABILITIES)
        else:
            os.setxattr(file, CAPABILITIES, bytes.fromhex(value))
    except OSError as error:
        raise RefusalError(error.strerror or str(error)) from error


def _overwrite(path: Path, value: str) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC)
        try:
            os.write(descriptor, f"{value}\n".encode())
        finally:
            os.close(descriptor)
    except OSError as error:
        raise RefusalError(error.strerror or str(error)) from error


def _run(command: list[str]) -> str:
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        answer = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=COMMAND_TIMEOUT_SECONDS,
            env=environment,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except OSError as error:
        raise RefusalError(f"{command[0]} cannot be called: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise RefusalError(f"{command[0]} did not end within {COMMAND_TIMEOUT_SECONDS:g} seconds") from error
    if answer.returncode != 0:
        raise RefusalError(answer.stderr.strip() or f"{command[0]} ended with status {answer.returncode}")
    return answer.stdout
