"""The commits of a study as test cases in JUnit's XML."""

from datetime import datetime
from xml.etree import ElementTree

from ergit.reports.junit import junit_report
from tests.fakes.results import change, changes_record, context
from tests.fakes.tables import commit_row, energy_table, reading


def reported(accepted_as: str | None = None) -> ElementTree.Element:
    """The report on an unchanged, an increased, a cheaper, an unmeasured and a broken commit."""
    changes = [
        change(1, 0.1, ci_low=0.05, ci_high=0.15),
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
        changes_record(*changes),
        [context(found, accepted_as=accepted_as) for found in changes],
        datetime(2024, 1, 2, 3, 4, 5),
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
    assert failure.get("message") == "+10.0% energy (95 % interval +5.0% to +15.0%)"
    assert [case.get("name") for case in suite.iter("testcase")][1] == '0101010101 <&"\ufffd 1'
    assert [skipped.text for skipped in suite.iter("skipped")] == ["it was not measured", "build-failed: no\ufffd[31m"]


def test_an_accepted_increase_is_no_failure() -> None:
    assert next(iter(reported(accepted_as="v1"))).get("failures") == "0"
