"""What measuring jobs do to a whole run: when it ends, what it says, and what is measured again after a kill."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ergit.records.readings import read_readings
from tests.fakes.repositories import Repository, commit_programs
from tests.fakes.studies import ROOT, configure, planned, snakemake
from tests.fakes.waiting import wait_for

GOOD = "#!/bin/bash\ntrue\n"


@pytest.fixture
def study(repository: Repository) -> Path:
    """The folder of a study of 12 commits that build, each in one round."""
    commit_programs(repository, "#!/bin/bash\ntrue\n")
    for number in range(12):
        repository.commit(f"Step {number}", program=f"{GOOD}# {number}\n")
    folder = repository.path.parent / "study"
    configure(folder, measure__rounds=1, measure__repeats=1)
    return folder


def records(study: Path) -> list[Path]:
    """The records of readings."""
    return sorted((study / "results/readings").glob("*/1.json"))


def test_a_command_that_no_commit_has_ends_the_run_after_ten_commits(study: Path) -> None:
    configure(study, measure__rounds=1, measure__repeats=1, workload__command="echo Where is it?; ./absent")
    done = snakemake(study)
    assert done.returncode == 1
    assert "10 commits failed with the same reason and none has succeeded" in done.stderr
    assert "Where is it?" in done.stderr
    assert len(records(study)) == 9


def test_a_study_in_which_every_commit_fails_is_no_success(study: Path) -> None:
    configure(study, commits=["main~2..main"], measure__rounds=1, measure__repeats=1, workload__command="exit 7")
    for _ in range(2):
        done = snakemake(study)
        assert done.returncode == 1
        assert "No commit could be measured" in done.stderr
        assert "2 commits: the workload ended with status 7" in done.stderr
    assert "status 7" in (study / "results/summary.md").read_text()


def test_a_reading_that_was_to_be_taken_again_is_taken_again_after_a_kill(study: Path) -> None:
    slow, begun = study.parent / "slow", study.parent / "begun"
    command = f"test ! -e {slow} || {{ touch {begun}; sleep 60; }}"
    configure(study, commits=["main~1..main"], measure__rounds=1, measure__repeats=1, workload__command=command)
    assert snakemake(study).returncode == 0
    [path] = records(study)
    old = read_readings(path)
    slow.touch()
    for how, arguments in ((signal.SIGINT, ("-R", str(path.relative_to(study)))), (signal.SIGKILL, ())):
        begun.unlink(missing_ok=True)
        program = subprocess.Popen(
            [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "2", *arguments],
            cwd=study,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_for(lambda program=program: begun.exists() or program.poll() is not None)
        assert program.poll() is None
        os.killpg(program.pid, how)  # as from a terminal
        program.wait(timeout=300)
        assert read_readings(path) == old
    slow.unlink()
    assert snakemake(study, "--unlock").returncode == 0
    assert snakemake(study).returncode == 0
    assert read_readings(path).readings[0].started > old.readings[0].started
    assert [read_readings(each) for each in path.parent.glob("1.superseded-*.json")] == [old]
    assert planned(study) == {}
