"""The times of the week in which readings may be taken, as `plan.windows` writes them, in the machine's local time."""

import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta

from msgspec import Struct

from ergit.errors import ErgitError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WINDOW = re.compile(
    rf"(?:(?P<days>weekends|{'|'.join(DAYS)})(?: |$))?(?:(?P<start>\d\d:\d\d)-(?P<end>\d\d:\d\d))?", re.IGNORECASE
)
WRITTEN = "Write 22:00-06:00 for every night, weekends or sat for whole days, or sat 08:00-20:00"
WEEK = timedelta(days=7)


class Window(Struct, frozen=True):
    """One window: the days on which it opens (0 is Monday), when, and for how long."""

    days: frozenset[int]
    start: time
    length: timedelta

    def opened(self, now: datetime) -> datetime | None:
        """Since when the window is open; None while it is closed. A window that passes midnight is of its first day."""
        for back in (0, 1):
            start = datetime.combine(now.date() - timedelta(days=back), self.start)
            if start.weekday() in self.days and start <= now < start + self.length:
                return start
        return None

    def opens(self, now: datetime) -> datetime:
        """When the window opens next, after now."""
        starts = (datetime.combine(now.date() + timedelta(days=ahead), self.start) for ahead in range(8))
        return next(start for start in starts if start > now and start.weekday() in self.days)


def windows_of(texts: Sequence[str]) -> tuple[Window, ...]:
    """The windows that `plan.windows` writes.

    Raises:
        ErgitError: a text is none.
    """
    return tuple(_window(text) for text in texts)


def _window(text: str) -> Window:
    match = WINDOW.fullmatch(text.strip())
    try:
        if not match or not any(match.groups()):
            raise ValueError
        start, end = (time.fromisoformat(match[name] or "00:00") for name in ("start", "end"))
    except ValueError:
        raise ErgitError(f"plan.windows: {text!r} is no window of time. {WRITTEN}.") from None
    length = timedelta(hours=end.hour - start.hour, minutes=end.minute - start.minute)
    return Window(_days(match["days"]), start, length if length > timedelta(0) else length + timedelta(days=1))


def _days(word: str | None) -> frozenset[int]:
    if word is None:
        return frozenset(range(7))
    return frozenset({5, 6} if word.lower() == "weekends" else {DAYS.index(word.lower())})


def opened(windows: Sequence[Window], now: datetime) -> datetime | None:
    """Since when readings may be taken; None while no window is open. Windows that touch or overlap are one.

    `datetime.min` where they leave no minute of a week out, so that they never open.
    """
    since = _earliest(windows, now)
    while since is not None and now - since <= WEEK:
        before = _earliest(windows, since - timedelta(minutes=1))
        if before is None:
            return since
        since = before
    return since and datetime.min


def _earliest(windows: Sequence[Window], now: datetime) -> datetime | None:
    return min((start for window in windows if (start := window.opened(now)) is not None), default=None)


def next_opening(windows: Sequence[Window], now: datetime) -> datetime:
    """When readings may be taken next: now, where a window is open or there is none."""
    if not windows or opened(windows, now) is not None:
        return now
    return min(window.opens(now) for window in windows)
