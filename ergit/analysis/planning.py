"""What a study that is not measured yet will be able to detect, from the noise that is known of it, or assumed."""

import math
from dataclasses import dataclass
from statistics import median

import numpy as np

from ergit.analysis.detection.centres import MANY_COMMITS
from ergit.analysis.detection.change_points import WINDOW
from ergit.analysis.detection.detect import detect
from ergit.analysis.detection.noise import BUILD_PRIOR, RUN_PRIOR, SPOILT, TAILS, degrees_of_noise
from ergit.analysis.detection.observations import one_session
from ergit.analysis.detection.power import detectable_changes, minimum_detectable_change
from ergit.config.settings import ChangeSettings
from ergit.records.changes import ChangesRecord
from ergit.records.noise import NoiseRecord

SIMULATED = 51  # made studies; of 49 commits with two readings each they take 0.2 s


@dataclass(frozen=True)
class ExpectedNoise:
    """Standard deviations of log joules (0.01 is 1%) from run to run and from build to build.

    `tail` are the degrees of freedom of the Student's t that the noise resembles.
    """

    run: float
    build: float
    tail: float


@dataclass(frozen=True)
class PlannedChange:
    """The smallest relative change that will be found: `lasting` at most commits, `newest` where the newest has it."""

    lasting: float
    newest: float


def assumed_noise() -> ExpectedNoise:
    """The priors of docs/method.md, for a study of which nothing is measured."""
    return ExpectedNoise(run=RUN_PRIOR, build=BUILD_PRIOR, tail=TAILS[-1])


def noise_of_study(record: ChangesRecord) -> ExpectedNoise | None:
    """The noise of the readings that were analysed, in the part with most commits; None where there is no part.

    Its two spreads are those of the part, made larger or smaller together so that the study as it is has, but for 3%,
    the minimum detectable change that was found: that knows the noise of each place, and what changes have added to the
    spreads.
    """
    study = record.study
    largest = max(range(len(study.parts)), key=lambda number: study.parts[number].commits, default=None)
    if largest is None:
        return None
    part = study.parts[largest]
    noise = ExpectedNoise(part.run_spread, part.build_spread, part.tail_degrees)
    runs = [commit.readings for commit in record.commits if commit.part == largest]
    found = study.minimum_detectable_change
    of_spreads = ChangeSettings(least_change=1e-6, false_discovery_rate=study.false_discovery_rate)
    planned = planned_change(noise, part.commits, int(median(runs)), of_spreads) if runs else None
    if found is None or planned is None or planned.lasting <= found == study.least_change:
        return noise
    ratio = math.log1p(found) / math.log1p(planned.lasting)
    return ExpectedNoise(noise.run * ratio, noise.build * ratio, noise.tail)


def noise_of_floor(noise: NoiseRecord, repeats: int) -> ExpectedNoise:
    """The noise that the A/A commit shows, for runs in rounds of so many `repeats`."""
    run = np.hypot(noise.run_spread or 0.0, np.sqrt(repeats) * noise.round_spread)
    return ExpectedNoise(float(run), noise.likely_build_spread, TAILS[-1])


def planned_change(noise: ExpectedNoise, commits: int, runs: int, settings: ChangeSettings) -> PlannedChange | None:
    """What is detected in a history of so many commits with so many runs each; None below two commits.

    `lasting` is the median over the commits, as the summary of a study says it.
    """
    if commits < 2:
        return None
    if commits < MANY_COMMITS:
        return _simulated_change(noise, commits, runs, settings)
    length = min(commits, 4 * WINDOW + 1)  # enough for most commits to have `WINDOW` on either side
    variance = np.full(length, noise.build**2 + noise.run**2 / runs)
    known = degrees_of_noise(commits - 1 - SPOILT, runs_known=runs > 1)
    sizes = detectable_changes(variance, noise.tail, known, settings, commits - 1)[1:]
    return PlannedChange(float(np.median(sizes)), float(sizes[-1]))


def _simulated_change(noise: ExpectedNoise, commits: int, runs: int, settings: ChangeSettings) -> PlannedChange:
    """The median of what studies of such noise detect, of `SIMULATED` made ones with the same seed each time.

    In small studies the spread between runs is known from few readings, which decides more than its size.
    """
    numbers, commit = np.random.default_rng(0), np.repeat(np.arange(commits), runs)
    studies = []
    for _ in range(SIMULATED):
        logs = numbers.normal(0, noise.build, commits)[commit] + numbers.normal(0, noise.run, len(commit))
        (part,) = detect(one_session(commit, np.exp(logs)), settings)
        studies.append(minimum_detectable_change(part, settings, commits - 1)[1:])
    sizes = np.array(studies)
    return PlannedChange(float(np.median(sizes)), float(np.median(sizes[:, -1])))
