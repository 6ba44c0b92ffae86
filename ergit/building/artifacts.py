"""What is kept of a build: one compressed tar, packed from the build dir and unpacked into it."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from ergit.errors import ErgitError


def copy_tree(source: Path, target: Path) -> None:
    """Copies what is in `source` into `target`, links as links, sharing blocks where the file system can.

    Raises:
        ErgitError: there is no room, or something cannot be read.
    """
    _run(["cp", "-a", "--reflink=auto", f"{source}/.", str(target)])


def pack(artifact: Path, tree: Path | None, keep: Sequence[str]) -> None:
    """Writes the kept paths of the tree as one compressed tar; an empty one where there is no tree.

    Raises:
        ErgitError: a kept path is not there, or there is no room.
    """
    part = artifact.with_name(f".{artifact.name}.part")
    content = ["--files-from=/dev/null"] if tree is None else ["-C", str(tree), "--", *keep]
    try:
        _run(["tar", "--create", "--gzip", "--file", str(part), *content])
        part.replace(artifact)
    finally:
        part.unlink(missing_ok=True)


def unpack(artifact: Path, tree: Path) -> None:
    """Unpacks an artifact into the folder.

    Raises:
        ErgitError: the artifact is damaged, or there is no room.
    """
    _run(["tar", "--extract", "--gzip", "--file", str(artifact), "-C", str(tree)])


def _run(command: Sequence[str]) -> None:
    """Runs one of the system's own tools.

    Raises:
        ErgitError: it failed; in its own words.
    """
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    if done.returncode:
        raise ErgitError(f"`{command[0]}` failed: {done.stderr.strip()}. Is there room on the disk (`df -h`)?")
