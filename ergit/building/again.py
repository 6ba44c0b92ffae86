"""One more build of a commit whose first one was put aside to save disk: by the job that measures it."""

import shutil
from pathlib import Path

from msgspec.structs import replace

from ergit.building.artifacts import evict
from ergit.building.build import BuildJob, build, of_workload
from ergit.building.build_dir import build_dir_of
from ergit.building.dependencies import dependencies_of
from ergit.building.eviction import folder_of_builds_again
from ergit.building.sandboxes import building_sandbox
from ergit.config.fingerprint import build_fingerprint
from ergit.config.settings import JobSettings
from ergit.git.checkout import checkout
from ergit.git.workload import workload_of
from ergit.plugins.facts import StageFacts
from ergit.records.build import BuildRecord, read_build, write_build
from ergit.records.java import JavaRecord, read_java
from ergit.records.record import JsonObject


def built_again(
    settings: JobSettings, first: BuildRecord, artifact: Path, context: JsonObject, *, progress: int | None = None
) -> tuple[BuildRecord, int]:
    """The record of one more build of a commit, with the JDK of the first, and its number; its artifact is there then.

    Args:
        settings: those of the study.
        first: the build whose artifact was evicted.
        artifact: where the new one goes.
        context: what pre stages have put into the context.
        progress: a file descriptor that gets warnings too.

    Raises:
        ErgitError: the build cannot even be tried.
    """
    folder = folder_of_builds_again(artifact, first.commit)
    folder.mkdir(parents=True, exist_ok=True)
    number = 2
    while (folder / f"{number}.json").exists():
        number += 1
    record, tree = folder / f"{number}.json", folder / "checkout"
    workload = workload_of(settings)
    stages = StageFacts(settings, record, first.commit)
    stages.forget()
    job = BuildJob(
        commit=first.commit,
        java=_java_of(first, Path(settings.results)),
        checkout=tree,
        artifact=artifact,
        settings=settings.build,
        fingerprint=build_fingerprint(settings, stages=settings.stages),
        log=record.with_suffix(".output.log"),
        dependencies=dependencies_of(settings, build_dir_of(first.commit)),
        progress=progress,
        stages=stages,
        context=context,
        sandbox=building_sandbox(settings, build_dir_of(first.commit)),
    )
    job.log.unlink(missing_ok=True)
    try:
        checkout(Path(settings.results, "mirror.git"), first.commit, tree, settings.repository, workload)
        made = of_workload(build(job), workload)
    finally:
        shutil.rmtree(tree, ignore_errors=True)
    if made.status != "ok":
        evict(artifact)  # the first build went well: this one may, the next time
        made = replace(
            made, reason=f"its build was put aside (build.disk_gigabytes) and cannot be made again: {made.reason}"
        )
    made = replace(made, fingerprint=first.fingerprint)
    write_build(record, made)
    return made, number


def standing_build(first: BuildRecord, record: Path, artifact: Path) -> tuple[BuildRecord, int]:
    """The build whose artifact is there, with its number: the last one that was made again, if any went well.

    Args:
        first: the build that the rule has made.
        record: where its record is; it counts where it is newer than all builds made again, or of other settings.
        artifact: where the artifact is.
    """
    made = record.stat().st_mtime
    folder = folder_of_builds_again(artifact, first.commit)
    for number in sorted((int(path.stem) for path in folder.glob("[0-9]*.json")), reverse=True):
        path = folder / f"{number}.json"
        if path.stat().st_mtime < made:
            continue
        again = read_build(path)
        if again.status == "ok" and again.fingerprint == first.fingerprint:
            return again, number
    return first, 1


def _java_of(first: BuildRecord, results: Path) -> JavaRecord:
    """What the commit asks for, with the JDK that has built it as the only one."""
    return replace(read_java(results / f"java/{first.commit}.json"), chosen=first.java, candidates=())
