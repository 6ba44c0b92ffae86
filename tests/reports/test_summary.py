"""The summary that a person reads, and the list of what to try again."""

from typing import Any

from ergit.records.changes import ChangeResult
from ergit.records.context import AcceptedCommit, ChangedFile, ChangedFiles, ContextRecord, JdkVersions
from ergit.records.energy_table import EnergyRow
from ergit.reports.summary import failed_files, summary
from tests.fakes.results import change, changes_record, context
from tests.fakes.tables import energy_table, reading, sha_of

CHANGE = change(3, 0.0512, ci_low=0.041, ci_high=0.06, location=(sha_of(2), sha_of(3)))
CONTEXT = context(
    CHANGE,
    subject="Good",
    link=f"https://example.org/project/commit/{sha_of(3)}",
    files=ChangedFiles(
        count=5,
        added=9,
        removed=3,
        largest=(ChangedFile(path="A\x1b|.java", added=9, removed=3),),
        unlisted=0,
        build_files=("pom.xml",),
        test_files=0,
    ),
    tags=("perf",),
    java=JdkVersions(before="11", after="17"),
    duration_change=0.05,
    power_change=0.001,
    mostly="time",
    accepted_as="v1",
)


def clean(number: int, **cells: Any) -> EnergyRow:
    """A clean reading of a commit."""
    return reading(number, 1, 100.0, **cells)


def failure(number: int, status: str, **cells: Any) -> EnergyRow:
    """A row that says why a commit has no reading."""
    return reading(number, 1, status=status, **cells)


def summed_up(rows: list[EnergyRow], *changes: ChangeResult, **others: Any) -> str:
    """The summary of these readings and changes; `others` are contexts, accepted commits, and facts of the study."""
    contexts, accepted = others.pop("contexts", ()), others.pop("accepted", ())
    found = ContextRecord(changes=tuple(contexts), accepted=tuple(accepted))
    return summary(energy_table(rows), changes_record(*changes, **others), found, "https://example.org/project")


def test_a_change_is_shown_with_its_size_interval_and_link() -> None:
    text = summed_up([clean(3)], CHANGE, contexts=[CONTEXT])
    line = next(line for line in text.splitlines() if line.startswith("| ["))
    assert f"[0303030303](https://example.org/project/commit/{sha_of(3)}" in line
    assert "+5.1%" in line
    assert "+4.1% to +6.0%" in line
    assert "0.0001" in line


def test_a_change_has_a_line_of_context() -> None:
    assert (
        "- 0303030303: in one of 2 commits; mostly time (time +5.0%, power +0.1%); 5 files, +9 -3 lines: A\ufffd|.java"
        " and 2 more; JDK 11 → 17; build: pom.xml; words: perf; accepted as v1\n"
    ) in summed_up([clean(3)], CHANGE, contexts=[CONTEXT])


def test_no_change_is_stated_with_what_could_have_been_seen() -> None:
    text = summed_up([clean(3)], minimum_detectable_change=0.023)
    assert "## Changes\n\nNone." in text
    assert "could have been seen, at the median commit: 2.3%" in text
    assert "Too few commits" in summed_up([clean(3)], minimum_detectable_change=None)


def test_accepted_commits_are_listed() -> None:
    accepted = [
        AcceptedCommit(name="v1", commit=sha_of(2), from_commit=sha_of(3)),
        AcceptedCommit(name="v9", commit=sha_of(4), from_commit=None),
    ]
    text = summed_up([clean(3)], accepted=accepted)
    assert "- Accepted: v1 (0202020202), from 0303030303 on\n" in text
    assert "- Accepted: v9 (0404040404), not in the commits of this study\n" in text


def test_an_estimate_is_called_one() -> None:
    assert "**Estimated**" in summed_up([clean(3, kind="estimated", source="estimate")])
    assert "**Estimated**" not in summed_up([clean(3)])


def test_failures_are_listed_with_their_reason_and_flags_with_their_number() -> None:
    rows = [
        clean(3, flags="foreign-cpu;steal", clean=False),
        clean(3, flags="foreign-cpu", clean=False),
        failure(2, "build-failed", reason="`make` ended with status 2", subject="Half | done"),
    ]
    text = summed_up(rows)
    assert "`make` ended with status 2" in text
    assert "Half \\| done" in text
    assert [line.split() for line in text.splitlines() if "foreign-cpu" in line] == [
        ["|", "foreign-cpu", "|", "2", "|"]
    ]


def test_several_sessions_are_counted() -> None:
    assert "2 sessions" in summed_up([clean(3), clean(3, session="s2")])


def test_what_to_try_again_starts_at_the_cause() -> None:
    rows = [
        *[clean(3), failure(2, "build-failed"), failure(2, "build-failed", round=2), failure(4, "failed")],
        failure(4, "timeout", round=2),
    ]
    assert failed_files(energy_table(rows)) == [
        f"results/build/{sha_of(2)}.json",
        f"results/readings/{sha_of(4)}/1.json",
        f"results/readings/{sha_of(4)}/2.json",
    ]


def test_a_commit_without_a_jdk_is_tried_again_from_there() -> None:
    assert failed_files(energy_table([failure(2, "no-jdk")])) == [f"results/java/{sha_of(2)}.json"]
    assert failed_files(energy_table([clean(3)])) == []


def test_what_looks_like_a_missing_value_stays_the_text_it_is() -> None:
    text = summed_up([failure(2, "failed", reason="null", subject="NA", host="nan")])
    assert [cell.strip() for cell in text.split("| 0202020202")[1].split("\n")[0].split("|")][1:4] == [
        "failed",
        "null",
        "NA",
    ]
