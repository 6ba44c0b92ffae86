"""The files that differ between two commits: which are listed, and which are of the build or of the tests."""

import pytest

from ergit.git.changed_files import LISTED_FILES, files_between, is_build_file, is_test_file
from ergit.records.context import ChangedFile, ChangedFiles


def test_only_the_largest_files_are_listed_and_the_rest_is_counted() -> None:
    files = files_between([ChangedFile(path=f"f{lines:03}", added=lines, removed=0) for lines in range(100)])
    assert (files.count, files.unlisted, len(files.largest)) == (100, 100 - LISTED_FILES, LISTED_FILES)
    assert files.largest[0] == ChangedFile(path="f099", added=99, removed=0)
    assert files_between([]) == ChangedFiles(
        count=0, added=0, removed=0, largest=(), unlisted=0, build_files=(), test_files=0
    )


@pytest.mark.parametrize(
    ("path", "build", "test"),
    [
        ("pom.xml", True, False),
        ("core/build.gradle.kts", True, False),
        ("gradle/libs.versions.toml", True, False),
        ("gradle.lockfile", True, False),
        ("web/package-lock.json", True, False),
        ("src/main/java/Pom.java", False, False),
        ("src/test/java/ATest.java", False, True),
        ("tests/a", False, True),
        ("test", False, False),
        ("latest/a", False, False),
    ],
)
def test_files_of_build_and_tests_are_known_by_name_and_folder(path: str, build: bool, test: bool) -> None:
    assert (is_build_file(path), is_test_file(path)) == (build, test)
