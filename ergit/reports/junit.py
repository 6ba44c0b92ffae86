"""The commits of a study as test cases in JUnit's XML, for CI servers that show such reports."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import pandas as pd

from ergit.records.changes import ChangeResult, ChangesRecord
from ergit.records.commits import CommitRow, chosen, reused_from
from ergit.records.context import ChangeContext
from ergit.records.gate import GateRecord
from ergit.reports.context import assumption_sentence, change_sentence
from ergit.text import one_line, relative_phrase

SUBJECT, REASON = 200, 500  # characters


def junit_report(
    table: pd.DataFrame,
    commits: Sequence[CommitRow],
    record: ChangesRecord,
    contexts: Sequence[ChangeContext],
    written: datetime,
    gate: GateRecord,
) -> str:
    """One test case for each chosen commit; a persistent increase that is not accepted fails, no clean reading skips.

    An increase that can come from nothing but a changed workload, or whose sides ran other tests, is not judged: it
    fails with that type, or not at all where `gate.workload_changes` is `pass`. The commit that the gate judges fails
    unless the gate passes, with the verdict for its type; a broken one is an error.
    Valid for the schema of Ant's reports (github.com/windyroad/JUnit-Schema), which asks for every element here.
    """
    failures, skipped = increases(record, contexts, gate.workload_changes), without_reading(table)
    cases = chosen(commits)
    seconds = table.groupby("commit")["duration_seconds"].sum()
    suites = Element("testsuites")
    suite = SubElement(suites, "testsuite", id="0", package="ergit", name="energy")
    properties = SubElement(suite, "properties")
    SubElement(properties, "property", name="kind", value=record.study.kind or "no reading")
    SubElement(properties, "property", name="gate", value=f"{gate.verdict}: {one_line(gate.reason)}")
    for commit in cases:
        sha = commit.commit
        case = SubElement(
            suite, "testcase", name=f"{sha[:10]} {one_line(commit.subject, SUBJECT)}", classname="ergit.energy"
        )
        case.set("time", f"{seconds.get(sha, 0):.3f}")
        if sha == gate.head and not gate.passes:
            outcome = "error" if gate.verdict == "broken" else "failure"
            text = failures[sha][2] if sha in failures else ""
            SubElement(case, outcome, type=gate.verdict, message=one_line(gate.reason)).text = text
        elif sha in failures:
            kind, message, text = failures[sha]
            SubElement(case, "failure", type=kind, message=message).text = text
        elif sha in skipped or sha not in seconds.index:
            SubElement(case, "skipped").text = skipped.get(sha, _why_unmeasured(commit))
    SubElement(suite, "system-out")
    SubElement(suite, "system-err")
    suite.attrib |= {
        "timestamp": written.strftime("%Y-%m-%dT%H:%M:%S"),
        "hostname": next(iter(table["host"].dropna()), "localhost"),
        "tests": str(len(cases)),
        "failures": str(len(suite.findall("testcase/failure"))),
        "errors": str(len(suite.findall("testcase/error"))),
        "skipped": str(len(suite.findall("testcase/skipped"))),
        "time": f"{seconds.sum():.3f}",
    }
    indent(suites, " ")
    return tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _why_unmeasured(commit: CommitRow) -> str:
    same = reused_from(commit)
    return "it was not measured" if same is None else f"its inputs are those of {same[:10]}, which is measured instead"


def increases(
    record: ChangesRecord, contexts: Sequence[ChangeContext], workload_changes: str = "fail"
) -> dict[str, tuple[str, str, str]]:
    """For each commit with a persistent increase that is not accepted, its kind, its size, and what lies in it."""
    persistent = {context.commit: context for context in contexts if context.kind == "persistent"}
    found = {}
    for change in record.changes:
        if not _is_failure(change, persistent):
            continue
        context = persistent[change.commit]
        is_workload = context.differs is not None and context.differs.kinds == ("workload",)
        is_judged = not (is_workload or (context.tests and context.tests.unknown is None))
        if is_judged or workload_changes == "fail":
            kind = "increase" if is_judged else "not judged"
            found[change.commit] = (kind, _size(change, record.kind), _text(change, context, record))
    return found


def _is_failure(change: ChangeResult, persistent: Mapping[str, ChangeContext]) -> bool:
    is_increase = (change.kind, change.direction) == ("persistent", "increase")
    return is_increase and not persistent[change.commit].accepted_as


def _size(change: ChangeResult, kind: str | None) -> str:
    estimated = ", estimated from CPU time" if kind == "estimated" else ""
    interval = f"(95% interval {change.ci_low:+.1%} to {change.ci_high:+.1%})"
    return f"{relative_phrase(change.relative_change)}{estimated} {interval}"


def _text(change: ChangeResult, context: ChangeContext, record: ChangesRecord) -> str:
    return ". ".join(filter(None, (change_sentence(change, context), assumption_sentence(record.study))))


def without_reading(table: pd.DataFrame) -> dict[str, str]:
    """For each commit of the table without a clean reading, why."""
    rows = table[~table.groupby("commit")["clean"].transform("any")].drop_duplicates("commit")
    why = rows["reason"].fillna(rows["flags"])
    outcomes = rows["status"].replace("ok", "no clean reading")
    return {
        commit: one_line(outcome if pd.isna(reason) else f"{outcome}: {reason}", REASON)
        for commit, outcome, reason in zip(rows["commit"], outcomes, why, strict=True)
    }
