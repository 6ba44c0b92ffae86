"""The tests of a study: each class over the history, and what differs between the tests of two commits."""

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from msgspec.structs import replace

from ergit.records.changes import ChangeResult
from ergit.records.commits import CommitRow
from ergit.records.context import ContextRecord, DifferentTests
from ergit.records.readings import JobRecord, Reading, file_of_tests
from ergit.records.test_table import ClassRow, CommitTests, Outcome, StudyTests
from ergit.records.tests import CaseResult, ResultsOfTests, SetsOfTests, TestStatus, read_tests
from ergit.text import one_line

BESIDE_EACH_OTHER = 1.05
"""Tests whose times add up to more than this share of the window ran in parallel."""

NAMED_TESTS = 5  # in a record
SHOWN_TESTS = 3  # in a sentence
LONGEST_NAME = 100

Test = tuple[str, str]
"""A test by its class and name."""


@dataclass(frozen=True)
class ReadTests:
    """A reading, and what its tests did; None where that is not known."""

    reading: Reading
    results: ResultsOfTests | None


def readings_with_tests(records: Iterable[tuple[Path, JobRecord]]) -> Iterator[tuple[str, list[ReadTests]]]:
    """Each commit with the readings that stand for it: the clean ones, or all but warm-ups where there are none.

    The records of a commit come one after the other; one commit at a time is in memory.

    Raises:
        ErgitError: a file of tests is not there any more, or damaged.
    """
    for commit, jobs in groupby(records, key=lambda job: job[1].commit):
        known = [each for path, record in jobs for each in _of_job(path, record)]
        if known:
            yield commit, [each for each in known if each.reading.is_clean] or known


def _of_job(path: Path, record: JobRecord) -> list[ReadTests]:
    taken = [reading for reading in record.readings if not reading.warmup] or record.readings[-1:]
    has_results = any(reading.tests and reading.tests.set for reading in taken)
    by_key = {each.key: each for each in read_tests(file_of_tests(path)).results} if has_results else {}
    return [ReadTests(reading, by_key.get(reading.started)) for reading in taken if reading.tests is not None]


def commit_tests(commit: str, known: Sequence[ReadTests]) -> CommitTests:
    """The outcomes of one commit."""
    outcomes = Counter(
        (each.results.set, each.results.failed, each.results.errored, each.results.skipped)
        for each in known
        if each.results
    )
    return CommitTests(
        commit=commit,
        outcomes=tuple(
            Outcome(set=name, failed=failed, errored=errored, skipped=skipped, readings=number)
            for (name, failed, errored, skipped), number in outcomes.most_common()
        ),
        missing=dict(
            Counter(
                (each.reading.tests and each.reading.tests.missing) or "the file of tests lacks this reading"
                for each in known
                if each.results is None
            )
        ),
    )


def class_rows(
    commit: CommitRow, known: Iterable[ReadTests], sets: SetsOfTests, *, judged: str, least_seconds: float
) -> list[ClassRow]:
    """A row for each test class of a commit, by name.

    `judged` is the domain whose joules are shared out; a class that ran for less than `least_seconds` gets none.

    Raises:
        ErgitError: a set of tests is not there any more, or damaged.
    """
    classes: dict[str, list[tuple[Reading, list[CaseResult], float]]] = {}
    for each in known:
        if each.results is None:
            continue
        cases = sets.cases(each.results)
        together = sum(case.seconds or 0.0 for case in cases)
        by_class: dict[str, list[CaseResult]] = {}
        for case in cases:
            by_class.setdefault(case.group, []).append(case)
        for name, own in by_class.items():
            classes.setdefault(name, []).append((each.reading, own, together))
    return [_row(commit, name, classes[name], judged, least_seconds) for name in sorted(classes)]


def _row(
    commit: CommitRow, name: str, ran: Sequence[tuple[Reading, list[CaseResult], float]], judged: str, least: float
) -> ClassRow:
    most_frequent = Counter(tuple(case.status for case in cases) for _, cases, _ in ran).most_common(1)[0][0]
    number = Counter(most_frequent)
    known = [seconds for _, cases, _ in ran if (seconds := _seconds(cases)) is not None]
    median = statistics.median(known) if known else None
    joules, missing = _joules(ran, median, judged, least)
    return ClassRow(
        commit=commit.commit,
        order=commit.order,
        date=commit.date,
        subject=commit.subject,
        test_class=name,
        status=ran[0][0].status,
        readings=len(ran),
        tests=len(most_frequent),
        passed=number["passed"],
        failed=number["failed"],
        errored=number["errored"],
        skipped=number["skipped"],
        seconds=None if median is None else round(median, 6),
        joules_by_time=joules,
        joules_missing=missing,
    )


def _seconds(cases: Iterable[CaseResult]) -> float | None:
    known = [case.seconds for case in cases if case.seconds is not None]
    return sum(known) if known else None


def _joules(
    ran: Sequence[tuple[Reading, list[CaseResult], float]], median: float | None, judged: str, least: float
) -> tuple[float | None, str]:
    """The joules of a class by its share of the time, or why there are none."""
    if median is None:
        return None, "the reports tell no time"
    if median < least:
        return None, f"it ran for less than {least:g} s, which is too short for the counter"
    found = []
    for reading, cases, together in ran:
        if reading.status != "ok" or judged not in reading.joules:
            return None, "the reading has no joules"
        duration = reading.duration_seconds / reading.loops
        if together > BESIDE_EACH_OTHER * duration:
            return None, "tests ran beside each other, so that their times add up to more than the reading's"
        found.append(reading.joules[judged] / reading.loops * (_seconds(cases) or 0.0) / duration)
    return round(statistics.median(found), 6), ""


class KnownTests:
    """Which tests ran at each commit, by the record of the rule `tests`."""

    def __init__(self, record: StudyTests, sets: SetsOfTests) -> None:
        self._commits = {each.commit: each for each in record.commits}
        self._sets = sets

    def between(self, before: str, after: str) -> DifferentTests | None:
        """What differs between the tests of two commits; None where they are the same.

        A test counts that did the same in every reading of its commit. Those that did not (names that vary from run to
        run, flaky tests) are counted as `varying`, and show no difference.

        Raises:
            ErgitError: a set of tests is not there any more, or damaged.
        """
        sides = [self._known(commit) for commit in (before, after)]
        unknown = [side for side in sides if isinstance(side, str)]
        if unknown:
            return DifferentTests(unknown=unknown[0])
        (first, first_any), (second, second_any) = (side for side in sides if not isinstance(side, str))
        gone = sorted(test for test in first if test not in second_any)
        new = sorted(test for test in second if test not in first_any)
        other = sorted(test for test in first if test in second and first[test] != second[test])
        if not (gone or new or other):
            return None
        return DifferentTests(
            only_before=len(gone),
            only_after=len(new),
            other_status=len(other),
            varying=len((first_any - first.keys()) | (second_any - second.keys())),
            examples=tuple(
                [*(f"-{_name(test)}" for test in gone), *(f"+{_name(test)}" for test in new)][:NAMED_TESTS]
                + [f"{_name(test)} {first[test]} → {second[test]}" for test in other][:NAMED_TESTS]
            )[:NAMED_TESTS],
        )

    def _known(self, commit: str) -> tuple[dict[Test, TestStatus], set[Test]] | str:
        """What each test did in all readings of a commit, and all tests that any had; or why that is not known."""
        found = self._commits.get(commit)
        if found is None:
            return f"{commit[:10]} has no reading whose tests are known"
        if not found.outcomes:
            return f"{commit[:10]}: {next(iter(found.missing), 'no reading')}"
        same: dict[Test, TestStatus] | None = None
        seen: set[Test] = set()
        for outcome in found.outcomes:
            names = self._sets.set(outcome.set).names()
            status: dict[Test, TestStatus] = dict.fromkeys(names, "passed")
            status |= {names[position]: "failed" for position in outcome.failed}
            status |= {names[position]: "errored" for position in outcome.errored}
            status |= {names[position]: "skipped" for position in outcome.skipped}
            seen |= status.keys()
            same = status if same is None else dict(same.items() & status.items())
        return same or {}, seen


def with_tests(record: ContextRecord, changes: Iterable[ChangeResult], known: KnownTests) -> ContextRecord:
    """The contexts of the changes, with what differs between the tests of the measured commits on their two sides.

    Raises:
        ErgitError: a set of tests is not there any more, or damaged.
    """
    return replace(
        record,
        changes=tuple(
            context if change.after is None else replace(context, tests=known.between(change.after, change.commit))
            for context, change in zip(record.changes, changes, strict=True)
        ),
    )


def tests_in_words(tests: DifferentTests) -> str:
    """That the two sides ran other tests, and which; or that this is not known."""
    if tests.unknown is not None:
        return f"whether the same tests ran is not known ({one_line(tests.unknown)})"
    counts = [
        *([f"{tests.only_before:,} only before"] if tests.only_before else []),
        *([f"{tests.only_after:,} only after"] if tests.only_after else []),
        *([f"{tests.other_status:,} ended otherwise"] if tests.other_status else []),
    ]
    named = ", ".join(one_line(name, LONGEST_NAME) for name in tests.examples[:SHOWN_TESTS])
    more = tests.only_before + tests.only_after + tests.other_status - SHOWN_TESTS
    rest = f" and {more:,} more" if more > 0 else ""
    return f"not comparable, other tests ran: {', '.join(counts)} ({named}{rest})"


def _name(test: Test) -> str:
    return f"{test[0]}#{test[1]}"
