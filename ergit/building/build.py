"""Builds one commit: runs the build commands on a copy of its checkout and keeps the result, or records the failure."""

import argparse
import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from ergit.building.artifacts import copy_tree, pack
from ergit.building.build_dir import build_dir_of, locked_build_dir
from ergit.building.cache import VARIABLE, cached_path, keep_in_cache, take_from_cache
from ergit.building.dependencies import Dependencies, dependencies_of
from ergit.building.eviction import evict_beyond
from ergit.building.jdk_problems import hope_in_words, jdk_problem, may_cure
from ergit.building.reasons import printed, with_line
from ergit.building.removal import mounts_in
from ergit.building.sandboxes import building_sandbox
from ergit.building.stages import after_stages
from ergit.config.fingerprint import build_fingerprint
from ergit.config.handover import received
from ergit.config.settings import BuildSettings, JobSettings
from ergit.config.study_files import refuse_edited
from ergit.disk import explain_write_error, refuse_full_disk
from ergit.errors import CommitError, exit_on_user_error
from ergit.git.checkout import FAILURE, WHOLE, make_whole
from ergit.git.workload import workload_of
from ergit.inputs.contents import contents_of_tree
from ergit.inputs.dependency_lists import listed_dependencies
from ergit.planning.turn import wait_while_paused
from ergit.plugins.facts import StageFacts
from ergit.plugins.runs import begin
from ergit.processes.environment import child_environment, environment_of
from ergit.processes.kills import count_kills
from ergit.processes.output import head, shorten
from ergit.processes.parent import die_with_parent
from ergit.processes.run import failure_reason, run
from ergit.processes.sandbox import Sandbox
from ergit.records.build import (
    BuildRecord,
    BuildStatus,
    BuildTry,
    CommandOutcome,
    JdkRange,
    read_build,
    write_build,
)
from ergit.records.java import ChosenJdk, JavaRecord, read_java
from ergit.records.record import JsonObject
from ergit.records.workload import NAME, WorkloadRecord, workload_mark
from ergit.same_failures import refuse_same_failures
from ergit.terminal import say, screen_of


class BuildJob(Struct, frozen=True):
    """What one commit is built from and to; `log` is the file to which the commands' output is added."""

    commit: str
    java: JavaRecord
    checkout: Path
    artifact: Path
    settings: BuildSettings
    fingerprint: str  # equal for builds of a commit that give the same artifact
    log: Path
    dependencies: Dependencies  # what the commands may download, and where it is kept
    cache: str | None = None  # a folder that several studies share
    progress: int | None = None  # a file descriptor that gets warnings too
    stages: StageFacts | None = None  # of the study's own stages, where it has any
    context: JsonObject = field(default_factory=dict)  # what pre stages have put into it
    sandbox: Sandbox | None = None  # for the build commands


def build(job: BuildJob) -> BuildRecord:
    """The record of the build; the artifact holds what is kept of the built tree, nothing where there is no build.

    Where the log of a failed build blames the JDK, the next candidate that may cure it is tried, on a fresh tree.

    Raises:
        ErgitError: the build cannot even be tried (no room, no right, no `tar`).
    """
    if job.java.status == "none":
        return without_artifact(job, unbuilt(job, job.java), "no-jdk", job.java.reason)
    incomplete = job.checkout / FAILURE
    if incomplete.exists():
        return without_artifact(job, unbuilt(job, job.java), "failed", incomplete.read_text(encoding="utf-8"))
    candidates = java_records(job.java)
    cached = [cached_build(job, candidates[: number + 1]) for number in range(len(candidates))]
    for java, path in zip(candidates, cached, strict=True):
        if path and is_there(path):
            problem = take_from_cache(path, job.artifact)
            if not problem:
                return replace(unbuilt(job, java), cached=True)
            warn(job, f"{path} is not used: {problem}. This commit is built.")
    record, tries = unbuilt(job, job.java), list[BuildTry]()
    for java, path in zip(candidates, cached, strict=True):
        if not all(one.cure is not None and java.chosen and may_cure(one.cure, java.chosen.release) for one in tries):
            continue
        record, cure = one_try(job, java, is_first=not tries)
        if java.chosen is not None:
            tries.append(try_of(record, java.chosen, cure))
        if record.status == "ok" and path:
            problem = keep_in_cache(job.artifact, path)
            if problem:
                kept_nowhere = f"The build is not kept in {VARIABLE}={job.cache}: {problem}."
                warn(job, f"{kept_nowhere} Other studies build this commit again.")
        if cure is None:
            break
    return replace(record, tries=tuple(tries), reason=reason_after(tries, record.reason))


def java_records(java: JavaRecord) -> list[JavaRecord]:
    """What the commit asks for, with each candidate chosen in turn; a record of 0.1.0 has one."""
    return [replace(java, chosen=candidate) for candidate in java.candidates] or [java]


def unbuilt(job: BuildJob, java: JavaRecord) -> BuildRecord:
    """The record of a build with that JDK of which nothing is known yet."""
    return BuildRecord(
        commit=job.commit,
        java=java.chosen,
        directory=str(build_dir_of(job.commit)),
        environment=environment_of(java, job.dependencies.variables(job.settings.environment)),
        cached=False,
        commands=(),
        status="ok",
        reason=None,
    )


def one_try(job: BuildJob, java: JavaRecord, *, is_first: bool) -> tuple[BuildRecord, JdkRange | None]:
    """The record of one try, on a fresh copy of the tree; and the JDKs that may cure it, where its log blames this one.

    Raises:
        ErgitError: the build cannot even be tried.
    """
    record = unbuilt(job, java)
    build_dir, stages = build_dir_of(job.commit), job.stages and job.stages.with_jdk(java.chosen)
    if java.chosen and not is_first:
        head(job.log, f"another try, with JDK {java.chosen.version} in {java.chosen.home}")
    try:
        with locked_build_dir(build_dir):
            copy_tree(job.checkout, build_dir)
            (build_dir / WHOLE).unlink(missing_ok=True)  # no business of the build
            job.dependencies.lend()
            record = after_stages(record, stages, build_dir, job.context, after_build=False)
            if record.status != "ok":
                return without_artifact(job, record, record.status, record.reason), None
            commands, output = run_commands(job, build_dir, record.environment)
            job.dependencies.take_in()
            record = replace(record, commands=commands)
            failed = next((command for command in commands if command.status != "ok"), None)
            if failed:
                is_told = failed.status == "failed" and java.chosen
                cure = jdk_problem(output, java.chosen.release) if is_told and java.chosen else None
                return without_artifact(job, record, failed.status, failed.reason), cure
            record = after_stages(record, stages, build_dir, job.context, after_build=True)
            if record.status != "ok":
                return without_artifact(job, record, record.status, record.reason), None
            refuse_unusable(build_dir, job.settings.keep)
            kept = [*job.settings.keep, *job.dependencies.kept(job.settings.keep)]
            pack(job.artifact, build_dir, kept)
            record = replace(
                record,
                contents=contents_of_tree(build_dir, kept),
                dependencies=listed_dependencies(build_dir / job.settings.directory),
            )
    except CommitError as failure:
        return without_artifact(job, record, "failed", str(failure)), None
    return record, None


def try_of(record: BuildRecord, jdk: ChosenJdk, cure: JdkRange | None) -> BuildTry:
    """The try that a record is of."""
    return BuildTry(
        java=jdk,
        status=record.status,
        reason=record.reason,
        seconds=round(sum(command.seconds for command in record.commands), 3),
        cure=cure,
    )


def reason_after(tries: Sequence[BuildTry], reason: str | None) -> str | None:
    """The reason of the last try, with the JDKs that were tried and, where the log blames them, those that may do."""
    if reason is None or not tries or (len(tries) == 1 and tries[0].cure is None):
        return reason
    used = " and ".join(f"JDK {one.java.release}" for one in tries)
    hope = hope_in_words([one.cure for one in tries if one.cure is not None], tries[-1].java.release)
    return f"{reason} (with {used}{f'; {hope}' if hope and tries[-1].cure else ''})"


def cached_build(job: BuildJob, tried: Sequence[JavaRecord]) -> Path | None:
    """Where an equal build by the last of these JDKs is kept, which could be made with none of those before it."""
    failed = [java.chosen for java in tried[:-1] if java.chosen]
    folder = cache_of(job)
    return cached_path(job.commit, tried[-1], job.settings, job.fingerprint, build_dir_of(job.commit), folder, failed)


def cache_of(job: BuildJob) -> str | None:
    """The cache of builds; None where pre-test stages run: what they put into the context is in no artifact."""
    has_stages = job.stages is not None and job.stages.settings.stages_of("pre-test")
    return None if has_stages else job.cache


def without_artifact(job: BuildJob, record: BuildRecord, status: BuildStatus, reason: str | None) -> BuildRecord:
    """The record of a commit that was not built; its artifact is empty."""
    pack(job.artifact, None, [])
    return replace(record, status=status, reason=reason)


def run_commands(job: BuildJob, build_dir: Path, environment: dict[str, str]) -> tuple[tuple[CommandOutcome, ...], str]:
    """The outcome of each build command in turn, up to the first that does not succeed; and what the last printed.

    Raises:
        ErgitError: a disk is full after a command, whatever the command says of itself.
    """
    outcomes: list[CommandOutcome] = []
    output = ""
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
        if job.log.exists():
            shorten(job.log, start)  # first, so that a command that prints without end has only itself to blame
        output = printed(job.log, start)
        reason = failure_reason(f"`{command}`", outcome, job.settings.timeout_seconds)
        outcomes.append(
            CommandOutcome(
                command=command,
                status=outcome.status,
                reason=with_line(reason, outcome.exit_code, output, build_dir),
                exit_code=outcome.exit_code,
                signal=outcome.signal,
                started=outcome.started,
                seconds=round(outcome.duration_seconds, 3),
            )
        )
        refuse_full_disk((build_dir.parent, job.log.parent))
        if outcome.status != "ok":
            break
    return tuple(outcomes), output


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
    say(job.progress, f"warning: {job.commit[:12]}: {text}")


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
        wait_while_paused(Path(settings.results), partial(tell_pause, settings, options.progress))
        context = begin(settings)
        refuse_edited(settings)
        stages = StageFacts(settings, output, options.commit)
        stages.forget()
        workload = workload_of(settings)
        mark = workload_mark(Path(settings.results) / NAME, workload.name if workload else None)
        job = BuildJob(
            commit=options.commit,
            java=read_java(options.java),
            checkout=options.checkout,
            artifact=options.artifact,
            settings=settings.build,
            fingerprint=build_fingerprint(settings, stages=settings.stages) + mark,
            log=output.with_suffix(".output.log"),
            cache=os.environ.get(VARIABLE),
            progress=options.progress,
            stages=stages,
            context=context,
            dependencies=dependencies_of(settings, build_dir_of(options.commit)),
            sandbox=building_sandbox(settings, build_dir_of(options.commit)),
        )
        job.log.unlink(missing_ok=True)
        mirror = Path(settings.results, "mirror.git")
        make_whole(mirror, job.commit, job.checkout, settings.repository, workload)
        record = of_workload(counted_build(job, output), workload)
        if record.status in {"failed", "timeout"}:
            others = ((path.stem, path) for path in other_records(output))
            refuse_same_failures(record.reason or record.status, job.log, others, failure_in)
        (job.checkout / WHOLE).unlink(missing_ok=True)  # Snakemake removes it next, and may be killed meanwhile
        write_build(output, replace(record, fingerprint=settings.fingerprints.build))
        if record.status != "ok":
            say(None, f"{record.commit[:12]} has no build: {record.reason}")  # the run tells it on the terminal
        else:
            evict_beyond(settings, job.artifact)


def tell_pause(settings: JobSettings, progress: int | None, why: str) -> None:
    """Tells that nothing is built now, and why."""
    from ergit.live.job import LiveJob  # few builds need it

    say(None, why)
    LiveJob(Path(settings.results), settings.measure, screen_of(progress)).waits_long(why)


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
        return replace(unbuilt(job, job.java), status="failed", reason=str(failure))


def of_workload(record: BuildRecord, workload: WorkloadRecord | None) -> BuildRecord:
    """The record with the commit of the fixed workload; the reason of a failure says that it was laid over."""
    if workload is None:
        return record
    if record.status in {"failed", "timeout"}:
        reason = f"{record.reason or record.status} (with the workload of {workload.in_words()} laid over it)"
        record = replace(record, reason=reason)
    return replace(record, workload=workload.commit)


def other_records(output: Path) -> Iterator[Path]:
    """The records that are there of other commits' builds."""
    return (path for path in output.parent.glob("*.json") if path.name != output.name)


def failure_in(path: Path) -> str | None:
    """Why the build in a record failed; None where it succeeded."""
    record = read_build(path)
    return None if record.status == "ok" else record.reason or record.status


if __name__ == "__main__":
    main()
