"""Built trees that were put aside to save disk are built again, and what was measured before stays as it was."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from ergit.building.again import built_again, standing_build
from ergit.building.artifacts import is_evicted
from ergit.building.build_dir import build_dir_of
from ergit.building.eviction import evict_beyond
from ergit.config.handover import program_variables
from ergit.config.settings import BuildSettings, JobSettings, MeasureSettings, RepositorySettings, WorkloadSettings
from ergit.records.build import BuildRecord, read_build, write_build
from ergit.records.common_tests import read_found_tests
from ergit.records.java import JavaRecord, write_java
from ergit.records.plan import RoundsPlan, write_plan
from ergit.records.readings import JobRecord, read_readings
from tests.fakes.repositories import new_repository
from tests.fakes.studies import configure, planned, snakemake


def settings_of(folder: Path, **build: Any) -> JobSettings:
    """The settings of a study of two rounds, whose results are in the folder."""
    return JobSettings(
        repository=RepositorySettings(url="project"),
        java=None,
        build=BuildSettings(**build),
        workload=WorkloadSettings(command="true"),
        measure=MeasureSettings(rounds=2),
        results=str(folder),
    )


@pytest.mark.parametrize(("gigabytes", "is_put_aside"), [(None, False), (3e-6, False), (2.9e-6, True)])
def test_an_artifact_beyond_the_limit_is_put_aside(tmp_path: Path, gigabytes: float | None, is_put_aside: bool) -> None:
    for name in ("a.tar.gz", "b.tar.gz", "c.tar.gz"):
        (tmp_path / name).write_bytes(b"x" * 1000)
    (tmp_path / "b.json").write_bytes(b"x" * 1000)
    evict_beyond(settings_of(tmp_path, disk_gigabytes=gigabytes), tmp_path / "b.tar.gz")
    assert is_evicted(tmp_path / "b.tar.gz") == is_put_aside
    assert not is_evicted(tmp_path / "a.tar.gz")


def test_commits_that_have_all_their_readings_are_put_aside_first(tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    artifacts = {name: tmp_path / f"build/{name}.tar.gz" for name in "abcd"}
    for name, artifact in artifacts.items():
        artifact.write_bytes(b"x" * 1000)
        for number in {"a": (1, 2, 1001, 1002), "b": (1, 2), "c": (1,), "d": ()}[name]:
            (tmp_path / f"readings/{name}").mkdir(parents=True, exist_ok=True)
            (tmp_path / f"readings/{name}/{number}.json").touch()
    plan = RoundsPlan(rounds=dict.fromkeys("abcd"), batches=(("b",), ("c",)), anchors=("a", "d"))
    write_plan(tmp_path / "plan.json", plan)
    evict_beyond(settings_of(tmp_path, disk_gigabytes=3e-6), artifacts["d"])
    assert [name for name, artifact in artifacts.items() if is_evicted(artifact)] == ["a"]
    evict_beyond(settings_of(tmp_path, disk_gigabytes=1e-6), artifacts["d"])
    assert [name for name, artifact in artifacts.items() if is_evicted(artifact)] == ["a", "b", "d"]


def test_an_artifact_that_is_there_is_of_the_last_build_that_went_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings, first, artifact = evicted(tmp_path, "touch made")
    record = tmp_path / f"results/build/{first.commit}.json"
    write_build(record, first)
    assert standing_build(first, record, artifact) == (first, 1)
    again, _ = built_again(settings, first, artifact, {})
    failing = replace(settings, build=replace(settings.build, commands=("exit 1",)))
    built_again(failing, first, artifact, {})
    assert standing_build(first, record, artifact) == (again, 2)
    other = replace(first, fingerprint="other settings")  # built by the rule, on a clock that went back
    assert standing_build(other, record, artifact) == (other, 1)
    assert built_again(settings, other, artifact, {})[0].fingerprint == "other settings"
    os.utime(record, (2**32, 2**32))  # built once more by the rule
    assert standing_build(first, record, artifact) == (first, 1)


def records(study: Path) -> dict[str, JobRecord]:
    """The records of readings by their paths."""
    return {str(path): read_readings(path) for path in (study / "results/readings").glob("*/[0-9].json")}


def test_a_study_with_a_limit_on_disk_builds_again_and_measures_nothing_twice(tmp_path: Path) -> None:
    project, study = new_repository(tmp_path / "project"), tmp_path / "study"
    commits = []
    for number in (1, 2):
        (project.path / "build").write_text("#!/bin/sh\ndate +%N > stamp; head -c 9000 /dev/urandom > built\n")
        (project.path / "build").chmod(0o755)
        commits.append(project.commit(f"Number {number}"))
    limit = {"commands": ["./build"], "keep": ["built"], "disk_gigabytes": 10e-6}
    small = {"measure__rounds": 1, "measure__repeats": 1, "measure__warmup": 0, "workload__command": "sha256sum built"}
    configure(study, commits={"newest": 2}, build=limit, **small)
    done = snakemake(study, "--cores", "1")
    assert done.returncode == 0, done.stderr
    artifacts = [study / f"results/build/{commit}.tar.gz" for commit in commits]
    assert sorted(map(is_evicted, artifacts)) == [False, True]
    before = records(study)
    assert sorted(record.build for record in before.values()) == [1, 2]
    builds = {record.commit: record.build for record in before.values()}
    (commit,) = (commit for commit, artifact in zip(commits, artifacts, strict=True) if is_evicted(artifact))

    configure(study, commits={"newest": 2}, build=limit, **{**small, "measure__rounds": 2})
    jobs = planned(study)
    assert (jobs["measure"], jobs["build"], jobs["checkout"]) == (2, 0, 0)
    assert snakemake(study).returncode == 0
    after = records(study)
    assert {path: after[path] for path in before} == before
    number = builds[commit] + 1
    assert after[str(study / f"results/readings/{commit}/2.json")].build == number
    assert read_build(study / f"results/build/again/{commit}/{number}.json").status == "ok"
    assert not (study / f"results/build/again/{commit}/checkout").exists()


def evicted(folder: Path, command: str) -> tuple[JobSettings, BuildRecord, Path]:
    """A study of one commit that this command builds, the record of its build, and the artifact, put aside."""
    commit = new_repository(folder / "project").commit("One")
    subprocess.run(["git", "clone", "-q", "--mirror", "project", "results/mirror.git"], check=True, cwd=folder)
    for name in ("build", "java"):
        (folder / "results" / name).mkdir()
    java = JavaRecord(commit=commit, status="not-wanted", wanted=None, wanted_from=None, chosen=None, reason="")
    write_java(folder / f"results/java/{commit}.json", java)
    artifact = folder / f"results/build/{commit}.tar.gz"
    artifact.touch()
    settings = JobSettings(
        repository=RepositorySettings(url="project"),
        java=None,
        build=BuildSettings(commands=(command,)),
        workload=WorkloadSettings(command="true"),
        measure=MeasureSettings(),
    )
    record = BuildRecord(
        commit=commit,
        java=None,
        directory=str(build_dir_of(commit)),
        environment={},
        cached=False,
        commands=(),
        status="ok",
        reason=None,
    )
    return settings, record, artifact


def test_the_tests_of_a_commit_that_was_put_aside_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings, first, artifact = evicted(tmp_path, "echo '<testsuite><testcase name=\"a\"/></testsuite>' > made")
    settings = replace(settings, workload=WorkloadSettings(command="cp made report.xml", reports=("report.xml",)))
    settings = replace(settings, build=replace(settings.build, keep=("made",), disk_gigabytes=1e-9))
    write_build(Path("build.json"), first)
    done = subprocess.run(
        [
            *(sys.executable, "-P", "-m", "ergit.measuring.find_tests", "--settings", "ERGIT_SETTINGS_TEST"),
            *("--build", "build.json", "--artifact", str(artifact), "--output", "found.json"),
        ],
        env=os.environ | program_variables() | {"ERGIT_SETTINGS_TEST": msgspec.json.encode(settings).decode()},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = read_found_tests(Path("found.json"))
    assert (found.results is not None, found.reason, is_evicted(artifact)) == (True, None, True)


def test_a_build_that_cannot_be_made_again_stays_put_aside_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings, first, artifact = evicted(tmp_path, "echo The repository is gone; exit 1")
    record, number = built_again(settings, first, artifact, {})
    assert (record.status, number) == ("failed", 2)
    assert str(record.reason).startswith(
        "its build was put aside (build.disk_gigabytes) and cannot be made again: `echo"
    )
    assert str(record.reason).endswith("ended with status 1: The repository is gone")
    assert is_evicted(artifact)
    assert (tmp_path / f"results/build/again/{first.commit}/2.output.log").read_text() == "The repository is gone\n"
