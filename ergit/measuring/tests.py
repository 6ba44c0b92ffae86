"""The stages that see which tests ran in a window: the reports before it, and those that were written in it."""

from collections.abc import Sequence

from ergit.errors import CommitError
from ergit.measuring.context import ReadingContext, ReadingStage
from ergit.measuring.reports import patterns_of, reports_in, results_in, written_since
from ergit.records.readings import CountedTests
from ergit.records.tests import CaseResult


class ReportsBefore(ReadingStage):
    """Notes the reports that are there already: of the build, of `prepare`, of an earlier reading."""

    name = "reports-before"

    def run(self, context: ReadingContext) -> None:
        """Notes them, if reports are asked for."""
        setup = context.setup
        if setup.workload.reports:
            try:
                context.reports = reports_in(setup.build_dir, patterns_of(setup.workload.reports))
            except CommitError as problem:
                context.tests = CountedTests(missing=str(problem))


class ReportsAfter(ReadingStage):
    """Reads the reports that were written in the window; of several runs in one window, those of the last."""

    name = "reports-after"
    runs_after_failure = True

    def run(self, context: ReadingContext) -> None:
        """Notes what the tests did, or why that is not known.

        Raises:
            OSError: the disk is full.
        """
        setup, outcome = context.setup, context.outcome
        if context.reports is None or not context.has_window or outcome is None:
            return
        try:
            now = reports_in(setup.build_dir, patterns_of(setup.workload.reports))
            written = written_since(context.reports, now)
            if not written:
                raise CommitError("the command wrote no report that matches workload.reports")
            cases = results_in(written, setup.build_dir)
        except CommitError as problem:
            context.tests = CountedTests(missing=str(problem))
            return
        if setup.tests is not None:
            results = setup.tests.results_of(cases, outcome.started)
            setup.tests.found.append(results)
            context.tests = counted_tests(cases, results.set)


def counted_tests(cases: Sequence[CaseResult], name: str) -> CountedTests:
    """How many tests passed, and how many did not; `name` is that of their set."""
    number = {status: sum(case.status == status for case in cases) for status in ("failed", "errored", "skipped")}
    return CountedTests(
        set=name,
        passed=len(cases) - sum(number.values()),
        failed=number["failed"],
        errored=number["errored"],
        skipped=number["skipped"],
        seconds=round(sum(case.seconds or 0.0 for case in cases), 6),
    )
