"""What the part `plan` of the config means for a study, in a few words for the forecast."""

from collections.abc import Iterator
from pathlib import Path

from ergit.config.settings import PlanSettings
from ergit.forecast.page import duration, energy
from ergit.planning.budget import so_far
from ergit.records.plan import RoundsPlan
from ergit.records.requests import PAUSE, read_request
from ergit.text import counted


def in_words(settings: PlanSettings, plan: RoundsPlan, results: Path, judged: str) -> tuple[str, ...]:
    """A phrase for each policy that is not at its default; empty where jobs simply run.

    Raises:
        ErgitError: a record is damaged.
    """
    return tuple(_phrases(settings, plan, results, judged))


def _phrases(settings: PlanSettings, plan: RoundsPlan, results: Path, judged: str) -> Iterator[str]:
    if plan.batches:
        order = ", the newest first" if settings.newest_first else ""
        batches = counted(len(plan.batches), "batch", "batches")
        yield f"{batches} of at most {len(plan.batches[0])} beside {len(plan.anchors)} anchors{order}"
    if settings.windows:
        yield f"readings at {', '.join(settings.windows)} only"
    if settings.build_while_hot:
        yield "builds while the CPU is too hot"
    if settings.budget_hours is not None or settings.budget_joules is not None:
        spent = so_far(results, judged)
        if settings.budget_hours is not None:
            yield f"until {settings.budget_hours:g} h are spent, {duration(spent.seconds)} so far"
        if settings.budget_joules is not None:
            yield f"until {energy(settings.budget_joules)} are spent, {energy(spent.joules)} so far"
    request = read_request(results / PAUSE)
    if request:
        yield f"paused by {request.by} ({request.asked}) until `ergit resume`"
