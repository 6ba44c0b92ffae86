"""The commits of a study as test cases in JUnit's XML."""

from datetime import datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from ergit.records.context import Differences, DifferentTests
from ergit.records.gate import GateRecord
from ergit.reports.junit import junit_report
from tests.fakes.results import change, changes_record, context
from tests.fakes.tables import commit_row, energy_table, reading, sha_of


def gate(**entries: Any) -> GateRecord:
    """The record of a gate that passes, unless `entries` say more."""
    known: dict[str, Any] = {
        **{"verdict": "pass", "undecided": "fail", "reason": "It is less.", "kind": "measured", "least_change": 0.01},
        **{"comparison": None, "head": sha_of(4)},
    }
    return GateRecord(**known | entries)


def reported(accepted_as: str | None = None, verdict: GateRecord | None = None, **facts: Any) -> ElementTree.Element:
    """The report on an unchanged, an increased, a cheaper, an unmeasured and a broken commit."""
    changes = [
        change(1, 0.1, ci_low=0.05, ci_high=0.15, commits_between=169, measured_between=1),
        change(2, -0.2, ci_low=-0.3, ci_high=-0.1),
    ]
    rows = [
        *[reading(number, repeat, 1.0, duration_seconds=0.5) for number, repeat in ((0, 1), (0, 2), (1, 1), (2, 1))],
        reading(4, 1, status="build-failed", reason="no\x1b[31m", duration_seconds=None, host=None),
    ]
    commits = [commit_row(number, subject=f'<&"\x01 {number}') for number in range(5)]
    text = junit_report(
        energy_table(rows),
        [*commits, commit_row(5, chosen=False)],
        changes_record(*changes, **facts),
        [context(found, accepted_as=accepted_as) for found in changes],
        datetime(2024, 1, 2, 3, 4, 5),
        verdict or gate(),
    )
    return ElementTree.fromstring(text)


def test_each_chosen_commit_is_a_test_case_and_an_increase_a_failure() -> None:
    (suite,) = reported()
    assert [child.tag for child in suite] == ["properties", *["testcase"] * 5, "system-out", "system-err"]
    outcomes = [[child.tag for child in case] for case in suite.iter("testcase")]
    assert outcomes == [[], ["failure"], [], ["skipped"], ["skipped"]]
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped", "time", "timestamp")}
    assert counts == {
        **{"tests": "5", "failures": "1", "errors": "0", "skipped": "2"},
        **{"time": "2.000", "timestamp": "2024-01-02T03:04:05"},
    }
    assert suite.get("hostname") == "box"
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == "10.0% more energy (95% interval +5.0% to +15.0%)"
    assert [case.get("name") for case in suite.iter("testcase")][1] == '0101010101 <&"\ufffd 1'
    assert [skipped.text for skipped in suite.iter("skipped")] == ["it was not measured", "build-failed: no\ufffd[31m"]


def test_a_broken_head_is_an_error_and_no_other_commit_is() -> None:
    (suite,) = reported(verdict=gate(verdict="broken", reason="0404040404 does not build: no semicolon."))
    outcomes = [[child.tag for child in case] for case in suite.iter("testcase")]
    assert outcomes == [[], ["failure"], [], ["skipped"], ["error"]]
    assert (suite.get("errors"), suite.get("failures"), suite.get("skipped")) == ("1", "1", "1")
    (error,) = suite.iter("error")
    assert (error.get("type"), error.get("message")) == ("broken", "0404040404 does not build: no semicolon.")


@pytest.mark.parametrize("verdict", ["fail", "undecided", "not judged"])
def test_the_head_fails_with_the_verdict_of_the_gate_unless_that_passes(verdict: Any) -> None:
    failed = gate(verdict=verdict, reason="It grew.", head=sha_of(2))
    (suite,) = reported(verdict=failed)
    assert [child.get("type") for child in suite.iter("failure")] == ["increase", verdict]
    let_through = replace(failed, undecided="pass", workload_changes="pass")
    (suite,) = reported(verdict=let_through)
    assert len(list(suite.iter("failure"))) == 1 + (verdict == "fail")


def test_an_accepted_increase_is_no_failure() -> None:
    assert next(iter(reported(accepted_as="v1"))).get("failures") == "0"


@pytest.mark.parametrize(
    "known",
    [
        {"differs": Differences(kinds=("workload",))},
        {"differs": Differences(kinds=("program",)), "tests": DifferentTests(only_after=1)},
    ],
)
def test_an_increase_by_a_changed_workload_alone_or_by_other_tests_is_not_judged(known: dict[str, Any]) -> None:
    found = change(1, 0.1)
    rows = [reading(number, repeat, 1.0) for number in range(2) for repeat in (1, 2)]
    contexts = [context(found, **known)]
    for counts_as, types in (("fail", ["not judged"]), ("pass", [])):
        text = junit_report(
            energy_table(rows),
            [commit_row(number) for number in range(2)],
            changes_record(found),
            contexts,
            datetime(2024, 1, 2, 3, 4, 5),
            gate(workload_changes=counts_as),
        )
        assert [failure.get("type") for failure in ElementTree.fromstring(text).iter("failure")] == types


def test_a_failure_says_where_the_change_may_lie_and_that_an_estimate_is_one() -> None:
    failure = reported(kind="estimated").find("*/testcase/failure")
    assert failure is not None
    assert failure.get("message") == "10.0% more energy, estimated from CPU time (95% interval +5.0% to +15.0%)"
    assert str(failure.text).startswith("after 0000000000, up to 0101010101: 169 commits, 1 of them measured; ")


def test_a_study_without_any_reading_is_reported_with_reasons() -> None:
    rows = [reading(n, 1, status="no-jdk", reason="no JDK 8", duration_seconds=None, host=None) for n in range(2)]
    text = junit_report(
        energy_table(rows),
        [commit_row(number) for number in range(2)],
        changes_record(kind=None),
        [],
        datetime(2024, 1, 2, 3, 4, 5),
        gate(),
    )
    (suite,) = ElementTree.fromstring(text)
    assert (suite.get("hostname"), suite.get("skipped"), suite.get("time")) == ("localhost", "2", "0.000")
    assert [skipped.text for skipped in suite.iter("skipped")] == ["no-jdk: no JDK 8"] * 2


def test_hundreds_of_flags_are_cut_short() -> None:
    flags = ";".join(f"left-behind:java-{number}" for number in range(200))
    rows = [reading(0, 1, 5.0, clean=False, flags=flags)]
    text = junit_report(energy_table(rows), [commit_row(0)], changes_record(), [], datetime(2024, 1, 2), gate())
    (skipped,) = ElementTree.fromstring(text).iter("skipped")
    assert skipped.text is not None
    assert skipped.text.startswith("no clean reading: left-behind:java-0;left-behind:java-1;")
    assert len(skipped.text) == 500
