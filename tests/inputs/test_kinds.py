"""Which kind of input a file is, by ergit's own patterns and by those of the config."""

import re
from pathlib import Path

import pytest

from ergit.config.settings import InputSettings
from ergit.errors import ErgitError
from ergit.inputs.kinds import DEFAULTS, ORDER, FileKinds

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("src/main/java/org/example/Parser.java", "program"),
        ("src/main/java/org/example/test/Tester.java", "program"),
        ("src/main/java/org/example/package.html", "ignore"),
        ("src/main/resources/page.md", "program"),
        ("src/main/resources/build/pom.xml", "program"),
        ("src/test/java/org/example/ParserTest.java", "workload"),
        ("core/src/test/resources/README.md", "workload"),
        ("src/integrationTest/java/A.java", "workload"),
        ("src/jmh/java/A.java", "workload"),
        ("benchmarks/run.py", "workload"),
        ("pkg/test_parser.py", "workload"),
        ("pkg/parser_test.go", "workload"),
        ("pkg/testing/fakes.py", "program"),
        ("pkg/latest.py", "program"),
        ("README", "ignore"),
        ("README.md", "ignore"),
        ("CHANGES", "ignore"),
        ("docs/conf.py", "ignore"),
        ("pkg/docs/render.py", "program"),
        (".github/workflows/build.yml", "ignore"),
        ("ergit.yaml", "ignore"),  # the gate reads it, for both of its sides
        ("pkg/ergit.yaml", "program"),
        ("pom.xml", "build"),
        ("core/build.gradle.kts", "build"),
        ("gradle/wrapper/gradle-wrapper.jar", "build"),
        (".mvn/wrapper/maven-wrapper.jar", "build"),
        ("gradle/libs.versions.toml", "dependencies"),
        ("gradle.lockfile", "dependencies"),
        ("lib/guava.jar", "dependencies"),
        ("requirements-dev.txt", "dependencies"),
        ("web/package-lock.json", "dependencies"),
        ("pyproject.toml", "build"),
        ("Makefile", "build"),
        ("Makefile.am", "build"),
        ("m4/ax.m4", "build"),
        ("src/xz/main.c", "program"),
        ("tests/test_check.c", "workload"),
        ("grün/\ufffd.c", "program"),
    ],
)
def test_the_own_patterns_know_maven_gradle_python_and_c(path: str, kind: str) -> None:
    assert FileKinds(InputSettings()).of(path) == kind


def test_patterns_of_the_config_come_first_and_take_back() -> None:
    kinds = FileKinds(
        InputSettings(workload=("data/", "!tests/lib/"), program=("docs/",), ignore=("*.txt",), build=("!setup.py",))
    )
    assert kinds.of("data/a.txt") == "workload"
    assert kinds.of("tests/lib/fast.c") == "program"
    assert kinds.of("docs/index.md") == "program"
    assert kinds.of("notes.txt") == "ignore"
    assert kinds.of("setup.py") == "program"


def test_files_that_are_replaced_in_every_commit_do_not_count() -> None:
    kinds = FileKinds(InputSettings(), replaced=("src/test", "bench/"))
    assert kinds.of("src/test/java/A.java") == "ignore"
    assert kinds.of("bench/run.py") == "ignore"
    assert kinds.of("src/tester/A.java") == "program"


def test_what_is_no_pattern_is_an_error_that_names_the_key() -> None:
    with pytest.raises(ErgitError, match=r"inputs\.ignore: '!' is no pattern as in \.gitignore"):
        FileKinds(InputSettings(ignore=("!",)))


def test_the_page_lists_every_pattern_of_ergits_own_in_its_order() -> None:
    text = (ROOT / "docs/inputs.md").read_text(encoding="utf-8")
    listed = re.findall(r"^(\w+):\n((?:    .*\n)+)", text, re.MULTILINE)
    shown = {kind: tuple(patterns.split()) for kind, patterns in listed}
    assert shown == {kind: DEFAULTS[kind] for kind in ORDER if DEFAULTS[kind]}
    assert list(shown) == [kind for kind in ORDER if DEFAULTS[kind]]
