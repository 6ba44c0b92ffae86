"""What preparing a machine changes, each a target with a value: files below /sys, swap areas and systemd units.

A target is `sysfs:<path below it>`, `swap:<file>` or `unit:<systemd unit>`.
"""

import os
import re
import subprocess
from pathlib import Path

from ergit.machine.kernel import Machine, swaps, text_of

COMMAND_TIMEOUT_SECONDS = 600.0
UNIT_NAME = re.compile(r"[\w:.\\@-]+")
RUNNING = {"active", "activating", "reloading"}
STOPPED_ALONG = ("RequiredBy", "BoundBy", "ConsistsOf")


class RefusalError(Exception):
    """Why a setting did not take a value, in the words of the kernel or of the program asked."""


def read_target(machine: Machine, target: str) -> str | None:
    """The present value: the text of a file, `on` or `off` of swap, `active` or `inactive` of a unit, or None."""
    kind, _, name = target.partition(":")
    if kind == "sysfs":
        return text_of(machine.sysfs / name)
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
