"""The lock of one study: who runs it, and whether that process still lives."""

import getpass
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from ergit.errors import ErgitError
from ergit.locks import lock
from ergit.machine.kernel import Machine
from ergit.records.run_lock import RunLock, read_run_lock, written

FILE = ".snakemake/ergit-run.lock"


@contextmanager
def run_lock(study: Path) -> Iterator[RunLock | None]:
    """Holds the lock of the study in that folder until the end of the block; gives who held it last, if anybody.

    The kernel takes it back from a process that ends, however that ends, so it never has to be removed by hand.

    Raises:
        ErgitError: another process holds it, or the folder cannot be written to or knows no locks.
    """
    path = study / FILE
    last = read_run_lock(path)
    try:
        path.parent.mkdir(exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise ErgitError(f"The lock {path} cannot be made: {error.strerror}. Fix the rights of that folder.") from None
    try:
        try:
            lock(descriptor, lambda: _refuse(study, last))
        except OSError as error:
            raise ErgitError(
                f"The lock {path} cannot be taken: {error.strerror}. Put the study on a disk of this machine, or run"
                " it with `snakemake` itself."
            ) from None
        with suppress(OSError):  # on a full disk the lock holds as well, without a name in it
            os.truncate(descriptor, 0)
            os.pwrite(descriptor, written(_this_process()), 0)
        yield last
    finally:
        os.close(descriptor)


def _refuse(study: Path, holder: RunLock | None) -> None:
    who = "another process" if holder is None else f"process {holder.process} of {holder.user} on {holder.host}"
    since = "" if holder is None else f", since {holder.started}"
    raise ErgitError(
        f"The study in {study.resolve()} is being run by {who}{since}. Wait for its end, or end it with `ergit stop`."
    )


def _this_process() -> RunLock:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # no such user in passwd, as in a container
        user = str(os.getuid())
    return RunLock(
        process=os.getpid(),
        user=user,
        host=platform.node(),
        boot=Machine().boot(),
        started=f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
    )
