"""Built trees that were put aside to save disk are built again, and what was measured before stays as it was."""

import subprocess
from pathlib import Path

import pytest

from ergit.building.again import built_again
from ergit.building.artifacts import evict_beyond, is_evicted
from ergit.config.settings import BuildSettings, JobSettings, MeasureSettings, RepositorySettings, WorkloadSettings
from ergit.records.build import BuildRecord, read_build
from ergit.records.java import JavaRecord, write_java
from ergit.records.readings import JobRecord, read_readings
from tests.fakes.repositories import new_repository
from tests.fakes.studies import configure, planned, snakemake


@pytest.mark.parametrize(("gigabytes", "is_put_aside"), [(None, False), (3e-6, False), (2.9e-6, True)])
def test_an_artifact_beyond_the_limit_is_put_aside(tmp_path: Path, gigabytes: float | None, is_put_aside: bool) -> None:
    for name in ("a.tar.gz", "b.tar.gz", "c.tar.gz"):
        (tmp_path / name).write_bytes(b"x" * 1000)
    (tmp_path / "b.json").write_bytes(b"x" * 1000)
    evict_beyond(gigabytes, tmp_path / "b.tar.gz")
    assert is_evicted(tmp_path / "b.tar.gz") == is_put_aside
    assert not is_evicted(tmp_path / "a.tar.gz")


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
    (kept, put_aside) = sorted(artifacts, key=lambda path: -path.stat().st_size)
    assert (is_evicted(kept), is_evicted(put_aside)) == (False, True)
    before = records(study)
    assert {record.commit: record.build for record in before.values()} == {
        kept.name.partition(".")[0]: 1,
        put_aside.name.partition(".")[0]: 2,
    }

    configure(study, commits={"newest": 2}, build=limit, **{**small, "measure__rounds": 2})
    jobs = planned(study)
    assert (jobs["measure"], jobs["build"], jobs["checkout"]) == (2, 0, 0)
    assert snakemake(study).returncode == 0
    after = records(study)
    assert {path: after[path] for path in before} == before
    commit = put_aside.name.partition(".")[0]
    assert after[str(study / f"results/readings/{commit}/2.json")].build == 3
    assert read_build(study / f"results/build/again/{commit}/3.json").status == "ok"
    assert not (study / f"results/build/again/{commit}/checkout").exists()


def test_a_build_that_cannot_be_made_again_stays_put_aside_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    commit = new_repository(tmp_path / "project").commit("One")
    subprocess.run(["git", "clone", "-q", "--mirror", "project", "results/mirror.git"], check=True)
    for folder in ("build", "java"):
        (tmp_path / "results" / folder).mkdir()
    java = JavaRecord(commit=commit, status="not-wanted", wanted=None, wanted_from=None, chosen=None, reason="")
    write_java(tmp_path / f"results/java/{commit}.json", java)
    artifact = tmp_path / f"results/build/{commit}.tar.gz"
    artifact.touch()
    settings = JobSettings(
        repository=RepositorySettings(url="project"),
        java=None,
        build=BuildSettings(commands=("echo The repository is gone; exit 1",)),
        workload=WorkloadSettings(command="true"),
        measure=MeasureSettings(),
    )
    first = BuildRecord(
        commit=commit,
        java=None,
        directory="/d",
        environment={},
        cached=False,
        commands=(),
        status="ok",
        reason=None,
    )
    record, number = built_again(settings, first, artifact, {})
    assert (record.status, number) == ("failed", 2)
    assert str(record.reason).startswith(
        "its build was put aside (build.disk_gigabytes) and cannot be made again: `echo"
    )
    assert str(record.reason).endswith("ended with status 1: The repository is gone")
    assert is_evicted(artifact)
    assert (tmp_path / f"results/build/again/{commit}/2.output.log").read_text() == "The repository is gone\n"
