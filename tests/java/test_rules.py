"""The rules `jdks` and `java` in real studies: what is built again, and what stays."""

import json
from pathlib import Path

import pytest

from ergit.records.jdks import read_jdks
from tests.fakes.jdks import make_jdk
from tests.fakes.repositories import Repository, new_repository
from tests.fakes.studies import configure, planned, snakemake


def pom(release: str) -> str:
    return f"<project><properties><maven.compiler.release>{release}</maven.compiler.release></properties></project>"


@pytest.fixture
def project(tmp_path: Path) -> Repository:
    """Two commits that ask for Java 11; beside it lie a JDK 11 and a JDK 12."""
    project = new_repository(tmp_path / "project")
    make_jdk(tmp_path / "jdks/11", "11.0.22")
    make_jdk(tmp_path / "jdks/12", "12.0.2")
    project.commit("first", pom__xml=pom("11"))
    project.commit("second", text="x")
    return project


def study(project: Repository, **java: object) -> Path:
    """The folder of a study of all commits; its builds and its workload do nothing."""
    home = project.path.parent / "work"
    configure(
        home,
        commits={"granularity": "commits"},
        java={"search": ["../jdks"], **java},
        build={"commands": ["true"]},
        workload={"command": "true"},
        measure__rounds=1,
        measure__repeats=1,
        measure__warmup=0,
    )
    return home


def commits_of(project: Repository) -> list[str]:
    """All commits, oldest first."""
    return project.git("rev-list", "--reverse", "HEAD").split()


def run(home: Path, *arguments: str) -> str:
    """Runs the whole study; what it printed."""
    done = snakemake(home, "all", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stderr


def jdk_of(home: Path, commit: str) -> int | None:
    """The release of the JDK that a commit was built with."""
    java = json.loads((home / f"results/build/{commit}.json").read_text(encoding="utf-8"))["java"]
    return None if java is None else int(java["release"])


@pytest.mark.parametrize("of_version", ["0.1.0", "0.2.0"])
def test_only_commits_whose_release_is_set_are_built_again(project: Repository, of_version: str) -> None:
    first, second = commits_of(project)
    home = study(project)
    assert "2 commits ask for JDK 11: built with 11.0.22" in run(home)
    if of_version == "0.1.0":  # which made no list of JDKs, and no forecast
        for name in ("jdks.json", "forecast.json"):
            (home / "results" / name).unlink()
    study(project, releases=[{"commits": second, "release": 12}])
    run(home)
    assert (jdk_of(home, first), jdk_of(home, second)) == (11, 12)
    assert len(list((home / "results/readings" / first).glob("*.json"))) == 1
    assert planned(home) == {}


def test_the_one_jdk_of_a_study_stays_when_commits_are_added(project: Repository) -> None:
    home = study(project, policy="one")
    assert "all are built with 11.0.22" in run(home)
    for number in range(3):
        project.commit(f"newer {number}", pom__xml=pom("12"), text=str(number))
    printed = run(home, "-R", "mirror")
    assert "3 commits ask for JDK 12: NOT BUILT" in printed
    record = read_jdks(home / "results/jdks.json")
    assert record.one is not None
    assert (record.one.release, len(record.without_jdk)) == (11, 3)
    assert [jdk_of(home, commit) for commit in commits_of(project)] == [11, 11, None, None, None]
