"""What differs by a change, what equal neighbours show, and commits beside the main line, in words."""

import pytest
from msgspec.structs import replace

from ergit.records.changes import SideResult
from ergit.records.context import (
    CommitDifference,
    ContextRecord,
    DependencyDifference,
    Differences,
    EqualNeighbours,
    KindFiles,
    MethodDifference,
)
from ergit.reports.differences import differences_sentence, kinds_phrase
from ergit.reports.summary import equal_neighbours, side_part
from tests.fakes.results import change, changes_record
from tests.fakes.tables import commit_row, sha_of


def test_the_sentence_names_kinds_files_versions_and_methods() -> None:
    found = Differences(
        kinds=("program", "dependencies"),
        files=(KindFiles(kind="program", files=("src/A.java",)), KindFiles(kind="ignore", files=("README",))),
        without_effect=("pom.xml",),
        dependencies=(DependencyDifference(name="a:b", versions=("1", "2", None), scope="test", file="pom.xml"),),
        methods=(MethodDifference(name="A.f(int)", happened="added", kind="program", file="src/A.java"),),
    )
    assert differences_sentence(found, sha_of(1)) == (
        "differs in the program and dependencies; program: A.java;"
        " no more than comments or the project's own version in pom.xml; versions: a:b 1 → 2 → none (test);"
        " methods: A.f(int) (added)"
    )


def test_of_several_commits_the_likeliest_is_told_alone_and_an_observed_false_alarm_says_so() -> None:
    commits = (
        CommitDifference(commit=sha_of(1), kinds=("workload",)),
        CommitDifference(commit=sha_of(2), kinds=()),
    )
    found = Differences(kinds=("workload",), commits=commits)
    assert differences_sentence(found, sha_of(2)) == (
        "these commits touch the workload; 0202020202 itself: nothing that runs"
    )
    alarm = differences_sentence(Differences(kinds=(), same="files"), sha_of(1))
    assert "an observed false alarm: all files that may run are the same" in alarm


@pytest.mark.parametrize(
    ("kinds", "phrase"),
    [
        ((), "nothing that runs"),
        (("jdk",), "the JDK"),
        (("program", "workload", "build"), "the program, the workload and the build"),
    ],
)
def test_kinds_are_one_phrase(kinds: tuple[str, ...], phrase: str) -> None:
    assert kinds_phrase(kinds) == phrase  # type: ignore[arg-type]


def test_equal_neighbours_and_false_alarms_are_told() -> None:
    equal = EqualNeighbours(
        pairs=93,
        by_build=3,
        differ=1,
        median_difference=0.004,
        largest_usual_difference=0.011,
        false_alarms=(sha_of(7),),
    )
    record = replace(changes_record(), false_alarms=(change(9, 0.02),))
    told = list(equal_neighbours(record, ContextRecord(changes=(), accepted=(), equal=equal)))
    assert "93 pairs of neighbours" in told[0]
    assert "of 3 what was kept of the builds" in told[0]
    assert "by 0.4% (median), by no more than 1.1% in 95 of 100" in told[0]
    assert "calls 1 of these pairs different" in told[1]
    assert "**Observed false alarms among the changes above: 1** (0707070707)" in told[2]
    assert "at 0909090909 the level changes by +2.0%" in told[3]
    assert list(equal_neighbours(changes_record(), ContextRecord(changes=(), accepted=()))) == []


def test_side_commits_are_counted_and_those_that_differ_are_listed() -> None:
    differing = SideResult(
        commit=sha_of(2),
        order=2,
        left=sha_of(1),
        level_commits=2,
        relative=0.12,
        ci_low=0.1,
        ci_high=0.14,
        q=1e-9,
        differs=True,
    )
    record = replace(changes_record(), side=(SideResult(commit=sha_of(0), order=0), differing))
    context = ContextRecord(changes=(), accepted=(), side=(CommitDifference(commit=sha_of(2), kinds=("program",)),))
    text = side_part(record, context, [commit_row(number) for number in range(3)])
    assert "2 commits with readings are not in the first-parent history" in text
    assert "1 of them differs." in text
    assert "1 of them cannot be compared" in text
    row = [cell.strip() for cell in text.splitlines()[-1].strip("|").split("|")]
    assert row == [
        *("0202020202", "2024-01-03", "+12.0%", "+10.0% to +14.0%", "1e-09", "0101010101", "the program", "Step 2")
    ]
