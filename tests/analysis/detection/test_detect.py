"""Changes found, and not found, in histories whose truth is known."""

import math

import numpy as np
import pytest

from ergit.analysis.detection.change_points import Change
from ergit.analysis.detection.detect import detect
from ergit.analysis.detection.observations import IntArray, Observations, one_session
from ergit.analysis.detection.significance import FloatArray
from ergit.config.settings import ChangeSettings

USUAL = ChangeSettings()


def history(levels: list[float], runs: int = 5, seed: int = 1, run: float = 0.01, build: float = 0.003) -> Observations:
    """Readings around a level for each commit, with noise from run to run and from build to build."""
    rng = np.random.default_rng(seed)
    logs = np.log(levels) + rng.normal(0, build, len(levels))
    joules = np.exp(logs[:, None] + rng.normal(0, run, (len(levels), runs)))
    return one_session(np.repeat(np.arange(len(levels)), runs), joules.ravel())


def found(observations: Observations, settings: ChangeSettings = USUAL) -> list[Change]:
    """The changes of all parts."""
    return [change for part in detect(observations, settings) for change in part.changes]


def in_sessions(observations: Observations, session: IntArray, factor: FloatArray) -> Observations:
    """The same readings in several sessions, each reading multiplied by a factor."""
    return Observations(observations.commit, observations.joules * factor, session)


@pytest.mark.parametrize(("factor", "direction"), [(1.05, "increase"), (1 / 1.05, "decrease")])
def test_a_step_is_found_with_its_size_place_and_direction(factor: float, direction: str) -> None:
    (change,) = found(history([100.0] * 30 + [100.0 * factor] * 30))
    assert (change.position, change.kind, change.direction) == (30, "persistent", direction)
    assert change.ci_low < factor - 1 < change.ci_high
    assert change.relative_change == pytest.approx(factor - 1, abs=0.01)
    assert change.q_value < 1e-6
    assert change.location == ((29, 30),)


def test_no_step_is_found_where_there_is_none() -> None:
    assert not [change for seed in range(20) for change in found(history([100.0] * 60, seed=seed))]


@pytest.mark.parametrize("runs", [1, 3, 15])
@pytest.mark.parametrize("commits", [1, 2, 3, 10, 200])
def test_constant_data_never_hold_a_change(commits: int, runs: int) -> None:
    assert not found(history([50.0] * commits, runs=runs, run=0, build=0))


def test_nothing_is_found_in_nothing() -> None:
    assert detect(one_session(np.array([], dtype=np.int64), np.array([])), ChangeSettings()) == []


def test_the_unit_does_not_matter() -> None:
    observations = history([100.0] * 25 + [110.0] * 25)
    joules, millijoules = found(observations), found(in_sessions(observations, observations.session, np.full(250, 1e3)))
    assert [change.position for change in joules] == [change.position for change in millijoules]
    assert joules[0].relative_change == pytest.approx(millijoules[0].relative_change)
    assert joules[0].q_value == pytest.approx(millijoules[0].q_value)


def test_a_decrease_is_the_mirror_of_an_increase() -> None:
    observations = history([100.0] * 25 + [104.0] * 5 + [97.0] * 30)
    mirrored = one_session(observations.commit, 1 / observations.joules)
    for change, mirror in zip(found(observations), found(mirrored), strict=True):
        assert change.position == mirror.position
        assert math.log1p(change.relative_change) == pytest.approx(-math.log1p(mirror.relative_change))
        assert change.q_value == pytest.approx(mirror.q_value)
        assert change.location == mirror.location


def test_an_excursion_is_told_apart_from_changes() -> None:
    (change,) = found(history([100.0] * 20 + [120.0] + [100.0] * 20))
    assert (change.position, change.kind, change.direction) == (20, "transient", "increase")
    assert change.relative_change == pytest.approx(0.2, abs=0.02)


def test_two_steps_up_within_two_commits_are_two_changes() -> None:
    changes = found(history([100.0] * 10 + [110.0] * 2 + [125.0] * 10))
    assert [(change.position, change.kind) for change in changes] == [(10, "persistent"), (12, "persistent")]
    assert [change.relative_change for change in changes] == pytest.approx([0.10, 125 / 110 - 1], abs=0.02)


def test_a_change_at_the_newest_commit_is_found() -> None:
    (change,) = found(history([100.0] * 40 + [110.0]))
    assert (change.position, change.kind) == (40, "persistent")


def test_three_runs_a_commit_and_ten_commits_are_enough_for_a_large_change() -> None:
    (change,) = found(history([100.0] * 5 + [125.0] * 5, runs=3))
    assert change.position == 5


def test_single_readings_of_two_commits_say_little() -> None:
    assert not found(one_session(np.array([0, 1]), np.array([100.0, 104.0])))
    assert found(one_session(np.array([0, 1]), np.array([100.0, 200.0])))


def test_outliers_cold_runs_and_lost_runs_change_nothing() -> None:
    observations = history([100.0] * 30 + [105.0] * 30)
    joules = observations.joules.reshape(60, 5).copy()
    joules[:, 0] *= 1.3
    joules[[3, 17, 40], [2, 4, 1]] *= 2
    kept = np.ones((60, 5), dtype=bool)
    kept[[8, 9, 50], 0] = False
    kept[33, 1:3] = False
    (change,) = found(one_session(observations.commit[kept.ravel()], joules[kept]))
    assert change.position == 30
    assert change.relative_change == pytest.approx(0.05, abs=0.01)


def test_a_change_below_the_least_relevant_one_is_kept_quiet() -> None:
    observations = history([100.0] * 50 + [103.0] * 50)
    assert len(found(observations, ChangeSettings(least_change=0.01))) == 1
    assert not found(observations, ChangeSettings(least_change=0.04))


def test_slow_drift_is_no_change() -> None:
    drift = [100.0 * math.exp(0.0001 * commit) for commit in range(200)]
    assert not found(history(drift, runs=15))


def test_the_location_of_a_small_change_is_a_set_that_holds_it() -> None:
    changes = [found(history([100.0] * 30 + [102.5] * 30, seed=seed)) for seed in range(20)]
    sets = [change.location for [change] in (each for each in changes if len(each) == 1)]
    assert len(sets) >= 15
    assert sum((29, 30) in location for location in sets) >= 0.9 * len(sets)
    assert max(len(location) for location in sets) > 1


def test_a_border_of_sessions_without_anchors_is_never_a_change() -> None:
    observations = history([100.0] * 60)
    second = observations.commit >= 30
    joined = in_sessions(observations, second.astype(np.int64), np.where(second, 1.77, 1.0))
    assert not found(joined)
    assert len(found(one_session(joined.commit, joined.joules))) == 1


def test_with_anchors_a_change_at_a_border_of_sessions_is_found_and_an_offset_is_none() -> None:
    commits = np.concatenate([np.arange(30), np.arange(10), np.arange(30, 60)])
    session = np.repeat([0, 1], [30, 40])
    rng = np.random.default_rng(5)
    logs = np.where(commits >= 30, math.log(1.1), 0.0) + np.where(session, 0.5, 0.0) + rng.normal(0, 0.003, 70)
    order = np.lexsort((session, commits))
    commit, sessions = np.repeat(commits[order], 5), np.repeat(session[order], 5)
    joules = np.exp(np.repeat(logs[order], 5) + rng.normal(0, 0.005, 350))
    (change,) = found(Observations(commit, joules, sessions))
    assert change.position == 30
    assert change.relative_change == pytest.approx(0.1, abs=0.02)


def test_sessions_that_all_commits_share_leave_changes_as_they_are() -> None:
    observations = history([100.0] * 30 + [105.0] * 30, runs=6)
    session = np.tile([0, 0, 0, 1, 1, 1], 60)
    (change,) = found(in_sessions(observations, session, np.where(session, 1.2, 1.0)))
    assert change.position == 30
    assert change.ci_low < 0.05 < change.ci_high


def test_no_change_begins_at_a_commit_with_the_tree_of_its_predecessor() -> None:
    observations = history([100.0] * 30 + [105.0] * 30)
    trees = [str(commit) for commit in range(60)]
    trees[30] = trees[29]
    same = Observations(observations.commit, observations.joules, observations.session, trees=tuple(trees))
    assert [change.position for change in found(same)] != [30]


def test_a_level_that_changes_between_identical_trees_is_a_false_alarm() -> None:
    observations = history([100.0] * 30 + [105.0] * 30)
    trees = tuple("same" if 27 <= commit <= 32 else str(commit) for commit in range(60))
    same = Observations(observations.commit, observations.joules, observations.session, trees=trees)
    (part,) = detect(same, USUAL)
    assert [change.position for change in part.false_alarms] == [30]


def test_a_change_that_seems_to_lie_at_the_next_commit_is_no_false_alarm_of_that_one() -> None:
    levels = [100.0] * 30 + [101.6] + [103.5] * 29  # the first of the new level reads too low
    observations = history(levels, build=0.0)
    trees = tuple(str(commit - (commit == 31)) for commit in range(60))
    same = Observations(observations.commit, observations.joules, observations.session, trees=trees)
    (part,) = detect(same, USUAL)
    assert ([change.position for change in part.changes], part.false_alarms) == ([30], ())


def test_identical_trees_teach_how_far_builds_differ() -> None:
    observations = history([100.0] * 60, build=0.02, run=0.002)
    trees = tuple(str(commit // 2) for commit in range(60))
    (part,) = detect(
        Observations(observations.commit, observations.joules, observations.session, trees=trees), ChangeSettings()
    )
    assert part.noise.pairs == 30
    assert part.noise.build == pytest.approx(0.02, rel=0.4)
    assert part.noise.run == pytest.approx(0.002, rel=0.3)


def test_changes_are_reported_at_the_rate_asked_for() -> None:
    changes = found(history([100.0] * 20 + [102.0] * 20 + [108.0] * 20 + [100.0] * 20, seed=3))
    assert all(change.q_value <= 0.05 for change in changes)
    assert [change.position for change in changes if change.kind == "persistent"] == [20, 40, 60]
