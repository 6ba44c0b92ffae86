"""An edited benchmark in the study's folder is noticed: what was measured with the old one is measured again."""

import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.fakes.repositories import Repository
from tests.fakes.studies import configure, planned, snakemake, table


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a project of two commits and a finished study of it, whose benchmark lies in the study's folder."""
    folder = tmp_path_factory.mktemp("finished")
    repository = Repository(folder / "project")
    repository.path.mkdir()
    repository.git("init", "--quiet", "--initial-branch=main")
    repository.commit("one", file="1")
    repository.git("tag", "first")
    repository.commit("two", file="2")
    configure(
        folder / "work",
        commits=["first", "main"],
        build__commands=["true"],
        workload__command='"$ERGIT_STUDY/bench.sh" >> log',
        measure__rounds=1,
        measure__repeats=1,
        measure__warmup=0,
    )
    (folder / "work/bench.sh").write_text("#!/bin/sh\necho done\n")
    (folder / "work/bench.sh").chmod(0o755)
    done = snakemake(folder / "work")
    assert done.returncode == 0, done.stderr
    assert {row["status"] for row in table(folder / "work")} == {"ok"}
    return folder


@pytest.fixture
def study(finished: Path, tmp_path: Path) -> Path:
    """A copy of the study's folder; times are kept, and the project lies beside it."""
    subprocess.run(["cp", "-a", f"{finished}/.", tmp_path], check=True)
    return tmp_path / "work"


def test_an_edited_benchmark_is_measured_again_and_builds_nothing(study: Path) -> None:
    assert planned(study) == Counter()
    (study / "bench.sh").write_text("#!/bin/sh\necho more\n")
    jobs = planned(study)
    assert jobs["measure"] == 2
    assert jobs["build"] == 0
    (study / "bench.sh").write_text("#!/bin/sh\necho done\n")
    assert planned(study) == Counter()


def test_a_study_from_before_the_files_were_noted_goes_on_and_notices_what_is_edited_from_then_on(study: Path) -> None:
    (study / "results/study-files.json").unlink()
    (study / "results/plan.json").unlink()
    assert planned(study)["measure"] == 0
    assert snakemake(study).returncode == 0
    assert planned(study) == Counter()
    (study / "bench.sh").write_text("#!/bin/sh\necho more\n")
    assert planned(study)["measure"] == 2


def test_a_benchmark_that_is_gone_is_an_error_that_names_it(study: Path) -> None:
    (study / "bench.sh").unlink()
    done = snakemake(study, "--dry-run")
    assert done.returncode == 1
    assert "config: bench.sh is named in a command, and there is no such file" in done.stdout + done.stderr
