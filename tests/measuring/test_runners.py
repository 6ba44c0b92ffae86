"""Real test runners: what they report is read, and they run the common tests when these are handed over."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ergit.measuring.common_tests import common_tests
from ergit.measuring.filters import write_filters
from ergit.measuring.reports import patterns_of, reports_in, results_in, written_since
from ergit.records.common_tests import FoundTests
from ergit.records.tests import CaseResult, SetsOfTests
from tests.fakes.maven_project import POM
from tests.fakes.needs import needs_maven

JAVA = """package org.example;
import org.junit.jupiter.api.*;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
class WordsTest {{
  @Test void counts() {{}}
  @ParameterizedTest @ValueSource(strings = {{"a", "b"}}) void splits(String word) {{}}
  @Test @Disabled void rests() {{}}
  @Nested class Inner {{ @Test void nested() {{}} }}
  {more}
}}
"""
OLD, NEW = "@Test void old() {}", "@Test void fresh() {} @Test void fails() { Assertions.fail(); }"
COMMON = {"org.example.WordsTest": ("counts", "splits"), "org.example.WordsTest$Inner": ("nested",)}
LAUNCHER = "org.junit.platform:junit-platform-console-standalone:1.13.4"


def ran(tree: Path, command: list[str], patterns: tuple[str, ...], **variables: str) -> list[CaseResult]:
    """What the tests did that a command ran in the tree."""
    before = reports_in(tree, patterns)
    subprocess.run(command, cwd=tree, env=os.environ | variables, check=False, capture_output=True, timeout=300)
    written = written_since(before, reports_in(tree, patterns))
    assert written, f"{command} wrote no report"
    return results_in(written, tree)


def names(cases: list[CaseResult]) -> list[str]:
    """The tests that ran, sorted."""
    return sorted(f"{case.group}#{case.name}" for case in cases if case.status != "skipped")


def common_of(results: Path, *commits: list[CaseResult]) -> dict[str, tuple[str, ...]]:
    """The methods that tests of some commits have in common."""
    sets = SetsOfTests(results)
    found = {
        str(number): FoundTests(commit=str(number), results=sets.results_of(cases, ""), reason=None, seconds=0.0)
        for number, cases in enumerate(commits)
    }
    return common_tests(found, sets, "").tests


@pytest.fixture(scope="module")
def maven_project(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, tuple[str, ...]]]:
    """A project of Maven's with the tests of its newer commit, and what Surefire says both commits have in common."""
    home = tmp_path_factory.mktemp("maven")
    source = home / "tree/src/test/java/org/example/WordsTest.java"
    source.parent.mkdir(parents=True)
    (home / "tree/pom.xml").write_text(POM)
    found = []
    for more in (OLD, NEW):
        source.write_text(JAVA.format(more=more))
        found.append(ran(home / "tree", ["mvn", "-q", "-B", "test-compile", "surefire:test"], patterns_of("auto")))
    assert "org.example.WordsTest#old" in names(found[0])
    assert [case.name for case in found[1] if case.status == "failed"] == ["fails"]
    return home / "tree", common_of(home / "results", *found)


@needs_maven
def test_surefire_tells_its_tests_and_runs_the_common_ones(
    maven_project: tuple[Path, dict[str, tuple[str, ...]]],
) -> None:
    tree, common = maven_project
    assert common == COMMON
    folder = write_filters(tree, common)
    command = 'mvn -q -B -o surefire:test ${ERGIT_TESTS:+-Dtest="$(cat "$ERGIT_TESTS/surefire.txt")"}'
    found = ran(tree, ["bash", "-c", command], patterns_of("auto"), ERGIT_TESTS=str(folder))
    group = "org.example.WordsTest"
    assert names(found) == [
        f"{group}#counts",
        f"{group}#splits(String)[1]",
        f"{group}#splits(String)[2]",
        f"{group}$Inner#nested",
    ]
    assert all(case.seconds is not None for case in found)


@needs_maven
def test_the_console_launcher_of_junit_runs_the_common_ones(
    maven_project: tuple[Path, dict[str, tuple[str, ...]]],
) -> None:
    tree, common = maven_project
    copy = ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={LAUNCHER}", "-DoutputDirectory=tools"]
    subprocess.run(copy, cwd=tree, check=True, capture_output=True, timeout=300)
    folder = write_filters(tree, common)
    command = (
        "java -jar tools/*.jar execute --class-path target/test-classes --scan-classpath target/test-classes"
        " --reports-dir reports ${ERGIT_TESTS:+@$ERGIT_TESTS/junit-console.txt}"
    )
    found = ran(tree, ["bash", "-c", command], ("reports/TEST-*.xml",), ERGIT_TESTS=str(folder))
    group = "org.example.WordsTest"
    assert names(found) == [
        *(f"{group}#counts()", f"{group}#splits(String)[1]", f"{group}#splits(String)[2]", f"{group}$Inner#nested()")
    ]
    assert common_of(tree.parent / "results", found) == COMMON


def test_pytest_tells_its_tests_and_runs_the_common_ones(tmp_path: Path) -> None:
    (tmp_path / "tree/tests").mkdir(parents=True)
    file = tmp_path / "tree/tests/test_words.py"
    given = "${ERGIT_TESTS:+@$ERGIT_TESTS/pytest.txt}"
    run = f'"{sys.executable}" -m pytest -q -p no:cacheprovider --junitxml=report.xml {given}'
    found = []
    for more in ("def test_old(): pass", "def test_fresh(): pass\ndef test_fails(): assert False"):
        file.write_text(
            "import pytest\n@pytest.mark.parametrize('word', ['a', 'b c'])\ndef test_splits(word): pass\n"
            f"class TestCount:\n    def test_counts(self): pass\n{more}\n"
        )
        shutil.rmtree(file.parent / "__pycache__", ignore_errors=True)
        found.append(ran(tmp_path / "tree", ["bash", "-c", run], ("report.xml",)))
    common = common_of(tmp_path / "results", *found)
    assert common == {"tests.test_words": ("test_splits",), "tests.test_words.TestCount": ("test_counts",)}
    folder = write_filters(tmp_path / "tree", common)
    cases = ran(tmp_path / "tree", ["bash", "-c", run], ("report.xml",), ERGIT_TESTS=str(folder))
    group = "tests.test_words"
    assert names(cases) == [*(f"{group}#test_splits[a]", f"{group}#test_splits[b c]", f"{group}.TestCount#test_counts")]
