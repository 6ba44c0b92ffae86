"""`ergit watch`: what a run does, from another terminal or another login; it needs to read files, and nothing else.

It sleeps until the reading of this moment is expected to end, and looks at the time of change of one small file then;
only a changed one is read and shown.
"""

import argparse
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from ergit.errors import ErgitError
from ergit.forecast.page import duration
from ergit.live.news import stop_asked
from ergit.live.process import life_of
from ergit.live.words import OUTCOMES, block, cells, clock, titled
from ergit.records.live import NAME, LiveProcess, LiveRecord, read_live
from ergit.records.requests import PAUSE, read_request
from ergit.records.run_lock import read_run_lock
from ergit.starting.lock import FILE
from ergit.starting.stale import started
from ergit.terminal import Line, Screen, Style, width
from ergit.text import iso_time

LEAST_SECONDS, USUAL_SECONDS, MOST_SECONDS = 2.0, 5.0, 30.0
"""Between two looks at the file: never less, where no end of a reading is announced, and never more."""

REASONS = 5
"""Of failures, so many are shown at most."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `ergit watch`."""
    parser.add_argument(
        "--study", type=Path, default=Path(), metavar="DIR", help="the study's folder (default: the working directory)"
    )
    parser.add_argument("--results", default="results", metavar="DIR", help="its folder of results, if not `results`")
    parser.add_argument("--once", action="store_true", help="show it once; without a terminal it always is")


def run(options: argparse.Namespace) -> None:
    """Shows what the run does until it has ended, or somebody presses Ctrl-C.

    Raises:
        ErgitError: no run of the study has told of itself, or its file may not be read.
    """
    study: Path = options.study
    results: Path = study / options.results
    screen = Screen(sys.stdout.fileno())
    if screen.has_block and not options.once:
        rows = shutil.get_terminal_size().lines - 2
        with suppress(KeyboardInterrupt):  # Ctrl-C is how it ends
            for lines in changes(study, results):
                screen.write([], lines[:rows])
    screen.write(snapshot(study, results))


def changes(study: Path, results: Path, sleep: Callable[[float], None] = time.sleep) -> Iterator[list[Line]]:
    """What is seen of the study, whenever it has changed, until the run has ended.

    Raises:
        ErgitError: as `snapshot`.
    """
    changed, seconds = None, 0.0
    while True:
        found = _time_of_change(results)
        if found != changed or seconds >= MOST_SECONDS:
            changed = found
            yield snapshot(study, results)
            record = _record(study, results)
            is_over = record.outcome is not None or life_of(record.run) == "ended"
            if is_over and _starting(study, record) is None:
                return
        seconds = pause(record, datetime.now(UTC))
        sleep(seconds)


def snapshot(study: Path, results: Path) -> list[Line]:
    """What is seen of the study now.

    Raises:
        ErgitError: no run has told of itself, or what it told may not be read.
    """
    record = _record(study, results)
    starting = _starting(study, record)
    lines: list[Line] = [[("bold", f"Energy of {record.study}")]]
    lines.append(titled("run", _state(record) if starting is None else ("green", starting)))
    request = read_request(results / PAUSE)
    if request is not None and record.outcome is None:
        lines.append(titled("pause", ("yellow", f"asked for by {request.by}, {request.asked}")))
    if record.outcome is None:
        record = replace(record, stop=stop_asked(results))  # maybe asked for since the last news
    if life_of(record.run) == "ended" and record.outcome is None:
        record = replace(record, outcome="interrupted")  # nothing runs now, and nothing is expected
    return [*lines, *block(record, REASONS), *_last(record), titled("news", ("", _news(record)))]


def pause(record: LiveRecord, now: datetime) -> float:
    """How many seconds nothing is looked at: until the present reading is over, as far as that is known."""
    if record.until is None:
        return USUAL_SECONDS
    seconds = (datetime.fromisoformat(record.until) - now).total_seconds()
    return min(MOST_SECONDS, max(LEAST_SECONDS, seconds)) if seconds > 0 else USUAL_SECONDS


def no_run_goes_on(study: Path, results: Path) -> bool:
    """Whether the last run of the study has ended and no other has begun; False also where nobody can tell."""
    with suppress(OSError):
        record = read_live(results / NAME)
        if record is not None and (record.outcome is not None or life_of(record.run) == "ended"):
            return _starting(study, record) is None
    return False


def _record(study: Path, results: Path) -> LiveRecord:
    path = results / NAME
    try:
        record = read_live(path)
    except OSError as error:
        raise ErgitError(f"{path} cannot be read: {error.strerror}. Ask its owner for the right to.") from None
    starting = _starting(study, None) if record is None else None
    if starting is not None:
        raise ErgitError(f"No job of the run in {study.resolve()} has begun yet: it {starting}.")
    if record is None:
        raise ErgitError(
            f"There is no {path}: no job of a run has begun in {study.resolve()}, or another version of ergit ran it."
            " Name the study's folder with --study."
        )
    return record


def _time_of_change(results: Path) -> int | None:
    try:
        return (results / NAME).stat().st_mtime_ns
    except OSError:
        return None


def _starting(study: Path, record: LiveRecord | None) -> str | None:
    """That a run has begun which has not told of itself yet; None where there is none."""
    lock = read_run_lock(study / FILE)
    if lock is None or (record is not None and record.run.process == lock.process):
        return None
    run = LiveProcess(
        process=lock.process,
        ticks=None,
        user=lock.user,
        host=lock.host,
        boot=lock.boot,
        started=iso_time(datetime.fromtimestamp(started(lock), UTC)),
    )
    is_newer = record is None or run.started > record.run.started
    return f"plans what is to do: {_who(run)}" if is_newer and life_of(run) == "runs" else None


def _state(record: LiveRecord) -> tuple[Style, str]:
    who = _who(record.run)
    if record.outcome is not None:
        return ("green" if record.outcome == "done" else "red"), f"{OUTCOMES[record.outcome]} ({who})"
    life = life_of(record.run)
    if life == "ended":
        return "red", f"the run was killed; the same command continues ({who})"
    return ("green", f"runs: {who}") if life == "runs" else ("yellow", f"cannot be seen from here: {who}")


def _who(run: LiveProcess) -> str:
    since = datetime.fromisoformat(run.started).astimezone()
    return f"process {run.process} of {run.user} on {run.host}, since {since:%a %Y-%m-%d %H:%M}"


def _last(record: LiveRecord) -> Iterator[Line]:
    rows = [cells(record, reading) for reading in reversed(record.last)]
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        shown = (f"{cell}{' ' * (most - width(cell))}  " for cell, most in zip(row, widths, strict=True) if most)
        yield titled("" if number else "last", ("", "".join(shown).rstrip()))


def _news(record: LiveRecord) -> str:
    seconds = (datetime.now(UTC) - datetime.fromisoformat(record.written)).total_seconds()
    expected = f"; more at about {clock(record.until)}" if record.until and record.outcome is None else ""
    return f"of {clock(record.written)}, {duration(max(0.0, seconds))} ago{expected}"
