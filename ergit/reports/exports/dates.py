"""Dates of commits for formats that ask for one with each commit, also where the commit has none that can be read."""

from collections.abc import Iterable
from datetime import UTC, datetime

EPOCH = datetime.fromtimestamp(0, UTC)


def dates_for_export(dates: Iterable[object]) -> list[datetime]:
    """A date for each of the author dates (ISO 8601) of commits in Git order.

    A commit whose date cannot be read gets that of the next older commit, or of the next newer one at the beginning;
    1970 where no date can be read. A date without an offset is taken to be UTC.
    """
    found = [_read(date) for date in dates]
    latest = next((date for date in found if date is not None), EPOCH)
    filled = []
    for date in found:
        latest = latest if date is None else date
        filled.append(latest)
    return filled


def _read(date: object) -> datetime | None:
    try:
        read = datetime.fromisoformat(str(date))
    except ValueError:
        return None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read
