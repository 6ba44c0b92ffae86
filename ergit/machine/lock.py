"""The lock under which one program at a time measures on a machine, whoever started it and for whichever study."""

import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from ergit.errors import ErgitError
from ergit.locks import lock

FOLDERS = (Path("/run/lock"), Path("/var/lock"), Path("/tmp"))
NAME = "ergit-measuring.lock"
TIME = "%Y-%m-%d %H:%M:%S"
HOLDER_BYTES = 200


def lock_path(folders: Sequence[Path] = FOLDERS) -> Path:
    """The same file for every user: it lies in the first of the folders that everybody may write to.

    Raises:
        ErgitError: there is no such folder.
    """
    for folder in folders:
        if folder.is_dir() and folder.stat().st_mode & stat.S_IWOTH:
            return folder / NAME
    raise ErgitError(
        f"No folder for the lock under which one program at a time measures: none of {', '.join(map(str, folders))} "
        "is there and open to all users. Run chmod 1777 /tmp as root."
    )


@contextmanager
def measuring_lock(path: Path, on_wait: Callable[[str], None] = lambda _: None) -> Iterator[None]:
    """Holds the lock until the end of the block; names on stderr, and to `on_wait`, the program that it waits for.

    The file is never removed, since another program may wait with it open.

    Raises:
        ErgitError: the file cannot be opened.
    """
    descriptor = _opened(path)
    try:
        lock(descriptor, partial(_name_holder, descriptor, path, on_wait))
        with suppress(OSError):  # on a full disk the lock holds as well, without a name in it
            os.truncate(descriptor, 0)
            now = datetime.now(UTC)
            os.pwrite(descriptor, f"process {os.getpid()} of user {os.getuid()}, since {now:{TIME}} UTC\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _name_holder(descriptor: int, path: Path, on_wait: Callable[[str], None]) -> None:
    holder = os.pread(descriptor, HOLDER_BYTES, 0).decode(errors="replace").strip() or "another program"
    print(f"ergit: waits for {holder}, which is measuring on this machine ({path})", file=sys.stderr, flush=True)
    on_wait(f"{holder}, which is measuring on this machine")


def _opened(path: Path) -> int:
    """The file open for reading and writing.

    It is created in a call of its own: in a folder open to all, Linux refuses to open another user's file with O_CREAT,
    even where its mode would allow it (sysctl fs.protected_regular).
    """
    try:
        created = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
    except FileExistsError:
        pass
    except OSError as error:
        raise ErgitError(
            f"The lock file {path} cannot be made: {error.strerror}. Free some room, or fix the rights of that folder."
        ) from error
    else:
        os.fchmod(created, 0o666)
        return created
    try:
        return os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    except OSError as error:
        raise ErgitError(
            f"The lock file {path} cannot be opened: {error.strerror}. Remove it while nobody measures."
        ) from error
