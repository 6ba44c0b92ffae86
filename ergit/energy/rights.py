"""The right to read counters: what gives it with the least that suffices, where this program runs."""

import errno
import os
import re
from pathlib import Path

from ergit.energy.source import NoRightError, UnavailableError

PREPARE = "sudo $(command -v ergit) prepare"
"""The command that prepares a machine, as root, with the `ergit` that is first on PATH."""

STRICTEST_FOR_PERFMON = 2
"""Debian and Ubuntu have further levels of kernel.perf_event_paranoid, at which CAP_PERFMON does not suffice."""

WITH_PERFMON = (
    "sudo setpriv --reuid=$USER --regid=$(id -g) --init-groups --inh-caps=-all,+perfmon --ambient-caps=-all,+perfmon "
    "env HOME=$HOME PATH=$PATH snakemake …"
)
IN_CONTAINER = "On the machine itself, not in the container: "
ALL_USERS = ["0", "0", "4294967295"]  # the first user namespace's uid_map, user_namespaces(7)
FILTERED = 2  # `Seccomp:` in /proc/self/status, seccomp(2)
ELF = b"\x7fELF"


def paranoia(proc: Path) -> int | None:
    """The level of kernel.perf_event_paranoid; None where the kernel has no perf events."""
    try:
        return int((proc / "sys/kernel/perf_event_paranoid").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def is_in_user_namespace(proc: Path) -> bool:
    """Whether the capabilities of this process end at a container: users are mapped."""
    try:
        mapping = (proc / "self/uid_map").read_text(encoding="ascii").split()
    except OSError:
        return False
    return bool(mapping) and mapping != ALL_USERS


def is_filtered(proc: Path) -> bool:
    """Whether a filter of system calls is on this process, as in containers."""
    try:
        status = (proc / "self/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return re.search(rf"^Seccomp:\s*{FILTERED}$", status, re.MULTILINE) is not None


def give(source: str, proc: Path, *, is_mounted: bool = False) -> str:
    """The call of `ergit prepare` that gives the right for a source to the user who makes it.

    `is_mounted`: the counters are files of another machine's, or of the machine around a container.
    """
    where = IN_CONTAINER if is_mounted or is_in_user_namespace(proc) else ""
    return f"{where}{PREPARE} apply --rights {source}"


def no_right_to_count(event: str, cpu: int, error: PermissionError, proc: Path) -> UnavailableError:
    """That an event may not be opened, with what lets the study do it and nobody else.

    A filter of a container answers EPERM whatever the rights are; the kernel itself answers EACCES.
    """
    refused = f"no right to open {event} on CPU {cpu} ({error.strerror})"
    if error.errno == errno.EPERM and is_filtered(proc):
        return UnavailableError(
            f"{refused}: the filter of a container forbids perf_event_open",
            "Start the container with --cap-add PERFMON --security-opt seccomp=unconfined",
        )
    return NoRightError(f"{refused}{at_level(proc)}", start_with_perfmon(proc))


def at_level(proc: Path) -> str:
    """What the kernel's level asks for, as the end of a reason; empty where it asks for nothing."""
    level = paranoia(proc)
    if level is None or level <= 0:
        return ""
    needed = "CAP_PERFMON" if level <= STRICTEST_FOR_PERFMON else "CAP_SYS_ADMIN, since it ignores CAP_PERFMON"
    return f": kernel.perf_event_paranoid is {level}, which takes {needed}"


def start_with_perfmon(proc: Path) -> str:
    """The command that starts a study with CAP_PERFMON alone; the commands that it measures do not get it."""
    if is_in_user_namespace(proc):
        return give("pmu", proc)
    level = paranoia(proc) or 0
    sysctl = f"sudo sysctl -w kernel.perf_event_paranoid={STRICTEST_FOR_PERFMON} && "
    return f"Start the study so: {sysctl if level > STRICTEST_FOR_PERFMON else ''}{WITH_PERFMON}"


def real_perf(program: Path) -> Path | None:
    """The program that a `perf` on PATH is, or starts where it is a script; None where that is not known.

    Ubuntu's and older Debian's /usr/bin/perf is a script that starts the perf of the running kernel: capabilities of
    the script would do nothing.
    """
    release = os.uname().release
    version = ".".join(release.split(".")[:2])
    for path in (
        program,
        Path(f"/usr/lib/linux-tools/{release}/perf"),
        program.with_name(f"perf_{version}"),
        program.with_name(f"perf_{release}"),
    ):
        try:
            with path.open("rb") as file:
                if file.read(len(ELF)) == ELF:
                    return path.resolve()
        except PermissionError:  # a program for a group
            return path.resolve()
        except OSError:
            continue
    return None
