"""What a measuring job tells before each reading, and while one is held back."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from ergit.config.settings import MeasureSettings
from ergit.live.job import LiveJob
from ergit.live.process import name_of
from ergit.measuring.attempts import Attempt
from ergit.records.live import LiveRecord, read_live, write_live
from ergit.records.readings import Reading, WindowConditions
from ergit.terminal import Screen
from tests.fakes.job_records import reading
from tests.fakes.live_records import live_record

SETTINGS = MeasureSettings(repeats=5, rest_seconds=1.0)


@pytest.fixture
def run(tmp_path: Path) -> dict[str, str]:
    """The environment of a job of a run that has told of itself in the folder."""
    record = live_record(told=4e9)
    write_live(tmp_path / "live.json", record)
    return {"ERGIT_LIVE": name_of(record.run)}


def news(results: Path) -> LiveRecord:
    found = read_live(results / "live.json")
    assert found is not None
    return found


def test_the_reading_that_comes_next_is_told_with_the_ones_before(tmp_path: Path, run: dict[str, str]) -> None:
    seen: list[LiveRecord] = []

    def take(attempt: Attempt) -> Reading:
        seen.append(news(tmp_path))
        conditions = WindowConditions(celsius_before=50.0, celsius_after=55.0)
        flags = ("too-hot", "short-window") if attempt.repeat == 1 else ()
        return reading(repeat=attempt.repeat, flags=flags, conditions=conditions, loops=4)

    told = LiveJob(tmp_path, SETTINGS, None, run).around(take, "estimated")
    for attempt in (Attempt(1, warmup=True), Attempt(1), Attempt(1, attempt=2), Attempt(2)):
        told(attempt)
    assert [record.reading for record in seen] == [
        "warm-up 1 of 1",
        "reading 1 of 5",
        "reading 1 of 5, taken again (1)",
        "reading 2 of 5",
    ]
    assert [record.readings_done for record in seen] == [215, 215, 215, 216]
    assert [record.flagged for record in seen] == [12, 12, 13, 14]
    assert seen[-1].flags == {"foreign-cpu": 9, "too-hot": 5}
    assert [len(record.last) for record in seen] == [2, 2, 3, 4]
    last = seen[-1].last[-1]
    assert (last.joules, last.seconds, last.celsius, last.flags) == (5.0, 0.5, 55.0, ("too-hot",))
    assert (seen[-1].kind, seen[-1].celsius) == ("estimated", 55.0)
    assert seen[-1].until is not None
    assert (tmp_path / "live.html").exists()


def test_the_end_of_a_reading_is_announced_by_the_last_one(tmp_path: Path, run: dict[str, str]) -> None:
    from datetime import datetime

    told = LiveJob(tmp_path, SETTINGS, None, run).around(lambda _: reading(duration_seconds=30.0), "measured")
    told(Attempt(1))
    assert news(tmp_path).until is None
    told(Attempt(2))
    record = news(tmp_path)
    assert record.until is not None
    seconds = (datetime.fromisoformat(record.until) - datetime.fromisoformat(record.written)).total_seconds()
    assert seconds == pytest.approx(31.0, abs=5.0)  # a busy machine writes it late


def test_what_a_reading_waits_for_is_told_and_taken_back(tmp_path: Path, run: dict[str, str]) -> None:
    job = LiveJob(tmp_path, SETTINGS, None, run)
    job.waits("for quiet")
    assert (news(tmp_path).waits, news(tmp_path).until) == ("for quiet", None)
    job.waits(None)
    assert news(tmp_path).waits is None


def test_a_log_gets_a_line_when_a_job_waits_for_hours_and_none_between_readings(
    tmp_path: Path, run: dict[str, str]
) -> None:
    with (tmp_path / "log").open("wb") as file:
        job = LiveJob(tmp_path, SETTINGS, Screen(file.fileno(), {}), run)
        job.around(lambda _: reading(), "measured")(Attempt(1))
        job.waits("for quiet")
        job.waits_long("no readings before Mon 22:00")
    assert (tmp_path / "log").read_text() == "ergit: no readings before Mon 22:00\n"
    assert news(tmp_path).waits == "no readings before Mon 22:00"


def test_a_reading_of_more_than_a_minute_is_a_line_in_a_log(
    tmp_path: Path, run: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_live(tmp_path / "live.json", replace(news(tmp_path), told=0.0))
    now = [5e9]
    monkeypatch.setattr("ergit.live.job.time.time", lambda: now[0])
    with (tmp_path / "log").open("wb") as file:
        told = LiveJob(tmp_path, SETTINGS, Screen(file.fileno(), {}), run).around(lambda _: reading(), "measured")
        for repeat in range(1, 6):
            told(Attempt(repeat))
            now[0] += 30
    assert [line.rpartition(", ")[2] for line in (tmp_path / "log").read_text().splitlines()] == [
        "reading 3 of 5",
        "reading 5 of 5",
    ]


@pytest.mark.parametrize("environment", [{}, {"ERGIT_LIVE": "of another run"}])
def test_a_job_of_no_run_that_tells_of_itself_tells_nothing(
    tmp_path: Path, run: dict[str, str], environment: dict[str, str]
) -> None:
    before = (tmp_path / "live.json").read_bytes()
    job = LiveJob(tmp_path, SETTINGS, None, environment)
    job.around(lambda _: reading(), "measured")(Attempt(1))
    job.waits("for quiet")
    assert (tmp_path / "live.json").read_bytes() == before
    assert run


def test_the_page_is_not_written_anew_for_each_of_many_short_readings(tmp_path: Path, run: dict[str, str]) -> None:
    pages: list[float] = []
    lasts = [0.1, 0.1, 0.1, 60.0, 0.1]

    def take(attempt: Attempt) -> Reading:
        pages.append((tmp_path / "live.html").stat().st_ino)
        return reading(repeat=attempt.repeat, duration_seconds=lasts[attempt.repeat - 1])

    told = LiveJob(tmp_path, MeasureSettings(rest_seconds=0), None, run).around(take, "measured")
    for repeat in range(1, 6):
        told(Attempt(repeat))
    # The first is of unknown length; the last is announced to be long.
    assert [pages[0] == page for page in pages] == [True, True, True, True, False]
