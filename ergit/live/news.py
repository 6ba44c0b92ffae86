"""The news of a run as they are made and spread: the last readings, the file for `ergit watch`, the page."""

from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from ergit.live import page
from ergit.records.live import NAME, LiveCommit, LiveReading, LiveRecord, write_live
from ergit.records.readings import DISQUALIFYING
from ergit.records.requests import STOP, read_request
from ergit.text import iso_time

LAST_READINGS = 8
MINUTE = 60.0
"""So many seconds pass between two lines where there is no terminal."""


class SeenTemperature(Protocol):
    """The conditions of a window, as far as they are told."""

    @property
    def celsius_before(self) -> float | None: ...

    @property
    def celsius_after(self) -> float | None: ...


class TakenWindow(Protocol):
    """A window that was taken, as far as it is told."""

    @property
    def started(self) -> str: ...

    @property
    def duration_seconds(self) -> float: ...

    @property
    def loops(self) -> int: ...

    @property
    def joules(self) -> dict[str, float]: ...

    @property
    def status(self) -> str: ...

    @property
    def reason(self) -> str | None: ...

    @property
    def flags(self) -> tuple[str, ...]: ...

    @property
    def conditions(self) -> SeenTemperature | None: ...


def last_reading(window: TakenWindow, commit: LiveCommit, round_number: int, judged: str) -> LiveReading:
    """A window as it is told; `judged` is the domain whose joules are."""
    seen = window.conditions
    ended = datetime.fromisoformat(window.started) + timedelta(seconds=window.duration_seconds)
    joules, is_ok = window.joules.get(judged), window.status == "ok"
    return LiveReading(
        commit=commit,
        round=round_number,
        ended=iso_time(ended),
        joules=joules / window.loops if joules is not None and is_ok else None,
        seconds=window.duration_seconds / window.loops if is_ok else None,
        celsius=None if seen is None else seen.celsius_before if seen.celsius_after is None else seen.celsius_after,
        flags=disqualifying(window.flags),
        reason=None if is_ok else window.reason or window.status,
    )


def stop_asked(results: Path) -> str | None:
    """Who has asked the run to end, and when; None where nobody has."""
    request = read_request(results / STOP)
    return None if request is None else f"{request.by}, {request.asked}"


def spread(record: LiveRecord, results: Path, *, with_page: bool = True) -> None:
    """Writes the news into the folder of results; where that cannot be, nothing else suffers."""
    with suppress(OSError):
        write_live(results / NAME, record)
        if with_page:
            page.write(results, record)


def disqualifying(flags: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the flags under which a reading is not used."""
    return tuple(flag for flag in flags if flag in DISQUALIFYING)
