"""The chart of the evolution: what is drawn of which commits, and what is said of the others."""

import math
from pathlib import Path

import pytest
from bokeh.models import ColumnDataSource

from ergit.reports.html.evolution import Content, section
from ergit.reports.html.section import Section
from ergit.reports.html.study import ReportStudy
from tests.fakes.report_studies import commits, failed_study, measured_study, row_of, study_of


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Section:
    """The section of the measured study: 30 commits, changes at 10 and 20, a passing one at 15."""
    return section(measured_study(tmp_path_factory.mktemp("measured")))


def source(drawn: Section, name: str) -> ColumnDataSource:
    """The data of the chart under a name."""
    found = drawn.charts[0].model.select_one({"name": name})
    assert isinstance(found, ColumnDataSource)
    return found


def content(drawn: Section) -> Content:
    """What the template shows."""
    assert isinstance(drawn.content, Content)
    return drawn.content


def test_each_commit_with_clean_readings_has_its_median_and_its_interval(drawn: Section) -> None:
    medians = source(drawn, "medians").data
    assert medians["position"] == [number for number in range(30) if number not in (5, 6)]
    row = medians["position"].index(12)
    low, median, high = (medians[f"energy_package_joules{end}"][row] for end in ("_low", "", "_high"))
    assert 118 < low < median < high < 122
    assert medians["readings"][medians["position"].index(8)] == 9  # the flagged attempt is not among them


def test_a_commit_with_few_readings_has_no_interval(tmp_path: Path) -> None:
    history = commits([f"Step {number}" for number in range(4)])
    study = study_of(tmp_path, history, [row_of(row, 1, repeat, 99.0 + repeat) for row in history for repeat in (1, 2)])
    medians = source(section(study), "medians").data
    assert medians["energy_package_joules"] == [100.5] * 4
    assert all(math.isnan(end) for end in medians["energy_package_joules_low"])


def test_a_change_is_drawn_before_its_commit_and_an_excursion_at_it(drawn: Section) -> None:
    changes = source(drawn, "changes").data
    assert changes["x"] == [9.5, 15, 19.5]
    assert changes["angle"] == [0.0, 0.0, math.pi]
    assert [round(relative, 1) for relative in changes["relative"]] == [0.2, 1.0, -0.1]
    assert "an excursion" in changes["words"][1]
    for low, high, relative in zip(changes["low_joules"], changes["high_joules"], changes["relative"], strict=True):
        assert low < high
        assert relative != 0


def test_levels_are_stretches_from_change_to_change(drawn: Section) -> None:
    levels = source(drawn, "levels").data
    assert list(levels["first"]) == [-0.5, 9.5, 19.5]
    assert list(levels["last"]) == [9.5, 19.5, 29.5]


def test_an_excursion_does_not_set_the_height(drawn: Section) -> None:
    medians = source(drawn, "medians").data
    assert [position for position, far in zip(medians["position"], medians["excursion"], strict=True) if far] == [15]


def test_rows_below_say_which_commits_have_no_median_or_a_flag(drawn: Section) -> None:
    assert content(drawn).rows == ("did not build", "workload failed", "with a flagged reading")
    assert drawn.data["rows"] == {"did not build": [5], "workload failed": [6], "with a flagged reading": [8]}


def test_the_quantities_are_those_that_readings_have_the_judged_one_first(drawn: Section) -> None:
    assert list(content(drawn).labels) == ["energy_package_joules", "duration_seconds", "cpu_seconds", "power_watts"]


def test_the_legend_has_an_entry_for_all_that_is_drawn_and_for_nothing_else(drawn: Section) -> None:
    words = [entry.words for entry in content(drawn).legend]
    assert words == [
        "median of clean readings",
        "its 95% interval, from 6 readings on",
        "level between changes",
        "1 increase",
        "1 decrease",
        "1 excursion",
        "95% interval of a change",
    ]


def test_a_sampled_history_says_how_many_commits_lie_between(tmp_path: Path) -> None:
    history = commits([f"Step {number}" for number in range(4)], step=10)
    study = study_of(tmp_path, history, [row_of(row, 1, repeat, 99.0 + repeat) for row in history for repeat in (1, 2)])
    (note,) = content(section(study)).notes
    assert note.startswith("27 commits of this history lie between those drawn and were not chosen, 9 at most")


def two_sessions(folder: Path) -> ReportStudy:
    history = commits([f"Step {number}" for number in range(8)])
    rows = [
        row_of(row, 1, repeat, 99.0 + repeat, session="first" if number < 4 else "second")
        for number, row in enumerate(history)
        for repeat in (1, 2, 3)
    ]
    return study_of(folder, history, rows)


def test_sessions_are_shaded_in_turn_and_differ_in_colour_and_mark(tmp_path: Path) -> None:
    drawn = section(two_sessions(tmp_path))
    medians = source(drawn, "medians").data
    assert len(set(medians["colour"])) == len(set(medians["marker"])) == 2
    assert [entry.words for entry in content(drawn).legend if entry.mark == "band"] == ["shaded: every other session"]


def test_parts_that_cannot_be_compared_have_a_row_each_and_are_explained(tmp_path: Path) -> None:
    drawn = section(two_sessions(tmp_path))
    assert drawn.data["rows"] == {"comparable part 1": [0, 1, 2, 3], "comparable part 2": [4, 5, 6, 7]}
    assert content(drawn).notes[0].startswith("The commits are in 2 parts")


def test_without_a_reading_there_is_a_sentence_and_no_chart(tmp_path: Path) -> None:
    drawn = section(failed_study(tmp_path))
    assert drawn.charts == ()
    assert content(drawn).why_empty == "There is nothing to draw: no commit has a reading."


def test_one_commit_alone_is_drawn(tmp_path: Path) -> None:
    history = commits(["Only"])
    drawn = section(study_of(tmp_path, history, [row_of(history[0], 1, repeat, 99.0 + repeat) for repeat in (1, 2, 3)]))
    assert source(drawn, "medians").data["energy_package_joules"] == [101.0]
