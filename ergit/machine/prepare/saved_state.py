"""The state of a machine before its preparation, kept in a file until all of it is restored."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from ergit.errors import ErgitError
from ergit.files import write_atomically
from ergit.machine.prepare.plan import Plan, in_restoring_order, is_target

SCHEMA = "ergit.preparation/1"
STATE = Path("/var/lib/ergit/preparation.json")


@dataclass(frozen=True)
class SavedState:
    """What a machine was before its preparation: the value of each target that ergit changed or may have disturbed."""

    when: str
    boot: str
    former: dict[str, str]
    applied: dict[str, str]


def merge(saved: SavedState | None, planned: Plan, when: str, boot: str) -> SavedState:
    """The state to keep while the plan is in force: what was saved first always wins, new targets are added to it."""
    if saved is None:
        return SavedState(when, boot, planned.former, planned.wanted)
    former = in_restoring_order(planned.former | saved.former)
    return SavedState(saved.when, boot, former, saved.applied | planned.wanted)


def load(path: Path) -> SavedState | None:
    """The saved state, or None if there is none; raises ErgitError for a file that is not one."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ErgitError(f"The saved state {path} cannot be read: {error.strerror}.") from error
    fix = f"Look into it, set by hand what it says, and remove it: nothing is restored from it. ({path})"
    try:
        content = json.loads(text)
        saved = SavedState(*(content[name] for name in ("when", "boot", "former", "applied")))
        known = content["schema"] == SCHEMA and all(
            is_target(target) and isinstance(value, str)
            for values in (saved.former, saved.applied)
            for target, value in values.items()
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ErgitError(f"The saved state is damaged ({type(error).__name__}: {error}). {fix}") from error
    if not known:
        raise ErgitError(f"The saved state names settings or a schema that this version does not know. {fix}")
    return saved


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Holds the folder of the state, made if need be, so that two calls never write at once.

    Raises ErgitError if another call holds it or the folder cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise ErgitError(f"{path.parent} cannot hold the former state: {error.strerror}. Call it as root.") from error
    try:
        _lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise ErgitError("Another call of prepare is at work. Wait for it to end.") from error


def store(path: Path, saved: SavedState) -> None:
    """Writes the state so that it outlasts a crash and a loss of power; raises ErgitError if it cannot be written."""
    try:
        write_atomically(path, json.dumps({"schema": SCHEMA, **asdict(saved)}, indent=1, ensure_ascii=True) + "\n")
        _sync_folder(path)
    except OSError as error:
        raise ErgitError(f"The former state cannot be saved in {path}: {error.strerror}. Call it as root.") from error


def remove(path: Path) -> None:
    """Removes the state, for good even after a loss of power."""
    path.unlink(missing_ok=True)
    _sync_folder(path)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
