"""Locks on files and folders that end with the process that holds them, however it ends (flock(2))."""

import fcntl
from collections.abc import Callable


def wait_silently() -> None:
    """Says nothing: the holder needs a moment only."""


def lock(descriptor: int, on_wait: Callable[[], None] = wait_silently) -> None:
    """Locks an open file or folder for this process alone; calls `on_wait` once before it waits for another holder.

    `on_wait` may raise, and then there is no lock and no waiting.

    Raises:
        OSError: the file system knows no locks.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        on_wait()
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def is_locked(descriptor: int) -> bool:
    """Whether another process holds the lock; takes none for longer than this call."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False
