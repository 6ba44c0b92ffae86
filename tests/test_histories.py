"""What `make histories` says of the builds of a history, from their records."""

from benchmarks.histories.builds import Built, jdk_would_build, reasons_of, summary_of
from benchmarks.histories.published import largest
from ergit.records.build import BuildRecord, BuildStatus, BuildTry, CommandOutcome, JdkRange
from ergit.records.changes import ChangeResult
from ergit.records.java import ChosenJdk, JavaRecord

JDK_17 = ChosenJdk(home="/jdk-17", release=17, version="17.0.15", vendor=None)
JDK_25 = ChosenJdk(home="/jdk-25", release=25, version="25.0.3", vendor=None)


def tried(jdk: ChosenJdk, cure: JdkRange | None, status: BuildStatus = "failed") -> BuildTry:
    return BuildTry(java=jdk, status=status, reason=None, seconds=2.0, cure=cure)


def built(
    status: BuildStatus = "ok",
    *tries: BuildTry,
    wanted: int | None = 8,
    reason: str | None = None,
    seconds: float = 2.0,
    year: str = "2020",
) -> Built:
    """What became of a commit, with an artifact of 3 MB."""
    command = CommandOutcome(
        command="mvn", status="ok", reason=None, exit_code=0, signal=None, started="2026-01-01", seconds=seconds
    )
    java = None if status == "no-jdk" else (tries[-1].java if tries else JDK_17)
    record = BuildRecord(
        commit="a" * 40,
        java=java,
        directory="/build",
        environment={},
        cached=False,
        commands=() if status == "no-jdk" else (command,),
        status=status,
        reason=reason,
        tries=tries,
    )
    asked = JavaRecord(
        commit="a" * 40,
        status="none" if status == "no-jdk" else "ok",
        wanted=wanted,
        wanted_from=None,
        chosen=java,
        reason="",
    )
    return Built(record, asked, 3_000_000, year)


def test_an_older_jdk_may_build_what_a_log_says_is_too_old() -> None:
    one = built("failed", tried(JDK_17, JdkRange(most=16)), tried(JDK_25, JdkRange(most=11)))
    assert (jdk_would_build(one, 8), jdk_would_build(one, 11), jdk_would_build(one, 12)) == (True, True, False)


def test_no_jdk_is_to_blame_where_the_last_log_blames_none() -> None:
    assert jdk_would_build(built("failed", tried(JDK_17, JdkRange(most=16)), tried(JDK_25, None)), 8) is None
    assert jdk_would_build(built("failed", tried(JDK_17, None)), 8) is None


def test_without_any_jdk_the_release_of_the_main_classes_decides() -> None:
    one = built("no-jdk", wanted=5)
    assert (jdk_would_build(one, 8), jdk_would_build(one, 11)) == (True, False)


def test_a_project_is_a_row() -> None:
    found = [
        built(seconds=4.0, year="2012"),
        built(seconds=6.0, year="2024"),
        built("ok", tried(JDK_25, None, "ok"), seconds=5.0),
        built("no-jdk", wanted=6, year="2015"),
        built("failed", tried(JDK_17, None), reason="`mvn` ended with status 1"),
    ]
    assert summary_of("jsoup", "asked", found) == [
        *("jsoup", "asked", "2012-2024", "5", "2 with 17, 1 with 25", "2", "1", "1", "1"),
        *("5.0", "3.00"),
    ]


def test_equal_reasons_are_counted_together() -> None:
    found = [
        built("failed", reason="`mvn` ended with status 1: A.java:3: error: cannot find symbol: class B"),
        built("failed", reason="`mvn` ended with status 1: C.java:99: error: cannot find symbol: class B"),
        built("no-jdk", reason="no JDK here compiles Java 5 (here are 17.0.15 in /jdk-17): install JDK 8"),
        built("timeout", reason="`mvn` took longer than 1800 s"),
        built(),
    ]
    assert reasons_of(found) == [
        ("`mvn` ended with status 1: error: cannot find symbol: class B", 2),
        ("no JDK here compiles Java 5", 1),
        ("`mvn` took longer than 1800 s", 1),
    ]


def change(commit: str, kind: str, relative: float) -> ChangeResult:
    return ChangeResult(
        commit=commit,
        order=1,
        kind="persistent" if kind == "persistent" else "transient",
        direction="increase" if relative > 0 else "decrease",
        relative_change=relative,
        ci_low=relative,
        ci_high=relative,
        q_value=0.001,
        location=(commit,),
        joules_before=1.0,
        joules_after=1.0 + relative,
        duration_change=None,
        power_change=None,
        after="b",
    )


def test_a_change_down_to_half_is_larger_than_one_up_by_nine_tenths() -> None:
    changes = [change("up", "persistent", 0.9), change("down", "persistent", -0.5), change("pass", "transient", 3.0)]
    assert [one.commit for one in largest(changes)] == ["down", "up"]
