"""Whether a job may start now, and the wait until it may: requests of a person, the budget, the windows of time."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ergit.config.settings import PlanSettings
from ergit.errors import ErgitError
from ergit.planning.requests import refuse_stopped
from ergit.planning.windows import Window, next_opening, opened, windows_of
from ergit.records.requests import PAUSE, read_request
from ergit.records.spent import read_spent
from ergit.same_failures import HOPELESS

LOOK_SECONDS = 5.0  # between two looks at what a job waits for; no window is open then


@dataclass(frozen=True)
class Clock:
    """The time, and how to let it pass."""

    now: Callable[[], datetime] = datetime.now
    sleep: Callable[[float], None] = time.sleep


CLOCK = Clock()


def wait_while_paused(results: Path, tell: Callable[[str], None], clock: Clock = CLOCK) -> None:
    """Returns once nobody wants the study paused; says once why it waits.

    Raises:
        ErgitError: somebody asked the run to stop.
    """
    _wait(lambda: _why_paused(results), results, tell, clock)


def wait_for_turn(plan: PlanSettings, results: Path, tell: Callable[[str], None], clock: Clock = CLOCK) -> None:
    """Returns once a measuring job may start; says once for each reason why it waits.

    Raises:
        ErgitError: somebody asked the run to stop, or the budget is spent: the run ends.
    """
    windows = windows_of(plan.windows)
    refuse_overspent(plan, results)
    _wait(lambda: _why_paused(results) or _why_closed(windows, clock.now()), results, tell, clock)


def window_now(plan: PlanSettings, now: datetime) -> str | None:
    """The window of time that is open, by its beginning in ISO 8601; None where there are no windows.

    A job that began in a window and ends after it belongs to that window.
    """
    since = opened(windows_of(plan.windows), now)
    return None if since in {None, datetime.min} else f"{since:%Y-%m-%dT%H:%M}"


def refuse_overspent(plan: PlanSettings, results: Path) -> None:
    """Does nothing while the budget holds.

    Raises:
        ErgitError: it is spent; by its words `is_hopeless` (ergit/same_failures.py) ends the run.
    """
    spent = read_spent(results / "spent.json")
    for key, limit, used, unit in (
        ("budget_hours", plan.budget_hours, spent.seconds / 3600, "h"),
        ("budget_joules", plan.budget_joules, spent.joules, "J"),
    ):
        if limit is not None and used >= limit:
            raise ErgitError(
                f"The budget is spent: {used:.4g} of {limit:g} {unit} (plan.{key}), {HOPELESS}. All readings so far are"
                " kept; the same command with a larger budget takes the others."
            )


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
