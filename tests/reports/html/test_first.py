"""The first screen: the verdict in one sentence, and what speaks against it."""

from pathlib import Path

import pytest

from ergit.reports.html.first import Content, section
from ergit.reports.html.markdown import inline
from ergit.reports.html.study import ReportStudy
from ergit.text import markdown_line
from tests.fakes.report_studies import HOSTILE, commits, failed_study, large_study, measured_study, row_of, study_of


def shown(study: ReportStudy) -> Content:
    """What the first screen of a study shows."""
    content = section(study).content
    assert isinstance(content, Content)
    return content


def steady(folder: Path, count: int, **cells: object) -> ReportStudy:
    """A study of so many commits that all take the same, five readings each."""
    history = commits([f"Step {number}" for number in range(count)])
    rows = [row_of(row, 1, repeat, 100 + 0.3 * (repeat % 3), **cells) for row in history for repeat in range(1, 6)]
    return study_of(folder, history, rows)


def test_the_verdict_counts_what_lasts_and_what_went_away(tmp_path: Path) -> None:
    found = shown(measured_study(tmp_path))
    assert found.verdict == (
        "<strong>The energy changed at 2 commits</strong>: it grew at 1 and fell at 1; 1 excursion went away again."
    )
    assert found.largest is not None
    assert found.largest.startswith("The largest is <strong>+20")  # not the excursion, which is larger


def test_without_a_change_it_says_how_large_one_would_have_been_seen(tmp_path: Path) -> None:
    found = shown(steady(tmp_path, 20))
    assert found.verdict.startswith("<strong>No change was found</strong>; one of 1.0% or more")
    assert found.largest is None


def test_one_commit_has_nothing_to_be_compared_with(tmp_path: Path) -> None:
    assert shown(steady(tmp_path, 1)).verdict == (
        "<strong>One commit was measured</strong>, so there is nothing to compare it with."
    )


def test_where_all_failed_it_says_so_and_why(tmp_path: Path) -> None:
    found = shown(failed_study(tmp_path))
    assert found.verdict == "<strong>No commit could be measured</strong>, so nothing is known of its energy."
    assert [*found.doubts] == [
        "<strong>12 of 12 commits failed</strong> at least once. Most often (12 commits): exit status 1: no such file"
    ]
    assert [figure.number for figure in found.figures] == ["0", "0", "0"]


def test_where_all_is_flagged_it_says_so(tmp_path: Path) -> None:
    found = shown(steady(tmp_path, 3, clean=False, flags="foreign-cpu"))
    assert found.verdict == "<strong>No reading is clean</strong>, so no change can be found: all 15 are flagged."
    assert [*found.doubts] == [
        "<strong>15 of 15 readings are flagged</strong> and do not count: Validity says why.",
    ]


def test_an_estimate_is_called_one(tmp_path: Path) -> None:
    found = shown(steady(tmp_path, 20, kind="estimated", source="estimate"))
    assert any("Energy estimated from CPU time" in fact for fact in found.facts)
    assert any(doubt.startswith("<strong>Estimated</strong>") for doubt in found.doubts)


def test_an_import_says_that_its_conditions_are_not_known(tmp_path: Path) -> None:
    found = shown(large_study(tmp_path, most=60))
    assert any("another tool" in fact for fact in found.facts)
    assert any("their conditions" in doubt for doubt in found.doubts)


@pytest.mark.parametrize(
    ("sentence", "html"),
    [
        ("**One** of 3", "<strong>One</strong> of 3"),
        (HOSTILE.partition(" ")[0], "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;"),
        (r"\<img src=x>", "&lt;img src=x&gt;"),
        (r"\[a](b)", "[a](b)"),
        (markdown_line("Fixes #12 of @octocat: &lt;b&gt;"), "Fixes #12 of @octocat: &amp;lt;b&amp;gt;"),
        (markdown_line(r"`grep '\[x\]' **/a` \[b](c) #3"), r"`grep &#39;\[x\]&#39; **/a` \[b](c) #3"),
    ],
)
def test_sentences_of_the_summary_become_html_and_foreign_text_stays_text(sentence: str, html: str) -> None:
    assert inline(sentence) == html
