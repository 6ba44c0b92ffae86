"""The folder in which a commit is built and, at the very same path, measured."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ergit.errors import ErgitError
from ergit.locks import lock


def build_dir_of(commit: str) -> Path:
    """The folder of a commit, of one length for all: build tools write absolute paths into what they build."""
    return Path(tempfile.gettempdir()).resolve() / f"ergit-{os.getuid()}" / commit[:16]


@contextmanager
def locked_build_dir(path: Path) -> Iterator[None]:
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
    with _locked(path):
        clear(path)
        path.mkdir()
        try:
            yield
        finally:
            clear(path)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Holds the lock file of a build dir, which is there only as long as it is held."""
    lock_path = path.with_suffix(".lock")

    def say_that_it_waits() -> None:
        print(f"ergit: waits for another process that works in {path}", file=sys.stderr, flush=True)

    while True:
        with lock_path.open("w") as file:
            lock(file.fileno(), say_that_it_waits)
            if not lock_path.exists() or not os.path.samestat(os.fstat(file.fileno()), lock_path.stat()):
                continue  # the one waited for has removed it
            try:
                yield
            finally:
                lock_path.unlink(missing_ok=True)
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
