"""What is kept of a build: one compressed tar, packed from the build dir and unpacked into it."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from ergit.disk import refuse_full_disk
from ergit.errors import CommitError, ErgitError
from ergit.files import sync_folder
from ergit.text import one_line

LONGEST_PATH_BYTES = 4096 - 1  # Linux's PATH_MAX, with the zero at its end
PACKAGES = {"find": "findutils", "cp": "coreutils"}  # named otherwise than the tool
SNAKEMAKES_MARK = ".snakemake_timestamp"
SHOWN_CHARACTERS = 300  # of what a tool prints
KILLED_CHILD = re.compile(rb"Child (died with signal|returned status (129|1[3-9]\d))")
"""What GNU tar says of a gzip that was killed (src/system.c), itself or the shell that it is run by (128 + signal)."""


def copy_tree(source: Path, target: Path) -> None:
    """Copies what is in `source` into `target`, links as links, sharing blocks where the file system can.

    Without Snakemake's mark on a folder that it has made: to a build it is an untracked file, and some refuse those.

    Raises:
        ErgitError: there is no room, or something cannot be read.
    """
    problem = _run("cp", "-a", "--reflink=auto", f"{source}/.", str(target))
    if problem:
        refuse_full_disk([target.parent])
        raise ErgitError(f"The checkout could not be copied to {target}: {problem}. Run the same command again.")
    (target / SNAKEMAKES_MARK).unlink(missing_ok=True)


def pack(artifact: Path, tree: Path | None, keep: Sequence[str]) -> None:
    """Writes the kept paths of the tree as one compressed tar, whole or not at all; an empty one without a tree.

    Raises:
        CommitError: the build left something that cannot be packed.
        ErgitError: the artifact cannot be written.
    """
    part = artifact.with_name(f".{artifact.name}.part")
    content = ["--files-from=/dev/null"] if tree is None else ["-C", str(tree), "--", *keep]
    try:
        if tree is not None:
            _refuse_long_paths(tree, keep)
        with part.open("wb") as file:
            problem = _run("tar", "--create", "--gzip", "--sparse", "--file=-", *content, output=file)
            if problem:
                refuse_full_disk([artifact.parent])
                _refuse_unusable_tools()
                raise CommitError(f"what the build made cannot be packed: {problem}")
            os.fsync(file.fileno())
        part.replace(artifact)
        sync_folder(artifact.parent)
    except OSError as error:
        raise ErgitError(
            f"{artifact} cannot be written: {error.strerror}. Make room, or give yourself the right to write there, and"
            " run the same command again."
        ) from None
    finally:
        part.unlink(missing_ok=True)


def unpack(artifact: Path, tree: Path) -> None:
    """Unpacks an artifact into the folder.

    Raises:
        CommitError: what the build made cannot be put there once more.
        ErgitError: the artifact is not there or damaged, or there is no room.
    """
    reading = ("--extract", "--gzip", "--force-local", "--warning=no-timestamp")
    problem = _run("tar", *reading, f"--file={artifact}", "-C", str(tree))
    if not problem:
        return
    refuse_full_disk([tree.parent])
    damage = damage_of(artifact)
    if damage:
        raise ErgitError(f"{artifact} is damaged: {damage}. Remove it and run the same command again.")
    _refuse_unusable_tools()
    raise CommitError(f"what the build made cannot be unpacked: {problem}")


def is_evicted(artifact: Path) -> bool:
    """Whether the artifact was put aside to save disk: its file is there, and is empty.

    A missing file would not do: Snakemake makes it anew, and measures all that stands on it again. The artifact of a
    failed build is an empty tar, which has some bytes.
    """
    return artifact.stat().st_size == 0


def evict(artifact: Path) -> None:
    """Puts the artifact aside; the commit is built again when it is measured."""
    os.truncate(artifact, 0)


def damage_of(artifact: Path) -> str | None:
    """Why the artifact cannot be read to its end; None where it can."""
    return _run("gzip", "--test", "--", str(artifact))


def _refuse_long_paths(tree: Path, keep: Sequence[str]) -> None:
    """Does nothing where each kept path can be made again in the same folder.

    Raises:
        CommitError: a path is longer than the kernel takes, so that it was made step by step.
    """
    longest = LONGEST_PATH_BYTES - len(os.fsencode(tree)) - 1
    _require("find")
    is_longer = ["-regextype", "posix-extended", "-regex", f".{{{longest},}}"]
    found = subprocess.run(
        ["find", *(f"./{path}" for path in keep), *is_longer, "-print0", "-quit"],
        cwd=tree,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=os.environ | {"LC_ALL": "C"},
    )
    if found.stdout:
        raise CommitError(f"the build made a path that is longer than {longest} bytes, so it cannot be packed")


def _refuse_unusable_tools() -> None:
    """Does nothing where the tools that keep builds are those that ergit needs.

    Raises:
        ErgitError: one is missing, or is another program of that name.
    """
    _require("gzip")
    _require("tar")
    version = subprocess.run(["tar", "--version"], stdin=subprocess.DEVNULL, capture_output=True)
    if b"GNU tar" not in version.stdout:
        raise ErgitError("Builds are kept by GNU tar, and the `tar` on PATH is another one. Install GNU tar.")


def _require(tool: str) -> None:
    """Does nothing where the tool is installed.

    Raises:
        ErgitError: it is not.
    """
    if shutil.which(tool) is None:
        raise ErgitError(
            f"There is no {tool} on PATH, and builds are kept by it. Install the package `{PACKAGES.get(tool, tool)}`."
        )


def _run(tool: str, *arguments: str, output: BinaryIO | None = None) -> str | None:
    """Runs one of the system's own tools; the problem that it prints, None where all went well.

    Raises:
        ErgitError: it is not installed, or was killed: no commit can do that, whose processes are gone by then.
    """
    _require(tool)
    done = subprocess.run(
        [tool, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=output or subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ | {"LC_ALL": "C"},
    )
    if done.returncode == 0:
        return None
    if done.returncode < 0 or KILLED_CHILD.search(done.stderr):
        raise ErgitError(
            f"`{tool}` was killed while it worked for ergit. Is there too little memory (`sudo dmesg | tail`)? Run the"
            " same command again."
        )
    printed = one_line(os.fsdecode(done.stderr), SHOWN_CHARACTERS)
    return printed or f"`{tool}` ended with status {done.returncode}"
