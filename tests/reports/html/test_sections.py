"""Changes, compare and validity: what their sections say of a study, and of one that lacks it."""

from dataclasses import replace as replace_field
from pathlib import Path
from typing import cast

import pytest
from msgspec.structs import replace

from ergit.records.context import CommitDifference, Differences
from ergit.records.noise import DetectableChange, NoiseRecord, write_noise
from ergit.reports.html import changes, compare, validity
from ergit.reports.html.changes import CLASSES, classes_of
from ergit.reports.html.study import ReportStudy
from tests.fakes.report_studies import commits, failed_study, large_study, measured_study, row_of, sha, study_of

NOISE = NoiseRecord(
    commit=sha(3),
    chosen="the newest",
    kind="measured",
    source="pmu",
    host="box",
    session="s1",
    builds=1,
    rounds=3,
    readings=9,
    unclean_readings=0,
    readings_of_other_sessions=0,
    minutes=2.0,
    median_joules=100.0,
    run_spread=0.005,
    round_spread=0.001,
    build_spread=None,
    likely_build_spread=0.005,
    largest_build_difference=None,
    jobs=3,
    changes_reported=0,
    planned_rounds=3,
    planned_repeats=3,
    planned_commits=30,
    least_change=0.01,
    false_discovery_rate=0.05,
    visible=(DetectableChange(commits_after=1, change=0.031),),
    runs_needed=(),
)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> ReportStudy:
    """The small measured study."""
    return measured_study(tmp_path_factory.mktemp("study"))


def changes_of(study: ReportStudy) -> changes.Content:
    return cast(changes.Content, changes.section(study).content)


def validity_of(study: ReportStudy) -> validity.Content:
    return cast(validity.Content, validity.section(study).content)


def test_a_change_is_a_row_with_what_lies_in_it(study: ReportStudy) -> None:
    content = changes_of(study)
    row = content.rows[0]
    assert (row.id, row.author, row.differs, row.classes) == (
        sha(10),
        "Ada Lindqvist",
        "the program",
        ("program-alone",),
    )
    assert row.link == f"https://example.org/words/commit/{sha(10)}"
    assert row.touched[0].files == ("src/main/Tokens.java",)
    assert row.facts[0] == "It lies in this commit: the one before it was measured too."
    assert content.rows[1].facts[0].startswith("The energy was different at these commits alone")
    assert content.in_words.startswith(
        "2 increases and 1 decrease. By what the commits touch: 1 touches the program, not"
    )
    assert content.why_none is None


def test_a_second_change_of_a_commit_has_a_link_of_its_own(study: ReportStudy) -> None:
    (first, *_) = study.changes.changes
    again = replace(first, kind="transient")
    twice = replace(study.changes, changes=(first, again))
    found = changes_of(with_changes(study, twice))
    assert [row.id for row in found.rows] == [sha(10), f"{sha(10)}-transient"]
    assert found.rows[1].differs == "not recorded"  # its context is not known


def with_changes(study: ReportStudy, record: object) -> ReportStudy:
    return replace_field(study, changes=record)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kinds", "classes"),
    [
        (("program",), ("program-alone",)),
        (("workload", "build"), ("workload-alone", "build")),
        (("program", "workload", "dependencies"), ("program-and-workload", "dependencies")),
        (("jdk",), ("around", "jdk")),
        ((), ("nothing",)),
    ],
)
def test_a_change_is_of_one_class_of_program_and_workload(kinds: tuple[str, ...], classes: tuple[str, ...]) -> None:
    assert classes_of(Differences(kinds=kinds)) == classes  # type: ignore[arg-type]
    assert set(classes) <= set(CLASSES)


def test_what_runs_the_same_is_no_change_of_the_program_whatever_files_say() -> None:
    assert classes_of(Differences(kinds=("program",), same="build")) == ("nothing",)
    assert classes_of(None) == ("unknown",)


def test_a_commit_among_several_says_what_it_touches_itself(study: ReportStudy) -> None:
    ours = CommitDifference(commit=sha(10), kinds=("workload",))
    other = CommitDifference(commit=sha(9), kinds=("program",))
    contexts = [
        replace(one, differs=replace(cast(Differences, one.differs), commits=(other, ours)))
        for one in study.context.changes
    ]
    several = replace_field(study, context=replace(study.context, changes=tuple(contexts)))
    assert f"{sha(10)[:10]} itself touches the workload." in changes_of(several).rows[0].facts


def test_without_a_change_the_section_says_what_would_have_been_seen(tmp_path: Path) -> None:
    history = commits([f"Step {number}" for number in range(8)])
    rows = [
        row_of(commit, 1, repeat, 100 + (0.1 * (repeat * (number + 1) % 5)))
        for number, commit in enumerate(history)
        for repeat in range(1, 6)
    ]
    content = changes_of(study_of(tmp_path, history, rows))
    assert content.why_none is not None
    assert content.why_none.startswith("No change was found; at the median commit one of ")


def test_without_any_clean_reading_the_section_says_why(tmp_path: Path) -> None:
    assert changes_of(failed_study(tmp_path / "failed")).why_none == (
        "No commit could be measured, so no change can be found. What failed stands under Validity."
    )
    history = commits(["Step 0", "Step 1"])
    rows = [row_of(commit, 1, 1, 100.0, clean=False, flags="too-hot") for commit in history]
    flagged = changes_of(study_of(tmp_path / "flagged", history, rows))
    assert flagged.why_none == "No reading is clean, so no change can be found: all 2 are flagged (see Validity)."


def test_compare_knows_of_each_commit_what_the_workflow_knows(study: ReportStudy) -> None:
    data = cast(dict[str, list[list[object]]], compare.section(study).data)
    by_position = {known[0]: known for known in data["commits"]}
    assert 5 not in by_position
    position, part, readings, median, _, level, shift = by_position[7]
    assert (position, part, readings) == (7, 0, 9)
    assert median == pytest.approx(100, rel=0.01)
    assert level == pytest.approx(100, rel=0.01)
    assert cast(list[object], shift)[0] == 4  # the measured one before
    assert [change[:2] for change in data["changes"]] == [[10, "persistent"], [15, "transient"], [20, "persistent"]]


def test_with_one_measured_commit_there_is_nothing_to_compare(tmp_path: Path) -> None:
    history = commits(["Step 0", "Step 1"])
    section = compare.section(study_of(tmp_path, history, [row_of(history[0], 1, repeat, 100.0) for repeat in (1, 2)]))
    assert (section.content, section.charts, section.script) == (compare.Content(1), (), None)


def test_validity_says_what_is_flagged_repeated_recorded_and_not(study: ReportStudy) -> None:
    content = validity_of(study)
    assert content.verdict[0] == "252 of 253 readings are clean (99.6%); the others are flagged and count for nothing."
    (flag,) = content.flags
    assert (flag.flag, flag.readings, flag.disqualifies, flag.amounts) == ("foreign-cpu", 1, True, "0.45 cores")
    assert content.repeated == (
        "1 reading had to be taken again, 1 time in all; 1 ended clean. The earlier attempts are kept, and flagged.",
    )
    temperature, load, frequency = content.conditions
    assert temperature.words.startswith(
        "before the reading: median 46.3, from 45 to 47.5 °C; after it: median 51.3, from 50"
    )
    assert load.chart == "load"
    assert (frequency.words, frequency.chart) == ("Not recorded: no processor tells its frequency (cpufreq).", None)
    assert content.failed_commits == 2
    assert [row.kind for row in content.failures] == ["build-failed", "workload-failed"]
    (session,) = content.sessions
    assert (session.host, session.commits, session.readings, session.clean) == ("box", 28, 253, 252)
    assert session.first == "2024-05-01 10:00"
    assert content.noise is None
    assert content.unmeasured is None


def test_commits_that_nobody_measured_are_counted_and_reused_ones_are_not_among_them(tmp_path: Path) -> None:
    reused = f"listed as main; measured once, as {sha(0)}"
    history = [
        replace(row, reason=reused) if row.order == 1 else row for row in commits([f"Step {n}" for n in range(5)])
    ]
    study = study_of(tmp_path, history, [row_of(history[0], 1, repeat, 100.0) for repeat in (1, 2)])
    assert validity_of(study).unmeasured == "3 of 5 commits were not measured yet."


def test_charts_are_there_for_what_was_recorded_alone(study: ReportStudy) -> None:
    names = [chart.name for chart in validity.section(study).charts]
    assert names == ["validity-temperature", "validity-load", "validity-drift", "validity-aa", "validity-residuals"]


def test_no_level_that_moves_is_said_without_a_count(study: ReportStudy) -> None:
    content = validity_of(study)
    assert "No level between two changes moves more than noise would." in content.verdict
    assert content.residuals == (
        "No stretch between two changes leaves the band of ±1.358; noise alone leaves it in 5 of 100."
    )


def test_levels_that_drift_are_told_with_their_commits(tmp_path: Path) -> None:
    history = commits([f"Step {number}" for number in range(30)])
    joules = [100 + 2 * abs(number - 15) / 15 + 0.2 * (number % 2) for number in range(30)]
    rows = [
        row_of(commit, 1, repeat, joules[commit.order] + 0.05 * repeat) for commit in history for repeat in range(1, 7)
    ]
    content = validity_of(study_of(tmp_path, history, rows))
    assert (
        "2 of 2 levels between two changes move more than noise would: a small change there may be drift."
        in content.verdict
    )
    assert content.residuals is not None
    assert content.residuals.startswith("2 of 2 stretches between two changes leave the band of ±1.358 (0000000000 to ")


def test_a_noise_floor_that_was_measured_is_shown(study: ReportStudy) -> None:
    path = study.results / "noise.json"
    write_noise(path, NOISE)
    try:
        content = validity_of(study)
    finally:
        path.unlink()
    assert content.noise == NOISE
    assert "Between builds of the same source: not measured, as there is one build." in content.noise_facts
    assert content.noise_facts[-1] == "Taken as if each job were another commit, it shows no change, as expected."


def test_validity_of_a_study_in_which_all_failed_draws_nothing(tmp_path: Path) -> None:
    section = validity.section(failed_study(tmp_path))
    content = cast(validity.Content, section.content)
    assert section.charts == ()
    assert content.verdict == ("No reading was taken: every commit failed before, for the reasons below.",)
    assert {condition.words for condition in content.conditions} == {"Not recorded: nothing was measured."}
    assert content.sessions_in_words == "No session has a reading."


def test_an_imported_study_says_what_its_files_did_not_say(tmp_path: Path) -> None:
    study = large_study(tmp_path, most=40)
    content = validity_of(study)
    assert content.verdict[0] == "All 600 readings are clean: none is flagged by what would disqualify it."
    assert {one.words for one in content.conditions} == {"Not recorded: imported readings have no record of it."}
    assert content.drift is None
    assert content.sessions[0].first is None
    (row,) = changes_of(study).rows
    assert "Whether time or power changed is not known: durations were not recorded." in row.facts
