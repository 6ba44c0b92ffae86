"""The noise floor itself: spreads of a control, the smallest change visible above them, the runs that others need."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from ergit.analysis.detection.change_points import WINDOW, Settings
from ergit.analysis.detection.conclusions import WANTED_COMMITS
from ergit.records.changes import Need
from ergit.analysis.detection.observations import one_session
from ergit.analysis.detection.power import runs_needed, minimum_detectable_change
from ergit.analysis.detection.detect import Verdict, detect
from ergit.analysis.noise_floor.jobs import Job, of_one_session, table_of
from ergit.analysis.noise_floor.spreads import Spreads, spreads

WANTED_CHANGES = (0.01, 0.03, 0.05)


@dataclass(frozen=True)
class Plan:
    """What the study that is asked about does: its rounds and repeats, its commits, and what it calls a change."""

    rounds: int
    repeats: int
    commits: int
    settings: Settings

    @property
    def tests(self) -> int:
        """The comparisons among which the false discovery rate has to hold."""
        return max(1, self.commits - 1)


@dataclass(frozen=True)
class Visible:
    """The smallest relative change that is found once the newest `commits_after` commits have it."""

    commits_after: int
    change: float


@dataclass(frozen=True)
class NoiseFloor:
    """What results/noise.json holds. Spreads and changes are relative: 0.01 is 1 %.

    The spread between builds is None where there is one build; `likely_build_spread` is the one that was reckoned
    with. `changes_reported` are those that the study's own statistics find among the jobs, taken as if each were a
    commit: false alarms, or a machine that is not steady.
    """

    commit: str
    chosen: str
    kind: str
    source: str
    host: str
    session: str
    builds: int
    rounds: int
    readings: int
    unclean_readings: int
    readings_of_other_sessions: int
    minutes: float
    median_joules: float
    run_spread: float | None
    round_spread: float
    build_spread: float | None
    likely_build_spread: float
    largest_build_difference: float | None
    jobs: int
    changes_reported: int
    planned_rounds: int
    planned_repeats: int
    planned_commits: int
    least_change: float
    false_discovery_rate: float
    visible: list[Visible]
    runs_needed: list[Need]


def judged(jobs: Sequence[Job], settings: Settings) -> Verdict:
    """What the study's statistics say of the jobs, taken as if each were a commit."""
    position = np.repeat(np.arange(len(jobs)), [len(job.log_joules) for job in jobs])
    joules = np.exp(np.concatenate([job.log_joules for job in jobs]))
    return detect(one_session(position, joules), settings)[0]


def visible_changes(verdict: Verdict, found: Spreads, plan: Plan) -> tuple[list[Visible], list[Need]]:
    """The smallest changes that the plan can see, and the runs that the wanted ones need.

    The newest commits are compared with the `WINDOW` before them, all as noisy as the control.
    """
    run, build = found.run_variance(plan.repeats), found.likely_build
    variance = build**2 + run / (plan.rounds * plan.repeats)
    expected = replace(verdict, noise=replace(verdict.noise, run=math.sqrt(run), build=build))
    seen = [
        Visible(after, float(minimum_detectable_change(history, plan.settings, plan.tests)[WINDOW]))
        for after in WANTED_COMMITS
        for history in [replace(expected, variance=np.full(WINDOW + after, variance))]
    ]
    needs = [
        Need(wanted, after, runs_needed(wanted, after, expected, plan.settings, plan.tests))
        for after in WANTED_COMMITS
        for wanted in WANTED_CHANGES
    ]
    return seen, needs


def noise_floor(control: Mapping[str, str], jobs: Sequence[Job], plan: Plan) -> NoiseFloor:
    """The noise floor, from all jobs of the control.

    Raises:
        ErgitError: there are too few clean readings.
    """
    mine = of_one_session(jobs)
    found = spreads(table_of(mine))
    verdict = judged(mine, plan.settings)
    seen, needs = visible_changes(verdict, found, plan)
    readings = [value for job in mine for value in job.log_joules]
    begun = [datetime.fromisoformat(job.started) for job in (mine[0], mine[-1])]
    return NoiseFloor(
        commit=control["commit"],
        chosen=control["reason"],
        kind=mine[0].kind,
        source=mine[0].source,
        host=mine[0].host,
        session=mine[0].session,
        builds=len(found.centres),
        rounds=len({job.round for job in mine}),
        readings=len(readings),
        unclean_readings=sum(job.unclean for job in jobs),
        readings_of_other_sessions=sum(len(job.log_joules) for job in jobs) - len(readings),
        minutes=(begun[1] - begun[0]).total_seconds() / 60,
        median_joules=math.exp(float(np.median(readings))),
        run_spread=found.run,
        round_spread=found.round,
        build_spread=found.build,
        likely_build_spread=found.likely_build,
        largest_build_difference=None if found.build is None else math.expm1(float(np.ptp(found.centres))),
        jobs=len(mine),
        changes_reported=len(verdict.changes),
        planned_rounds=plan.rounds,
        planned_repeats=plan.repeats,
        planned_commits=plan.commits,
        least_change=plan.settings.least_change,
        false_discovery_rate=plan.settings.false_discovery_rate,
        visible=seen,
        runs_needed=needs,
    )
