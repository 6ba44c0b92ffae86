"""The times of the week in which readings may be taken."""

from datetime import datetime

import pytest

from ergit.errors import ErgitError
from ergit.planning.windows import next_opening, opened, windows_of

# 2026-11-26 is a Thursday.
THURSDAY_NOON = datetime(2026, 11, 26, 12)


@pytest.mark.parametrize(
    ("texts", "now", "since"),
    [
        (["22:00-06:00"], datetime(2026, 11, 26, 12), None),
        (["22:00-06:00"], datetime(2026, 11, 26, 22), datetime(2026, 11, 26, 22)),
        (["22:00-06:00"], datetime(2026, 11, 27, 5, 59), datetime(2026, 11, 26, 22)),
        (["22:00-06:00"], datetime(2026, 11, 27, 6), None),
        (["08:00-20:00"], datetime(2026, 11, 26, 12), datetime(2026, 11, 26, 8)),
        (["sat"], datetime(2026, 11, 28, 23, 59), datetime(2026, 11, 28)),
        (["sat"], datetime(2026, 11, 29), None),
        (["Sat 08:00-20:00"], datetime(2026, 11, 28, 7), None),
        (["fri 22:00-06:00"], datetime(2026, 11, 28, 3), datetime(2026, 11, 27, 22)),
        (["fri 22:00-06:00"], datetime(2026, 11, 27, 3), None),
        (["weekends"], datetime(2026, 11, 29, 12), datetime(2026, 11, 28)),
        (["00:00-00:00"], THURSDAY_NOON, datetime.min),
        (["00:00-12:00", "12:00-00:00"], THURSDAY_NOON, datetime.min),
    ],
)
def test_a_window_is_open_from_its_start_until_its_end(texts: list[str], now: datetime, since: datetime | None) -> None:
    assert opened(windows_of(texts), now) == since


def test_windows_that_touch_or_overlap_are_one() -> None:
    windows = windows_of(["22:00-06:00", "weekends"])
    friday_night = datetime(2026, 11, 27, 22)
    times = [datetime(2026, 11, 27, 23), datetime(2026, 11, 28, 12), datetime(2026, 11, 30, 5)]
    assert [opened(windows, now) for now in times] == [friday_night] * 3
    assert opened(windows, datetime(2026, 11, 30, 6)) is None


@pytest.mark.parametrize(
    ("texts", "now", "at"),
    [
        ([], THURSDAY_NOON, THURSDAY_NOON),
        (["08:00-20:00"], THURSDAY_NOON, THURSDAY_NOON),
        (["22:00-06:00"], THURSDAY_NOON, datetime(2026, 11, 26, 22)),
        (["08:00-10:00"], THURSDAY_NOON, datetime(2026, 11, 27, 8)),
        (["weekends", "mon"], THURSDAY_NOON, datetime(2026, 11, 28)),
        (["thu 10:00-11:00"], THURSDAY_NOON, datetime(2026, 12, 3, 10)),
    ],
)
def test_a_closed_window_says_when_it_opens(texts: list[str], now: datetime, at: datetime) -> None:
    assert next_opening(windows_of(texts), now) == at


@pytest.mark.parametrize(
    "text", ["", "night", "22-06", "24:00-06:00", "22:00", "sat sun", "sat08:00-20:00", "8:00-9:00"]
)
def test_what_is_no_window_is_an_error_that_shows_how_to_write_one(text: str) -> None:
    with pytest.raises(ErgitError, match=r"plan.windows: .* is no window of time. Write 22:00-06:00 for every night"):
        windows_of([text])
