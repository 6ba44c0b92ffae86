"""The summary that a person reads, and the list of what to try again."""

from typing import Any

import pandas as pd

from ergit.git.changed_files import ChangedFile, Files
from ergit.analysis.context import Accepted, Context, Java
from ergit.records.changes import ChangeFinding, Findings, Study
from ergit.measuring.table import COLUMNS
from ergit.reports.summary import failed_files, summary

GOOD, BROKEN, FAILING = "a" * 40, "b" * 40, "c" * 40
REPOSITORY = {"url": "https://example.org/project", "link": "https://example.org/project/commit/{commit}"}
SUBJECTS = {GOOD: "Good", BROKEN: "Half | done", FAILING: "Fails"}


def row(commit: str, status: str = "ok", **cells: Any) -> dict[str, Any]:
    """One row of the table of readings."""
    defaults = {"round": 1, "repeat": 1, "clean": status == "ok", "kind": "measured", "source": "pmu", "host": "box"}
    return (
        defaults
        | {"commit": commit, "status": status, "subject": SUBJECTS[commit], "session": "s1", "flags": ""}
        | cells
    )


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    """A table of readings."""
    return pd.DataFrame(rows, columns=COLUMNS).astype({"clean": bool})


CHANGE = ChangeFinding(
    *(GOOD, 3, "persistent", "increase", 0.0512, 0.041, 0.06, 0.00012, [BROKEN, GOOD], 100.0, 105.1, 0.05, 0.001),
)
CONTEXT = Context(
    *(GOOD, "persistent", "Good", "2024-01-01T00:00:00Z", "Ada", f"https://example.org/project/commit/{GOOD}"),
    *("0" * 40, GOOD, Files(5, 9, 3, (ChangedFile("A\x1b|.java", 9, 3),), 0, ("pom.xml",), 0), ("perf",)),
    *(Java("11", "17"), 0.05, 0.001, "time", "v1"),
)


def told(rows: pd.DataFrame, *changes: ChangeFinding, visible: float | None = None, **others: Any) -> str:
    """The summary of these readings, changes and smallest visible change."""
    study = Study("measured", "J", 3, 3, 9, 2, 0.01, 0.05, visible, [], [])
    contexts, accepted = others.get("contexts", []), others.get("accepted", [])
    return summary(rows, Findings(study, [], list(changes)), contexts, accepted, REPOSITORY)


def test_a_change_is_told_with_its_size_interval_and_link() -> None:
    text = told(table(row(GOOD)), CHANGE, contexts=[CONTEXT])
    line = next(line for line in text.splitlines() if line.startswith("| ["))
    assert "[aaaaaaaaaa](https://example.org/project/commit/" + GOOD in line
    assert "+5.1%" in line
    assert "+4.1% to +6.0%" in line
    assert "0.0001" in line


def test_a_change_has_a_line_of_context() -> None:
    assert (
        "- aaaaaaaaaa: in one of 2 commits; mostly time (time +5.0%, power +0.1%); 5 files, +9 -3 lines: A\ufffd|.java"
        " and 2 more; JDK 11 → 17; build: pom.xml; words: perf; accepted as v1\n"
    ) in told(table(row(GOOD)), CHANGE, contexts=[CONTEXT])


def test_no_change_is_said_plainly_with_what_could_have_been_seen() -> None:
    text = told(table(row(GOOD)), visible=0.023)
    assert "## Changes\n\nNone." in text
    assert "could have been seen, at the median commit: 2.3%" in text
    assert "Too few commits" in told(table(row(GOOD)))


def test_what_was_accepted_is_said() -> None:
    text = told(table(row(GOOD)), accepted=[Accepted("v1", BROKEN, GOOD), Accepted("v9", FAILING, None)])
    assert "- Accepted: v1 (bbbbbbbbbb), from aaaaaaaaaa on\n" in text
    assert "- Accepted: v9 (cccccccccc), not in the commits of this study\n" in text


def test_an_estimate_is_called_one() -> None:
    estimated = table(row(GOOD, kind="estimated", source="estimate"))
    assert "**Estimated**" in told(estimated)
    assert "**Estimated**" not in told(table(row(GOOD)))


def test_failures_are_listed_with_their_reason_and_flags_with_their_number() -> None:
    rows = table(
        row(GOOD, flags="foreign-cpu;steal", clean=False),
        row(GOOD, flags="foreign-cpu", clean=False),
        row(BROKEN, "build-failed", reason="`make` ended with status 2"),
    )
    text = told(rows)
    assert "`make` ended with status 2" in text
    assert "Half \\| done" in text
    assert [line.split() for line in text.splitlines() if "foreign-cpu" in line] == [
        ["|", "foreign-cpu", "|", "2", "|"]
    ]


def test_several_sessions_are_said() -> None:
    rows = table(row(GOOD), row(GOOD, session="s2"))
    assert "2 sessions" in told(rows)


def test_what_to_try_again_starts_at_the_cause() -> None:
    rows = table(
        *[row(GOOD), row(BROKEN, "build-failed"), row(BROKEN, "build-failed", round=2), row(FAILING, "failed")],
        row(FAILING, "timeout", round=2),
    )
    assert failed_files(rows) == [
        f"results/build/{BROKEN}.json",
        f"results/readings/{FAILING}/1.json",
        f"results/readings/{FAILING}/2.json",
    ]


def test_a_commit_without_a_jdk_is_tried_again_from_there() -> None:
    assert failed_files(table(row(BROKEN, "no-jdk"))) == [f"results/java/{BROKEN}.json"]
    assert failed_files(table(row(GOOD))) == []
