"""The fingerprints of readings, builds and selections: what has to be equal so that they may be compared, or reused.

Snakemake compares these values (as `params`) with those of the last run: another one builds and measures again. So a
setting that is new enters them only where it is not at its default, and an old study goes on.
"""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256

import msgspec

from ergit.config.settings import (
    CommitFilters,
    Fingerprints,
    JobSettings,
    SandboxSettings,
    Selection,
    Settings,
    StageFile,
    WorkloadSettings,
)
from ergit.config.study_files import StudyFiles, build_files, edited_among, workload_files
from ergit.records.readings import PROTOCOL
from ergit.urls import public_url

NEW_FILTERS = ("since", "until", "per")
Selected = list[str] | dict[str, object]


def reading_fingerprint(
    settings: Settings | JobSettings, edited: Mapping[str, str] | None = None, stages: Sequence[StageFile] = ()
) -> str:
    """What a reading stands for: of two equal texts the readings may be compared, of two others not.

    Counts, seeds and limits are left out: more rounds or a longer timeout do not change what a reading is. `edited` are
    the hashes of files of the study's folder that are not any more as the study first met them (study_files.py).
    `stages` are those of the study: a reading depends on its batch stages, a build on its pre-test stages.
    """
    workload, measure = settings.measured_workload(), settings.measure
    return json.dumps(
        {
            "build": build_fingerprint(settings, edited, stages),
            "workload": {
                "command": workload.command,
                "directory": workload.directory,
                "prepare": workload.prepare,
                "cleanup": workload.cleanup,
                "environment": workload.environment,
                **_files(edited, workload_files(settings)),
                **({"tests": workload.tests} if workload.tests != "all" else {}),
            },
            "measure": {
                "source": measure.source,
                "powercap": measure.powercap,
                "watts_per_core": measure.watts_per_core,
            },
            **_contents(stages, "batch"),
        }
    )


def build_fingerprint(
    settings: Settings | JobSettings, edited: Mapping[str, str] | None = None, stages: Sequence[StageFile] = ()
) -> str:
    """What a build stands for: of two equal texts (and the same commit) the artifacts are the same.

    `edited` and `stages` are those of `reading_fingerprint`.
    """
    repository, java, build = settings.repository, settings.java, settings.build
    return json.dumps(
        {
            "build": {
                "commands": list(build.commands),
                "directory": build.directory,
                "environment": build.environment,
                "keep": list(build.keep),
                **({"dependencies": list(build.dependencies)} if build.dependencies else {}),
                **_files(edited, build_files(settings)),
            },
            "java": java and {"release": java.release, "directory": java.directory},
            "repository": {"submodules": repository.submodules, "lfs": repository.lfs},
            **_sandbox(settings.sandbox),
            **_fixed(settings.workload),
            **_contents(stages, "pre-test"),
        }
    )


def fingerprints_of_records(
    settings: Settings, edited: Mapping[str, str] | None = None, stages: Sequence[StageFile] = ()
) -> Fingerprints:
    """What records of JDKs, builds, tests and readings hold of these; nothing where readings are imported.

    The name of a fixed workload and the protocol are in them: params of their own to Snakemake.
    """
    if settings.workload is None:
        return Fingerprints()
    java, source = settings.java, settings.workload.source
    asked = java and msgspec.to_builtins([java.release, java.directory, java.policy, java.releases])
    build = build_fingerprint(settings, edited, stages)
    readings = reading_fingerprint(settings, edited, stages)
    return Fingerprints(
        java=_in_short(asked),
        build=_in_short(build, source),
        tests=_in_short(readings, source, settings.workload.reports),
        readings=_in_short(readings, source, PROTOCOL),
    )


def _in_short(*parts: object) -> str:
    return sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _contents(stages: Sequence[StageFile], kind: str) -> dict[str, list[str]]:
    """The part of a fingerprint for the study's own stages of a kind, in their order; empty where there is none."""
    found = [stage.sha256 for stage in stages if stage.kind == kind]
    return {"stages": found} if found else {}


def _fixed(workload: WorkloadSettings | None) -> dict[str, dict[str, object]]:
    """The part of a fingerprint for a workload that is held fixed; empty where each commit has its own.

    The commit that it is from is added to the whole (records/workload.py): a name may stand for another one later.
    """
    if workload is None or workload.source is None:
        return {}
    return {"workload": {"paths": list(workload.paths)}}


def _sandbox(sandbox: SandboxSettings) -> dict[str, dict[str, object]]:
    """The part of a fingerprint for a sandbox, its keys that are not at their defaults; empty where there is none."""
    if not sandbox.enabled:
        return {}
    plain, default = msgspec.to_builtins(sandbox), msgspec.to_builtins(SandboxSettings())
    return {"sandbox": {key: value for key, value in plain.items() if value != default[key]}}


def _files(edited: Mapping[str, str] | None, files: StudyFiles) -> dict[str, dict[str, str]]:
    """The part of a fingerprint for the edited ones among the files; empty where none is, as in any study so far."""
    found = edited_among(edited or {}, files)
    return {"files": found} if found else {}


def mirror_fingerprint(settings: Settings) -> str:
    """What is mirrored; without the user and password of its URL, since Snakemake writes params to disk."""
    return json.dumps({"url": public_url(settings.repository.url), "branch": settings.repository.branch})


def selection_fingerprint(settings: Settings, written: object) -> Selected:
    """What is selected: the list, or all filters, those that the config has `written` first and in their order.

    Where commits are excluded, it is that as `commits`, beside `exclude`.
    """
    commits = _commits_selected(settings.commits, written)
    return {"commits": commits, "exclude": msgspec.to_builtins(settings.exclude)} if settings.exclude else commits


def selection_of(fingerprint: Selected) -> Selection:
    """The selection whose fingerprint that is."""
    is_whole = isinstance(fingerprint, Mapping) and "exclude" in fingerprint
    return msgspec.convert(fingerprint if is_whole else {"commits": fingerprint}, Selection)


def _commits_selected(commits: Sequence[str] | CommitFilters, written: object) -> Selected:
    """The list, or the filters; of those that are newer than 0.1.0 only the ones that are set."""
    if not isinstance(commits, CommitFilters):
        return list(commits)
    plain: dict[str, object] = msgspec.to_builtins(commits)
    filters = {key: value for key, value in plain.items() if key not in NEW_FILTERS or value is not None}
    order = [key for key in written if key in filters] if isinstance(written, Mapping) else []
    return {key: filters[key] for key in dict.fromkeys([*order, *filters])}
