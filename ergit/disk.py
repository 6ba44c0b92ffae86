"""Whether there is room on the disks that ergit writes to, asked of the disks themselves."""

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ergit.errors import ErgitError

FULL_DISK_BYTES = 1_000_000
FOLDERS_OF_SNAKEMAKE = tuple(Path(".snakemake", name) for name in ("", "locks", "metadata", "incomplete"))
"""Where Snakemake notes in a study's folder what runs, what was made how, and what is only half made."""

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})


class FullDiskError(ErgitError):
    """A disk that takes nothing more; `folders` are those in which nothing could be written."""

    def __init__(self, message: str, folders: tuple[Path, ...]) -> None:
        super().__init__(message)
        self.folders = folders


def refuse_full_disk(folders: Iterable[Path]) -> None:
    """Does nothing while each of the folders takes another megabyte.

    To be asked right after a command, before anything that it wrote is removed, of folders of ergit's own: what a
    command put in place of its own folder (a small file system, say) says nothing about the machine.

    Raises:
        FullDiskError: a disk is full, over its quota, or read-only; what a command did then says nothing about its
            commit.
    """
    problems = {folder: problem for folder in folders if (problem := write_problem(folder))}
    if problems:
        where, why = " or ".join(map(str, problems)), " and ".join(sorted(set(problems.values())))
        raise FullDiskError(
            f"Nothing can be written in {where}: {why}. Free some room and run the same command again: nothing was"
            " recorded for this commit.",
            tuple(problems),
        )


def refuse_unwritable(folders: Iterable[Path]) -> None:
    """Does nothing where files can be made in the folders, or in the nearest ones above them that are there.

    Only asks, and writes nothing: a dry run does so too.

    Raises:
        ErgitError: this user may not write there, or the disk is full or read-only.
    """
    for folder in folders:
        there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
        if not there.is_dir():
            raise ErgitError(f"{there} is a file, and a study needs a folder there. Move it away.")
        status = os.statvfs(there)
        if status.f_flag & os.ST_RDONLY:
            raise ErgitError(f"Nothing can be written in {there}: its file system is read-only. Use another folder.")
        if not os.access(there, os.W_OK | os.X_OK, effective_ids=True):
            raise ErgitError(f"Nothing can be written in {there}: this user may not. Fix the rights of that folder.")
        if status.f_bavail * status.f_frsize < FULL_DISK_BYTES:
            raise ErgitError(f"Nothing can be written in {there}: the disk is full. Free some room (df -h {there}).")


def write_problem(folder: Path) -> str | None:
    """Why no megabyte can be written in the folder, or in the nearest one above it that is there and writable.

    A megabyte is really asked for, since free blocks alone tell nothing about quotas, inodes and reserved blocks. None
    where there is room.
    """
    import tempfile  # most programs ask only where something went wrong

    for path in (folder, *folder.parents):
        try:
            with tempfile.TemporaryFile(dir=path, prefix=".ergit-room-") as file:
                os.posix_fallocate(file.fileno(), 0, FULL_DISK_BYTES)
        except OSError as error:
            if error.errno in NO_ROOM:
                return os.strerror(error.errno)
        else:
            return None
    return None


@contextmanager
def explain_write_error(output: Path) -> Iterator[None]:
    """Turns what a full disk or a missing right does to the writing of results into words.

    Raises:
        ErgitError: nothing can be written there.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in NO_ROOM | {errno.EACCES}:
            raise
        where = f" ({error.filename})" if error.filename else ""
        raise ErgitError(
            f"The record {output} was not written: {error.strerror}{where}. Free some room, or fix the folder's rights,"
            " and run the same command again: nothing else is lost."
        ) from error
