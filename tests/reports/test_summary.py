"""The summary that a person reads, and the list of what to try again."""

import re
from typing import Any

from msgspec.structs import replace

from ergit.records.changes import ChangeResult, ComparablePart
from ergit.records.context import (
    AcceptedCommit,
    ChangedFile,
    ChangedFiles,
    ContextRecord,
    Differences,
    JdkVersions,
    KindFiles,
)
from ergit.records.energy_table import EnergyRow
from ergit.records.failures import FailureRow
from ergit.reports.summary import failed_files, short_reason, summary, told_lines
from tests.fakes.results import change, changes_record, context
from tests.fakes.tables import commit_row, energy_table, reading, sha_of

CHANGE = change(3, 0.0512, ci_low=0.041, ci_high=0.06, location=(sha_of(2), sha_of(3)), after=None)
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
    differs=Differences(
        kinds=("program", "build"),
        files=(
            KindFiles(kind="program", files=("A\x1b|.java", "B.java", "C.java", "D.java")),
            KindFiles(kind="build", files=("pom.xml",)),
        ),
    ),
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
    failures = others.pop("failures", ())
    found = ContextRecord(changes=tuple(contexts), accepted=tuple(accepted))
    commits = [commit_row(number) for number in sorted({row.order for row in rows})]
    dropped = commit_row(99, chosen=False)
    return summary(
        energy_table(rows),
        [*commits, dropped],
        changes_record(*changes, **others),
        found,
        "https://example.org/project",
        failures=failures,
    )


def test_a_change_is_shown_with_its_size_interval_and_link() -> None:
    text = summed_up([clean(3)], CHANGE, contexts=[CONTEXT])
    line = next(line for line in text.splitlines() if line.startswith("| ["))
    assert f"[0303030303](https://example.org/project/commit/{sha_of(3)}" in line
    assert "+5.1%" in line
    assert "+4.1% to +6.0%" in line
    assert "0.0001" in line


def test_a_change_has_a_line_of_context() -> None:
    assert (
        "- 0303030303: in one of 2 commits; mostly time (time +5.0%, power +0.1%); 5 files, +9 -3 lines;"
        " JDK 11 → 17; differs in the program and the build; program: A\ufffd|.java, B.java, C.java and 1 more;"
        " build: pom.xml; words: perf; accepted as v1\n"
    ) in summed_up([clean(3)], CHANGE, contexts=[CONTEXT])


def test_no_change_is_stated_with_the_minimum_detectable_change() -> None:
    text = summed_up([clean(3)], minimum_detectable_change=0.023)
    assert "## Changes\n\nNone." in text
    assert "Minimum detectable change at the median commit: 2.3% (with 80% power)" in text
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


def test_one_reading_of_each_commit_is_said_to_be_little() -> None:
    words = "**One reading of each commit**: how far equal readings lie apart shows only between commits"
    assert words in summed_up([clean(3), clean(4)])
    assert words in summed_up([clean(3), clean(4), clean(4, session="s2")])
    assert words not in summed_up([clean(3), clean(4), clean(4, round=2)])
    assert words not in summed_up([clean(3)])


def test_failures_are_listed_with_their_reason() -> None:
    rows = [clean(3), failure(2, "build-failed", reason="`make` ended with status 2", subject="Half | done")]
    text = summed_up(rows)
    assert "`make` ended with status 2" in text
    assert "Half \\| done" in text


def test_changes_stand_in_the_order_of_the_history() -> None:
    changes = [change(5, 0.1), change(2, 0.3, kind="transient"), change(4, -0.1)]
    text = summed_up([clean(3)], *changes, contexts=[context(found) for found in changes])
    table = text[text.index("## Changes") :].splitlines()
    assert [line[2:12] for line in table if line.startswith("| 0")] == [sha_of(n)[:10] for n in (2, 4, 5)]
    assert [line[2:12] for line in table if line.startswith("- 0")] == [sha_of(n)[:10] for n in (2, 4, 5)]


def test_a_change_of_a_sampled_history_names_the_unmeasured_commits_it_may_lie_in() -> None:
    found = change(9, 0.1, after=sha_of(1), commits_between=169, measured_between=1)
    text = summed_up([clean(9)], found, contexts=[context(found)])
    assert "- 0909090909: after 0101010101, up to 0909090909: 169 commits, 1 of them measured; 0 files" in text


def test_a_change_in_one_of_several_measured_commits_names_the_ends() -> None:
    found = change(9, 0.1, after=sha_of(6), commits_between=3, measured_between=3)
    text = summed_up([clean(9)], found, contexts=[context(found)])
    assert "after 0606060606, up to 0909090909: 3 commits, all measured; " in text


def test_of_many_failures_the_reasons_are_listed() -> None:
    row = FailureRow(
        kind="build-failed",
        commits=30,
        reason="`make` ended: error: x",
        first=sha_of(1),
        last=sha_of(30),
        example="",
        log="",
    )
    failures = [row, *(replace(row, commits=1, reason=f"reason {n}") for n in range(11))]
    rows = [clean(99), *(failure(n, "build-failed", reason=f"A.c:{n}: error: x") for n in range(1, 31))]
    text = summed_up(rows, failures=failures)
    assert f"| 30        | build-failed | `make` ended: error: x | {sha_of(1)[:10]} | {sha_of(30)[:10]} |" in text
    assert "reason 8" in text
    assert "reason 9" not in text
    assert "\n2 more reasons, an example and a log of each: results/failures.tsv.\n\nTo try these again," in text
    assert "| A.c:3" in summed_up(rows[:20], failures=failures)


def test_a_long_command_does_not_hide_what_became_of_it() -> None:
    reason = "`javac -nowarn -d target/classes $(find src/main/java -name '*.java')` ended with status 1"
    assert short_reason(reason) == "`javac -nowarn -d target/class…` ended with status 1"
    assert short_reason("the workload ended with status 3") == "the workload ended with status 3"


def test_what_the_log_says_is_shown_before_how_a_command_ended() -> None:
    assert short_reason("`mvn -q compile` ended with status 1: A.java:3: error: no (with JDK 17)") == (
        "A.java:3: error: no (with JDK 17)"
    )
    assert short_reason("the workload ended with status 127: mvn: not found") == "mvn: not found"


def test_of_a_path_in_a_long_reason_the_file_is_left_and_of_a_url_all() -> None:
    said = "error: cannot find symbol: class Charset of a package that is not there"
    folder = "core/src/main/java/org/example/words"
    assert short_reason(f"`make` ended with status 2: {folder}/A.java:31: {said}") == f"…/A.java:31: {said}"
    assert short_reason(f"{folder}/A.java:3: error: no") == f"{folder}/A.java:3: error: no"
    jar = "Could not find artifact org.gone:parent:pom:3 in central (https://repo.example.org/maven2/of/all/artifacts)"
    assert short_reason(jar) == jar


def test_what_lies_in_a_change_has_lines_of_its_own_where_it_is_long() -> None:
    assert told_lines("a" * 40, ["1 file", "words: perf"]) == ["- aaaaaaaaaa: 1 file; words: perf"]
    parts = [
        "not comparable, other tests ran: 1 only before",
        "program: " + ", ".join(["Parser.java"] * 15),
        "words: b",
    ]
    assert told_lines("a" * 40, parts) == [f"- aaaaaaaaaa: {parts[0]}", f"  - {parts[1]}", f"  - {parts[2]}"]


def test_a_study_in_which_every_commit_failed_states_that_none_could_be_measured() -> None:
    rows = [failure(n, "build-failed", reason="status 1 of `make`") for n in range(3)]
    text = summed_up(rows, kind=None, measured_commits=0, minimum_detectable_change=None)
    assert "- 3 commits, 0 with readings; 0 readings, 0 clean\n" in text
    assert "## Changes\n\n**No commit could be measured.** What failed stands below.\n\n## Without a reading" in text
    assert "Too few commits" not in text


def test_flagged_readings_alone_are_not_called_too_few_commits() -> None:
    rows = [clean(n, clean=False, flags="foreign-cpu") for n in range(3)]
    text = summed_up(rows, minimum_detectable_change=None)
    assert "**No reading is clean**, so no change can be found: all 3 are flagged." in text
    assert "Too few commits" not in text


def test_a_small_study_states_what_its_intervals_assume() -> None:
    part = ComparablePart(
        **{"commits": 3, "anchors": 0, "sessions": (), "run_spread": 0.01, "build_spread": 0.005, "drift_spread": 0.0},
        **{"tail_degrees": 5.0, "identical_neighbours": 0, "assumed_build_difference": 0.015},
    )
    assert "The intervals assume that builds of the same source differ by at most 1.5%: too few" in summed_up(
        [clean(3)], parts=(part,)
    )
    assert "assume" not in summed_up([clean(3)], parts=(replace(part, assumed_build_difference=None),))


HOSTILE = "a \\| b\n## c \x1b[31m\u202e" + "W" * 500


def test_hostile_text_stays_in_its_cell_and_on_its_line() -> None:
    found = change(3, 0.1)
    files = ChangedFiles(
        count=1,
        added=1,
        removed=0,
        largest=(ChangedFile(path=HOSTILE, added=1, removed=0),),
        unlisted=0,
        build_files=(HOSTILE,),
        test_files=0,
    )
    about = context(found, subject=HOSTILE, files=files, tags=(HOSTILE,), accepted_as=HOSTILE)
    rows = [clean(3, host=HOSTILE, subject=HOSTILE), failure(2, "failed", reason=HOSTILE, subject=HOSTILE)]
    text = summed_up(rows, found, contexts=[about])
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        *("# Energy of https://example.org/project", "## Changes", "## Without a reading")
    ]
    assert not {"\x1b", "\u202e"} & set(text)
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in table} == {8, 5}
    assert max(map(len, table)) < 250


def test_the_link_of_a_commit_has_no_password_and_ends_where_it_should() -> None:
    found = change(3, 0.1)
    about = context(found, link="https://user:secret@example.org/a (b)/3|4")
    text = summed_up([clean(3)], found, contexts=[about])
    assert "[0303030303](https://example.org/a%20%28b%29/3%7C4)" in text
    assert "secret" not in text


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


def test_a_study_below_a_prefix_names_its_own_files() -> None:
    rows = energy_table([failure(2, "no-jdk")])
    assert failed_files(rows, "slow/results") == [f"slow/results/java/{sha_of(2)}.json"]
    found = ContextRecord(changes=(), accepted=())
    text = summary(rows, [commit_row(2)], changes_record(kind=None), found, "project", results="slow/results")
    assert "`-R $(cat slow/results/failed.txt)`" in text
    own = summary(rows, [commit_row(2)], changes_record(kind=None), found, "project", is_own_folder=True)
    assert "To try these again, run `make retry`." in own
    assert " results/" not in text


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
