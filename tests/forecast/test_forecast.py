"""What a study will take, from results made by hand; and beside it what a run took."""

import dataclasses
import json
import math
import os
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec import to_builtins
from msgspec.structs import replace

from ergit.analysis.changes import changes_record
from ergit.analysis.detection.detect import detect
from ergit.analysis.detection.observations import one_session
from ergit.analysis.detection.power import minimum_detectable_change
from ergit.analysis.planning import assumed_noise, noise_of_study, planned_change
from ergit.analysis.readings import clean_readings
from ergit.cli import main
from ergit.config.settings import ChangeSettings, MeasureSettings, NoiseSettings, WorkloadSettings
from ergit.errors import ErgitError
from ergit.forecast import outcome, page
from ergit.forecast.forecast import StudySettings, Work, forecast
from ergit.forecast.noise import NoiseWork, noise_work_of
from ergit.forecast.noise import lines as noise_lines
from ergit.forecast.run import RunForecast, work_of
from ergit.forecast.survey import SAMPLE, evenly_spaced
from ergit.records.build import BuildRecord, CommandOutcome, write_build
from ergit.records.changes import ChangesRecord, write_changes
from ergit.records.commits import read_commits, write_commits
from ergit.records.energy_table import read_energy_table
from ergit.records.forecast import ForecastRecord, read_forecast
from ergit.records.java import ChosenJdk
from ergit.records.jdks import AskedJdk, JdksRecord, write_jdks
from ergit.records.noise import NoiseRecord, write_noise
from ergit.records.plan import RoundsPlan, write_plan
from ergit.records.readings import SourceRecord, write_readings
from tests.fakes import job_records
from tests.fakes.tables import commit_row, reading, sha_of, write_study

WORKLOAD = WorkloadSettings(command="./run")
MEASURE = MeasureSettings(rounds=3, repeats=2, warmup=1, idle_seconds=1.0, rest_seconds=0.5, minimum_window_seconds=0.1)
SETTINGS = StudySettings(WORKLOAD, MEASURE, ChangeSettings())


def settings_of(**measure: Any) -> StudySettings:
    """The settings with other keys of `measure`."""
    return StudySettings(WORKLOAD, replace(MEASURE, **measure), ChangeSettings())


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """The results of a study of ten commits, eight of them chosen, of which nothing is built."""
    rows = [commit_row(number, chosen=number < 8) for number in range(10)]
    write_commits(tmp_path / "results/commits.tsv", rows)
    write_plan(tmp_path / "results/plan.json", RoundsPlan(rounds={sha_of(number): None for number in range(8)}))
    return tmp_path / "results"


def build(results: Path, number: int, **entries: Any) -> None:
    """Writes the build of a commit, of two commands that took 10 and 20 s, and its artifact of 1 MB."""
    steps = tuple(
        CommandOutcome(
            command="make", status="ok", reason=None, exit_code=0, signal=None, started="2024-05-01", seconds=seconds
        )
        for seconds in (10.0, 20.0)
    )
    record = BuildRecord(
        commit=sha_of(number),
        java=None,
        directory="/b",
        environment={},
        cached=False,
        commands=steps,
        status="ok",
        reason=None,
    )
    write_build(results / f"build/{sha_of(number)}.json", replace(record, **entries))
    (results / f"build/{sha_of(number)}.tar.gz").write_bytes(bytes(1_000_000))


def measured(results: Path, number: int, round_: int = 1, joules: float = 20.0, **entries: Any) -> Path:
    """Writes the record of a job that took 12 s, with a warm-up and two readings."""
    windows = [job_records.reading(warmup=warmup, joules={"package": joules}) for warmup in (True, False, False)]
    record = job_records.record(
        sha_of(number),
        *windows,
        round=round_,
        workload=to_builtins(WORKLOAD),
        measure=to_builtins(MEASURE),
        seconds=12.0,
    )
    path = results / f"readings/{sha_of(number)}/{round_}.json"
    write_readings(path, replace(record, **entries))
    return path


def test_before_the_first_build_only_what_the_config_says_is_told(results: Path) -> None:
    found = forecast(results, SETTINGS)
    assert (found.considered, found.commits, found.builds_left, found.jobs, found.jobs_left) == (10, 8, 8, 24, 24)
    assert found.least_seconds == pytest.approx(24 * (1.0 + 2 * (0.5 + 0.1)))
    assert found.build_seconds is found.measuring_seconds is found.joules is found.disk_bytes is found.kind is None
    assert found.missing == {
        "build_seconds": "no commit is built yet",
        "measuring_seconds": "no reading is there yet",
        "joules": "no reading is there yet",
        "disk_bytes": "no commit is built yet",
    }
    assert (found.noise_from, found.run_spread, found.build_spread) == ("assumption", 0.02, 0.005)
    assert page.lines(found, Path("results"))[:6] == [
        "Forecast",
        "  commits   8 of 10 considered",
        "  builds    8 left",
        "  readings  48 left: all of 24 jobs of 2 readings",
        "  time      not known: no reading is there yet; at least 53 s of rests, idle samples and shortest windows",
        f"  disk      not known: no commit is built yet; {page.size(found.free_bytes)} free",
    ]


def test_with_fixed_loops_the_shortest_window_is_no_bound(results: Path) -> None:
    assert forecast(results, settings_of(loops=3)).least_seconds == pytest.approx(24 * (1.0 + 2 * 0.5))


def test_what_is_left_takes_as_long_as_what_is_there(results: Path) -> None:
    for number in range(4):
        build(results, number)
    for number, joules in ((0, 10.0), (1, 30.0)):
        measured(results, number, joules=joules)
    found = forecast(results, SETTINGS)
    assert (found.builds_left, found.jobs_left, found.jobs_seen) == (4, 22, 2)
    assert found.build_seconds == pytest.approx(4 * 30)
    assert found.measuring_seconds == pytest.approx(22 * 12)
    assert found.joules == pytest.approx(22 * 60)
    assert found.kind == "measured"
    sizes = [path.stat().st_size for path in results.glob("readings/*/1.json")]
    assert found.disk_bytes == pytest.approx(4 * 1_000_000 + 22 * sum(sizes) / 2)
    assert "  energy    about 1.32 kJ in windows (package)" in page.lines(found, Path("results"))
    assert "  time      about 4 min to measure, judged by 2 jobs" in page.lines(found, Path("results"))


def test_built_trees_take_no_more_than_the_disk_that_they_may(results: Path) -> None:
    for number in range(3):
        build(results, number)
    (results / f"build/{sha_of(2)}.tar.gz").write_bytes(b"")  # put aside
    record = measured(results, 0)
    records = 23 * record.stat().st_size
    assert forecast(results, SETTINGS).disk_bytes == pytest.approx(5e6 + records)
    limited = dataclasses.replace(SETTINGS, disk_gigabytes=0.003)
    assert forecast(results, limited).disk_bytes == pytest.approx(1e6 + records)


def test_more_repeats_take_longer_than_the_recorded_ones(results: Path) -> None:
    measured(results, 0)
    found = forecast(results, settings_of(repeats=5))
    assert found.measuring_seconds == pytest.approx(23 * 12 * 6 / 3)
    assert found.joules == pytest.approx(23 * 60 * 6 / 3)


def test_a_record_of_0_1_0_tells_its_time_by_its_windows(results: Path) -> None:
    windows = [job_records.reading(started=f"2024-05-01T12:00:{second:02}.500000Z") for second in (0, 5, 11)]
    measured(results, 0, seconds=None, readings=tuple(windows))
    assert forecast(results, SETTINGS).measuring_seconds == pytest.approx(23 * (11 + 2))


def test_commits_that_failed_or_have_no_jdk_take_no_time(results: Path) -> None:
    build(results, 0)
    build(results, 1, status="failed", reason="`make` ended with status 2", commands=())
    measured(results, 0)
    asked = AskedJdk(release=6, commits=2, sources={}, chosen=None, install=("apt install openjdk-6",))
    jdk = ChosenJdk(home="/j", release=17, version="17", vendor=None)
    fine = AskedJdk(release=17, commits=6, sources={}, chosen=jdk)
    write_jdks(results / "jdks.json", JdksRecord(here=(jdk,), asked=(asked, fine), without_jdk=(sha_of(6), sha_of(7))))
    found = forecast(results, SETTINGS)
    assert (found.builds_left, found.builds_failed, found.without_jdk, found.missing_jdks) == (4, 1, 2, (6,))
    assert found.build_seconds == pytest.approx(4 * 15)
    assert found.measuring_seconds == pytest.approx((24 - 1 - 3 - 6) * 12)
    assert "  commits   8 of 10 considered; no JDK here builds 2 of them (missing: JDK 6)" in page.lines(
        found, Path("results")
    )
    assert any("4 left" in line and "; 1 failed" in line for line in page.lines(found, Path("results")))
    assert (found.jobs, found.jobs_left) == (24 - 3 - 6, 24 - 1 - 3 - 6)


def test_another_workload_measures_everything_again(results: Path) -> None:
    measured(results, 0)
    other = StudySettings(replace(WORKLOAD, command="./other"), MEASURE, ChangeSettings())
    assert forecast(results, other).jobs_left == 24
    longer = StudySettings(replace(WORKLOAD, timeout_seconds=5), MEASURE, ChangeSettings())
    assert forecast(results, longer).jobs_left == 23


def test_what_snakemake_has_found_to_do_counts_before_what_is_there(results: Path) -> None:
    build(results, 0, status="failed", reason="x")
    measured(results, 0)
    work = Work(frozenset({sha_of(0)}), frozenset({(sha_of(0), 1), (sha_of(0), 2)}))
    found = forecast(results, SETTINGS, work)
    assert (found.builds_left, found.builds_failed, found.jobs_left) == (1, 0, 2)
    assert found.measuring_seconds == pytest.approx(2 * 12)


FLOOR = NoiseRecord(
    commit=sha_of(0),
    chosen="noise.commit names it",
    kind="measured",
    source="pmu",
    host="box",
    session="s",
    builds=2,
    rounds=10,
    readings=100,
    unclean_readings=0,
    readings_of_other_sessions=0,
    minutes=9.0,
    median_joules=20.0,
    run_spread=0.003,
    round_spread=0.004,
    build_spread=0.001,
    likely_build_spread=0.002,
    largest_build_difference=0.001,
    jobs=20,
    changes_reported=0,
    planned_rounds=3,
    planned_repeats=2,
    planned_commits=8,
    least_change=0.01,
    false_discovery_rate=0.05,
    visible=(),
    runs_needed=(),
)
"""A noise floor: 0.3% from reading to reading, and 0.4% from round to round on top."""


def made_study(folder: Path, run: float = 0.02, step: float = 0.0) -> ChangesRecord:
    """What the statistics say of a made study of twelve commits with six readings each; the second half takes more."""
    rng = np.random.default_rng(1)
    rows = []
    for number in range(12):
        level = math.log(20) + rng.normal(0, 0.005) + (step if number > 5 else 0.0)
        joules = np.exp(level + rng.normal(0, run, 6)).tolist()
        rows += [reading(number, repeat, value) for repeat, value in enumerate(joules, start=1)]
    write_study(folder, rows)
    history, table = read_commits(folder / "commits.tsv"), read_energy_table(folder / "energy.csv")
    return changes_record(clean_readings(table, history, "package", "energy.csv"), history, ChangeSettings())


@pytest.mark.parametrize(("run", "step"), [(0.02, 0.0), (0.05, 0.0), (0.02, 0.5), (0.0001, 0.0)])
def test_the_noise_of_a_study_gives_the_change_that_was_found_detectable(
    tmp_path: Path, run: float, step: float
) -> None:
    record = made_study(tmp_path, run, step)
    noise = noise_of_study(record)
    assert noise
    planned = planned_change(noise, 12, 6, ChangeSettings())
    assert planned and planned.lasting == pytest.approx(record.study.minimum_detectable_change, rel=0.03)
    more = planned_change(noise, 12, 60, ChangeSettings())
    assert more and more.lasting <= 1.03 * planned.lasting


def test_the_noise_of_the_readings_comes_before_that_of_the_floor_and_an_assumption(
    results: Path, tmp_path: Path
) -> None:
    assert forecast(results, SETTINGS).noise_from == "assumption"
    write_noise(results / "noise.json", FLOOR)
    floor = forecast(results, SETTINGS)
    assert floor.noise_from == "noise floor"
    assert (floor.run_spread, floor.build_spread) == (pytest.approx(math.sqrt(0.003**2 + 2 * 0.004**2)), 0.002)
    (results / "noise.json").unlink()
    write_changes(results / "changes.json", replace(made_study(tmp_path / "made"), commits=()))
    known = forecast(results, SETTINGS)
    assert known.noise_from == "readings"
    assert known.run_spread != 0.02
    (results / "changes.json").write_text("{", encoding="utf-8")
    assert forecast(results, SETTINGS).noise_from == "assumption"


def test_one_commit_can_be_compared_with_none(results: Path) -> None:
    write_commits(results / "commits.tsv", [commit_row(0)])
    write_plan(results / "plan.json", RoundsPlan(rounds={sha_of(0): None}))
    found = forecast(results, SETTINGS)
    assert found.lasting_change is found.newest_change is None
    assert page.lines(found, Path("results"))[-1] == "  detects   nothing: there are no two commits to compare"


@pytest.mark.parametrize(("rounds", "repeats", "decides"), [(1, 1, False), (2, 1, True), (1, 2, True)])
def test_one_reading_of_each_commit_is_said_to_decide_no_gate(
    results: Path, rounds: int, repeats: int, decides: bool
) -> None:
    told = page.lines(forecast(results, settings_of(rounds=rounds, repeats=repeats)), Path("results"))[-1]
    assert told.startswith("  detects   lasting changes from ")
    assert told.endswith("; a gate decides nothing by one reading of a commit") != decides


def test_more_commits_and_more_runs_detect_smaller_changes() -> None:
    sizes = [
        planned_change(assumed_noise(), commits, 15, ChangeSettings(least_change=0.001)) for commits in (2, 5, 10, 40)
    ]
    lasting = [size.lasting for size in sizes if size]
    assert lasting == sorted(lasting, reverse=True)
    few, many = (planned_change(assumed_noise(), 40, runs, ChangeSettings()) for runs in (3, 30))
    assert few and many and few.lasting > many.lasting and few.newest > few.lasting
    assert planned_change(assumed_noise(), 1, 15, ChangeSettings()) is None


@pytest.mark.parametrize(("commits", "runs"), [(5, 15), (24, 15), (60, 4), (5, 2), (10, 2), (30, 2), (7, 1)])
def test_the_planned_change_is_about_what_a_study_with_that_noise_detects(commits: int, runs: int) -> None:
    found = []
    for seed in range(1, 26):
        rng = np.random.default_rng(seed)
        log_joules = rng.normal(0, 0.005, commits)[:, None] + rng.normal(0, 0.02, (commits, runs))
        readings = one_session(np.repeat(np.arange(commits), runs), np.exp(log_joules).ravel())
        part = detect(readings, ChangeSettings())[0]
        found.append(float(np.median(minimum_detectable_change(part, ChangeSettings(), commits - 1)[1:])))
    planned = planned_change(assumed_noise(), commits, runs, ChangeSettings())
    assert planned and planned.lasting == pytest.approx(np.median(found), rel=0.4)


def test_thousands_of_commits_are_forecast_in_a_second(tmp_path: Path) -> None:
    commits = [f"{number:040x}" for number in range(3232)]
    rows = [commit_row(0, commit=commit, order=order) for order, commit in enumerate(commits)]
    write_commits(tmp_path / "commits.tsv", rows)
    write_plan(tmp_path / "plan.json", RoundsPlan(rounds=dict.fromkeys(commits)))
    build(tmp_path, 0)
    template = (tmp_path / f"build/{sha_of(0)}.json").read_text(encoding="utf-8")
    reading = measured(tmp_path, 0).read_bytes()
    for commit in commits:
        (tmp_path / f"build/{commit}.json").write_text(template, encoding="utf-8")
        (tmp_path / f"readings/{commit}").mkdir(exist_ok=True)
        for round_ in range(1, 5):
            (tmp_path / f"readings/{commit}/{round_}.json").write_bytes(reading)
    before = time.process_time()
    found = forecast(tmp_path, settings_of(rounds=5))
    assert time.process_time() - before < 2
    assert (found.jobs, found.jobs_left, found.jobs_seen) == (3232 * 5, 3232, SAMPLE)
    assert found.measuring_seconds == pytest.approx(3232 * 12)


def test_a_sample_is_spread_over_all() -> None:
    assert evenly_spaced(3, 5) == [0, 1, 2]
    assert evenly_spaced(10, 5) == [0, 2, 4, 6, 8]
    assert evenly_spaced(0, 5) == []


def test_the_files_that_snakemake_makes_are_the_work() -> None:
    one, two = sha_of(1), sha_of(2)
    outputs = [f"a/results/build/{one}.json", f"a/results/build/{one}.tar.gz", f"a/results/readings/{two}/12.json"]
    outputs += ["a/results/energy.csv", f"b/results/readings/{one}/1.json", f"a/results/noise/{one}/1/2.json"]
    assert work_of(outputs, "a/results") == Work(frozenset({one}), frozenset({(two, 12)}))


def test_a_run_begins_with_its_forecast_and_ends_with_what_it_took(results: Path) -> None:
    build(results, 0)
    early = measured(results, 0)
    for path in (early, results / f"build/{sha_of(0)}.json", results / f"build/{sha_of(0)}.tar.gz"):
        os.utime(path, (1, 1))
    run = RunForecast(results)
    work = Work(frozenset({sha_of(1), sha_of(2)}), frozenset({(sha_of(0), 2), (sha_of(1), 1)}))
    assert run.begin(SETTINGS, work)[0] == f"Forecast: {results.parent}"
    assert read_forecast(results / "forecast.json").jobs_left == 2
    build(results, 1)
    build(results, 2, status="failed", reason="x")
    measured(results, 0, 2, joules=100.0)
    measured(results, 1, 1)
    end = run.end()
    assert end[:6] + end[7:8] == [
        f"Forecast and outcome of this run: {results.parent}",
        "             forecast  outcome",
        "  builds     2         2 (1 failed)",
        "  building   60 s      60 s",
        "  readings   4         4",
        "  measuring  24 s      24 s",
        "  energy     120 J     360 J",
    ]
    assert re.fullmatch(r"  disk       2\S* MB +2\S* MB", end[6])
    assert end[8].endswith("%      not known")


def test_the_noise_floor_is_told_by_what_is_left_of_it(results: Path) -> None:
    noise, folder = NoiseSettings(builds=2, rounds=10), f"noise/{sha_of(3)}"
    assert noise_work_of(["r/energy.csv"], "r", noise) is None
    first = noise_work_of(["r/noise.json", "r/noise/control.json"], "r", noise)
    assert first == NoiseWork(builds=2, jobs=20)
    rest = [f"r/{folder}/2/build.json", f"r/{folder}/1/10.json", f"r/{folder}/2/1.json", "r/noise.json"]
    assert noise_work_of(rest, "r", noise) == NoiseWork(builds=1, jobs=2)
    assert noise_work_of(["r/noise.json", "r/noise.md"], "r", noise) is None
    assert first and noise_lines(results, MEASURE, first) == [
        f"Forecast of the noise floor: {results.parent}",
        "  builds    2 left, of one commit",
        "  readings  40 left: 20 jobs of 2 readings",
        "  time      not known: no reading is there yet; at least 44 s of rests, idle samples and shortest windows",
    ]
    measured(results, 0)
    assert noise_lines(results, MEASURE, first)[-1] == "  time      about 4 min to measure"


def test_a_run_that_builds_and_measures_nothing_says_nothing(results: Path) -> None:
    run = RunForecast(results)
    assert run.begin(SETTINGS, Work(frozenset(), frozenset())) == []
    assert run.end() == []
    assert RunForecast(results).end() == []
    empty = RunForecast(results.parent)
    assert empty.begin(SETTINGS, None) == empty.end() == []


def test_the_forecast_that_a_job_of_the_run_has_told_is_the_one_beside_the_outcome(results: Path) -> None:
    run = RunForecast(results)
    (results / "commits.tsv").rename(results / "later")
    assert run.begin(SETTINGS, None) == []
    (results / "later").rename(results / "commits.tsv")
    RunForecast(results).begin(SETTINGS, None)  # as the checkpoint writes it
    measured(results, 0)
    assert "  readings   48             2" in run.end()


def test_a_damaged_record_stops_no_run_but_is_said(results: Path) -> None:
    build(results, 0)
    path = results / f"build/{sha_of(0)}.json"
    path.write_text("{", encoding="utf-8")
    (line,) = RunForecast(results).begin(SETTINGS, Work(frozenset({sha_of(1)}), frozenset()))
    assert line.startswith("ergit: there is no forecast: ")
    assert str(path) in line


def test_a_reading_that_was_taken_again_is_one_reading_of_the_outcome(results: Path) -> None:
    run = RunForecast(results)
    run.begin(SETTINGS, Work(frozenset(), frozenset({(sha_of(0), 1)})))
    measured(results, 0, readings=tuple(job_records.reading(attempt=attempt) for attempt in (1, 2, 3, 1)))
    assert "  readings   2             2 (taken again 2 times)" in run.end()


def test_only_what_was_written_since_counts_as_the_outcome(results: Path) -> None:
    measured(results, 0).with_name("1.superseded-x.json").write_text("{", encoding="utf-8")
    estimated = SourceRecord(name="estimate", kind="estimated", domains=("package",), reason="x")
    measured(results, 1, source=estimated)
    found = outcome.outcome(results, 0, "package")
    assert (found.builds, found.jobs, found.readings, found.joules) == (0, 2, 4, 120.0)
    assert outcome.outcome(results, time.time() + 60, "package").jobs == 0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (89, "89 s"),
        (91, "2 min"),
        (5399, "90 min"),
        (5400, "1.5 h"),
        (172_000, "47.8 h"),
        (180_000, "2.1 days"),
    ],
)
def test_a_duration_is_told_in_the_unit_that_one_thinks_in(seconds: float, words: str) -> None:
    assert page.duration(seconds) == words


@pytest.mark.parametrize(
    ("joules", "words"), [(0, "0 J"), (12.34, "12.3 J"), (999.9, "1 kJ"), (81_000, "81 kJ"), (5e12, "5000 GJ")]
)
def test_energy_is_told_with_three_digits(joules: float, words: str) -> None:
    assert page.energy(joules) == words


CONFIG = "repository: {url: .}\ncommits: [main]\nworkload: {command: ./run}\n"


def called(folder: Path, *words: str) -> None:
    """Calls `ergit forecast` for the study in the folder."""
    main(["forecast", "--study", str(folder), *words])


def test_the_command_prints_the_forecast(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = results.parent
    (study / "config").mkdir()
    (study / "config/config.yaml").write_text(CONFIG, encoding="utf-8")
    called(study)
    assert capsys.readouterr().out.startswith(f"Forecast: {study}\n  commits   8 of 10 considered\n")
    called(study, "--json")
    assert json.loads(capsys.readouterr().out)["jobs"] == 24


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (CONFIG, ["results/commits.tsv", "`ergit run --until forecast`"]),
        (CONFIG.replace("workload", "imported: [a.csv]\nworkload"), ["readings are imported"]),
    ],
)
def test_where_there_is_nothing_to_forecast_it_says_why(tmp_path: Path, config: str, words: Sequence[str]) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.yaml").write_text(config, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        called(tmp_path)
    assert all(word in str(ended.value) for word in words)


@pytest.mark.parametrize("command", ["forecast", "doctor", "gate"])
def test_a_folder_without_a_config_is_refused_with_what_to_do(command: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--study", str(tmp_path)])
    assert f"There is no config/config.yaml in {tmp_path}. Name the study's folder with --study" in str(ended.value)


def test_a_forecast_without_a_choice_of_commits_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ErgitError, match=r"commits\.tsv"):
        forecast(tmp_path, SETTINGS)


def test_a_disk_that_is_too_small_is_said(results: Path) -> None:
    found: ForecastRecord = replace(forecast(results, SETTINGS), disk_bytes=5e9, free_bytes=1_000_000_000)
    assert "  disk      about 5 GB more, 1 GB free; that is too little" in page.lines(found, Path("results"))
