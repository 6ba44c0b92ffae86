"""The noise floor: spreads of the A/A commit, the smallest change above them, the runs that others need."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from ergit.analysis.changes import WANTED_COMMITS
from ergit.analysis.detection.change_points import WINDOW
from ergit.analysis.detection.detect import PartResult, detect
from ergit.analysis.detection.observations import one_session
from ergit.analysis.detection.power import minimum_detectable_change, runs_needed
from ergit.analysis.noise_floor.jobs import AAJob, of_one_session, table_of
from ergit.analysis.noise_floor.spreads import Spreads, spreads
from ergit.config.settings import ChangeSettings
from ergit.records.aa_commit import AACommit
from ergit.records.changes import RunsNeeded
from ergit.records.noise import DetectableChange, NoiseRecord

WANTED_CHANGES = (0.01, 0.03, 0.05)


@dataclass(frozen=True)
class PlannedStudy:
    """What the study that is asked about does: its rounds and repeats, its commits, and what it calls a change."""

    rounds: int
    repeats: int
    commits: int
    settings: ChangeSettings

    @property
    def tests(self) -> int:
        """The comparisons over which the changes are corrected."""
        return max(1, self.commits - 1)


def as_a_history(jobs: Sequence[AAJob], settings: ChangeSettings) -> PartResult:
    """What the study's statistics find in the jobs, taken as if each were a commit."""
    position = np.repeat(np.arange(len(jobs)), [len(job.log_joules) for job in jobs])
    joules = np.exp(np.concatenate([job.log_joules for job in jobs]))
    return detect(one_session(position, joules), settings)[0]


def detectable_changes(
    found: PartResult, spread: Spreads, plan: PlannedStudy
) -> tuple[tuple[DetectableChange, ...], tuple[RunsNeeded, ...]]:
    """The smallest changes that the plan can find, and the runs that the wanted ones need.

    The newest commits are compared with the `WINDOW` before them, all as noisy as the A/A commit.
    """
    run, build = spread.run_variance(plan.repeats), spread.likely_build
    variance = build**2 + run / (plan.rounds * plan.repeats)
    linked = replace(found.linked, many=True)  # the spread between runs is known, and is in the variance below
    expected = replace(found, linked=linked, noise=replace(found.noise, run=math.sqrt(run), build=build))
    seen = tuple(
        DetectableChange(
            commits_after=after,
            change=float(minimum_detectable_change(history, plan.settings, plan.tests)[WINDOW]),
        )
        for after in WANTED_COMMITS
        for history in [replace(expected, variance=np.full(WINDOW + after, variance))]
    )
    needed = tuple(
        RunsNeeded(
            change=wanted, commits_after=after, runs=runs_needed(wanted, after, expected, plan.settings, plan.tests)
        )
        for after in WANTED_COMMITS
        for wanted in WANTED_CHANGES
    )
    return seen, needed


def noise_floor(aa_commit: AACommit, jobs: Sequence[AAJob], plan: PlannedStudy) -> NoiseRecord:
    """The noise floor, from all jobs of the A/A commit.

    Raises:
        ErgitError: there are too few clean readings.
    """
    mine = of_one_session(jobs)
    spread = spreads(table_of(mine))
    found = as_a_history(mine, plan.settings)
    seen, needed = detectable_changes(found, spread, plan)
    readings = [value for job in mine for value in job.log_joules]
    first, last = (datetime.fromisoformat(job.started) for job in (mine[0], mine[-1]))
    return NoiseRecord(
        commit=aa_commit.commit,
        chosen=aa_commit.reason,
        kind=mine[0].kind,
        source=mine[0].source,
        host=mine[0].host,
        session=mine[0].session,
        builds=len(spread.centres),
        rounds=len({job.round for job in mine}),
        readings=len(readings),
        unclean_readings=sum(job.unclean for job in jobs),
        readings_of_other_sessions=sum(len(job.log_joules) for job in jobs) - len(readings),
        minutes=(last - first).total_seconds() / 60,
        median_joules=math.exp(float(np.median(readings))),
        run_spread=spread.run,
        round_spread=spread.round,
        build_spread=spread.build,
        likely_build_spread=spread.likely_build,
        largest_build_difference=None if spread.build is None else math.expm1(float(np.ptp(spread.centres))),
        jobs=len(mine),
        changes_reported=len(found.changes),
        planned_rounds=plan.rounds,
        planned_repeats=plan.repeats,
        planned_commits=plan.commits,
        least_change=plan.settings.least_change,
        false_discovery_rate=plan.settings.false_discovery_rate,
        visible=seen,
        runs_needed=needed,
    )
