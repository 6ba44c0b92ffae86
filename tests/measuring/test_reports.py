"""What tests did, by their reports: the dialects, what was written in a window, and hostile files."""

import os
from pathlib import Path

import pytest

from ergit.errors import CommitError
from ergit.measuring import reports
from ergit.measuring.reports import AUTO, patterns_of, reports_in, results_in, written_since
from ergit.records.tests import CaseResult

SUREFIRE = """<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="org.example.ParserTest" time="1,234.5" tests="4" errors="1" skipped="1" failures="1">
  <properties><property name="a" value="b"/></properties>
  <testcase name="parses" classname="org.example.ParserTest" time="1,234.001"/>
  <testcase name="fails" classname="org.example.ParserTest" time="0.002"><failure type="x">trace</failure></testcase>
  <testcase name="breaks" classname="org.example.ParserTest" time="0"><error>x</error><system-out/></testcase>
  <testcase name="rests" classname="org.example.ParserTest"><skipped message="later"/></testcase>
  <testcase name="flaky" classname="org.example.ParserTest" time="0.1"><flakyFailure>x</flakyFailure></testcase>
</testsuite>
"""
PYTEST = """<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="pytest" errors="0" tests="2">
<testcase classname="tests.test_a.TestX" name="test_b[1]" time="0.001" />
<testcase classname="tests.test_a.TestX" name="test_b[1]" time="0.003" /></testsuite></testsuites>"""
CTEST = """<testsuite name="Linux-c++" tests="2"><testcase name="parse" classname="parse" time="0.01" status="run"/>
<testcase name="print" classname="print" time="0" status="notrun"/></testsuite>"""
NESTED = """<testsuites><testsuite name="outer"><testsuite name="inner"><testcase name="a"/></testsuite>
<testcase name="b"/></testsuite></testsuites>"""


def results(tmp_path: Path, *texts: str) -> list[CaseResult]:
    """What the tests of reports with these texts did."""
    files = [tmp_path / f"TEST-{number}.xml" for number in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text, encoding="utf-8")
    return results_in(files, tmp_path)


def case(group: str, name: str, status: str = "passed", seconds: float | None = None) -> CaseResult:
    return CaseResult(group=group, name=name, status=status, seconds=seconds)  # type: ignore[arg-type]


def test_a_report_of_surefire_says_what_passed_and_what_did_not(tmp_path: Path) -> None:
    group = "org.example.ParserTest"
    assert results(tmp_path, SUREFIRE) == [
        case(group, "parses", seconds=1234.001),
        case(group, "fails", "failed", 0.002),
        case(group, "breaks", "errored", 0.0),
        case(group, "rests", "skipped"),
        case(group, "flaky", seconds=0.1),
    ]


def test_tests_of_one_name_are_told_apart_by_a_number(tmp_path: Path) -> None:
    assert results(tmp_path, PYTEST) == [
        case("tests.test_a.TestX", "test_b[1]", seconds=0.001),
        case("tests.test_a.TestX", "test_b[1] (2)", seconds=0.003),
    ]


def test_a_test_that_an_attribute_says_was_not_run_is_skipped(tmp_path: Path) -> None:
    assert [(one.name, one.status) for one in results(tmp_path, CTEST)] == [("parse", "passed"), ("print", "skipped")]


def test_a_test_without_a_class_is_one_of_its_suite(tmp_path: Path) -> None:
    assert results(tmp_path, NESTED) == [case("inner", "a"), case("outer", "b")]


def test_no_time_is_made_up(tmp_path: Path) -> None:
    text = '<testsuite name="s"><testcase name="a" time="NaN"/><testcase name="b" time="-1"/></testsuite>'
    assert [one.seconds for one in results(tmp_path, text)] == [None, None]


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><testsuite name="&b;"/>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><testsuite><testcase name="&a;"/></testsuite>'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (LAUGHS, "it has a DTD or entities, which no report needs"),
        (OUTSIDE, "it has a DTD or entities, which no report needs"),
        ("<testsuite><testcase name='a'/>", "no element found"),
        ("<html><testcase name='a'/></html>", "it is no JUnit XML, it begins with <html>"),
        ("", "no element found"),
        ('<testsuite><testcase name="a" time="soon"/></testsuite>', "could not convert string to float"),
    ],
)
def test_a_report_that_cannot_be_used_is_named_with_the_reason(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(CommitError, match=r"^the report TEST-0\.xml cannot be used: ") as raised:
        results(tmp_path, text)
    assert words in str(raised.value)


def test_huge_reports_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "MOST_BYTES", 1_000_000)
    monkeypatch.setattr(reports, "MOST_BYTES_TOGETHER", 1_500_000)
    padding = "<testsuite><system-out>{}</system-out></testsuite>"
    with pytest.raises(CommitError, match=r"it is too large \(1 MB\)"):
        results(tmp_path, padding.format("x" * 1_000_000))
    with pytest.raises(CommitError, match=r"the report TEST-1\.xml cannot be used: it is too large"):
        results(tmp_path, *[padding.format("x" * 900_000)] * 2)
    monkeypatch.setattr(reports, "MOST_TESTS", 1)
    with pytest.raises(CommitError, match="more than 1 tests"):
        results(tmp_path, PYTEST)


def test_only_what_was_written_since_counts(tmp_path: Path) -> None:
    old, rewritten, new = (tmp_path / f"TEST-{name}.xml" for name in ("old", "rewritten", "new"))
    for file in (old, rewritten):
        file.write_text(CTEST)
    before = reports_in(tmp_path, ["*.xml"])
    os.utime(rewritten, ns=(0, before[rewritten][3] + 1))
    new.write_text(CTEST)
    assert written_since(before, reports_in(tmp_path, ["*.xml"])) == [new, rewritten]


def test_a_clock_that_was_set_back_hides_no_report(tmp_path: Path) -> None:
    report = tmp_path / "TEST-a.xml"
    report.write_text(CTEST)
    before = reports_in(tmp_path, ["*.xml"])
    os.utime(report, ns=(0, 0))
    assert written_since(before, reports_in(tmp_path, ["*.xml"])) == [report]


def test_links_pipes_and_folders_are_no_reports(tmp_path: Path) -> None:
    tree, outside = tmp_path / "tree", tmp_path / "outside"
    for folder in (tree / "target/surefire-reports/TEST-folder.xml", outside):
        folder.mkdir(parents=True)
    (outside / "TEST-a.xml").write_text(CTEST)
    (tree / "target/surefire-reports/TEST-link.xml").symlink_to(outside / "TEST-a.xml")
    os.mkfifo(tree / "target/surefire-reports/TEST-pipe.xml")
    (tree / "linked").symlink_to(outside)
    (tree / "loop").symlink_to(tree)
    assert reports_in(tree, [*AUTO, "linked/TEST-*.xml", "**/TEST-a.xml"]) == {}


def test_auto_finds_the_reports_of_maven_and_gradle_in_every_module(tmp_path: Path) -> None:
    names = (
        "target/surefire-reports/TEST-a.xml",
        "core/target/failsafe-reports/TEST-b.xml",
        "lib/build/test-results/test/TEST-c.xml",
    )
    for name in (*names, "target/surefire-reports/a.txt", "src/TEST-d.xml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(CTEST)
    assert sorted(reports_in(tmp_path, patterns_of("auto"))) == sorted(tmp_path / name for name in names)
    assert patterns_of(["a.xml"]) == ("a.xml",)


def test_too_many_reports_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "MOST_FILES", 1)
    for name in ("a.xml", "b.xml"):
        (tmp_path / name).write_text(CTEST)
    with pytest.raises(CommitError, match=r"more than 1 files match workload\.reports"):
        reports_in(tmp_path, ["*.xml"])
