"""One run of the workflow: its pre stages run once, and where a stage ends it, no further job starts its work.

The jobs of a run learn of both from results/run.json. It names the run that it belongs to, so that the next one begins
anew without anything being removed.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ergit.config.handover import program_variables, received
from ergit.config.settings import JobSettings
from ergit.errors import ErgitError, exit_on_user_error
from ergit.locks import lock
from ergit.processes.parent import die_with_parent
from ergit.records.java import JavaRecord
from ergit.records.record import JsonObject
from ergit.records.run import RunRecord, read_run, write_run
from ergit.same_failures import HOPELESS, RUN_STARTED

NO_JAVA = JavaRecord(commit="", status="not-wanted", wanted=None, wanted_from=None, chosen=None, reason="")


def begin(settings: JobSettings) -> JsonObject:
    """What the pre stages of this run have put into the context; the first job of a run runs them.

    Raises:
        ErgitError: one of them failed, or a stage has ended the run.
    """
    if not settings.stages:
        return {}
    with _locked(settings) as path:
        record = _record(path)
        if record is None:
            record = _after_pre_stages(settings, path)
        if record.ended is not None:
            raise ErgitError(record.ended)
        return record.context


def end(settings: JobSettings, stage: str, reason: str) -> ErgitError:
    """Ends the run for all jobs that have not begun; the error with which this one ends."""
    ended = (
        f"The stage {stage} set abort_pipeline, {HOPELESS}: {reason}. Nothing was recorded for what was not done yet;"
        " the same command goes on."
    )
    with _locked(settings) as path:
        record = _record(path) or RunRecord(run=_this_run())
        write_run(path, RunRecord(run=record.run, context=record.context, ended=ended))
    return ErgitError(ended)


def begin_apart(name: str) -> None:
    """Runs the pre stages in a process of its own, as the workflow does before its jobs.

    Raises:
        ErgitError: one of them failed, or has ended the run.
    """
    command = [sys.executable, "-P", "-m", "ergit.plugins.runs", "--settings", name]
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ | program_variables(),
        text=True,
        errors="replace",
    )
    if done.returncode != 0:
        raise ErgitError(done.stderr.strip().removeprefix("ergit: "))


def _after_pre_stages(settings: JobSettings, path: Path) -> RunRecord:
    """The record of this run after its pre stages; each runs in the study's folder."""
    from ergit.plugins.facts import StageFacts  # every job loads this module, one of a run needs these
    from ergit.plugins.process import run_stage
    from ergit.processes.environment import environment_of

    facts = StageFacts(settings=settings, record=path.with_name("pre"))
    put: JsonObject = {}
    variables = environment_of(NO_JAVA, settings.build.environment)
    ended = None
    for stage in settings.stages_of("pre"):
        facts.log_of(stage).unlink(missing_ok=True)
        with run_stage(stage, facts, Path.cwd(), put=put, variables=variables) as result:
            put, variables = result.put, result.variables
        why = result.reason or (result.aborted and f"stage {stage.name}: {result.aborted}")
        if why:
            ended = f"Before anything was built or measured, {HOPELESS}: {why}. Its log is {facts.log_of(stage)}."
            break
    record = RunRecord(run=_this_run(), context=put, ended=ended)
    write_run(path, record)
    return record


def _this_run() -> str:
    """The name of the run; a program that is started by hand is a run of its own."""
    return os.environ.get(RUN_STARTED) or f"process {os.getpid()}"


def _record(path: Path) -> RunRecord | None:
    """The record of this run; None where there is none yet."""
    record = read_run(path) if path.exists() else None
    return record if record is not None and record.run == _this_run() else None


@contextmanager
def _locked(settings: JobSettings) -> Iterator[Path]:
    """The record's file, which no other job reads or writes until the end of the block."""
    path = Path(settings.results) / "run.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path.with_name(".run.lock"), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        lock(descriptor)
        yield path
    finally:
        os.close(descriptor)


def main(arguments: Sequence[str] | None = None) -> None:
    """The program that the workflow calls before its first job."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", required=True, help="the environment variable that holds them")
    options = parser.parse_args(arguments)
    die_with_parent()
    with exit_on_user_error():
        begin(received(options.settings))


if __name__ == "__main__":
    main()
