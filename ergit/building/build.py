"""Builds one commit: runs the build commands on a copy of its checkout and keeps the result, or records the failure."""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msgspec.structs import replace

from ergit.building.artifacts import copy_tree, pack
from ergit.building.build_dir import build_dir_of, locked_build_dir
from ergit.building.cache import VARIABLE, cached_path, keep_in_cache, take_from_cache
from ergit.building.removal import mounts_in
from ergit.building.sandboxes import building_sandbox
from ergit.building.stages import after_stages
from ergit.config.fingerprint import build_fingerprint
from ergit.config.handover import received
from ergit.config.settings import BuildSettings
from ergit.config.study_files import refuse_edited
from ergit.disk import explain_write_error, refuse_full_disk
from ergit.errors import CommitError, exit_on_user_error
from ergit.git.checkout import FAILURE
from ergit.plugins.process import StageFacts
from ergit.plugins.runs import begin
from ergit.processes.environment import child_environment, environment_of
from ergit.processes.kills import count_kills
from ergit.processes.output import shorten
from ergit.processes.run import die_with_parent, failure_reason, run
from ergit.processes.sandbox import Sandbox
from ergit.records.build import BuildRecord, BuildStatus, CommandOutcome, read_build, write_build
from ergit.records.java import JavaRecord, read_java
from ergit.records.record import JsonObject
from ergit.same_failures import refuse_same_failures


@dataclass(frozen=True)
class BuildJob:
    """What one commit is built from and to; `log` is the file to which the commands' output is added."""

    commit: str
    java: JavaRecord
    checkout: Path
    artifact: Path
    settings: BuildSettings
    fingerprint: str  # equal for builds of a commit that give the same artifact
    log: Path
    cache: str | None = None  # a folder that several studies share
    progress: int | None = None  # a file descriptor that gets warnings too
    stages: StageFacts | None = None  # of the study's own stages, where it has any
    context: JsonObject = field(default_factory=dict)  # what pre stages have put into it
    sandbox: Sandbox | None = None  # for the build commands


def build(job: BuildJob) -> BuildRecord:
    """The record of the build; the artifact holds what is kept of the built tree, nothing where there is no build.

    Raises:
        ErgitError: the build cannot even be tried (no room, no right, no `tar`).
    """
    build_dir = build_dir_of(job.commit)
    record = BuildRecord(
        commit=job.commit,
        java=job.java.chosen,
        directory=str(build_dir),
        environment=environment_of(job.java, job.settings.environment),
        cached=False,
        commands=(),
        status="ok",
        reason=None,
    )
    if job.java.status == "none":
        return without_artifact(job, record, "no-jdk", job.java.reason)
    incomplete = job.checkout / FAILURE
    if incomplete.exists():
        return without_artifact(job, record, "failed", incomplete.read_text(encoding="utf-8"))
    cached = cached_path(job.commit, job.java, job.settings, job.fingerprint, build_dir, cache_of(job))
    if cached and is_there(cached):
        problem = take_from_cache(cached, job.artifact)
        if not problem:
            return replace(record, cached=True)
        warn(job, f"{cached} is not used: {problem}. This commit is built.")
    try:
        with locked_build_dir(build_dir):
            copy_tree(job.checkout, build_dir)
            record = after_stages(record, job.stages, build_dir, job.context, after_build=False)
            if record.status != "ok":
                return without_artifact(job, record, record.status, record.reason)
            commands = run_commands(job, build_dir, record.environment)
            record = replace(record, commands=commands)
            failed = next((command for command in commands if command.status != "ok"), None)
            if failed:
                return without_artifact(job, record, failed.status, failed.reason)
            record = after_stages(record, job.stages, build_dir, job.context, after_build=True)
            if record.status != "ok":
                return without_artifact(job, record, record.status, record.reason)
            refuse_unusable(build_dir, job.settings.keep)
            pack(job.artifact, build_dir, job.settings.keep)
    except CommitError as failure:
        return without_artifact(job, record, "failed", str(failure))
    if cached:
        problem = keep_in_cache(job.artifact, cached)
        if problem:
            kept_nowhere = f"The build is not kept in {VARIABLE}={job.cache}: {problem}."
            warn(job, f"{kept_nowhere} Other studies build this commit again.")
    return record


def cache_of(job: BuildJob) -> str | None:
    """The cache of builds; None where pre-test stages run: what they put into the context is in no artifact."""
    has_stages = job.stages is not None and job.stages.settings.stages_of("pre-test")
    return None if has_stages else job.cache


def without_artifact(job: BuildJob, record: BuildRecord, status: BuildStatus, reason: str | None) -> BuildRecord:
    """The record of a commit that was not built; its artifact is empty."""
    pack(job.artifact, None, [])
    return replace(record, status=status, reason=reason)


def run_commands(job: BuildJob, build_dir: Path, environment: dict[str, str]) -> tuple[CommandOutcome, ...]:
    """The outcome of each build command in turn, up to the first that does not succeed.

    Raises:
        ErgitError: a disk is full after a command, whatever the command says of itself.
    """
    outcomes: list[CommandOutcome] = []
    for command in job.settings.commands:
        start = job.log.stat().st_size if job.log.exists() else 0
        outcome = run(
            command,
            directory=build_dir / job.settings.directory,
            inside=build_dir,
            environment=child_environment(environment, in_sandbox=job.sandbox is not None),
            timeout_seconds=job.settings.timeout_seconds,
            log=job.log,
            sandbox=job.sandbox,
        )
        outcomes.append(
            CommandOutcome(
                command=command,
                status=outcome.status,
                reason=failure_reason(f"`{command}`", outcome, job.settings.timeout_seconds),
                exit_code=outcome.exit_code,
                signal=outcome.signal,
                started=outcome.started,
                seconds=round(outcome.duration_seconds, 3),
            )
        )
        if job.log.exists():
            shorten(job.log, start)  # first, so that a command that prints without end has only itself to blame
        refuse_full_disk((build_dir.parent, job.log.parent))
        if outcome.status != "ok":
            break
    return tuple(outcomes)


def refuse_unusable(build_dir: Path, keep: Sequence[str]) -> None:
    """Does nothing where all that is to be kept is in the build dir, and that dir is the one that was made.

    Raises:
        CommitError: the build did not make it, took its folder away, or left something mounted there.
    """
    missing = [path for path in keep if build_dir.is_symlink() or not is_there(build_dir / path)]
    if missing:
        raise CommitError(f"the build made no {', '.join(missing)} (build.keep)")
    mounts = mounts_in(build_dir)
    if mounts:
        raise CommitError(f"the build left something mounted at {', '.join(map(str, mounts))}")


def is_there(path: Path) -> bool:
    """Whether there is something at the path, as far as this user may look."""
    try:
        return path.exists()
    except OSError:
        return False


def warn(job: BuildJob, text: str) -> None:
    """Writes a warning into the job's log and, where there is a way, to the terminal."""
    line = f"ergit: warning: {job.commit[:12]}: {text}\n"
    sys.stderr.write(line)
    if job.progress is not None:
        os.write(job.progress, line.encode(errors="replace"))


def main(arguments: Sequence[str] | None = None) -> None:
    """The program of rule `build`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", required=True, help="the environment variable that holds them")
    parser.add_argument("--commit", required=True)
    parser.add_argument("--java", type=Path, required=True, help="what the rule java wrote")
    parser.add_argument("--checkout", type=Path, required=True)
    parser.add_argument("--artifact", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--progress", type=int, help="a file descriptor that gets warnings too")
    options = parser.parse_args(arguments)
    die_with_parent()
    if options.progress is not None:
        os.set_inheritable(options.progress, False)
    output: Path = options.output
    with exit_on_user_error(), explain_write_error(output):
        settings = received(options.settings)
        context = begin(settings)
        refuse_edited(settings)
        stages = StageFacts(settings, output, options.commit)
        stages.forget()
        job = BuildJob(
            commit=options.commit,
            java=read_java(options.java),
            checkout=options.checkout,
            artifact=options.artifact,
            settings=settings.build,
            fingerprint=build_fingerprint(settings, stages=settings.stages),
            log=output.with_suffix(".output.log"),
            cache=os.environ.get(VARIABLE),
            progress=options.progress,
            stages=stages,
            context=context,
            sandbox=building_sandbox(settings, build_dir_of(options.commit)),
        )
        job.log.unlink(missing_ok=True)
        record = counted_build(job, output)
        if record.status in {"failed", "timeout"}:
            others = ((path.stem, path) for path in other_records(output))
            refuse_same_failures(record.reason or record.status, job.log, others, failure_in)
        write_build(output, record)


def counted_build(job: BuildJob, output: Path) -> BuildRecord:
    """The record of the build, or of the failure of a commit whose builds are killed again and again.

    Raises:
        ErgitError: the build cannot even be tried.
    """
    try:
        with count_kills(output, other_records(output)):
            return build(job)
    except CommitError as failure:
        pack(job.artifact, None, [])
        return BuildRecord(
            commit=job.commit,
            java=job.java.chosen,
            directory=str(build_dir_of(job.commit)),
            environment=environment_of(job.java, job.settings.environment),
            cached=False,
            commands=(),
            status="failed",
            reason=str(failure),
        )


def other_records(output: Path) -> Iterator[Path]:
    """The records that are there of other commits' builds."""
    return (path for path in output.parent.glob("*.json") if path.name != output.name)


def failure_in(path: Path) -> str | None:
    """Why the build in a record failed; None where it succeeded."""
    record = read_build(path)
    return None if record.status == "ok" else record.reason or record.status


if __name__ == "__main__":
    main()
