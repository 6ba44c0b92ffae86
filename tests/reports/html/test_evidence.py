"""The evidence of a change: the readings of both sides under the same conditions, and the bootstrap of their shift."""

from pathlib import Path

import numpy as np
import pytest

from ergit.records.changes import ChangesRecord
from ergit.reports.html.evidence import (
    BINS,
    DRAWN_POINTS,
    Evidence,
    bootstrap,
    drawn,
    evidence_of,
    sides_of,
    spread_evenly,
    words,
)
from ergit.reports.html.study import ReportStudy
from tests.fakes.report_studies import commits, failed_study, measured_study, row_of, sha, study_of
from tests.fakes.results import change


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> ReportStudy:
    """The small measured study."""
    return measured_study(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def first(study: ReportStudy) -> Evidence:
    """The evidence of its first change, at commit 10."""
    return evidence_of(study)[0]


def two_sessions(results: Path) -> ReportStudy:
    """A change of 20% at commit 8; the second session, which adds 10%, begins at 6, and three commits are in both."""
    random = np.random.default_rng(5)
    history = commits([f"Step {number}" for number in range(16)])
    rows = []
    for number, commit in enumerate(history):
        for round_, (session, factor) in enumerate((("a", 1.0), ("b", 1.1)), start=1):
            if (number < 9) if session == "a" else (number >= 6):
                for repeat in range(1, 5):
                    joules = 100 * factor * (1.2 if number >= 8 else 1) * float(np.exp(random.normal(0, 0.003)))
                    rows.append(row_of(commit, round_, repeat, joules, session=session))
    return study_of(results, history, rows)


def test_both_sides_are_the_commits_that_the_workflow_compared(first: Evidence) -> None:
    assert first.change.commit == sha(10)
    assert first.before.positions == (0, 1, 2, 3, 4, 7, 8, 9)  # 5 was not built, 6 failed
    assert first.after.positions == (10, 11, 12, 13, 14, 16, 17, 18, 19)  # 15 is an excursion
    assert len(first.before.all) == 8 * 9
    assert not first.spans_sessions
    assert np.median(first.after.all) / np.median(first.before.all) == pytest.approx(1.2, rel=0.01)


def test_a_flagged_reading_is_no_evidence(study: ReportStudy, first: Evidence) -> None:
    of_eighth = study.readings[study.readings["position"] == 8]
    assert len(of_eighth) == 10
    assert len(first.before.joules[first.before.positions.index(8)]) == 9


def test_an_older_record_is_evidence_by_its_two_neighbours() -> None:
    assert sides_of(change(2, 0.1)) == ((sha_old(1),), (sha_old(2),))
    assert sides_of(change(2, 0.1, after=None)) == ((), (sha_old(2),))


def sha_old(number: int) -> str:
    return f"{number:02x}" * 20


def test_readings_of_two_sessions_are_brought_to_the_conditions_of_the_one_after(tmp_path: Path) -> None:
    (evidence,) = evidence_of(two_sessions(tmp_path))
    assert evidence.session == ("box", "b")
    assert evidence.factors["box", "b"] == 1
    assert evidence.factors["box", "a"] == pytest.approx(1.1, rel=0.01)
    assert evidence.spans_sessions
    assert np.median(evidence.before.all) == pytest.approx(110, rel=0.01)
    assert np.ptp(evidence.before.all) < 5
    assert np.median(evidence.shifts) == pytest.approx(0.2, abs=0.01)


def test_the_bootstrap_is_the_same_each_time_and_holds_the_change() -> None:
    random = np.random.default_rng(1)
    before = [100 * np.exp(random.normal(0, 0.01, 9)) for _ in range(10)]
    after = [105 * np.exp(random.normal(0, 0.01, 9)) for _ in range(10)]
    shifts = bootstrap(before, after, seed=1)
    assert np.array_equal(shifts, bootstrap(before, after, seed=1))
    assert not np.array_equal(shifts, bootstrap(before, after, seed=2))
    low, high = np.quantile(shifts, [0.025, 0.975])
    assert low < 0.05 < high
    assert low > 0.03
    assert high < 0.07


def test_the_bootstrap_knows_the_spread_between_builds_which_readings_alone_do_not_show() -> None:
    random = np.random.default_rng(2)
    builds = [100 * float(np.exp(random.normal(0, 0.02))) for _ in range(20)]
    quiet = [level * np.exp(random.normal(0, 0.0001, 9)) for level in builds]
    assert bootstrap(quiet[:10], quiet[10:], seed=1).std() > 0.004


def test_of_a_single_commit_with_equal_readings_the_bootstrap_has_one_value() -> None:
    assert set(bootstrap([np.full(3, 10.0)], [np.full(1, 11.0)], seed=1).round(9)) == {0.1}


def test_what_is_drawn_is_small_and_finite(first: Evidence) -> None:
    columns = drawn(first)
    assert set(columns) == {"density", "ecdf-before", "ecdf-after", "quantiles", "bootstrap"}
    assert columns["ecdf-after"]["share"][-1] == 1
    assert len(columns["quantiles"]["before"]) == len(columns["quantiles"]["after"]) == 72
    assert sum(columns["bootstrap"]["resamples"]) == len(first.shifts)
    assert len(columns["bootstrap"]["low"]) == BINS
    assert max(columns["density"]["before"]) == 1
    assert all(np.isfinite(values).all() for column in columns.values() for values in column.values())


def test_many_points_of_a_curve_are_thinned_evenly_and_keep_their_ends() -> None:
    values = np.arange(1000.0)
    thinned = spread_evenly(values)
    assert (len(thinned), thinned[0], thinned[-1]) == (DRAWN_POINTS, 0, 999)
    assert np.diff(thinned).max() - np.diff(thinned).min() <= 1
    assert spread_evenly(values[:5]).tolist() == [0, 1, 2, 3, 4]


def test_each_chart_is_told_in_words(first: Evidence) -> None:
    told = words(first)
    assert told["distribution"].startswith("Before: 72 readings of 8 commits, median 99.9")
    assert told["ecdf"].startswith("100% of the readings after are above the median of those before")
    assert "(seed 1)" in told["bootstrap"]
    assert "Each against its commit's median: before the change, the later half" in told["order"]


def test_an_imported_study_says_that_drift_cannot_be_seen(study: ReportStudy, tmp_path: Path) -> None:
    rows = study.table.assign(started=None)
    untimed = ReportStudy(
        repository=study.repository,
        results=tmp_path,
        settings=study.settings,
        table=rows,
        history=study.history,
        changes=study.changes,
        context=study.context,
        failures=study.failures,
    )
    told = words(evidence_of(untimed)[0])
    assert told["order"].startswith("When these readings were taken was not recorded")


def test_without_a_reading_there_is_no_evidence(tmp_path: Path) -> None:
    study = failed_study(tmp_path)
    assert evidence_of(study) == []
    assert isinstance(study.changes, ChangesRecord)
