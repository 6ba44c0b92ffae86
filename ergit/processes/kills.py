"""Attempts at a job that were killed or filled the disk, and when that is the commit's own doing."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from ergit.disk import FullDiskError, write_problem
from ergit.errors import CommitError
from ergit.records.unfinished import UnfinishedRecord, read_unfinished, unfinished_path, write_unfinished

ATTEMPTS = 2


@contextmanager
def count_kills(output: Path, others: Iterable[Path]) -> Iterator[None]:
    """The block is one attempt at making `output`; one that ends in any orderly way, an error too, is no kill.

    At the end of the block the commit's own folder is gone; a disk that has room then was filled by the commit itself.

    Args:
        output: the record that the job writes.
        others: the records of other commits' jobs, looked at only after attempts that were killed or filled the disk.

    Raises:
        CommitError: `ATTEMPTS` attempts were killed, or filled the disk themselves, and another commit's job ended
            well after the first of them began: it is not the machine. The next attempt counts from 0.
        ErgitError: the note of earlier attempts is damaged, or what the block raises.
    """
    note = unfinished_path(output)
    before = UnfinishedRecord(started=None, killed=())
    if note.exists():
        before = read_unfinished(note)
        if before.started is not None:
            before = replace(before, started=None, killed=(*before.killed, before.started))
    if len(before.killed) >= ATTEMPTS and _is_other_written(others, before.killed[0]):
        note.unlink()
        raise CommitError(
            f"killed: ergit's own program died {len(before.killed)} times while it worked on this commit, and other"
            " commits went well in between"
        )
    started = time.time()
    write_unfinished(note, replace(before, started=started))
    after: UnfinishedRecord | None = before
    try:
        yield
        after = None
    except FullDiskError as error:
        if not any(map(write_problem, error.folders)):
            after = replace(before, disk_full=(*before.disk_full, started))
        if after and len(after.disk_full) >= ATTEMPTS and _is_other_written(others, after.disk_full[0]):
            after = None
            raise CommitError(
                "this commit filled the disk twice: there was room again without its files, and other commits went well"
                " in between"
            ) from error
        raise
    finally:
        _note(note, after)


def _note(path: Path, record: UnfinishedRecord | None) -> None:
    """Notes the attempts that count; forgets them where none do, or the disk takes no note."""
    if record is not None and (record.killed or record.disk_full):
        try:
            write_unfinished(path, record)
        except OSError:
            path.unlink(missing_ok=True)
    else:
        path.unlink(missing_ok=True)


def _is_other_written(others: Iterable[Path], since: float) -> bool:
    return any(_written(path) > since for path in others)


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
