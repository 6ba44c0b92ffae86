"""A cgroup (version 2) of its own for a command: exact CPU time of all its processes, and their end in one stroke."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import NamedTuple

PREFIX = "ergit-"


class Cgroup(NamedTuple):
    """A cgroup that starts empty (Linux, Documentation/admin-guide/cgroup-v2.rst)."""

    path: Path

    @property
    def killer(self) -> Path:
        """The file that kills all members when 1 is written to it; since Linux 5.14."""
        return self.path / "cgroup.kill"

    def takes(self, pid: int) -> bool:
        """Moves a process, and so its future children, into the cgroup; whether that was allowed."""
        try:
            (self.path / "cgroup.procs").write_text(str(pid))
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """Kills all members at once, so that none can be born meanwhile."""
        self.killer.write_text("1")

    def members(self) -> set[int]:
        """The processes in it and in cgroups below it, without zombies."""
        lists = [path.read_text() for path in self.path.rglob("cgroup.procs")]
        return {int(pid) for text in lists for pid in text.split()}

    def cpu_seconds(self) -> float:
        """User and system time of all that ever ran in it."""
        fields = dict(line.split() for line in (self.path / "cpu.stat").read_text().splitlines())
        return int(fields["usage_usec"]) / 1e6


def own_cgroup(proc: Path = Path("/proc")) -> Path | None:
    """The folder of this process's version 2 cgroup, below which others may be made; None where it is not mounted."""
    mounted = [line.split() for line in (proc / "self/mountinfo").read_text().splitlines()]
    roots = [fields[4] for fields in mounted if fields[fields.index("-") + 1] == "cgroup2"]
    own = [line[3:] for line in (proc / "self/cgroup").read_text().splitlines() if line.startswith("0::")]
    if not roots or not own:
        return None
    folder = Path(roots[0]) / own[0].lstrip("/")
    return folder if folder.is_dir() else None


@contextmanager
def fresh_cgroup(parent: Path | None) -> Iterator[Cgroup | None]:
    """A new cgroup below `parent`, removed at the end of the block; None where this user may not make one there."""
    if parent is None:
        yield None
        return
    _sweep(parent)
    cgroup = _made(parent)
    if cgroup is None:
        yield None
        return
    try:
        yield cgroup if cgroup.killer.exists() and (cgroup.path / "cpu.stat").exists() else None
    finally:
        remove(cgroup.path)


def _made(parent: Path) -> Cgroup | None:
    """A new cgroup, numbered where this process has others; None where it may not make one."""
    for number in count():
        cgroup = Cgroup(parent / f"{PREFIX}{os.getpid()}{f'-{number}' if number else ''}")
        try:
            cgroup.path.mkdir()
        except FileExistsError:
            continue
        except OSError:
            return None
        return cgroup
    return None


def remove(folder: Path) -> None:
    """Removes a cgroup and those below it, as far as they hold no process any more."""
    for path in sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True):
        _remove_one(path)
    _remove_one(folder)


def _sweep(parent: Path) -> None:
    """Removes what measuring programs that were killed left there."""
    for path in parent.glob(f"{PREFIX}*"):
        pid = path.name.removeprefix(PREFIX).partition("-")[0]
        if not Path(f"/proc/{pid}").exists():
            remove(path)


def _remove_one(path: Path) -> None:
    try:
        path.rmdir()
    except OSError:
        return
