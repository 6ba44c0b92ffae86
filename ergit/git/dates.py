"""Dates of commits: what a date in the config means as a moment, and the day, week, month or year of a moment."""

import calendar
import re
from datetime import UTC, datetime
from typing import Literal

from ergit.config.settings import DATE
from ergit.errors import ErgitError

Period = Literal["day", "week", "month", "year"]


def first_second(text: str, key: str) -> int:
    """The moment at which a date of the config begins, in seconds since 1970 in UTC (`2020-03`: on 1 March, 00:00).

    Args:
        text: a year, month, day or moment in ISO 8601; without an offset it is in UTC.
        key: the key of the config where it stands, for the error.

    Raises:
        ErgitError: the calendar has no such date.
    """
    return _span(text, key)[0]


def last_second(text: str, key: str) -> int:
    """The last second of a date of the config (`2020-03`: on 31 March, 23:59:59); otherwise like `first_second`."""
    return _span(text, key)[1]


def period_of(seconds: int, period: Period) -> str:
    """The name of the day, ISO week, month or year of a moment, in UTC: `2020-03-31`, `2020-W14`, `2020-03`, `2020`."""
    moment = datetime.fromtimestamp(seconds, UTC)
    if period == "week":
        year, week, _ = moment.isocalendar()
        return f"{year:04}-W{week:02}"
    return moment.date().isoformat()[: {"day": 10, "month": 7, "year": 4}[period]]


def _span(text: str, key: str) -> tuple[int, int]:
    """The first and the last second of a date of the config."""
    try:
        if not re.fullmatch(DATE, text):
            raise ValueError(text)
        if len(text) > len("2020-03-31"):
            moment = datetime.fromisoformat(text)
            begin = last = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        else:
            year, month, day = text[:4], text[5:7], text[8:]
            begin = datetime(int(year), int(month or 1), int(day or 1), tzinfo=UTC)
            last_month = int(month or 12)
            last_day = int(day or calendar.monthrange(begin.year, last_month)[1])
            last = datetime(begin.year, last_month, last_day, 23, 59, 59, tzinfo=UTC)
        return int(begin.timestamp()), int(last.timestamp())
    except (ValueError, OverflowError):
        raise ErgitError(
            f"{key}: {text!r} is no date of the calendar. Write a year, month, day or moment, such as 2020, 2020-03,"
            " 2020-03-31 or 2020-03-31T12:00+02:00."
        ) from None
