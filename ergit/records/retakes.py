"""A mark beside a file that stays where it is made anew, such as readings: it is there until that has ended well."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ergit.files import write_atomically


@contextmanager
def remembered_retake(path: Path) -> Iterator[None]:
    """Around making a file anew that is there: if that does not end well, it is not forgotten.

    Snakemake takes an old file that is still there for the new one, whether the job was killed or has failed, and notes
    its params. So all that a job may fail by stands within the block, waits and checks of settings too. A mark beside
    the file, which `retake_mark` adds to a param, is another one from the beginning of the block on. It is the earlier
    one again, which Snakemake has noted, when the block has ended well.
    """
    if not path.exists():
        yield
        return
    file, earlier = _retake_path(path), retake_mark(path)
    write_atomically(file, f" retake {uuid.uuid4().hex}")
    yield
    if earlier:
        write_atomically(file, earlier)
    else:
        file.unlink(missing_ok=True)


def retake_mark(path: Path) -> str:
    """What is added to a param of the rule that makes the file; empty where each retake ended well."""
    try:
        return _retake_path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def _retake_path(path: Path) -> Path:
    return path.with_name(f".{path.stem}.retake")
