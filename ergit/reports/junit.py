"""The commits of a study as test cases in JUnit's XML, for CI servers that show such reports."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import pandas as pd

from ergit.analysis.context import Context, printable, read_context, sentence
from ergit.records.changes import Findings, from_json
from ergit.files import write_atomically
from ergit.measuring.table import read_commits


def report(
    table: pd.DataFrame, commits: pd.DataFrame, findings: Findings, contexts: Sequence[Context], written: datetime
) -> str:
    """One test case for each chosen commit; a persistent increase that is not accepted fails, no clean reading skips.

    Valid for the schema of Ant's reports (github.com/windyroad/JUnit-Schema), which asks for every element here.
    """
    failures, skipped = increases(findings, contexts), without_reading(table)
    chosen = commits[commits["chosen"] == "yes"]
    seconds = table.groupby("commit")["duration_seconds"].sum()
    suites = Element("testsuites")
    suite = SubElement(suites, "testsuite", id="0", package="ergit", name="energy")
    properties = SubElement(suite, "properties")
    SubElement(properties, "property", name="kind", value=findings.study.kind or "no reading")
    for sha, subject in zip(chosen["commit"], chosen["subject"], strict=True):
        case = SubElement(suite, "testcase", name=f"{sha[:10]} {printable(subject)}", classname="ergit.energy")
        case.set("time", f"{seconds.get(sha, 0):.3f}")
        if sha in failures:
            SubElement(case, "failure", type="increase", message=failures[sha][0]).text = failures[sha][1]
        elif sha in skipped or sha not in seconds.index:
            SubElement(case, "skipped").text = skipped.get(sha, "it was not measured")
    SubElement(suite, "system-out")
    SubElement(suite, "system-err")
    suite.attrib |= {
        "timestamp": written.strftime("%Y-%m-%dT%H:%M:%S"),
        "hostname": next((host for host in table["host"] if host), "localhost"),
        "tests": str(len(chosen)),
        "failures": str(len(suite.findall("testcase/failure"))),
        "errors": "0",
        "skipped": str(len(suite.findall("testcase/skipped"))),
        "time": f"{seconds.sum():.3f}",
    }
    indent(suites, " ")
    return tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def increases(findings: Findings, contexts: Sequence[Context]) -> dict[str, tuple[str, str]]:
    """For each commit with a persistent increase that is not accepted, what was found there, and what lies in it."""
    about = {context.commit: context for context in contexts if context.kind == "persistent"}
    return {
        change.commit: (
            f"{change.relative_change:+.1%} energy (95 % interval {change.ci_low:+.1%} to {change.ci_high:+.1%})",
            sentence(about[change.commit]),
        )
        for change in findings.changes
        if (change.kind, change.direction) == ("persistent", "increase") and not about[change.commit].accepted_as
    }


def without_reading(table: pd.DataFrame) -> dict[str, str]:
    """For each commit of the table without a clean reading, why."""
    rows = table[~table.groupby("commit")["clean"].transform("any")].drop_duplicates("commit")
    return {
        row["commit"]: printable(": ".join(text for text in (row["status"], row["reason"] or row["flags"]) if text))
        for row in rows.to_dict("records")
    }


def main(job: Any) -> None:
    """The script of the rule `junit`."""
    table = pd.read_csv(job.input.table, keep_default_na=False, na_values={"duration_seconds": [""]})
    findings = from_json(Path(job.input.changes).read_text(encoding="utf-8"))
    contexts, _ = read_context(Path(job.input.context))
    written = datetime.now(UTC)
    write_atomically(Path(job.output[0]), report(table, read_commits(Path(job.input.commits)), findings, contexts, written))


if __name__ == "__main__":
    main(globals()["snakemake"])
