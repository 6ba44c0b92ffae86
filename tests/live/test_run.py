"""What the process that runs a study counts and tells."""

import os
import pty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from ergit.config.settings import MeasureSettings, RepositorySettings, Settings, WorkloadSettings
from ergit.live.run import LiveRun, is_told
from ergit.live.tally import PlannedJob
from ergit.live.words import minute_line
from ergit.records.build import BuildRecord, write_build
from ergit.records.commits import CommitRow, write_commits
from ergit.records.live import LiveRecord, read_live
from ergit.records.readings import JobRecord, WindowConditions, write_readings
from ergit.terminal import Screen
from tests.fakes.job_records import reading, record

A, B, C = ("a" * 40, "b" * 40, "c" * 40)

SETTINGS = Settings(
    repository=RepositorySettings(url="https://user:secret@example.org/jsoup"),
    commits=("main",),
    workload=WorkloadSettings(command="true"),
    measure=MeasureSettings(rounds=2, repeats=2),
)


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a study of three commits."""
    monkeypatch.delenv("ERGIT_LIVE", raising=False)
    folder = tmp_path / "results"
    rows = [
        CommitRow(
            commit=commit,
            order=order,
            date="",
            author="",
            subject=f"Subject {order}",
            parents=(),
            tree="",
            tags=("v1",) if order == 0 else (),
            first_parent=True,
            chosen=True,
            reason="",
        )
        for order, commit in enumerate((A, B, C))
    ]
    write_commits(folder / "commits.tsv", rows)
    return folder


@pytest.fixture
def terminal() -> Iterator[tuple[Screen, Callable[[], str]]]:
    """A terminal, and what was written onto it since it was last asked."""
    seen, given = pty.openpty()

    def shown() -> str:
        os.write(given, b"\0")
        text = b""
        while not text.endswith(b"\0"):  # the kernel hands on what was written a moment later
            text += os.read(seen, 100_000)
        return text[:-1].decode().replace("\r\n", "\n")

    yield Screen(given, {"TERM": "xterm", "NO_COLOR": ""}), shown
    os.close(seen)
    os.close(given)


def jobs(*done: str) -> Iterator[PlannedJob]:
    """All jobs of the study; those with these records are done."""
    for commit in (A, B, C):
        names = [f"build/{commit}.json", *(f"readings/{commit}/{number}.json" for number in (1, 2))]
        yield from (PlannedJob("rule", (name,), is_left=name not in done) for name in names)


def write_the_build(results: Path, commit: str, status: str = "ok", reason: str | None = None) -> str:
    build = BuildRecord(
        commit=commit,
        java=None,
        directory="/b",
        environment={},
        cached=False,
        commands=(),
        status=status,  # type: ignore[arg-type]
        reason=reason,
    )
    write_build(results / f"build/{commit}.json", build)
    return f"build/{commit}.json"


def write_the_readings(results: Path, made: JobRecord) -> str:
    name = f"readings/{made.commit}/{made.round}.json"
    costs = {"repeats": 2, "warmup": 1}
    write_readings(results / name, replace(made, measure={**made.measure, **costs}, seconds=4.0))
    return name


def news(results: Path) -> LiveRecord:
    found = read_live(results / "live.json")
    assert found is not None
    return found


def test_before_the_commits_are_chosen_nobody_knows_how_long_it_takes(results: Path) -> None:
    run = LiveRun(SETTINGS, results, None)
    run.plan([PlannedJob("mirror", ("mirror.json",), is_left=True)])
    run.started({1: PlannedJob("mirror", ("mirror.json",), is_left=True)})
    assert news(results).seconds_left is None
    assert minute_line(news(results)) == [("", "ergit: the commits are not chosen yet; fetches the repository")]


def test_what_an_earlier_run_has_done_is_counted_with_what_is_left(results: Path) -> None:
    flagged = reading(flags=("foreign-cpu", "left-behind:java"), conditions=WindowConditions(celsius_after=61.0))
    done = (
        write_the_build(results, A),
        write_the_build(results, B, "failed", "`make` ended with status 2: a.c:1: error: no"),
        write_the_readings(results, record(A, reading(warmup=True, flags=("too-hot",)), reading(), flagged)),
    )
    run = LiveRun(SETTINGS, results, None)
    run.plan(jobs(*done))
    run.started({1: PlannedJob("build", (f"build/{C}.tar.gz", f"build/{C}.json"))})
    found = news(results)
    assert found.study == "https://example.org/jsoup"
    assert (found.builds_done, found.builds_total) == (2, 3)
    assert (found.jobs_done, found.jobs_total) == (1, 4)  # nothing is measured of the commit without a build
    assert (found.readings_done, found.readings_total) == (2, 8)
    assert (found.flagged, found.flags) == (1, {"foreign-cpu": 1})
    assert [(failure.kind, failure.commits) for failure in found.failures] == [("build-failed", 1)]
    assert [(step.what, step.commit and step.commit.subject) for step in found.steps] == [("builds", "Subject 2")]
    assert (found.last[-1].joules, found.last[-1].flags, found.celsius) == (20.0, ("foreign-cpu",), 61.0)
    assert found.last[-1].commit.tags == ("v1",)


def test_the_time_left_follows_from_jobs_that_are_done(results: Path) -> None:
    run = LiveRun(SETTINGS, results, None)
    done = [write_the_build(results, commit) for commit in (A, B, C)]
    run.plan(jobs(*done))
    run.started({1: PlannedJob("measure", (f"readings/{A}/1.json",))})
    assert news(results).seconds_left is None
    write_the_readings(results, record(A, reading(), reading()))
    run.finished(1)
    assert news(results).seconds_left == pytest.approx(5 * 4.0)
    assert news(results).window_seconds == 2.0


def test_a_job_that_is_done_is_a_line_on_the_terminal(
    results: Path, terminal: tuple[Screen, Callable[[], str]]
) -> None:
    screen, shown = terminal
    run = LiveRun(SETTINGS, results, screen)
    run.plan(jobs(*(write_the_build(results, commit) for commit in (A, B, C))))
    run.started({1: PlannedJob("measure", (f"readings/{A}/1.json",))})
    shown()
    flagged = reading(joules={"package": 22.0}, flags=("busy",))
    write_the_readings(results, record(A, reading(warmup=True), reading(), flagged))
    run.finished(1)
    kept = shown().split("\n")[0]
    assert kept == "\r\x1b[J       1 of 6  aaaaaaaaaa  round 1    21.00 J   2.00 s  1 of 2 flagged  v1 Subject 0"


def test_a_commit_that_fails_is_told_with_its_reason(results: Path, terminal: tuple[Screen, Callable[[], str]]) -> None:
    screen, shown = terminal
    run = LiveRun(SETTINGS, results, screen)
    run.plan(jobs())
    run.started({1: PlannedJob("build", (f"build/{B}.json",))})
    write_the_build(results, B, "timeout", "`make` took longer than 60 s")
    run.finished(1)
    assert "ergit: bbbbbbbbbb Subject 1 failed: `make` took longer than 60 s\n" in shown()
    assert news(results).failures[0].kind == "build-timeout"
    run.started({2: PlannedJob("measure", (f"readings/{A}/1.json",))})
    slow = reading(status="timeout", reason="the workload took longer than 9 s", joules={})
    write_the_readings(results, record(A, slow))
    run.finished(2)
    assert "ergit: aaaaaaaaaa v1 Subject 0 failed: the workload took longer than 9 s\n" in shown()
    assert {failure.kind for failure in news(results).failures} == {"build-timeout", "workload-timeout"}


def test_a_log_gets_a_line_a_minute_and_each_failure(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_700_000_000.0]
    monkeypatch.setattr("ergit.live.run.time.time", lambda: now[0])
    log = results / "log"
    with log.open("wb") as file:
        run = LiveRun(SETTINGS, results, Screen(file.fileno(), {}))
        run.plan(jobs(*(write_the_build(results, commit) for commit in (A, B, C))))
        for number, commit in enumerate((A, B, C)):
            run.started({number: PlannedJob("measure", (f"readings/{commit}/1.json",))})
            bad = reading(status="failed", reason="the workload ended with status 3", joules={})
            write_the_readings(results, record(commit, bad if commit == B else reading(), round=1))
            run.finished(number)
            now[0] += 25
        run.started({9: PlannedJob("sort", ("energy.csv",))})
    lines = log.read_text().splitlines()
    assert len(lines) == 3
    assert lines[1] == "ergit: bbbbbbbbbb Subject 1 failed: the workload ended with status 3"
    assert lines[0].startswith("ergit: 0 of 12 readings, 0%; measures aaaaaaaaaa")
    assert lines[2].startswith("ergit: 6 of 12 readings, 50%; about 12 s left; 1 commit failed: 1 ")


def test_an_error_of_the_machine_is_told_at_once_and_the_job_is_left(
    results: Path, terminal: tuple[Screen, Callable[[], str]]
) -> None:
    screen, shown = terminal
    run = LiveRun(SETTINGS, results, screen)
    run.plan(jobs())
    run.started({1: PlannedJob("measure", (f"readings/{A}/1.json",))})
    run.failed(1, "ergit: The disk is full.\n  Free some room.")
    assert "ergit: job measure of aaaaaaaaaa v1 Subject 0 failed: The disk is full. Free some room.\n" in shown()
    assert (news(results).steps, news(results).jobs_done) == ((), 0)
    run.started({2: PlannedJob("measure", (f"readings/{B}/1.json",))})
    run.failed(2, "ergit: somebody asked this study to stop (now), so the run ends here.")
    assert "failed" not in shown()
    run.started({3: PlannedJob("measure", (f"readings/{B}/2.json",))})
    run.failed(3, None)
    assert "failed" not in shown()
    assert news(results).steps == ()


def test_jobs_that_neither_build_nor_measure_are_told_by_what_they_do(results: Path) -> None:
    run = LiveRun(SETTINGS, results, None)
    run.plan(jobs())
    names = ("plots/evolution.svg", "gate.json", f"java/{A}.json", f"checkout/{A}", "mine.csv")
    for number, name in enumerate(names):
        run.started({number: PlannedJob("my_rule", (name,))})
    assert [step.what for step in news(results).steps] == [
        "draws the figures",
        "finds the verdict",
        "prepares builds",
        "prepares builds",
        "makes my_rule",
    ]


def test_the_end_is_told_once_and_for_all(results: Path) -> None:
    run = LiveRun(SETTINGS, results, None)
    run.plan(jobs(write_the_build(results, A, "failed", "no")))
    run.end("stopped")
    run.end("failed")
    run.finished(1)
    found = news(results)
    assert found.outcome == "stopped"
    assert found.ending == (
        "https://example.org/jsoup: it was stopped; the same command continues (0 of 8 readings, 0%, 1 commit failed)"
    )
    assert "the run has ended" in (results / "live.html").read_text()
    assert run.facts()["ERGIT_COMMITS_FAILED"] == "1"
    assert "left" not in minute_line(found)[0][1]


def test_what_a_kill_left_half_written_is_removed_and_a_missing_folder_is_made(tmp_path: Path) -> None:
    results = tmp_path / "new"
    LiveRun(SETTINGS, results, None)
    (results / ".live.json.4711.part").write_text("{")
    run = LiveRun(SETTINGS, results, None)
    run.started({1: PlannedJob("mirror", ("mirror.json",))})
    assert sorted(path.name for path in results.iterdir()) == ["live.html", "live.json"]
    assert news(results).steps[0].what == "fetches the repository"


def test_damaged_records_and_a_folder_that_takes_nothing_end_no_run(results: Path) -> None:
    run = LiveRun(SETTINGS, results, None)
    run.plan(jobs())
    run.started({1: PlannedJob("measure", (f"readings/{A}/1.json",))})
    (results / "readings" / A).mkdir(parents=True)
    (results / f"readings/{A}/1.json").write_text("{")
    run.finished(1)
    (results / "live.json").unlink()
    (results / "live.json").mkdir()
    run.end("done")


def test_of_many_failures_the_first_ten_are_told_then_every_tenth_then_every_hundredth() -> None:
    told = [count for count in range(1, 1200) if is_told(count)]
    assert told == [*range(1, 10), *range(10, 100, 10), *range(100, 1000, 100), 1000]
