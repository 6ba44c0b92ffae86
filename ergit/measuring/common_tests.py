"""Which tests all commits of a study have in common: methods that pass in each of them, with the same cases."""

import argparse
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from ergit.errors import ErgitError, exit_on_user_error
from ergit.processes.parent import die_with_parent
from ergit.records.common_tests import (
    WHOLE,
    CommonTests,
    FoundTests,
    read_common_tests,
    read_found_tests,
    write_common_tests,
)
from ergit.records.plan import read_plan
from ergit.records.retakes import remembered_retake
from ergit.records.tests import CaseResult, SetsOfTests
from ergit.text import counted

METHOD = re.compile(r"([^\W\d][\w$]*)(?:\(.*|\[.*|\{.*| \(\d+\))?", re.DOTALL)
"""A method, and what writers of reports add to it: `parses()`, `parses(String)[2]`, `parses[utf-8]`, `parses (2)`."""

Method = tuple[str, str]
"""A class, and a method of it or `WHOLE`."""

Cases = tuple[tuple[str, str], ...]
"""Names and statuses, sorted."""


def methods_of(cases: list[CaseResult]) -> dict[Method, Cases]:
    """The cases by their method; of a class with a name that tells no method all are one.

    A name that a person gave to a test (`accepts an empty list`) tells none.
    """
    named = {case: METHOD.fullmatch(case.name) for case in cases}
    whole = {case.group for case, match in named.items() if match is None}
    found: dict[Method, list[tuple[str, str]]] = {}
    for case, match in named.items():
        method = WHOLE if match is None or case.group in whole else match[1]
        found.setdefault((case.group, method), []).append((case.name, case.status))
    return {method: tuple(sorted(own)) for method, own in found.items()}


def common_tests(
    found: Mapping[str, FoundTests], sets: SetsOfTests, meaning: str, earlier: CommonTests | None = None
) -> CommonTests:
    """The tests that all commits have in common; an `earlier` set of the same `meaning` stays: it is measured already.

    Raises:
        ErgitError: there are none, or a set of tests cannot be read.
    """
    unknown = {commit: each.reason or "no reason" for commit, each in found.items() if each.results is None}
    methods = {commit: methods_of(sets.cases(each.results)) for commit, each in found.items() if each.results}
    if earlier is not None and earlier.meaning == meaning:
        wanted = {(group, method) for group, own in earlier.tests.items() for method in own}
        lacking = {commit: len(wanted - _not_failing(own)) for commit, own in methods.items()}
        return CommonTests(
            tests=earlier.tests,
            cases=earlier.cases,
            left_out=earlier.left_out,
            unknown=unknown,
            lacking={commit: number for commit, number in lacking.items() if number},
            meaning=meaning,
        )
    if not methods:
        first = next(iter(unknown.values()), "no commit was chosen")
        raise ErgitError(f"workload.tests: the tests of no commit are known ({first}). Look at workload.reports.")
    reasons = {
        method: _why_not(method, methods) for method in sorted({each for own in methods.values() for each in own})
    }
    kept: dict[str, list[str]] = {}
    for (group, method), reason in reasons.items():
        if reason is None:
            kept.setdefault(group, []).append(method)
    left_out = dict(Counter(reason for reason in reasons.values() if reason))
    if not kept:
        why = ", ".join(f"{counted(number, 'method')} {reason}" for reason, number in left_out.items())
        raise ErgitError(
            f"workload.tests: no test passes in all {counted(len(methods), 'commit')}: {why or 'no test ran'}. Choose"
            " commits that lie closer together, or hold the tests fixed by workload.from."
        )
    one = next(iter(methods.values()))
    return CommonTests(
        tests={group: tuple(own) for group, own in kept.items()},
        cases=sum(len(one[method]) for method, reason in reasons.items() if reason is None),
        left_out=left_out,
        unknown=unknown,
        lacking={},
        meaning=meaning,
    )


def _not_failing(methods: Mapping[Method, Cases]) -> set[Method]:
    """The methods of a commit none of whose cases fails."""
    return {method for method, cases in methods.items() if not {status for _, status in cases} & {"failed", "errored"}}


def _why_not(method: Method, commits: Mapping[str, Mapping[Method, Cases]]) -> str | None:
    """Why a method is not common to all commits; None where it is."""
    seen = [own.get(method) for own in commits.values()]
    cases = {each for each in seen if each is not None}
    statuses = {status for each in cases for _, status in each}
    if None in seen:
        return "not in every commit"
    if statuses & {"failed", "errored"}:
        return "fails in a commit"
    if len({tuple(name for name, _ in each) for each in cases}) > 1:
        return "with other cases in a commit"
    if len(cases) > 1 or "passed" not in statuses:
        return "skipped in a commit"
    return None


def main() -> None:
    """The program of checkpoint `common_tests`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plan", type=Path, required=True)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--meaning", required=True, help="a text that is another one for another workload")
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    die_with_parent()
    output: Path = arguments.output
    with exit_on_user_error(), remembered_retake(output):
        results: Path = arguments.results
        found = {
            commit: read_found_tests(results / f"tests/{commit}.json") for commit in read_plan(arguments.plan).rounds
        }
        earlier = read_common_tests(output) if output.exists() else None
        write_common_tests(output, common_tests(found, SetsOfTests(results), arguments.meaning, earlier))


if __name__ == "__main__":
    main()
