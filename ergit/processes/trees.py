# ruff: noqa: PTH110, PTH123, PTH208
"""The processes below one process, and their end; light (no pathlib), since loaded anew for each command."""

import os

KILL = 9  # the `signal` module would bring `enum`, which costs more than all else here


def children(pid: int) -> list[int]:
    """The processes whose parent this one is now, zombies too; empty when it is gone.

    Read from `/proc/<pid>/task/*/children` where the kernel has it (CONFIG_PROC_CHILDREN), else from every
    process's `stat`.
    """
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                found += [int(child) for child in file.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        return children_by_stat(pid) if os.path.exists(f"/proc/{pid}") else []
    return found


def with_descendants(pids: list[int]) -> list[int]:
    """These processes, their children and theirs, parents before children."""
    found = list(pids)
    for process in found:
        found += children(process)
    return found


def orphans(pid: int) -> list[int]:
    """Children that were adopted: a process starts its own children in its own session, others have another one."""
    return [child for child in children(pid) if session(child) not in (session(pid), None)]


def stat(pid: int) -> list[str] | None:
    """The fields of `/proc/<pid>/stat` (proc(5)), the name without its brackets; None when the process is gone."""
    try:
        with open(f"/proc/{pid}/stat", errors="replace") as file:
            text = file.read()
    except (FileNotFoundError, ProcessLookupError):
        return None
    head, tail = text[: text.rindex(")")], text[text.rindex(")") + 1 :]
    return [head[: head.index(" ")], head[head.index("(") + 1 :], *tail.split()]


def send(pid: int, number: int) -> None:
    """A signal to a process, if it is still there."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def kill_below(pid: int) -> None:
    """Kills every descendant, and those that are born meanwhile."""
    alive = with_descendants(children(pid))
    while alive:
        for process in alive:
            send(process, KILL)
        alive = [process for process in with_descendants(children(pid)) if is_alive(process)]


def is_alive(pid: int) -> bool:
    """Whether the process is there and no zombie."""
    fields = stat(pid)
    return fields is not None and fields[2] not in "ZX"


def is_working(pid: int) -> bool:
    """Whether the process is on a processor, ready to be, or waits for a disk (proc(5): R, D)."""
    fields = stat(pid)
    return fields is not None and fields[2] in "RD"


def session(pid: int) -> int | None:
    """The session of the process; None when it is gone."""
    fields = stat(pid)
    return None if fields is None else int(fields[5])


def name(pid: int) -> str:
    """The name of the process's program, at most 15 characters; its number when it is gone."""
    fields = stat(pid)
    return str(pid) if fields is None else fields[1]


def cpu_ticks(pid: int) -> int:
    """User and system time of the process and of the children it waited for, in clock ticks; 0 when it is gone."""
    fields = stat(pid)
    return 0 if fields is None else sum(int(ticks) for ticks in fields[13:17])


def children_by_stat(pid: int) -> list[int]:
    """The same children, read from the `stat` of every process."""
    found = [(int(entry), stat(int(entry))) for entry in os.listdir("/proc") if entry.isdigit()]
    return [child for child, fields in found if fields is not None and int(fields[3]) == pid]
