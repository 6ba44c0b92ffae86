"""`--scheduler ergit` for Snakemake: strict priority, at a cost that does not grow with the number of waiting jobs.

Of two ready jobs the one of higher priority starts first, and no job of lower priority starts while one of higher
priority waits for cores or another resource. Among equals those of the same wildcards come one after the other: what a
commit's checkout took is freed by its build before the next commit is checked out.

Snakemake's own schedulers look at every ready job whenever a job ends, and Snakemake itself does so a second time. So
this one keeps the ready jobs in a heap and shows Snakemake the first of them only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from heapq import heapify, heappop, heappush
from itertools import count
from typing import TYPE_CHECKING

from snakemake_interface_scheduler_plugins.base import SchedulerBase

from ergit.planning.heat import hold

if TYPE_CHECKING:
    from snakemake.dag import DAG
    from snakemake.jobs import AbstractJob, Job
    from snakemake.scheduling.job_scheduler import JobScheduler

FEWEST_SHOWN = 32
SHOWN_PER_CORE = 4
MOST_SHOWN = 1024

MEASURING = "rapl"  # the resource of jobs that measure

Rank = tuple[bool, float, tuple[str, ...], int]


class Scheduler(SchedulerBase):  # type: ignore[misc]
    """Starts the ready jobs in the order of their priority."""

    dag: DAG

    def __post_init__(self) -> None:
        self._is_held = hold()
        workflow = self.dag.workflow
        limit = workflow.scheduling_settings.max_jobs_per_timespan
        if limit and (limit.max_jobs, limit.timespan) == (100, 1):
            # Else, for each job that was started, a timer makes Snakemake look through the jobs while others measure.
            # This is its default; a limit that somebody asked for stays.
            workflow.scheduling_settings.max_jobs_per_timespan = None
        jobs_at_once = workflow.nodes if workflow.nodes is not None else workflow.global_resources["_cores"].value
        self.dag._ready_jobs = ReadyJobs(self.dag.ready_jobs, shown_for(jobs_at_once), self._is_held)

    def select_jobs(
        self,
        selectable_jobs: Collection[AbstractJob],
        remaining_jobs: Sequence[AbstractJob],  # noqa: ARG002
        available_resources: Mapping[str, int],
        input_sizes: Mapping[str, int],  # noqa: ARG002
    ) -> list[AbstractJob]:
        """The jobs that start now: by rank, as far as the resources reach."""
        scheduler: JobScheduler = self.dag.workflow.scheduler
        if scheduler.job_rate_limiter is None:
            scheduler.job_selector = QuickSelector(scheduler, self._is_held)
        return selected(selectable_jobs, available_resources, held=self._is_held())


class QuickSelector:
    """What Snakemake calls from the second time on, instead of its own method around `select_jobs`.

    That one reads the sizes of all inputs and lists all jobs that remain, and both are for schedulers that want them.
    """

    def __init__(self, scheduler: JobScheduler, is_held: Callable[[], bool]) -> None:
        self._scheduler = scheduler
        self._is_held = is_held

    def __call__(self, jobs: Collection[AbstractJob]) -> list[AbstractJob]:
        for job in jobs:
            self._scheduler.validate_job(job)
        with self._scheduler._lock:
            found = selected(jobs, self._scheduler.resources, held=self._is_held())
            self._scheduler.update_available_resources(found)
        return found


class ReadyJobs(set["AbstractJob"]):
    """The jobs that are ready. All count, but only the first `shown` by rank are seen by who looks through them.

    While measuring is held back, as by a hot CPU, all other jobs come before those that measure.
    """

    def __init__(self, jobs: Iterable[AbstractJob], shown: int, is_held: Callable[[], bool] = lambda: False) -> None:
        super().__init__()
        self._shown = shown
        self._is_held = is_held
        self._held = False
        self._heap: list[tuple[Rank, AbstractJob]] = []
        self._numbers = count()
        self.update(jobs)

    def __iter__(self) -> Iterator[AbstractJob]:
        if self._held != self._is_held():
            self._held = not self._held
            self._heap = [((*rank(job, held=self._held), number), job) for (*_, number), job in self._heap]
            heapify(self._heap)
        first: list[tuple[Rank, AbstractJob]] = []
        while self._heap and len(first) < self._shown:
            entry = heappop(self._heap)
            if entry[1] in self:  # else it was removed, and its entry stayed behind
                first.append(entry)
        for entry in first:
            heappush(self._heap, entry)
        return iter([job for _, job in first])

    def add(self, job: AbstractJob) -> None:
        """Adds one job, under its rank of this moment."""
        if job not in self:
            super().add(job)
            heappush(self._heap, ((*rank(job, held=self._held), next(self._numbers)), job))

    def update(self, *jobs: Iterable[AbstractJob]) -> None:
        """Adds several."""
        for some in jobs:
            for job in some:
                self.add(job)

    def clear(self) -> None:
        """Removes all."""
        super().clear()
        self._heap.clear()


def rank(job: AbstractJob, *, held: bool = False) -> tuple[bool, float, tuple[str, ...]]:
    """By what ready jobs are ordered: the smallest starts first; where measuring is `held` back, it comes last."""
    one: Job = next(iter(job)) if job.is_group() else job
    return held and MEASURING in one.rule.resources, -job.priority, tuple(map(str, one.wildcards_dict.values()))


def shown_for(jobs_at_once: int | None) -> int:
    """How many of the ready jobs Snakemake sees: more than can start at once; there is a limit on clusters too."""
    return min(max(FEWEST_SHOWN, SHOWN_PER_CORE * (jobs_at_once or 1)), MOST_SHOWN)


def selected(jobs: Iterable[AbstractJob], available: Mapping[str, int], *, held: bool = False) -> list[AbstractJob]:
    """The jobs that start now, first of all the first by rank.

    A job that does not fit lets its equals pass, and none of lower priority.
    """
    free = dict(available)
    found = []
    blocked_at: tuple[bool, float] | None = None
    for job in sorted(jobs, key=partial(rank, held=held)):
        place = rank(job, held=held)[:2]
        if blocked_at is not None and place > blocked_at:
            break
        wanted = {name: job.scheduler_resources.get(name, 0) for name in free}
        if any(amount > free[name] for name, amount in wanted.items()):
            blocked_at = place
            continue
        for name, amount in wanted.items():
            free[name] -= amount
        found.append(job)
    return found
