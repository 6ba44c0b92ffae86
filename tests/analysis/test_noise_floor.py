"""The noise floor: a commit measured against itself, and what a study can see above that."""

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from ergit.analysis.detection.detect import detect
from ergit.analysis.detection.observations import one_session
from ergit.analysis.noise_floor.choose import aa_commit
from ergit.analysis.noise_floor.jobs import AAJob, job_of, of_one_session
from ergit.analysis.noise_floor.result import PlannedStudy, noise_floor
from ergit.analysis.noise_floor.spreads import pair_variance, spreads
from ergit.config.settings import ChangeSettings
from ergit.errors import ErgitError
from ergit.records.aa_commit import AACommit
from ergit.records.noise import NoiseRecord
from ergit.records.readings import JobRecord
from ergit.reports.noise import page
from tests.fakes import job_records
from tests.fakes.repositories import Repository
from tests.fakes.studies import SPIN, configure, planned, snakemake

NAN = math.nan
PLAN = PlannedStudy(rounds=3, repeats=5, commits=50, settings=ChangeSettings())
AA_COMMIT = AACommit(commit="a" * 40, reason="noise.commit names it")


def jobs(run: float, between: float, build: float, builds: int = 2, rounds: int = 10, seed: int = 1) -> list[AAJob]:
    """Jobs of 5 readings each, with the given standard deviations of log joules."""
    rng = np.random.default_rng(seed)
    levels = rng.normal(0, build, builds)
    return [
        job(number, round_, tuple((levels[number - 1] + rng.normal(0, between) + rng.normal(0, run, 5)).tolist()))
        for round_ in range(1, rounds + 1)
        for number in range(1, builds + 1)
    ]


def job(build: int, round_: int, log_joules: tuple[float, ...], session: str = "s1", kind: str = "measured") -> AAJob:
    """One job of the A/A commit, half a minute after the one before it."""
    seconds = 60 * round_ + 30 * build
    started = f"2024-01-01T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}+00:00"
    return AAJob(build, round_, "box", session, kind, "pmu", started, log_joules, unclean=0)


def record(**changes: Any) -> JobRecord:
    """The record of a job with a warm-up and two readings, the second of them flagged."""
    reading = job_records.reading(loops=2)
    readings = (replace(reading, warmup=True), reading, replace(reading, flags=("foreign-cpu",)))
    return replace(job_records.record("a" * 40, *readings, round=2), **changes)


def test_the_newest_built_commit_is_the_aa_commit_and_before_any_build_the_newest() -> None:
    assert aa_commit(["a", "b", "c"], None, {"a": "ok", "b": "ok", "c": "failed"}).commit == "b"
    assert aa_commit(["a", "b", "c"], None, {"c": "failed"}).commit == "b"
    assert aa_commit(["a", "b", "c"], None, {}).commit == "c"


def test_a_named_commit_is_the_aa_commit_and_must_be_one_of_the_study() -> None:
    named = AACommit(commit="aa11", reason="noise.commit names it")
    assert aa_commit(["aa11", "aa22"], "aa11", {"aa22": "ok"}) == named
    with pytest.raises(ErgitError, match="bb, which is no commit of this study"):
        aa_commit(["aa11", "aa22"], "bb", {})


def test_without_any_commit_that_can_be_built_there_is_no_aa_commit() -> None:
    with pytest.raises(ErgitError, match="None of the chosen commits can be built"):
        aa_commit(["a"], None, {"a": "no-jdk"})


def test_the_variance_of_pairs_is_that_of_one_value() -> None:
    assert pair_variance([np.array([1.0, 3.0]), np.array([5.0, NAN])]) == pytest.approx((1.4826 * 2) ** 2 / 2)
    assert pair_variance([np.array([1.0]), np.array([2.0])]) is None
    values = np.random.default_rng(1).normal(0, 0.02, (200, 3))
    assert pair_variance(values) == pytest.approx(0.02**2, rel=0.15)


def test_the_spreads_are_told_apart() -> None:
    rng = np.random.default_rng(1)
    parts = [
        rng.normal(0, size, shape) for size, shape in ((0.03, (40, 1, 1)), (0.02, (40, 40, 1)), (0.01, (40, 40, 5)))
    ]
    found = spreads(sum(parts, start=np.zeros((40, 40, 5))))
    assert found.run == pytest.approx(0.01, rel=0.1)
    assert found.round == pytest.approx(0.02, rel=0.1)
    assert found.build == pytest.approx(0.03, rel=0.25)
    assert found.run_variance(5) == pytest.approx(0.01**2 + 5 * 0.02**2, rel=0.2)


def test_an_outlier_leaves_the_spreads_what_they_are() -> None:
    calm = np.random.default_rng(1).normal(0, 0.01, (2, 10, 5))
    wild = calm.copy()
    wild[0, 3, 2] += 1
    assert spreads(wild).run == pytest.approx(spreads(calm).run, rel=0.1)
    assert spreads(wild).round < 0.01


def test_equal_readings_have_no_spread_but_builds_are_still_thought_to_differ() -> None:
    found = spreads(np.zeros((2, 3, 4)))
    assert (found.run, found.round, found.build) == (0, 0, 0)
    assert found.likely_build == pytest.approx(math.sqrt(5 / 6) * 0.005)


def test_one_reading_a_round_and_one_build_leave_their_spreads_unknown() -> None:
    found = spreads(np.array([[[0.0], [0.02], [0.04]]]))
    assert (found.run, found.build) == (None, None)
    assert found.round == pytest.approx(1.4826 * 0.02 / math.sqrt(2))
    assert found.likely_build == pytest.approx(0.005)


def test_the_spread_between_rounds_takes_two_rounds() -> None:
    with pytest.raises(ValueError, match="two rounds"):
        spreads(np.array([[[0.0, 0.1], [NAN, NAN]]]))


def test_clean_readings_count_for_one_run_of_the_command() -> None:
    found = job_of(1, Path("results/noise/a/1/2.json"), record())
    assert found.log_joules == (pytest.approx(math.log(10)),)
    assert (found.build, found.round, found.unclean) == (1, 2, 1)


def test_the_domain_that_is_judged_is_the_one_that_counts() -> None:
    path = Path("results/noise/a/1/2.json")
    assert job_of(1, path, record(), "dram").log_joules == (pytest.approx(math.log(1.5)),)
    with pytest.raises(ErgitError, match=r"no energy of the domain 'psys', which measure\.judged names"):
        job_of(1, path, record(), "psys")


def test_an_aa_commit_without_a_build_is_an_error_that_says_what_to_do() -> None:
    missing = record(status="no-jdk", reason="there is no JDK 25", readings=(), source=None)
    with pytest.raises(ErgitError, match=r"there is no JDK 25.*noise\.commit.*remove results/noise/a and results/java"):
        job_of(1, Path("results/noise/a/1/2.json"), missing)


def test_a_workload_that_fails_even_in_its_warm_up_is_an_error() -> None:
    failing = job_records.reading(warmup=True, status="timeout", reason="took longer than 5 s")
    with pytest.raises(ErgitError, match=r"in round 2: took longer than 5 s .*1/2\.output\.log.*noise\.commit"):
        job_of(1, Path("results/noise/a/1/2.json"), record(readings=(failing,)))


def test_only_the_session_with_most_readings_counts() -> None:
    taken = [job(1, 1, (0.0,), "old"), *(job(1, round_, (0.0, 0.1)) for round_ in (3, 2))]
    assert [(one.session, one.round) for one in of_one_session(taken)] == [("s1", 2), ("s1", 3)]
    found = noise_floor(AA_COMMIT, taken, PLAN)
    assert (found.readings, found.readings_of_other_sessions) == (4, 1)
    assert "1 reading of other sessions" in page(found)


def test_too_few_clean_readings_are_an_error() -> None:
    with pytest.raises(ErgitError, match="too few clean readings"):
        of_one_session([job(1, 1, (0.0,)), job(1, 2, ())])
    with pytest.raises(ErgitError, match="too few clean readings"):
        of_one_session([job(1, 1, (0.0,)), job(1, 2, (0.0,)), job(2, 1, ())])


def visible(found: NoiseRecord) -> dict[int, float]:
    """The minimum detectable change, by the commits that have it."""
    return {entry.commits_after: entry.change for entry in found.visible}


def needed(found: NoiseRecord) -> dict[tuple[float, int], int | None]:
    """The runs that a change needs, by its size and the commits that have it."""
    return {(need.change, need.commits_after): need.runs for need in found.runs_needed}


def test_more_noise_hides_more_and_needs_more_runs() -> None:
    calm, noisy = (noise_floor(AA_COMMIT, jobs(run, 0.002, 0.002), PLAN) for run in (0.005, 0.03))
    assert visible(calm)[1] < visible(noisy)[1] > visible(noisy)[5]
    assert needed(calm)[0.05, 1] == 3
    few, many = needed(noisy)[0.05, 1], needed(noisy)[0.03, 1]
    assert few is not None and (many is None or many > few > 3)


def test_as_many_runs_as_are_needed_make_the_change_visible() -> None:
    measured = jobs(0.02, 0.002, 0.002)
    runs = needed(noise_floor(AA_COMMIT, measured, PLAN))[0.05, 5]
    assert runs is not None
    rounds = math.ceil(runs / 5)
    seen, unseen = (
        visible(noise_floor(AA_COMMIT, measured, PlannedStudy(count, 5, 50, ChangeSettings())))[5]
        for count in (rounds, rounds - 1 or 1)
    )
    assert seen <= 0.05 <= unseen or rounds == 1


def test_a_change_of_the_smallest_visible_size_is_found_about_as_often_as_promised() -> None:
    size = visible(noise_floor(AA_COMMIT, jobs(0.02, 0.006, 0.004), PLAN))[5]
    hits = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        levels = rng.normal(0, 0.004, 50) + np.where(np.arange(50) >= 45, math.log1p(size), 0)
        runs = levels[:, None, None] + rng.normal(0, 0.006, (50, 3, 1)) + rng.normal(0, 0.02, (50, 3, 5))
        (found,) = detect(one_session(np.repeat(np.arange(50), 15), np.exp(runs).ravel()), ChangeSettings())
        hits += any(abs(change.position - 45) <= 2 for change in found.changes)
    assert hits >= 20


def test_an_aa_commit_that_drifts_by_a_jump_is_not_called_steady() -> None:
    steady = jobs(0.005, 0.001, 0.0, rounds=20)
    jumped = [
        job(one.build, one.round, tuple(value + 0.1 * (one.round > 10) for value in one.log_joules)) for one in steady
    ]
    assert noise_floor(AA_COMMIT, steady, PLAN).changes_reported == 0
    found = noise_floor(AA_COMMIT, jumped, PLAN)
    assert found.changes_reported == 1
    assert "the machine is not steady" in page(found)


def test_the_page_says_whether_it_is_measured_and_what_is_not_in_it() -> None:
    text = page(noise_floor(AA_COMMIT, jobs(0.01, 0.002, 0.002), PLAN))
    assert "Measured by pmu on box" in text
    assert "stimated" not in text
    assert "2 builds say little" in text
    alone = page(noise_floor(AA_COMMIT, jobs(0.01, 0.002, 0.0, builds=1), PLAN))
    assert "not measured: one build" in alone
    assert "0.5% is assumed" in alone
    estimated = [job(1, round_, (0.0, 0.01), kind="estimated") for round_ in (1, 2)]
    assert "**Estimated**: CPU time" in page(noise_floor(AA_COMMIT, estimated, PLAN))


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The working directory of a study whose noise floor was measured; its oldest commit does not build."""
    home = tmp_path_factory.mktemp("noise")
    project = Repository(home / "project")
    project.path.mkdir()
    project.git("init", "--quiet", "--initial-branch=main")
    (project.path / "build").write_text("#!/bin/bash\ntest ! -e broken\n")
    (project.path / "program").write_text(SPIN.format(loops=20_000))
    for name in ("build", "program"):
        (project.path / name).chmod(0o755)
    project.commit("Does not build", broken="yes")
    project.git("tag", "broken")
    (project.path / "broken").unlink()
    project.commit("Good")
    configure(home / "work", commits=["broken", "main"], noise={"rounds": 2})
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("ERGIT_BUILD_CACHE", str(home / "cache"))
        done = snakemake(home / "work", "noise")
    assert done.returncode == 0, done.stderr
    assert "# Noise floor" in done.stderr
    return home / "work"


def test_two_builds_of_the_newest_commit_are_measured_round_by_round(study: Path) -> None:
    newest = Repository(study.parent / "project").git("rev-parse", "main")
    found = json.loads((study / "results/noise.json").read_text(encoding="utf-8"))
    assert (found["schema"], found["commit"], found["kind"]) == ("ergit.noise/1", newest, "estimated")
    assert (found["builds"], found["rounds"], found["readings"]) == (2, 2, 8)
    assert not (study.parent / "cache").exists()  # a build out of the cache would be the same one again
    records = [json.loads(path.read_text()) for path in (study / "results/noise" / newest).glob("[12]/[12].json")]
    order = sorted((entry["readings"][0]["started"], entry["round"]) for entry in records)
    assert [round_ for _, round_ in order] == [1, 1, 2, 2]
    assert "**Estimated**" in (study / "results/noise.md").read_text(encoding="utf-8")


def test_what_is_measured_stays_and_only_what_is_missing_runs(study: Path) -> None:
    newest = Repository(study.parent / "project").git("rev-parse", "main")
    removed = study / "results/noise" / newest / "2/1.json"
    kept = removed.read_bytes()
    removed.unlink()
    assert planned(study, "noise") == Counter(measure_aa=1, noise_floor=1, noise=1)
    removed.write_bytes(kept)
    configure(study, commits=["broken", "main"], noise={"rounds": 3, "builds": 3})
    assert planned(study, "noise") == Counter(checkout_aa=1, build_aa=1, measure_aa=2 + 3, noise_floor=1, noise=1)


def test_an_aa_commit_that_does_not_build_is_described_in_a_paragraph(study: Path) -> None:
    broken = Repository(study.parent / "project").git("rev-parse", "broken")
    configure(study, commits=["broken", "main"], noise={"rounds": 2, "builds": 1, "commit": broken[:12]})
    done = snakemake(study, "noise")
    assert done.returncode != 0
    assert f"{broken}, has no build: `./build` ended with status 1. Name another" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
