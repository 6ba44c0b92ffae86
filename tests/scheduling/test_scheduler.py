"""The scheduler `ergit`: which jobs start when, by real Snakemake; and what a choice costs among thousands."""

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from snakemake_scheduler_plugin_ergit import ReadyJobs, selected
from tests.fakes.repositories import new_repository
from tests.fakes.studies import configure, snakemake, windows
from tests.fakes.waiting_jobs import WaitingJob


def order(folder: Path, rules: str, *options: str, cores: int = 1, status: int = 0) -> list[str]:
    """Runs the rules, which add a line to the file `order` when a job starts, under the scheduler; the lines."""
    (folder / "Snakefile").write_text(rules, encoding="utf-8")
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--scheduler", "ergit", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == status, done.stderr
    return (folder / "order").read_text(encoding="utf-8").split()


def test_jobs_start_by_priority_however_many_are_ready(tmp_path: Path) -> None:
    started = order(
        tmp_path,
        'rule all:\n    input: expand("{n}.done", n=range(50))\n'
        "rule one:\n"
        '    output: touch("{n}.done")\n'
        "    priority: lambda wildcards: int(wildcards.n) * 7 % 50\n"
        '    shell: "echo {wildcards.n} >> order"\n',
    )
    assert started == sorted(started, key=lambda n: -(int(n) * 7 % 50))
    assert len(started) == 50


def test_what_belongs_to_one_commit_is_done_before_the_next_one(tmp_path: Path) -> None:
    started = order(
        tmp_path,
        'rule all:\n    input: expand("build/{c}", c=list("abcdef"))\n'
        'rule checkout:\n    output: temp(directory("tree/{c}"))\n'
        '    shell: "mkdir {output}; echo checkout-{wildcards.c} >> order"\n'
        'rule java:\n    output: touch("java/{c}")\n    shell: "echo java-{wildcards.c} >> order"\n'
        'rule build:\n    input: "tree/{c}", "java/{c}"\n    output: touch("build/{c}")\n'
        '    shell: "echo build-{wildcards.c} >> order"\n',
    )
    assert [line.partition("-")[2] for line in started] == [c for c in "abcdef" for _ in range(3)]
    assert started[2::3] == [f"build-{c}" for c in "abcdef"]


def test_no_job_of_lower_priority_passes_one_that_waits_for_cores(tmp_path: Path) -> None:
    started = order(
        tmp_path,
        'rule all:\n    input: "first", "wide", "low"\n'
        'rule first:\n    output: touch("first")\n    priority: 3\n    shell: "echo first >> order; sleep 1"\n'
        'rule wide:\n    output: touch("wide")\n    priority: 2\n    threads: 2\n    shell: "echo wide >> order"\n'
        'rule low:\n    output: touch("low")\n    priority: 1\n    shell: "echo low >> order"\n',
        cores=2,
    )
    assert started == ["first", "wide", "low"]


def test_a_job_that_fails_is_tried_again_as_asked(tmp_path: Path) -> None:
    started = order(
        tmp_path,
        'rule all:\n    input: "a", "b"\n'
        'rule a:\n    output: touch("a")\n    retries: 2\n    shell: "echo a >> order; test $(grep -c a order) = 3"\n'
        'rule b:\n    output: touch("b")\n    shell: "echo b >> order"\n',
    )
    assert Counter(started) == {"a": 3, "b": 1}


def test_jobs_that_a_checkpoint_adds_are_run(tmp_path: Path) -> None:
    started = order(
        tmp_path,
        "def chosen(wildcards):\n"
        "    return [f'{n}.done' for n in open(checkpoints.choose.get().output[0]).read().split()]\n"
        "rule all:\n    input: chosen\n"
        'checkpoint choose:\n    output: "chosen"\n    shell: "echo choose >> order; echo 2 1 3 > {output}"\n'
        'rule one:\n    output: touch("{n}.done")\n    priority: lambda wildcards: int(wildcards.n)\n'
        '    shell: "echo {wildcards.n} >> order"\n',
    )
    assert started == ["choose", "3", "2", "1"]


def test_the_order_of_measurements_is_the_same_as_under_the_scheduler_of_snakemake(tmp_path: Path) -> None:
    project = new_repository(tmp_path / "project")
    for number in range(4):
        project.commit(f"{number}", program=str(number))
    study = tmp_path / "work"
    configure(
        study,
        commits={},
        build__commands=[],
        workload__command="true",
        measure__rounds=3,
        measure__repeats=1,
        measure__warmup=0,
    )
    found = []
    for scheduler in ("greedy", "ergit"):
        for path in [*(study / "results").glob("readings/*/[0-9].json"), *(study / "results").glob("energy.csv")]:
            path.unlink()
        done = snakemake(study, "--scheduler", scheduler, "results/energy.csv")
        assert done.returncode == 0, done.stderr
        found.append([(round_, commit) for _, _, commit, round_ in windows(study)])
    assert found[0] == found[1]
    assert [round_ for round_, _ in found[0]] == [1] * 4 + [2] * 4 + [3] * 4
    assert len({tuple(commit for _, commit in found[0][start : start + 4]) for start in (0, 4, 8)}) > 1


def test_only_the_first_of_the_ready_jobs_are_shown() -> None:
    jobs = [WaitingJob(priority=-number, wildcards_dict={"n": str(number)}) for number in range(10)]
    ready = ReadyJobs(reversed(jobs), 3)
    assert list(ready) == jobs[:3]
    ready -= {jobs[1]}
    ready.remove(jobs[0])
    assert list(ready) == jobs[2:5]
    assert len(ready) == 8
    ready.add(jobs[0])
    assert list(ready) == [jobs[0], *jobs[2:4]]
    ready.clear()
    assert list(ready) == []


def test_among_equals_one_that_fits_may_pass_one_that_does_not() -> None:
    wide, narrow = (
        WaitingJob(wildcards_dict={"n": n}, scheduler_resources={"_cores": c}) for n, c in (("1", 2), ("2", 1))
    )
    lower = WaitingJob(priority=-1, wildcards_dict={"n": "0"}, scheduler_resources={"_cores": 1})
    assert selected([lower, narrow, wide], {"_cores": 1}) == [narrow]
    assert selected([lower, narrow, wide], {"_cores": 3}) == [wide, narrow]
    assert selected([lower, wide], {"_cores": 1}) == []


@pytest.mark.alone
def test_a_choice_among_twenty_thousand_takes_no_longer_than_among_a_hundred() -> None:
    def cpu_seconds(number: int) -> float:
        ready = ReadyJobs((WaitingJob(priority=-n, wildcards_dict={"n": str(n)}) for n in range(number)), 32)
        began = time.thread_time()
        for _ in range(50):
            ready -= set(selected(list(ready), {"_cores": 2}))
        return (time.thread_time() - began) / 50

    assert cpu_seconds(20_000) < 0.002
