"""The fingerprints of readings, builds and selections: what has to be equal so that they may be compared, or reused.

Snakemake compares these values (as `params`) with those of the last run: another one builds and measures again. So a
setting that is new enters them only where it is not at its default, and an old study goes on.
"""

import json
from collections.abc import Mapping, Sequence

import msgspec

from ergit.config.settings import CommitFilters, JobSettings, Settings, StageFile
from ergit.config.study_files import StudyFiles, build_files, edited_among, workload_files
from ergit.urls import public_url


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
                **_files(edited, build_files(settings)),
            },
            "java": java and {"release": java.release, "directory": java.directory},
            "repository": {"submodules": repository.submodules, "lfs": repository.lfs},
            **_contents(stages, "pre-test"),
        }
    )


def _contents(stages: Sequence[StageFile], kind: str) -> dict[str, list[str]]:
    """The part of a fingerprint for the study's own stages of a kind, in their order; empty where there is none."""
    found = [stage.sha256 for stage in stages if stage.kind == kind]
    return {"stages": found} if found else {}


def _files(edited: Mapping[str, str] | None, files: StudyFiles) -> dict[str, dict[str, str]]:
    """The part of a fingerprint for the edited ones among the files; empty where none is, as in any study so far."""
    found = edited_among(edited or {}, files)
    return {"files": found} if found else {}


def mirror_fingerprint(settings: Settings) -> str:
    """What is mirrored; without the user and password of its URL, since Snakemake writes params to disk."""
    return json.dumps({"url": public_url(settings.repository.url), "branch": settings.repository.branch})


def selection_fingerprint(settings: Settings, written: object) -> list[str] | dict[str, object]:
    """What is selected: the list, or all filters, those that the config has `written` first and in their order."""
    if not isinstance(settings.commits, CommitFilters):
        return list(settings.commits)
    filters: dict[str, object] = msgspec.to_builtins(settings.commits)
    order = [key for key in written if key in filters] if isinstance(written, Mapping) else []
    return {key: filters[key] for key in dict.fromkeys([*order, *filters])}
