"""Builds one commit: runs the build commands on a copy of its checkout and keeps the result, or records the failure."""

import argparse
import hashlib
import json
import os
import platform
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ergit.git.checkout import FAILURE
from ergit.processes import run as processes
from ergit.processes.run import die_with_parent
from ergit.errors import exit_on_user_error
from ergit.files import write_atomically
from ergit.building.build_dir import (
    child_environment,
    copy_tree,
    environment_of,
    pack,
    build_dir_of,
    refuse_full_disk,
    workplace,
)

CACHE = "ERGIT_BUILD_CACHE"


def build(
    commit: str,
    java: dict[str, Any],
    checkout: Path,
    artifact: Path,
    settings: dict[str, Any],
    meaning: str,
    log: Path,
) -> dict[str, Any]:
    """The record of the build; the artifact holds what is kept of the built tree, nothing where there is no build.

    Raises:
        ErgitError: the build cannot even be tried (no room, no right, no `tar`).
    """
    place = build_dir_of(commit)
    environment = environment_of(java, settings["environment"])
    record = {
        "schema": "ergit.build/1",
        "commit": commit,
        "java": java["chosen"],
        "directory": str(place),
        "environment": environment,
        "cached": False,
        "commands": [],
        "status": "ok",
        "reason": None,
    }
    if java["status"] == "none":
        pack(artifact, None, [])
        return record | {"status": "no-jdk", "reason": java["reason"]}
    incomplete = checkout / FAILURE
    if incomplete.exists():
        pack(artifact, None, [])
        return record | {"status": "failed", "reason": incomplete.read_text(encoding="utf-8")}
    kept = cached(commit, java, settings, meaning, place)
    if kept and kept.exists():
        shutil.copyfile(kept, artifact)
        return record | {"cached": True}
    with workplace(place):
        copy_tree(checkout, place)
        record["commands"] = commands = run_commands(settings, place, environment, log)
        failure = failure_of(commands) or lacking(place, settings["keep"])
        if failure:
            pack(artifact, None, [])
            return record | failure
        pack(artifact, place, settings["keep"])
    if kept:
        keep(artifact, kept)
    return record


def run_commands(settings: dict[str, Any], place: Path, environment: dict[str, str], log: Path) -> list[dict[str, Any]]:
    """The outcome of each build command in turn, up to the first that does not succeed."""
    outcomes = []
    for command in settings["commands"]:
        outcome = processes.run(
            command,
            directory=place / settings["directory"],
            inside=place,
            environment=child_environment(environment),
            timeout_seconds=settings["timeout_seconds"],
            log=log,
        )
        outcomes.append(
            {
                "command": command,
                "status": outcome.status,
                "reason": reason(command, outcome, settings["timeout_seconds"]),
                "exit_code": outcome.exit_code,
                "signal": outcome.signal,
                "started": outcome.started,
                "seconds": round(outcome.duration_seconds, 3),
            }
        )
        if outcome.status != "ok":
            refuse_full_disk((place, log.parent), log)
            break
    return outcomes


def failure_of(commands: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Status and reason of the command that did not succeed; None where all did."""
    return next(
        ({key: command[key] for key in ("status", "reason")} for command in commands if command["status"] != "ok"), None
    )


def lacking(place: Path, keep: Sequence[str]) -> dict[str, Any] | None:
    """The failure of a build that did not make what is to be kept, or took its folder away; None where all is there."""
    missing = [path for path in keep if place.is_symlink() or not (place / path).exists()]
    return {"status": "failed", "reason": f"the build made no {', '.join(missing)} (build.keep)"} if missing else None


def reason(command: str, outcome: processes.Outcome, timeout_seconds: float) -> str | None:
    """Why the command counts as failed, in a few words; None where it succeeded."""
    if outcome.status == "timeout":
        return f"`{command}` took longer than {timeout_seconds:g} s"
    if outcome.signal:
        return f"`{command}` was killed by signal {outcome.signal}"
    if outcome.status == "failed" and outcome.exit_code is None:
        return "build.directory is not there in this commit, or leads out of it"
    return f"status {outcome.exit_code} of `{command}`" if outcome.exit_code else None


def cached(commit: str, java: dict[str, Any], settings: dict[str, Any], meaning: str, place: Path) -> Path | None:
    """Where the artifact of an equal build is kept across studies; None where no cache folder is set.

    Equal are builds of one commit with the same commands, settings, JDK, kind of machine and path. Failures are not
    kept: they are tried again when asked for. Nor are builds whose commands use files of the study's folder.
    """
    folder = os.environ.get(CACHE)
    if not folder or any("ERGIT_STUDY" in command for command in settings["commands"]):
        return None
    what = [commit, java["wanted"], java["chosen"], meaning, platform.machine(), str(place)]
    return Path(folder) / f"{hashlib.sha256(json.dumps(what).encode()).hexdigest()}.tar.gz"


def keep(artifact: Path, kept: Path) -> None:
    """Copies the artifact into the cache, whole or not at all."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    part = kept.with_name(f".{kept.name}.{os.getpid()}")
    try:
        shutil.copyfile(artifact, part)
        part.replace(kept)
    finally:
        part.unlink(missing_ok=True)


def main() -> None:
    """The program of the rule `build`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", type=json.loads, required=True)
    parser.add_argument("--meaning", required=True, help="what builds with equal commands have in common")
    parser.add_argument("--commit", required=True)
    parser.add_argument("--java", type=Path, required=True, help="what the rule java wrote")
    parser.add_argument("--checkout", type=Path, required=True)
    parser.add_argument("--artifact", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    die_with_parent()
    with exit_on_user_error():
        java = json.loads(arguments.java.read_text(encoding="utf-8"))
        log = arguments.output.with_suffix(".output.log")
        log.unlink(missing_ok=True)
        record = build(
            *(arguments.commit, java, arguments.checkout, arguments.artifact),
            *(arguments.settings, arguments.meaning, log),
        )
        write_atomically(arguments.output, json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
