"""What tests did, by the JUnit XML files that a command writes: those written in a window, and what they say.

The format has no standard. The files of Surefire, Failsafe, Gradle, the JUnit console launcher, pytest, unittest,
CTest and GoogleTest agree on `testcase` elements, which junitparser knows; the element around them is a `testsuite`.
A report is a file of the studied program: its size is bounded, links lead nowhere, and an XML with entities or a DTD
is refused (https://docs.python.org/3/library/xml.html#xml-security).
"""

import math
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ergit.errors import CommitError
from ergit.records.tests import CaseResult, TestStatus, numbered
from ergit.text import one_line

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

AUTO = (
    *("**/target/surefire-reports/TEST-*.xml", "**/target/failsafe-reports/TEST-*.xml"),
    "**/build/test-results/**/TEST-*.xml",
)
"""Where Maven's Surefire and Failsafe and where Gradle write their reports."""

MOST_FILES = 20_000
MOST_BYTES = 50_000_000  # of one report
MOST_BYTES_TOGETHER = 500_000_000
MOST_TESTS = 500_000
LONGEST_NAME = 1000
SUITES = frozenset({"testsuite", "testsuites"})
NOT_RUN = frozenset({"notrun", "disabled"})  # GoogleTest and CTest say so in an attribute

Stamp = tuple[int, int, int, int]
"""Device, inode, size and the nanosecond of the last change: a file that was written has another one."""


def patterns_of(reports: Literal["auto"] | Sequence[str]) -> tuple[str, ...]:
    """The patterns that the key `workload.reports` stands for."""
    return AUTO if reports == "auto" else tuple(reports)


def reports_in(tree: Path, patterns: Iterable[str]) -> dict[Path, Stamp]:
    """The regular files in the tree that match a pattern; no link is followed out of it.

    Raises:
        CommitError: there are too many.
    """
    top = tree.resolve()
    found: dict[Path, Stamp] = {}
    for pattern in patterns:
        for path in tree.glob(pattern):
            stamp = _stamp(path, top)
            if stamp is not None:
                found[path] = stamp
            if len(found) > MOST_FILES:
                raise CommitError(f"more than {MOST_FILES} files match workload.reports")
    return found


def _stamp(path: Path, top: Path) -> Stamp | None:
    """The stamp of a regular file below the top; None for all else."""
    try:
        seen = path.lstat()
        inside = path.parent.resolve().is_relative_to(top)
    except OSError:
        return None
    if not stat.S_ISREG(seen.st_mode) or not inside:
        return None
    return seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns


def written_since(before: Mapping[Path, Stamp], now: Mapping[Path, Stamp]) -> list[Path]:
    """The files that are new or were written since `before`, sorted."""
    return sorted(path for path, stamp in now.items() if before.get(path) != stamp)


def results_in(reports: Sequence[Path], tree: Path) -> list[CaseResult]:
    """What each test did, by these reports in the tree; of several with one name each counts.

    Raises:
        CommitError: a report cannot be read, is no JUnit XML, or is too large; says which and why.
    """
    from xml.etree.ElementTree import ParseError  # here, so that jobs without reports need not load it

    found: list[CaseResult] = []
    left = MOST_BYTES_TOGETHER
    for path in reports:
        name = str(path.relative_to(tree))
        try:
            left -= _refuse_large(path, left)
            found += _results(path)
        except (CommitError, OSError, ValueError, ParseError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise CommitError(f"the report {one_line(name, 200)} cannot be used: {one_line(why, 200)}") from None
        if len(found) > MOST_TESTS:
            raise CommitError(f"the reports tell of more than {MOST_TESTS} tests")
    return numbered(found)


def _refuse_large(path: Path, left: int) -> int:
    """The size of a report in bytes, which may still be read.

    Raises:
        CommitError: it is too large.
    """
    size = path.lstat().st_size
    if size > min(MOST_BYTES, left):
        raise CommitError(f"it is too large ({size / 1e6:.0f} MB)")
    return size


def _results(path: Path) -> Iterator[CaseResult]:
    """What each test of one report did.

    Raises:
        OSError: the file cannot be read.
        ValueError: it holds a DTD or entities, or is no report of tests.
        ParseError: it is no XML.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import iterparse

    suites: list[Element] = []
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        try:
            for event, element in iterparse(file, events=("start", "end"), forbid_dtd=True):
                if event == "start":
                    if not suites and element.tag not in SUITES:
                        raise ValueError(f"it is no JUnit XML, it begins with <{element.tag}>")
                    if element.tag in SUITES:
                        suites.append(element)
                    continue
                if element.tag == "testcase":
                    yield _result(element, suites[-1].get("name") or path.stem)
                if element.tag in SUITES and len(suites) > 1:
                    suites.pop()
                if element.tag in SUITES or element.tag == "testcase":
                    element.clear()  # what was read need not be kept
        except DefusedXmlException:
            raise ValueError("it has a DTD or entities, which no report needs") from None


def _result(element: "Element", suite: str) -> CaseResult:
    """What one element `testcase` says.

    Raises:
        ValueError: its time is no number.
    """
    from junitparser import TestCase

    case = TestCase.fromelem(element)
    seconds = case.time
    if seconds is not None and not (math.isfinite(seconds) and seconds >= 0):
        seconds = None
    status: TestStatus = "passed"
    if case.is_error:
        status = "errored"
    elif case.is_failure:
        status = "failed"
    elif case.is_skipped or element.get("status") in NOT_RUN:
        status = "skipped"
    return CaseResult(
        group=one_line(case.classname or suite, LONGEST_NAME),
        name=one_line(case.name or "(no name)", LONGEST_NAME),
        status=status,
        seconds=seconds,
    )
