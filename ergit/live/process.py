"""The process that runs a study: how it is named in results/live.json, and whether it still lives."""

import os
from datetime import UTC, datetime
from typing import Literal

from ergit.machine.kernel import Machine, text_of, whole_number
from ergit.records.live import LiveProcess
from ergit.text import iso_time

VARIABLE = "ERGIT_LIVE"
"""Names the run to its jobs, which write into its file and into no other."""

Life = Literal["runs", "ended", "unknown"]
START_TIME = 19  # the field `starttime` of proc_pid_stat(5), counted from 0 after the name in brackets


def this_process(machine: Machine | None = None) -> LiveProcess:
    """This process, as it runs a study from now on."""
    import getpass  # not above: the programs of jobs need not load it

    machine = machine or Machine()
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # no such user in passwd, as in a container
        user = str(os.getuid())
    return LiveProcess(
        process=os.getpid(),
        ticks=start_ticks(os.getpid(), machine),
        user=user,
        host=os.uname().nodename,
        boot=machine.boot(),
        started=iso_time(datetime.now(UTC)),
    )


def name_of(run: LiveProcess) -> str:
    """A name that no other run has."""
    return f"{run.host} {run.boot} {run.process} {run.ticks}"


def life_of(run: LiveProcess, machine: Machine | None = None) -> Life:
    """Whether the process still lives; `unknown` where it is another machine's, or of another container.

    It is asked for by its number, which works for other users' processes too, and by the time of its start.
    """
    machine = machine or Machine()
    is_of_this_host = run.host == os.uname().nodename
    if run.boot != machine.boot():
        return "ended" if is_of_this_host else "unknown"
    if not is_of_this_host:  # a container's, on this machine: here its number is another process's
        return "unknown"
    try:
        os.kill(run.process, 0)
    except ProcessLookupError:
        return "ended" if machine.shows_all_processes() else "unknown"
    except PermissionError:
        pass  # it is there, and another user's
    ticks = start_ticks(run.process, machine)
    return "ended" if None not in (ticks, run.ticks) and ticks != run.ticks else "runs"


def start_ticks(process: int, machine: Machine) -> int | None:
    """When the kernel started a process, in clock ticks after boot; None where that cannot be seen."""
    fields = (text_of(machine.proc / f"{process}/stat") or "").rpartition(")")[2].split()
    return whole_number(fields[START_TIME]) if len(fields) > START_TIME else None
