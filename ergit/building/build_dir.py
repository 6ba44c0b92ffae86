"""The folder in which a commit is built and, at the very same path, measured."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ergit.building.removal import make_writable, remove_tree
from ergit.disk import NO_ROOM
from ergit.errors import CommitError, ErgitError
from ergit.locks import lock

COMMON_DIGITS, OWN_DIGITS = 8, 7  # together with the slash as long as the 16 digits of version 0.1.0


def build_dir_of(commit: str) -> Path:
    """The folder of a commit, of one length for all: build tools write absolute paths into what they build.

    The folder above it holds nothing else, so that `rm -rf ../*` meets no other commit.
    """
    digits = commit[:COMMON_DIGITS], commit[COMMON_DIGITS : COMMON_DIGITS + OWN_DIGITS]
    return _home().joinpath(*digits)


def private_dir_of(build_dir: Path) -> Path:
    """The folder beside a build dir that holds /tmp and the home of its commands, where they run in a sandbox."""
    return build_dir.with_name(f"{build_dir.name}.private")


@contextmanager
def locked_build_dir(path: Path) -> Iterator[None]:
    """An empty folder that is this process's alone until the end of the block, when it is removed, its private one too.

    Waits while another process of the same user holds it. What cannot be removed at the end is named on stderr: it is
    no reason not to record what was done in the folder.

    Raises:
        CommitError: an earlier build or workload of the commit left there what cannot be removed.
        ErgitError: the folder cannot be made, or what it stands in belongs to somebody else or is a link.
    """
    outer = path.parent if path.parent.parent.name == _home().name else path  # one of two: build_dir_of, version 0.1.0
    _make_home(outer.parent)
    with _locked(outer):
        problem = remove_tree(private_dir_of(path)) or remove_tree(outer)
        if problem:
            raise CommitError(
                f"an earlier build or workload of this commit left in {path} what cannot be removed: {problem}"
            )
        _make(path)
        try:
            yield
        finally:
            problem = remove_tree(private_dir_of(path)) or remove_tree(outer)
            if problem:
                print(f"ergit: something is left in {path}: {problem}. Remove it by hand.", file=sys.stderr, flush=True)


def _home() -> Path:
    """The folder of all build dirs of this user."""
    return Path(tempfile.gettempdir()).resolve() / f"ergit-{os.getuid()}"


def _make_home(home: Path) -> None:
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = home.lstat()
    except OSError as error:
        raise _not_made(home, error) from None
    if owner.st_uid != os.getuid() or home.is_symlink():
        raise ErgitError(
            f"{home} is not yours: somebody else made it. Remove it, or set TMPDIR to a folder of your own."
        )


def _make(path: Path) -> None:
    """Makes the folder, for this user alone.

    Raises:
        ErgitError: that is not possible.
    """
    try:
        path.mkdir(parents=True)
    except PermissionError:
        make_writable(path.parent.parent)
        make_writable(path.parent)
        try:
            path.mkdir(parents=True)
        except OSError as error:
            raise _not_made(path, error) from None
    except OSError as error:
        raise _not_made(path, error) from None


def _not_made(path: Path, error: OSError) -> ErgitError:
    return ErgitError(
        f"{path}, in which a commit is built and measured, cannot be made: {error.strerror}. Make room, or set TMPDIR"
        " to a folder of your own that you can write to."
    )


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Holds the lock file beside a folder, which is there only as long as it is held."""
    path = folder.with_name(f"{folder.name}.lock")

    def say_that_it_waits() -> None:
        print(f"ergit: waits for another process that works in {folder}", file=sys.stderr, flush=True)

    while True:
        descriptor = _open_lock(path)
        try:
            lock(descriptor, say_that_it_waits)
            if not _is_at(descriptor, path):
                continue  # the one waited for has removed it
            try:
                yield
            finally:
                if _is_at(descriptor, path):  # a commit can have removed it, and another process made a new one
                    remove_tree(path)
            return
        finally:
            os.close(descriptor)


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether the open file is still the one at that path."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False


def _open_lock(path: Path) -> int:
    """Opens the lock file; a link or a folder that a commit put in its place is removed, never followed.

    Raises:
        ErgitError: it cannot be made.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o600)
    except OSError as error:
        if error.errno in NO_ROOM:
            raise _not_made(path, error) from None
    remove_tree(path)
    make_writable(path.parent)
    try:
        return os.open(path, flags, 0o600)
    except OSError as error:
        raise _not_made(path, error) from None
