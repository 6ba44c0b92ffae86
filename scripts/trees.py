"""The processes below one process, and their end; as light as can be, since it is loaded anew for each command."""

import os

KILL = 9  # the `signal` module would bring `enum`, which costs more than all else here


def children(pid: int) -> list[int]:
    """The processes whose parent this one is now, zombies too; empty when it is gone.

    Read from `/proc/<pid>/task/*/children` where the kernel has it (CONFIG_PROC_CHILDREN), else from every process's `stat`.
    """
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                found += [int(child) for child in file.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        return _children_by_stat(pid) if os.path.exists(f"/proc/{pid}") else []
    return found


def descendants(pid: int) -> list[int]:
    """The children and theirs, parents before children."""
    found = children(pid)
    for process in found:
        found += children(process)
    return found


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
    alive = descendants(pid)
    while alive:
        for process in alive:
            send(process, KILL)
        alive = [process for process in descendants(pid) if is_alive(process)]


def is_alive(pid: int) -> bool:
    """Whether the process is there and no zombie."""
    fields = stat(pid)
    return fields is not None and fields[2] not in "ZX"


def _children_by_stat(pid: int) -> list[int]:
    found = [(int(entry), stat(int(entry))) for entry in os.listdir("/proc") if entry.isdigit()]
    return [child for child, fields in found if fields is not None and int(fields[3]) == pid]
