"""The budget of a study: what its measuring jobs have taken, held against `plan.budget_hours` and `budget_joules`."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from ergit.config.settings import JobSettings, PlanSettings
from ergit.errors import ErgitError
from ergit.records.readings import JobRecord, read_readings
from ergit.records.spent import Spent, read_spent, write_spent
from ergit.same_failures import HOPELESS

NAME = "spent.json"
SPENT = "The budget is spent"


def has_budget(plan: PlanSettings) -> bool:
    """Whether the config sets a budget."""
    return plan.budget_hours is not None or plan.budget_joules is not None


def refuse_overspent(settings: JobSettings) -> None:
    """Does nothing while the budget holds.

    Raises:
        ErgitError: it is spent; by its words `is_hopeless` (ergit/same_failures.py) ends the run.
    """
    plan = settings.plan
    if not has_budget(plan):
        return
    spent = so_far(Path(settings.results), settings.measure.judged)
    for key, limit, used, unit in (
        ("budget_hours", plan.budget_hours, spent.seconds / 3600, "h"),
        ("budget_joules", plan.budget_joules, spent.joules, "J"),
    ):
        if limit is not None and used >= limit:
            raise ErgitError(
                f"{SPENT}: {used:.4g} of {limit:g} {unit} (plan.{key}), {HOPELESS}. All readings so far are"
                " kept; the same command with a larger budget takes the others."
            )


def note_spent(settings: JobSettings, record: JobRecord) -> None:
    """Adds what a job took, where there is or was a budget.

    Called while no other job measures, before its record is there.
    """
    path, judged = Path(settings.results) / NAME, settings.measure.judged
    if has_budget(settings.plan) or path.exists():
        write_spent(path, total([so_far(Path(settings.results), judged), spent_on(record, judged)]))


def so_far(results: Path, judged: str) -> Spent:
    """What the study has taken; added up from all its records where it had no budget before."""
    path = results / NAME
    if path.exists():
        return read_spent(path)
    return total(spent_on(read_readings(record), judged) for record in results.glob("readings/*/*.json"))


def spent_on(record: JobRecord, judged: str) -> Spent:
    """What a job took: the seconds in which it measured, and the joules of all its windows.

    Records of 0.1.0 do not say the seconds: from the start of the first window to the end of the last, there.
    """
    if not record.readings:
        return Spent()
    first, last = record.readings[0], record.readings[-1]
    seconds = record.seconds
    if seconds is None:
        seconds = (_time(last.started) - _time(first.started)).total_seconds() + last.duration_seconds
    return Spent(jobs=1, seconds=seconds, joules=sum(reading.joules.get(judged, 0.0) for reading in record.readings))


def total(parts: Iterable[Spent]) -> Spent:
    """The sum."""
    listed = list(parts)
    return Spent(
        jobs=sum(part.jobs for part in listed),
        seconds=sum(part.seconds for part in listed),
        joules=sum(part.joules for part in listed),
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
