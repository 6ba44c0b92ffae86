"""What a study may take of a machine's time and energy."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from ergit.errors import ErgitError
from ergit.planning.budget import note_spent, refuse_overspent, so_far, spent_on
from ergit.records.readings import write_readings
from ergit.records.spent import Spent
from ergit.same_failures import is_hopeless
from tests.fakes.job_records import reading, record
from tests.fakes.plans import planned_job

COMMIT = "a" * 40
JOB = record(  # 2 readings and a warm-up, 20 J each, from 12:00:00 to 12:00:12
    COMMIT,
    reading(warmup=True),
    reading(started="2024-05-01T12:00:05.000000Z"),
    reading(started="2024-05-01T12:00:10.000000Z"),
)


def test_a_job_takes_the_time_from_its_first_window_to_its_last_and_the_joules_of_all() -> None:
    assert spent_on(JOB, "package") == Spent(jobs=1, seconds=12.0, joules=60.0)
    assert spent_on(JOB, "dram") == Spent(jobs=1, seconds=12.0, joules=9.0)


def test_a_job_that_says_its_seconds_took_those() -> None:
    assert spent_on(replace(JOB, seconds=30.0), "package") == Spent(jobs=1, seconds=30.0, joules=60.0)


def test_a_commit_that_was_not_built_takes_nothing() -> None:
    assert spent_on(record(COMMIT, status="build-failed"), "package") == Spent()


def test_without_a_budget_nothing_is_noted_and_nothing_refused(tmp_path: Path) -> None:
    note_spent(planned_job(tmp_path), JOB)
    refuse_overspent(planned_job(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_what_jobs_take_adds_up(tmp_path: Path) -> None:
    with_budget = planned_job(tmp_path, budget_hours=1)
    note_spent(with_budget, JOB)
    note_spent(with_budget, JOB)
    assert so_far(tmp_path, "package") == Spent(jobs=2, seconds=24.0, joules=120.0)


def test_readings_from_before_there_was_a_budget_count(tmp_path: Path) -> None:
    write_readings(tmp_path / "readings" / COMMIT / "1.json", JOB)
    with_budget = planned_job(tmp_path, budget_joules=1000)
    note_spent(with_budget, JOB)
    write_readings(tmp_path / "readings" / COMMIT / "2.json", JOB)
    assert so_far(tmp_path, "package") == Spent(jobs=2, seconds=24.0, joules=120.0)


def test_what_is_taken_while_there_is_no_budget_counts_once_there_is_one_again(tmp_path: Path) -> None:
    note_spent(planned_job(tmp_path, budget_hours=1), JOB)
    note_spent(planned_job(tmp_path), JOB)
    assert so_far(tmp_path, "package") == Spent(jobs=2, seconds=24.0, joules=120.0)


@pytest.mark.parametrize(
    ("budget", "sentence"),
    [
        ({"budget_hours": 24 / 3600}, r"The budget is spent: 0.006667 of 0.00666667 h \(plan.budget_hours\)"),
        ({"budget_joules": 100}, r"The budget is spent: 120 of 100 J \(plan.budget_joules\)"),
    ],
)
def test_a_spent_budget_ends_the_run(tmp_path: Path, budget: dict[str, float], sentence: str) -> None:
    with_budget = planned_job(tmp_path, **budget)
    note_spent(with_budget, JOB)
    refuse_overspent(with_budget)
    note_spent(with_budget, JOB)
    with pytest.raises(ErgitError, match=sentence) as raised:
        refuse_overspent(with_budget)
    (tmp_path / "log").write_text(str(raised.value))
    assert is_hopeless(tmp_path / "log")
