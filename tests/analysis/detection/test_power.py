"""The minimum detectable change against changes that are really there, and the runs that one needs."""

import numpy as np

from ergit.analysis.detection.detect import PartResult, detect
from ergit.analysis.detection.observations import one_session
from ergit.analysis.detection.power import minimum_detectable_change, runs_needed
from ergit.config.settings import ChangeSettings


def part(step: float = 0.0, runs: int = 5, seed: int = 1, run: float = 0.02, build: float = 0.005) -> PartResult:
    """Eighty commits, the second half of them more expensive by `step`."""
    rng = np.random.default_rng(seed)
    logs = rng.normal(0, build, 80) + np.where(np.arange(80) >= 40, np.log1p(step), 0)
    joules = np.exp(logs[:, None] + rng.normal(0, run, (80, runs)))
    return detect(one_session(np.repeat(np.arange(80), runs), joules.ravel()), ChangeSettings())[0]


def test_a_change_of_the_minimum_detectable_size_is_found_about_as_often_as_promised() -> None:
    size = float(np.median([minimum_detectable_change(part(seed=seed), ChangeSettings(), 79)[40] for seed in range(5)]))
    hits = sum(any(abs(c.position - 40) <= 3 for c in part(step=size, seed=seed).changes) for seed in range(30))
    assert hits >= 21


def test_the_first_commit_has_nothing_before_it_and_the_ends_see_less_than_the_middle() -> None:
    sizes = minimum_detectable_change(part(), ChangeSettings(), 79)
    assert np.isnan(sizes[0])
    assert sizes[1] > sizes[40] < sizes[79]


def test_no_change_below_the_least_relevant_one_is_promised() -> None:
    quiet = part(run=0.0001, build=0.0001, runs=15)
    assert minimum_detectable_change(quiet, ChangeSettings(least_change=0.05), 79)[40] >= 0.05


def test_smaller_changes_need_more_runs_and_more_commits_need_fewer() -> None:
    noise = part()
    needs = [runs_needed(wanted, 5, noise, ChangeSettings(), 79) for wanted in (0.02, 0.1)]
    assert needs[0] is not None and needs[1] is not None
    assert needs[0] > needs[1] >= 3
    alone = runs_needed(0.05, 1, noise, ChangeSettings(), 79)
    together = runs_needed(0.05, 10, noise, ChangeSettings(), 79)
    assert together is not None and (alone is None or alone > together)


def test_no_number_of_runs_sees_below_the_differences_of_builds() -> None:
    assert runs_needed(0.01, 1, part(build=0.02), ChangeSettings(), 79) is None
