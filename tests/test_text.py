"""Foreign text in what people read: one line, no control characters, no broken tables."""

from datetime import datetime, timedelta, timezone

import pytest

from ergit.text import cell, counted, iso_time, markdown_line, markdown_table, one_line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("two\nlines\tand\u2028more", "two lines and more"),
        ("\x1b[31mred", "\ufffd[31mred"),
        ("\u202eevil \u200bword", "\ufffdevil \ufffdword"),
        ("broken \udcff byte", "broken \ufffd byte"),
        ("é 漢字 🎉", "é 漢字 🎉"),
        ("", ""),
    ],
)
def test_any_text_becomes_one_line_that_does_nothing_to_a_terminal(text: str, line: str) -> None:
    assert one_line(text) == line


def test_a_long_text_ends_with_an_ellipsis_at_the_limit() -> None:
    assert one_line("12345 67890", 7) == "12345…"
    assert one_line("1234567", 7) == "1234567"
    assert len(one_line("W" * 5000, 60)) == 60


@pytest.mark.parametrize(
    ("text", "written"), [("a|b", r"a\|b"), (r"a\|b", r"a\\\|b"), (r"C:\x", r"C:\x"), ("||", r"\|\|")]
)
def test_a_pipe_ends_no_cell_of_a_table(text: str, written: str) -> None:
    assert cell(text) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Use List<String> for x < 3", r"Use List\<String> for x < 3"),
        ("![](https://example.org/x.png)", r"!\[](https://example.org/x.png)"),
        ("[ABC-1] Fix f[0](1)", r"[ABC-1] Fix f\[0](1)"),
        ("`List<String>` or <b>", r"`List<String>` or \<b>"),
        ("*plain* a_b", "*plain* a_b"),
    ],
)
def test_foreign_text_is_no_tag_link_or_image_in_markdown(text: str, written: str) -> None:
    assert markdown_line(text) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Thanks @octocat and @org/team", "Thanks @\u200boctocat and @\u200borg/team"),
        ("_@octocat_ ada@example.org", "_@\u200boctocat_ ada@example.org"),
        ("Fixes #12, org/app#3, GH-4, !5", "Fixes #\u200b12, org/app#\u200b3, GH-\u200b4, !\u200b5"),
        ("Add `@Nullable` # C# x != 1 a @ b", "Add `@Nullable` # C# x != 1 a @ b"),
        ("``a ` @b``", "``a ` @b``"),
        ("```@octocat` x", "```@\u200boctocat` x"),
        (r"\`@octocat`", r"\\`@octocat`"),
        ("&#64;octocat &commat;x a && b", "\\&#\u200b64;octocat \\&commat;x a && b"),
        (r"\<b>", r"\\\<b>"),
    ],
)
def test_foreign_text_calls_nobody_and_refers_to_nothing_where_it_is_posted(text: str, written: str) -> None:
    assert markdown_line(text) == written


def test_counts_agree_with_their_noun() -> None:
    assert [counted(number, "commit") for number in (0, 1, 1200)] == ["0 commits", "1 commit", "1,200 commits"]
    assert counted(2, "index", "indices") == "2 indices"


def test_a_table_is_aligned_and_leaves_what_looks_like_a_number_alone() -> None:
    assert (
        markdown_table(["sha", "note"], [["1e10", "x"]]) == "| sha   | note   |\n|:------|:-------|\n| 1e10  | x      |"
    )


def test_a_time_is_written_in_utc_to_the_microsecond() -> None:
    moment = datetime(2024, 1, 2, 5, 4, 5, tzinfo=timezone(timedelta(hours=2)))
    assert iso_time(moment) == "2024-01-02T03:04:05.000000Z"
