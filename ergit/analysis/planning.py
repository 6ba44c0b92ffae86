"""What a study that is not measured yet will be able to detect, from the noise that is known of it, or assumed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ergit.analysis.detection.change_points import WINDOW
from ergit.analysis.detection.noise import BUILD_PRIOR, RUN_PRIOR, SPOILT, TAILS
from ergit.analysis.detection.power import detectable_changes
from ergit.config.settings import ChangeSettings
from ergit.records.changes import ComparablePart
from ergit.records.noise import NoiseRecord


@dataclass(frozen=True)
class ExpectedNoise:
    """Standard deviations of log joules (0.01 is 1 %) from run to run and from build to build.

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


ASSUMED = ExpectedNoise(run=RUN_PRIOR, build=BUILD_PRIOR, tail=TAILS[-1])
"""The priors of docs/method.md, for a study of which nothing is measured."""


def noise_of_study(parts: Sequence[ComparablePart]) -> ExpectedNoise | None:
    """The noise of the readings that were analysed, in the part with most commits; None where there is no part."""
    largest = max(parts, key=lambda part: part.commits, default=None)
    return ExpectedNoise(largest.run_spread, largest.build_spread, largest.tail_degrees) if largest else None


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
    length = min(commits, 4 * WINDOW + 1)  # enough for most commits to have `WINDOW` on either side
    variance = np.full(length, noise.build**2 + noise.run**2 / runs)
    sizes = detectable_changes(variance, noise.tail, max(0, commits - 1 - SPOILT), settings, commits - 1)[1:]
    return PlannedChange(float(np.median(sizes)), float(sizes[-1]))
