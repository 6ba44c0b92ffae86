"""The files that differ between two commits: how many lines, and which of them are of the build or of the tests."""

from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import PurePosixPath

from ergit.git.runner import Git
from ergit.records.context import ChangedFile, ChangedFiles

LISTED_FILES = 20
BUILD_FILES = (
    *("pom.xml", "build.xml", "*.gradle", "*.gradle.kts", "gradle.properties", "gradle-wrapper.properties"),
    *("libs.versions.toml", "*.lock", "*.lockfile", "*-lock.json", "*-lock.yaml"),
)
TEST_FOLDERS = frozenset({"test", "tests"})  # src/test among them


def changed_files(git: Git, before: str, until: str) -> list[ChangedFile]:
    """The files that differ between two commits, whatever their names hold; bytes that are no UTF-8 become U+FFFD."""
    printed = git.diff_tree("-r", "--numstat", "-z", "--no-renames", before, until, "--")
    cells = (entry.split("\t", 2) for entry in printed.split("\0") if entry)
    return [
        ChangedFile(path=_readable(path), added=_lines(added), removed=_lines(removed))
        for added, removed, path in cells
    ]


def files_between(changed: Sequence[ChangedFile]) -> ChangedFiles:
    """The changed files, counted; at most `LISTED_FILES` are listed, those with the most changed lines first."""
    by_size = sorted(changed, key=lambda file: (-(file.added or 0) - (file.removed or 0), file.path))
    return ChangedFiles(
        count=len(changed),
        added=sum(file.added or 0 for file in changed),
        removed=sum(file.removed or 0 for file in changed),
        largest=tuple(by_size[:LISTED_FILES]),
        unlisted=max(0, len(changed) - LISTED_FILES),
        build_files=tuple(file.path for file in by_size if is_build_file(file.path))[:LISTED_FILES],
        test_files=sum(is_test_file(file.path) for file in changed),
    )


def is_build_file(path: str) -> bool:
    """Whether a file says how the project is built or what it depends on."""
    return any(fnmatch(PurePosixPath(path).name, pattern) for pattern in BUILD_FILES)


def is_test_file(path: str) -> bool:
    """Whether a file lies in a folder of tests."""
    return not TEST_FOLDERS.isdisjoint(PurePosixPath(path).parts[:-1])


def _readable(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _lines(cell: str) -> int | None:
    return None if cell == "-" else int(cell)
