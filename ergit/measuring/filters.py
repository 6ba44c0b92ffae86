"""The common tests as test runners take them: the files in the folder that $ERGIT_TESTS names.

Surefire: the parameter `test` (https://maven.apache.org/surefire/maven-surefire-plugin/test-mojo.html#test). JUnit
console launcher: `--include-methodname` in an argument file (https://docs.junit.org/current/user-guide/). Gradle: an
init script with a filter (https://docs.gradle.org/current/userguide/java_testing.html). pytest: node IDs, one a line.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from ergit.config.settings import JobSettings
from ergit.records.common_tests import WHOLE, read_common_tests

FOLDER = ".ergit/tests"
"""Below the tree: what is measured sees its tree, in a sandbox too."""

GRADLE = """\
def wanted = new File(System.getenv('ERGIT_TESTS'), 'dotted.txt').readLines()
allprojects {
    tasks.withType(Test).configureEach {
        filter {
            failOnNoMatchingTests = false
            wanted.each { name -> includeTestsMatching(name) }
        }
    }
}
"""

Tests = Mapping[str, tuple[str, ...]]
"""Methods by class."""


def write_filters(tree: Path, tests: Tests) -> Path:
    """Writes the files below the tree; their folder, for $ERGIT_TESTS."""
    folder = tree / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in filters(tests, tree).items():
        (folder / name).write_text(text, encoding="utf-8", errors="surrogateescape")
    return folder


def filter_variables(settings: JobSettings, tree: Path) -> dict[str, str]:
    """The variable that hands the common tests over to the workload; empty where it runs all tests.

    Raises:
        ErgitError: it is not known which tests are common.
    """
    if settings.measured_workload().tests != "common":
        return {}
    common = read_common_tests(Path(settings.results) / "tests/common.json")
    return {"ERGIT_TESTS": str(write_filters(tree, common.tests))}


def filters(tests: Tests, tree: Path) -> dict[str, str]:
    """The text of each file, by its name; the tree tells in which file a Python test is."""
    return {
        "tests.txt": "".join(f"{name}\n" for name in _joined(tests, "#")),
        "dotted.txt": "".join(f"{name}\n" for name in _joined(tests, ".")),
        "surefire.txt": ",".join(_surefire(group, methods) for group, methods in tests.items()) + "\n",
        "junit-console.txt": "".join(f'"{_console(group, methods)}"\n' for group, methods in tests.items()),
        "pytest.txt": "".join(f"{name}\n" for name in _pytest(tests, tree)),
        "gradle.gradle": GRADLE,
    }


def _joined(tests: Tests, separator: str) -> Iterator[str]:
    for group, methods in tests.items():
        yield from (group if method == WHOLE else f"{group}{separator}{method}" for method in methods)


def _surefire(group: str, methods: tuple[str, ...]) -> str:
    return group if methods == (WHOLE,) else f"{group}#{'+'.join(methods)}"


def _console(group: str, methods: tuple[str, ...]) -> str:
    """A regular expression over `class#method` without a backslash, which argument files take for something else."""
    own = ".*" if methods == (WHOLE,) else f"({'|'.join(map(_plain, methods))})"
    return f"--include-methodname=^{_plain(group)}#{own}$"


def _plain(name: str) -> str:
    return re.sub(r"[^\w]", lambda found: f"[{found[0]}]", name)


def _pytest(tests: Tests, tree: Path) -> Iterator[str]:
    """Node IDs: `tests.test_a.TestX` of a report is the class TestX in the file tests/test_a.py."""
    for group, methods in tests.items():
        parts = group.split(".")
        files = (PurePosixPath(*parts[:number]).with_suffix(".py") for number in range(len(parts), 0, -1))
        for number, file in zip(range(len(parts), 0, -1), files, strict=True):
            if (tree / file).is_file():
                within = "::".join([str(file), *parts[number:]])
                yield from (within if method == WHOLE else f"{within}::{method}" for method in methods)
                break
