"""An edited benchmark in the study's folder is noticed: what was measured with the old one is measured again."""

from collections import Counter
from pathlib import Path

import pytest

from tests.fakes.repositories import Repository
from tests.fakes.studies import configure, planned, snakemake, table


@pytest.fixture
def study(repository: Repository, tmp_path: Path) -> Path:
    """A finished study of two commits, whose benchmark lies in its own folder."""
    for number in (1, 2):
        repository.commit(f"commit {number}", file=str(number))
    repository.git("tag", "first", "HEAD~1")
    directory = tmp_path / "work"
    configure(
        directory,
        commits=["first", "main"],
        build__commands=["true"],
        workload__command='"$ERGIT_STUDY/bench.sh" >> log',
        measure__rounds=1,
        measure__warmup=0,
    )
    (directory / "bench.sh").write_text("#!/bin/sh\necho done\n")
    (directory / "bench.sh").chmod(0o755)
    done = snakemake(directory)
    assert done.returncode == 0, done.stderr
    assert {row["status"] for row in table(directory)} == {"ok"}
    return directory


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
