"""The state of a machine before it was prepared, kept in a file until all of it is restored."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import msgspec

from ergit.errors import ErgitError
from ergit.files import sync_folder, write_atomically
from ergit.locks import lock
from ergit.machine.prepare.plan import Plan, in_restoring_order, is_target

SCHEMA = "ergit.preparation/1"
STATE = Path("/var/lib/ergit/preparation.json")


class SavedState(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag=SCHEMA, rename={"saved": "former"}):
    """What a machine was before it was prepared: the value of each target that ergit changed or may have disturbed.

    `applied` has the values that were asked for, `boot` the kernel's name of the boot in which that was.
    """

    when: str
    boot: str
    saved: dict[str, str]
    applied: dict[str, str]


def merge(earlier: SavedState | None, planned: Plan, when: str, boot: str) -> SavedState:
    """The state to keep while the plan is in force: what was saved first always wins, new targets are added to it."""
    if earlier is None:
        return SavedState(when=when, boot=boot, saved=planned.saved, applied=planned.wanted)
    return SavedState(
        when=earlier.when,
        boot=boot,
        saved=in_restoring_order(planned.saved | earlier.saved),
        applied=earlier.applied | planned.wanted,
    )


def load(path: Path) -> SavedState | None:
    """The saved state, or None if there is none.

    Raises:
        ErgitError: the file cannot be read, or holds no saved state.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ErgitError(f"The saved state {path} cannot be read: {error.strerror}.") from error
    fix = f"Nothing is restored from it: look into {path}, set by hand what it says, and remove it."
    try:
        state = msgspec.json.decode(content, type=SavedState)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ErgitError(f"The saved state is damaged ({error}). {fix}") from error
    unknown = [target for target in (*state.saved, *state.applied) if not is_target(target)]
    if unknown:
        raise ErgitError(f"The saved state names {unknown[0]!r}, which this version does not set. {fix}")
    return state


@contextmanager
def hold_state(path: Path) -> Iterator[None]:
    """Holds the folder of the state, made if need be, so that two calls never write at once.

    Raises:
        ErgitError: another call holds it, or the folder cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise ErgitError(f"{path.parent} cannot hold the saved state: {error.strerror}. Run it as root.") from error
    try:
        lock(descriptor, on_wait=_refuse)
        yield
    finally:
        os.close(descriptor)


def _refuse() -> NoReturn:
    raise ErgitError("Another `ergit prepare` is running. Wait for it to end.")


def store(path: Path, state: SavedState) -> None:
    """Writes the state so that it outlasts a crash and a loss of power.

    Raises:
        ErgitError: it cannot be written.
    """
    try:
        write_atomically(path, json.dumps(msgspec.to_builtins(state), indent=1) + "\n")
    except OSError as error:
        raise ErgitError(f"The saved state cannot be written to {path}: {error.strerror}. Run it as root.") from error


def remove(path: Path) -> None:
    """Removes the state, for good even after a loss of power."""
    path.unlink(missing_ok=True)
    sync_folder(path.parent)
