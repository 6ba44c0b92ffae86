"""The smallest visible change against changes that are really there, and the runs that one needs."""

import numpy as np
import pytest

from ergit.analysis.detection.change_points import Settings
from ergit.analysis.detection.neighbours import shifts
from ergit.analysis.detection.observations import one_session
from ergit.analysis.detection.power import runs_needed, minimum_detectable_change
from ergit.analysis.detection.detect import Verdict, detect


def verdict(step: float = 0.0, runs: int = 5, seed: int = 1, run: float = 0.02, build: float = 0.005) -> Verdict:
    """Eighty commits, the second half of them more expensive by `step`."""
    rng = np.random.default_rng(seed)
    logs = rng.normal(0, build, 80) + np.where(np.arange(80) >= 40, np.log1p(step), 0)
    joules = np.exp(logs[:, None] + rng.normal(0, run, (80, runs)))
    return detect(one_session(np.repeat(np.arange(80), runs), joules.ravel()), Settings())[0]


def test_a_change_of_the_smallest_visible_size_is_found_about_as_often_as_promised() -> None:
    size = float(np.median([minimum_detectable_change(verdict(seed=seed), Settings(), 79)[40] for seed in range(5)]))
    hits = sum(any(abs(c.position - 40) <= 3 for c in verdict(step=size, seed=seed).changes) for seed in range(30))
    assert hits >= 21


def test_the_first_commit_has_nothing_before_it_and_the_ends_see_less_than_the_middle() -> None:
    sizes = minimum_detectable_change(verdict(), Settings(), 79)
    assert np.isnan(sizes[0])
    assert sizes[1] > sizes[40] < sizes[79]


def test_no_change_below_the_least_relevant_one_is_promised() -> None:
    quiet = verdict(run=0.0001, build=0.0001, runs=15)
    assert minimum_detectable_change(quiet, Settings(least_change=0.05), 79)[40] >= 0.05


def test_smaller_changes_need_more_runs_and_more_commits_need_fewer() -> None:
    noise = verdict()
    needs = [runs_needed(wanted, 5, noise, Settings(), 79) for wanted in (0.02, 0.1)]
    assert needs[0] is not None and needs[1] is not None
    assert needs[0] > needs[1] >= 3
    alone = runs_needed(0.05, 1, noise, Settings(), 79)
    together = runs_needed(0.05, 10, noise, Settings(), 79)
    assert together is not None and (alone is None or alone > together)


def test_no_number_of_runs_sees_below_the_differences_of_builds() -> None:
    assert runs_needed(0.01, 1, verdict(build=0.02), Settings(), 79) is None


def test_neighbours_are_compared_with_intervals_and_corrected() -> None:
    (found,) = shifts([verdict(step=0.2)], 0.05)
    assert [(shift.against, shift.position) for shift in found] == [(n, n + 1) for n in range(79)]
    assert [shift.position for shift in found if shift.differs] == [40]
    jump = found[39]
    assert jump.relative == pytest.approx(0.2, abs=0.05)
    assert jump.ci_low < 0.2 < jump.ci_high
    assert jump.p <= jump.q <= 0.05
