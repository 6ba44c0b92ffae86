"""Whether a measuring job may start, and what it waits for."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ergit.config.settings import PlanSettings
from ergit.errors import ErgitError
from ergit.planning.requests import forget_stop, pause, resume, stop
from ergit.planning.turn import Clock, WindowClosed, wait_for_turn, wait_while_paused, window_now
from ergit.same_failures import is_hopeless
from tests.fakes.plans import planned_job


class Day:
    """A clock that stands still but while somebody sleeps; `events` happen at their times."""

    def __init__(self, start: datetime) -> None:
        self.time = start
        self.events: dict[datetime, object] = {}
        self.told: list[str] = []

    def sleep(self, seconds: float) -> None:
        """Passes that time, and lets happen what was to happen in it."""
        self.time += timedelta(seconds=seconds)
        for at in [at for at in self.events if at <= self.time]:
            event = self.events.pop(at)
            assert callable(event)
            event()

    @property
    def clock(self) -> Clock:
        """The clock that programs look at."""
        return Clock(lambda: self.time, self.sleep)


NOON = datetime(2026, 11, 26, 12)


@pytest.fixture
def day() -> Day:
    return Day(NOON)


def test_a_job_with_nothing_in_its_way_starts_at_once(tmp_path: Path, day: Day) -> None:
    wait_for_turn(planned_job(tmp_path), day.told.append, day.clock)
    assert (day.time, day.told) == (NOON, [])


def test_a_job_waits_for_its_window_and_says_so_once(tmp_path: Path, day: Day) -> None:
    wait_for_turn(planned_job(tmp_path, windows=("22:00-06:00",)), day.told.append, day.clock)
    assert day.time == datetime(2026, 11, 26, 22)
    assert day.told == ["no readings before Thu 2026-11-26 22:00 (plan.windows)"]


def test_a_paused_study_waits_until_it_is_resumed(tmp_path: Path, day: Day) -> None:
    pause(tmp_path)
    day.events[NOON + timedelta(minutes=10)] = lambda: resume(tmp_path)
    wait_while_paused(tmp_path, day.told.append, day.clock)
    assert day.time == NOON + timedelta(minutes=10)
    assert len(day.told) == 1
    assert "asked this study to pause" in day.told[0]
    assert day.told[0].endswith("`ergit resume` goes on")


def test_a_stop_ends_the_run_also_while_it_waits(tmp_path: Path, day: Day) -> None:
    day.events[NOON + timedelta(hours=1)] = lambda: stop(tmp_path)
    with pytest.raises(ErgitError, match="asked this study to stop") as raised:
        wait_for_turn(planned_job(tmp_path, windows=("22:00-06:00",)), day.told.append, day.clock)
    assert day.time == NOON + timedelta(hours=1)
    (tmp_path / "log").write_text(str(raised.value))
    assert is_hopeless(tmp_path / "log")


def test_the_next_run_forgets_a_stop_but_not_a_pause(tmp_path: Path) -> None:
    stop(tmp_path)
    pause(tmp_path)
    forget_stop(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["pause.json"]


def test_resume_takes_both_back_and_says_where_there_was_none(tmp_path: Path) -> None:
    stop(tmp_path)
    pause(tmp_path)
    assert resume(tmp_path) == "Nothing holds this study any more."
    assert resume(tmp_path) == "Nobody had asked the study to stop or to pause."
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_request_counts_since_somebody_made_it(tmp_path: Path, day: Day) -> None:
    (tmp_path / "stop.json").write_text("")
    with pytest.raises(ErgitError, match=r"somebody asked this study to stop \(at an unknown time\)"):
        wait_for_turn(planned_job(tmp_path), day.told.append, day.clock)


@pytest.mark.parametrize(
    ("windows", "now", "name"),
    [
        ((), NOON, None),
        (("08:00-20:00",), NOON, "2026-11-26T08:00"),
        (("22:00-06:00",), datetime(2026, 11, 27, 3), "2026-11-26T22:00"),
        (("00:00-00:00",), NOON, None),
    ],
)
def test_the_window_of_a_job_is_named_by_its_beginning(windows: tuple[str, ...], now: datetime, name: str) -> None:
    assert window_now(PlanSettings(windows=windows), now) == name


def test_a_job_whose_window_has_closed_belongs_to_none() -> None:
    with pytest.raises(WindowClosed):
        window_now(PlanSettings(windows=("22:00-06:00",)), NOON)
