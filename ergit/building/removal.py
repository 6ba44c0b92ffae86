"""Removal of a folder in which foreign programs have worked: nested deeply, write-protected, immutable, mounted."""

import ctypes
import os
import re
import shutil
import subprocess
from pathlib import Path

from ergit.text import one_line

MNT_DETACH, UMOUNT_NOFOLLOW = 2, 8  # umount2(2)
SHOWN_CHARACTERS = 300  # of what a tool prints


def remove_tree(path: Path) -> str | None:
    """Removes the folder, or what was put in its place; None when nothing is left, else why not, in words.

    What is mounted there is detached first, never emptied.
    """
    problem = detach_mounts(path)
    if problem or not os.path.lexists(path):
        return problem
    problem = _rm(path)
    if problem:
        _make_removable(path)
        problem = _rm(path)
    return problem


def detach_mounts(path: Path) -> str | None:
    """Detaches all file systems mounted on the folder or below it; None when none is left, else which are."""
    for mount in reversed(mounts_in(path)):
        if ctypes.CDLL(None).umount2(os.fsencode(mount), MNT_DETACH | UMOUNT_NOFOLLOW) != 0:
            tool = shutil.which("fusermount3") or shutil.which(
                "fusermount"
            )  # a user may unmount what FUSE let it mount
            if tool:
                subprocess.run([tool, "-u", "-z", mount], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    left = mounts_in(path)
    return f"{', '.join(map(str, left))} cannot be unmounted" if left else None


def mounts_in(path: Path, mountinfo: Path = Path("/proc/self/mountinfo")) -> list[Path]:
    """What is mounted on the folder or below it, in the order of mounting (proc(5): the fifth field, octal escapes)."""
    lines = mountinfo.read_bytes().splitlines()
    points = (re.sub(rb"\\([0-7]{3})", lambda code: bytes([int(code[1], 8)]), line.split(b" ")[4]) for line in lines)
    folder = os.fsencode(path)
    return [Path(os.fsdecode(point)) for point in points if point == folder or point.startswith(folder + b"/")]


def make_writable(folder: Path) -> None:
    """Takes away what keeps this user from changing the folder's own entries, as far as that is allowed."""
    _quietly("chattr", "-i", "-a", "--", str(folder))
    _quietly("chmod", "u+rwx", "--", str(folder))


def _make_removable(path: Path) -> None:
    make_writable(path.parent)
    _quietly("chattr", "-R", "-f", "-i", "-a", "--", str(path))
    _quietly("chmod", "-R", "u+rwX", "--", str(path))


def _quietly(tool: str, *arguments: str) -> None:
    """Runs a tool where it is installed; whether that helped is seen by what can be removed afterwards."""
    if shutil.which(tool):
        subprocess.run([tool, *arguments], stdin=subprocess.DEVNULL, capture_output=True, check=False)


def _rm(path: Path) -> str | None:
    """Removes by `rm`, which follows folders as deep as they go, where `shutil.rmtree` ends with a RecursionError."""
    done = subprocess.run(
        ["rm", "--recursive", "--force", "--one-file-system", "--", str(path)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )
    if not os.path.lexists(path):
        return None
    return one_line(os.fsdecode(done.stderr), SHOWN_CHARACTERS) or f"{path} is still there"
