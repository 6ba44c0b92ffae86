"""Dates of the config as moments, and the periods in which moments lie."""

from datetime import UTC, datetime

import pytest

from ergit.errors import ErgitError
from ergit.git.dates import first_second, last_second, period_of


def at(seconds: int) -> str:
    """The moment in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024", "2024-01-01 00:00:00", "2024-12-31 23:59:59"),
        ("2024-02", "2024-02-01 00:00:00", "2024-02-29 23:59:59"),
        ("2023-02", "2023-02-01 00:00:00", "2023-02-28 23:59:59"),
        ("2024-12", "2024-12-01 00:00:00", "2024-12-31 23:59:59"),
        ("2024-02-03", "2024-02-03 00:00:00", "2024-02-03 23:59:59"),
        ("2024-02-03T12:30", "2024-02-03 12:30:00", "2024-02-03 12:30:00"),
        ("2024-02-03 12:30:15Z", "2024-02-03 12:30:15", "2024-02-03 12:30:15"),
        ("2024-02-03T00:30+01:00", "2024-02-02 23:30:00", "2024-02-02 23:30:00"),
    ],
)
def test_a_date_means_all_of_its_year_month_or_day_in_utc(text: str, first: str, last: str) -> None:
    assert (at(first_second(text, "k")), at(last_second(text, "k"))) == (first, last)


@pytest.mark.parametrize("text", ["2024-13", "2024-00", "2023-02-29", "0000", "2024-02-03T25:00", "yesterday", ""])
def test_what_the_calendar_does_not_have_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ErgitError, match=r"^commits\.since: .*2020-03-31T12:00"):
        first_second(text, "commits.since")


@pytest.mark.parametrize(
    ("moment", "names"),
    [
        ("2024-01-01T00:00:00", ["2024-01-01", "2024-W01", "2024-01", "2024"]),
        ("2023-12-31T23:59:59", ["2023-12-31", "2023-W52", "2023-12", "2023"]),
        ("2024-12-30T10:00:00", ["2024-12-30", "2025-W01", "2024-12", "2024"]),
        ("2021-01-03T10:00:00", ["2021-01-03", "2020-W53", "2021-01", "2021"]),
    ],
)
def test_a_moment_lies_in_a_day_an_iso_week_a_month_and_a_year_of_utc(moment: str, names: list[str]) -> None:
    seconds = int(datetime.fromisoformat(f"{moment}+00:00").timestamp())
    assert [period_of(seconds, "day"), period_of(seconds, "week"), period_of(seconds, "month")] == names[:3]
    assert period_of(seconds, "year") == names[3]
