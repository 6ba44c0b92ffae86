"""Whether a job may start now, and the wait until it may: requests of a person, the budget, the windows of time."""

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from ergit.config.settings import JobSettings, PlanSettings
from ergit.errors import SPEAKER
from ergit.planning.budget import SPENT, refuse_overspent
from ergit.planning.requests import STOPPED, refuse_stopped
from ergit.planning.windows import Window, next_opening, opened, windows_of
from ergit.records.requests import PAUSE, read_request

LOOK_SECONDS = 5.0  # between two looks at what a job waits for; no window is open then


class Clock(Struct, frozen=True):
    """The time, and how to let it pass."""

    now: Callable[[], datetime] = datetime.now
    sleep: Callable[[float], None] = time.sleep


CLOCK = Clock()


class WindowClosed(Exception):  # noqa: N818 (it is no error: the job waits for the next one)
    """A window of time has closed after the job's turn had come, while it waited for something else."""


def wait_while_paused(results: Path, tell: Callable[[str], None], clock: Clock = CLOCK) -> None:
    """Returns once nobody wants the study paused; says once why it waits.

    Raises:
        ErgitError: somebody asked the run to stop.
    """
    _wait(lambda: _why_paused(results), results, tell, clock)


def wait_for_turn(settings: JobSettings, tell: Callable[[str], None], clock: Clock = CLOCK) -> None:
    """Returns once a measuring job may start; says once for each reason why it waits.

    Raises:
        ErgitError: somebody asked the run to stop, or the budget is spent: the run ends.
    """
    results, windows = Path(settings.results), windows_of(settings.plan.windows)
    refuse_overspent(settings)
    _wait(lambda: _why_paused(results) or _why_closed(windows, clock.now()), results, tell, clock)


def window_now(plan: PlanSettings, now: datetime) -> str | None:
    """The window of time that is open, by its beginning in ISO 8601; None where there are no windows.

    A job that began in a window and ends after it belongs to that window.

    Raises:
        WindowClosed: there are windows, and none is open.
    """
    since = opened(windows_of(plan.windows), now)
    if since is None and plan.windows:
        raise WindowClosed
    return None if since in {None, datetime.min} else f"{since:%Y-%m-%dT%H:%M}"


def was_asked_for(last_words: str) -> bool:
    """Whether a job did not start because somebody wanted the run to end, now or by its budget."""
    return STOPPED in last_words or last_words.startswith(f"{SPEAKER}{SPENT}")


def _wait(why: Callable[[], str | None], results: Path, tell: Callable[[str], None], clock: Clock) -> None:
    told: set[str] = set()
    while True:
        refuse_stopped(results)
        reason = why()
        if reason is None:
            return
        if reason not in told:
            told.add(reason)
            tell(reason)
        clock.sleep(LOOK_SECONDS)


def _why_paused(results: Path) -> str | None:
    request = read_request(results / PAUSE)
    return (
        None if request is None else f"{request.by} asked this study to pause ({request.asked}); `ergit resume` goes on"
    )


def _why_closed(windows: tuple[Window, ...], now: datetime) -> str | None:
    at = next_opening(windows, now)
    return None if at == now else f"no readings before {at:%a %Y-%m-%d %H:%M} (plan.windows)"
