"""The end of a run in which every commit fails the same way: then the config or the machine is at fault, no commit."""

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from ergit.errors import ErgitError
from ergit.text import counted, one_line

MOST_SAME_FAILURES = 10
HOPELESS = "so the run ends here"
LAST_LINES = 10
LOG_END_BYTES = 4000
RUN_STARTED = "ERGIT_RUN_STARTED"


def note_start_of_run() -> None:
    """Puts the time into this process's environment, for the jobs that it starts; a run within a run keeps its own."""
    os.environ.setdefault(RUN_STARTED, f"{time.time():.3f}")


def refuse_same_failures(
    reason: str, log: Path, others: Iterable[tuple[str, Path]], failure_in: Callable[[Path], str | None]
) -> None:
    """Does nothing while a commit has succeeded, or fewer than `MOST_SAME_FAILURES` have failed like this one.

    Failures count that were recorded in this run, and this one: the next run of the same command tries as many again.
    The same error in another line of another file is the same failure (`normalised`).

    Args:
        reason: why this commit has failed.
        log: the output of its commands.
        others: the other commits, and the records that are there of each.
        failure_in: the reason in such a record; None where its commit succeeded.

    Raises:
        ErgitError: the reason and the last words of the log; `is_hopeless` recognises it in a job's log.
    """
    started = float(os.environ.get(RUN_STARTED, "0"))
    records = list(others)
    if len({commit for commit, _ in records}) < MOST_SAME_FAILURES - 1:
        return
    from ergit.building.reasons import normalised  # jobs of commits that do not fail need it not

    same, like_this = set[str](), normalised(reason)
    for commit, path in records:
        other = failure_in(path)
        if other is None:
            return
        if normalised(other) == like_this and path.stat().st_mtime >= started:
            same.add(commit)
    failed = len(same) + 1
    if failed >= MOST_SAME_FAILURES:
        last = "\n".join(f"  {line}" for line in last_lines(log)) or "  (nothing)"
        raise ErgitError(
            f"{counted(failed, 'commit')} failed with the same reason and none has succeeded, {HOPELESS}: {reason}."
            " Look at the config and at this machine. After a change of the config the same command tries all commits"
            " anew; after any other fix remove `readings` in the folder of results first, and `build` where builds"
            " failed (there is no reading yet). Without a fix it tries as many commits again. The last output was:\n"
            f"{last}"
        )


def is_hopeless(log: Path) -> bool:
    """Whether the log of a failed job says that the run ends."""
    return log.exists() and HOPELESS.encode() in log.read_bytes()


def last_lines(log: Path) -> list[str]:
    """The last lines of a log, cleaned for a terminal; none where there is no log."""
    if not log.exists():
        return []
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - LOG_END_BYTES))
        text = file.read().decode("utf-8", "replace")
    return [one_line(line, 200) for line in text.splitlines() if line.strip()][-LAST_LINES:]
