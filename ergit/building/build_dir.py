"""The folder in which a commit is built and, at the very same path, measured; what is kept of it travels as one tar."""

import errno
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ergit.errors import ErgitError

ROOT = str(Path(__file__).parent.parent)
PROGRAMS = str(Path(sys.executable).parent)
FULL_DISK_BYTES = 1_000_000
LOG_END_BYTES = 10_000


def build_dir_of(commit: str) -> Path:
    """The folder of a commit, of one length for all: build tools write absolute paths into what they build."""
    return Path(tempfile.gettempdir()).resolve() / f"ergit-{os.getuid()}" / commit[:16]


@contextmanager
def workplace(path: Path) -> Iterator[None]:
    """An empty folder that is this process's alone until the end of the block, when it is removed.

    Waits while another process of the same user holds it.

    Raises:
        ErgitError: the folder it stands in belongs to somebody else, or is a link.
    """
    home = path.parent
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    owner = home.lstat()
    if owner.st_uid != os.getuid() or home.is_symlink():
        raise ErgitError(
            f"{home} is not yours: somebody else made it. Remove it, or set TMPDIR to a folder of your own."
        )
    with _locked(path.with_suffix(".lock")):
        clear(path)
        path.mkdir()
        try:
            yield
        finally:
            clear(path)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Holds the lock file, which is there only as long as it is held."""
    while True:
        with path.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print(
                    f"ergit: waits for another process that works in {path.with_suffix('')}",
                    file=sys.stderr,
                    flush=True,
                )
                fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists() or not os.path.samestat(os.fstat(lock.fileno()), path.stat()):
                continue  # the one waited for has removed it
            try:
                yield
            finally:
                path.unlink()
            return


def clear(path: Path) -> None:
    """Removes the folder, also where a build took away its own right to write in it; or what was put in its place."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    if not path.exists():
        return
    if os.getuid() != 0:
        subprocess.run(["chmod", "-R", "u+rwX", str(path)], check=False, capture_output=True)
    shutil.rmtree(path)


def refuse_full_disk(folders: Iterable[Path], log: Path) -> None:
    """Does nothing while there is room in the folders, and the end of the log does not say that there was none.

    Raises:
        ErgitError: the disk is, or was, full; a command that failed then says nothing about its commit.
    """
    places = [next(path for path in (folder, *folder.parents) if path.is_dir()) for folder in folders]
    full = [place for place in places if shutil.disk_usage(place).free < FULL_DISK_BYTES]
    if full or os.strerror(errno.ENOSPC).encode() in _end_of(log):
        raise ErgitError(
            f"The disk that holds {' or '.join(map(str, full or places))} is or was full, and a command failed. Free"
            " some room and run the same command again: nothing was recorded for this commit."
        )


def _end_of(log: Path) -> bytes:
    """The last bytes of a log; empty where there is none."""
    if not log.exists():
        return b""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - LOG_END_BYTES))
        return file.read()


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


def environment_of(java: Mapping[str, Any], extra: Mapping[str, str]) -> dict[str, str]:
    """The variables that ergit sets for a commit's commands: its JDK, the study's folder, then the config's own."""
    chosen = java["chosen"]
    variables = {"ERGIT_STUDY": str(Path.cwd())}
    if chosen:
        variables |= {"JAVA_HOME": chosen["home"], "ERGIT_JAVA_RELEASE": str(java["wanted"] or chosen["release"])}
    return variables | dict(extra)


def program_variables() -> dict[str, str]:
    """The variables by which the rules' programs find `scripts.x` and this very Python."""
    return {"PYTHONPATH": _with_first("PYTHONPATH", ROOT), "PATH": _with_first("PATH", PROGRAMS)}


def child_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """This process's environment for a command of the user's: the JDK first on PATH, ergit's Python out of sight."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ERGIT_")}
    environment["PYTHONPATH"] = _without("PYTHONPATH", ROOT)
    if not environment["PYTHONPATH"]:
        del environment["PYTHONPATH"]
    if sys.prefix != sys.base_prefix:  # a virtual environment of ergit's own, activated or not
        environment["PATH"] = _without("PATH", PROGRAMS)
        environment.pop("VIRTUAL_ENV", None)
    environment |= variables
    if "JAVA_HOME" in variables:
        environment["PATH"] = f"{variables['JAVA_HOME']}/bin:{environment['PATH']}"
    return environment


def _with_first(name: str, folder: str) -> str:
    """The search path of that name with the folder first."""
    return os.pathsep.join(filter(None, [folder, _without(name, folder)]))


def _without(name: str, folder: str) -> str:
    """The search path of that name without the folder."""
    folders = os.environ.get(name, os.defpath if name == "PATH" else "").split(os.pathsep)
    return os.pathsep.join(entry for entry in folders if entry != folder)


def _run(command: Sequence[str]) -> None:
    """Runs one of the system's own tools.

    Raises:
        ErgitError: it failed; in its own words.
    """
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    if done.returncode:
        raise ErgitError(f"`{command[0]}` failed: {done.stderr.strip()}. Is there room on the disk (`df -h`)?")
