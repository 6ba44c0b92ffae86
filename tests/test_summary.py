"""The summary that a person reads, and the list of what to try again."""

from typing import Any

import pandas as pd

from scripts.sort import COLUMNS
from scripts.summary import failed_files, summary

GOOD, BROKEN, FAILING = "a" * 40, "b" * 40, "c" * 40
REPOSITORY = {"url": "https://example.org/project", "link": "https://example.org/project/commit/{commit}"}
COMMITS = pd.DataFrame(
    {
        "commit": [GOOD, BROKEN, FAILING],
        "subject": ["Good", "Half | done", "Fails"],
        "date": ["2024-01-01T00:00:00Z"] * 3,
    }
)


def row(commit: str, status: str = "ok", **cells: Any) -> dict[str, Any]:
    """One row of the table of readings."""
    subject = dict(zip(COMMITS["commit"], COMMITS["subject"], strict=True))[commit]
    defaults = {"round": 1, "repeat": 1, "clean": status == "ok", "kind": "measured", "source": "pmu", "host": "box"}
    return defaults | {"commit": commit, "status": status, "subject": subject, "session": "s1", "flags": ""} | cells


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    """A table of readings."""
    return pd.DataFrame(rows, columns=COLUMNS).astype({"clean": bool})


CHANGE = {
    "commit": GOOD,
    "order": 3,
    "kind": "persistent",
    "relative_change": 0.0512,
    "ci_low": 0.041,
    "ci_high": 0.06,
    "q_value": 0.00012,
}


def test_a_change_is_told_with_its_size_interval_and_link() -> None:
    text = summary(table(row(GOOD)), COMMITS, {"changes": [CHANGE]}, REPOSITORY)
    line = next(line for line in text.splitlines() if "+5.1%" in line)
    assert "[aaaaaaaaaa](https://example.org/project/commit/" + GOOD in line
    assert "+4.1% to +6.0%" in line
    assert "0.0001" in line


def test_no_change_is_said_plainly() -> None:
    assert "## Changes\n\nNone." in summary(table(row(GOOD)), COMMITS, {"changes": []}, REPOSITORY)


def test_an_estimate_is_called_one() -> None:
    estimated = table(row(GOOD, kind="estimated", source="estimate"))
    assert "**Estimated**" in summary(estimated, COMMITS, {"changes": []}, REPOSITORY)
    assert "**Estimated**" not in summary(table(row(GOOD)), COMMITS, {"changes": []}, REPOSITORY)


def test_failures_are_listed_with_their_reason_and_flags_with_their_number() -> None:
    rows = table(
        row(GOOD, flags="foreign-cpu;steal", clean=False),
        row(GOOD, flags="foreign-cpu", clean=False),
        row(BROKEN, "build-failed", reason="`make` ended with status 2"),
    )
    text = summary(rows, COMMITS, {"changes": []}, REPOSITORY)
    assert "`make` ended with status 2" in text
    assert "Half \\| done" in text
    assert [line.split() for line in text.splitlines() if "foreign-cpu" in line] == [
        ["|", "foreign-cpu", "|", "2", "|"]
    ]


def test_several_sessions_are_said() -> None:
    rows = table(row(GOOD), row(GOOD, session="s2"))
    assert "2 sessions" in summary(rows, COMMITS, {"changes": []}, REPOSITORY)


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
