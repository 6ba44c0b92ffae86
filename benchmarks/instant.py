"""Snakemake whose checkouts, builds and readings end at once: `python -m benchmarks.instant MEASURED END OPTIONS`.

Their records are written as if. The file MEASURED gets, as JSON, the number of ready jobs and the CPU seconds of each
pass of the scheduler: from the list of what is ready to the choice of what starts. It ends after END passes, or before
the first job of a rule of that name.
"""

import json
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

from snakemake.cli import main as snakemake
from snakemake.dag import DAG
from snakemake.executors.local import Executor
from snakemake.scheduling.job_scheduler import JobScheduler
from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo

from ergit.records.build import BuildRecord, write_build
from ergit.records.java import JavaRecord, write_java
from ergit.records.readings import WindowConditions, write_readings
from tests.fakes.job_records import COUNTER, reading, record

run_job = Executor.run_job
open_jobs = JobScheduler.open_jobs.fget
register_running = DAG.register_running


class Passes:
    """Times each pass, and ends the run."""

    def __init__(self, end: str) -> None:
        self.found: list[tuple[int, float]] = []
        self._end = end
        self._ready, self._began = 0, 0.0

    def begin(self, scheduler: JobScheduler) -> Any:
        """In place of `JobScheduler.open_jobs`."""
        self._ready = len(scheduler.workflow.dag._ready_jobs)
        self._began = time.thread_time()
        return open_jobs(scheduler)

    def end(self, dag: DAG, jobs: Any) -> None:
        """In place of `DAG.register_running`."""
        self.found.append((self._ready, time.thread_time() - self._began))
        register_running(dag, jobs)
        if str(len(self.found)) == self._end or self._end in {job.rule.name for job in jobs}:
            raise KeyboardInterrupt


def done_at_once(executor: Executor, job: Any) -> None:
    """In place of `Executor.run_job`."""
    if job.rule.name not in {"checkout", "java", "build", "measure"}:
        run_job(executor, job)
        return
    for path in job.output:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    write(job.rule.name, Path(job.output[-1]), dict(job.wildcards_dict))
    told = SubmittedJobInfo(job)
    executor.report_job_submission(told)
    executor.report_job_success(told)


def write(rule: str, output: Path, wildcards: dict[str, str]) -> None:
    """Writes what a job of that rule would."""
    commit = wildcards["commit"]
    if rule == "checkout":
        output.mkdir()
    elif rule == "java":
        write_java(
            output,
            JavaRecord(
                commit=commit, status="not-wanted", wanted=None, wanted_from=None, chosen=None, reason="java: null"
            ),
        )
    elif rule == "build":
        output.with_suffix("").with_suffix(".tar.gz").write_bytes(b"")
        write_build(
            output,
            BuildRecord(
                commit=commit,
                java=None,
                directory="/tmp",
                environment={},
                cached=False,
                commands=(),
                status="ok",
                reason=None,
            ),
        )
    else:
        round_ = int(wildcards["round"])
        joules = {"package": Random(f"{commit}{round_}").gauss(20, 0.2)}
        conditions = WindowConditions(foreign_cpu_seconds=0.0, window_seconds=2.0, processors=2)
        one = reading(joules=joules, conditions=conditions)
        write_readings(output, record(commit, one, round=round_, source=COUNTER, measure={"repeats": 1, "warmup": 0}))


def main() -> None:
    """Runs Snakemake and writes the times of its passes."""
    measured, end, *options = sys.argv[1:]
    passes = Passes(end)
    JobScheduler.open_jobs = property(passes.begin)
    DAG.register_running = lambda dag, jobs: passes.end(dag, jobs)
    Executor.run_job = done_at_once
    sys.argv = ["snakemake", *options]
    try:
        snakemake()
    finally:
        Path(measured).write_text(json.dumps(passes.found), encoding="utf-8")


if __name__ == "__main__":
    main()
