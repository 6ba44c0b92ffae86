"""Locks of Snakemake that nobody holds any more: where it is killed it leaves them behind, and then does not start."""

import os
import platform
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from ergit.errors import ErgitError
from ergit.machine.kernel import Machine, text_of
from ergit.records.run_lock import RunLock

OF_SEVERAL_MACHINES = re.compile(
    r"nfs4?|cifs|smb3?|ceph|lustre|beegfs|gpfs|afs|9p|virtiofs|ocfs2|gfs2|fuse\.(sshfs|glusterfs|ceph)"
)
"""File systems on which a process of another machine may work in the same folder."""


def remove_stale_locks(study: Path, last: RunLock | None, machine: Machine | None = None) -> int:
    """Removes the locks that a Snakemake which was killed has left in the study's folder; the number of files.

    `last` is who ran the study with `ergit run` before, and does so no more.

    Raises:
        ErgitError: a Snakemake works there, or it cannot be known that none does.
    """
    found = sorted((study / ".snakemake/locks").glob("*.lock"))
    if not found:
        return 0
    machine = machine or Machine()
    holder = next(snakemakes_in(study, machine), None)
    if holder is not None:
        raise ErgitError(
            f"Process {holder} runs Snakemake in {study.resolve()}. Wait for its end, or end it, and give the same"
            " command again."
        )
    doubt = why_unsure(study, last, min(path.stat().st_mtime for path in found), machine)
    if doubt:
        raise ErgitError(
            f"The study in {study.resolve()} is locked by Snakemake, and {doubt}. If none runs there, `ergit run"
            " --unlock` takes the lock away; then give the same command again."
        )
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)


def snakemakes_in(study: Path, machine: Machine) -> Iterator[int]:
    """The processes of Snakemake, others than this one, whose working directory is the study's folder."""
    folder = study.stat()
    for directory in machine.proc.glob("[0-9]*"):
        words = (text_of(directory / "cmdline") or "").split("\0")
        if int(directory.name) == os.getpid() or not is_snakemake(words):
            continue
        try:
            where = (directory / "cwd").stat()
        except FileNotFoundError:  # it has ended
            continue
        except OSError:  # another user's: it may be there
            yield int(directory.name)
            continue
        if (where.st_dev, where.st_ino) == (folder.st_dev, folder.st_ino):
            yield int(directory.name)


def is_snakemake(words: list[str]) -> bool:
    """Whether a command line runs Snakemake: its program, its module, or `ergit run`."""
    names = [Path(word).name for word in words[:4]]
    return "snakemake" in names or names[-2:] == ["ergit", "run"] or names[1:3] == ["ergit", "run"]


def why_unsure(study: Path, last: RunLock | None, locked: float, machine: Machine) -> str | None:
    """Why locks of that time (seconds since the epoch) may be held although no process is seen that holds them."""
    is_of_this_machine = last is not None and (last.boot == machine.boot() or last.host == platform.node())
    if last is not None and is_of_this_machine and locked >= started(last):
        return None  # that run left them, and it has ended
    kind = file_system(study, machine)
    if OF_SEVERAL_MACHINES.fullmatch(kind):
        return f"its folder is on a file system of several machines ({kind})"
    if not machine.shows_all_processes():
        return "processes outside of this container cannot be seen"
    return None


def started(run: RunLock) -> float:
    """When a run began, in seconds since the epoch, to the second."""
    return datetime.strptime(run.started, "%Y-%m-%d %H:%M:%S UTC").replace(tzinfo=UTC).timestamp()


def file_system(folder: Path, machine: Machine) -> str:
    """The type of the file system that a folder is on, such as `ext4`; empty where the kernel does not tell."""
    device = folder.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    for line in (text_of(machine.proc / "self/mountinfo") or "").splitlines():
        mount, _, source = line.partition(" - ")  # proc_pid_mountinfo(5)
        if mount.split()[2] == number:
            return source.split()[0]
    return ""
