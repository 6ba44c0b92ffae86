"""Files that are whole or not there."""

import os
from pathlib import Path


def write_atomically(path: Path, text: str) -> None:
    """Writes the text as UTF-8, as `write_bytes_atomically` does.

    Raises:
        OSError: the disk is full, or the folder cannot be written to; the old file is still there then.
    """
    write_bytes_atomically(path, text.encode("utf-8", "surrogateescape"))


def write_bytes_atomically(path: Path, content: bytes) -> None:
    """Writes the content so that after a crash at any point the file is the old one or the new one, whole.

    The file, then the rename, then the folder and the name of the folder reach the disk in this order, so that it also
    outlasts a power cut: the folder may have been made for this file, such as the readings of a commit.

    Raises:
        OSError: the disk is full, or the folder cannot be written to; the old file is still there then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        sync_folder(path.parent)
        sync_folder(path.parent.parent)
    finally:
        part.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Returns when the folder's own entries (new names, removed names) have reached the disk.

    Raises:
        OSError: the folder is not there, or the disk fails.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_unsynced(path: Path, content: bytes) -> None:
    """Writes the content so that a reader finds the old file or the new one, whole, and waits for no disk.

    For what may be lost in a power cut. Two writers at once do not disturb each other; the last one's file stays.

    Raises:
        OSError: the disk is full, or the folder cannot be written to; the old file is still there then.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
