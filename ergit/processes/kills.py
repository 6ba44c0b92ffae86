"""Jobs that were killed, and the commit that is at fault when that happens again and again."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ergit.errors import CommitFailure
from ergit.records.unfinished import UnfinishedRecord, read_unfinished, unfinished_path, write_unfinished

KILLS = 2


@contextmanager
def count_kills(output: Path, others: Iterable[Path]) -> Iterator[None]:
    """The block is one attempt at making `output`; one that ends in any orderly way, an error too, is no kill.

    Args:
        output: the record that the job writes.
        others: the records of other commits' jobs, looked at only where attempts were killed.

    Raises:
        CommitFailure: `KILLS` attempts were killed, and another commit's job ended well after the first of them began:
            this machine does not kill them all. The next attempt counts from 0.
        ErgitError: the note of earlier attempts is damaged.
    """
    note = unfinished_path(output)
    killed: tuple[float, ...] = ()
    if note.exists():
        earlier = read_unfinished(note)
        killed = earlier.killed if earlier.started is None else (*earlier.killed, earlier.started)
    if len(killed) >= KILLS and any(_written(path) > killed[0] for path in others):
        note.unlink()
        raise CommitFailure(
            f"killed: ergit's own program died {len(killed)} times while it worked on this commit, and other commits"
            " went well in between"
        )
    write_unfinished(note, UnfinishedRecord(started=time.time(), killed=killed))
    is_made = False
    try:
        yield
        is_made = True
    finally:
        if killed and not is_made:
            write_unfinished(note, UnfinishedRecord(started=None, killed=killed))
        else:
            note.unlink(missing_ok=True)


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
