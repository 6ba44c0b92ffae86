"""The cache of builds that several studies share: a folder of artifacts, named by a hash of what they are made of."""

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ergit.building.artifacts import damage_of
from ergit.config.settings import BuildSettings
from ergit.disk import refuse_full_disk
from ergit.files import sync_folder
from ergit.records.java import ChosenJdk, JavaRecord

VARIABLE = "ERGIT_BUILD_CACHE"


def cached_path(
    commit: str,
    java: JavaRecord,
    settings: BuildSettings,
    fingerprint: str,
    build_dir: Path,
    folder: str | None,
    failed: Sequence[ChosenJdk] = (),
) -> Path | None:
    """Where the artifact of an equal build is kept across studies; None where there is no cache `folder`.

    Equal are builds of one commit with the same fingerprint, JDK, kind of machine and build dir. Failures are not kept:
    they are tried again when asked for. Nor are builds whose commands use files or
    dependencies of the study's folder. `failed` are the JDKs that were tried before the chosen one: a build that none
    of them could make is none of a study that tries others.
    """
    if (
        not folder
        or settings.files
        or settings.dependencies
        or any("ERGIT_STUDY" in command for command in settings.commands)
    ):
        return None
    what = [commit, java.wanted, msgspec.to_builtins(java.chosen), fingerprint, os.uname().machine, str(build_dir)]
    if failed:
        what.append(msgspec.to_builtins(failed))
    return Path(folder) / f"{hashlib.sha256(json.dumps(what).encode()).hexdigest()}.tar.gz"


def take_from_cache(cached: Path, artifact: Path) -> str | None:
    """Copies an artifact out of the cache; None when that is done, else why not, in words.

    Raises:
        ErgitError: there is no room for it.
    """
    try:
        if not cached.exists():
            return "it is not there"
        damage = damage_of(cached)
        if damage:
            return damage
        shutil.copyfile(cached, artifact)
    except OSError as error:
        refuse_full_disk([artifact.parent])
        return f"{error.strerror} ({error.filename})"
    return None


def keep_in_cache(artifact: Path, cached: Path) -> str | None:
    """Copies an artifact into the cache, whole or not at all; None when that is done, else why not, in words."""
    part = cached.with_name(f".{cached.name}.{os.getpid()}")
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(artifact, part)
            with part.open("rb") as file:
                os.fsync(file.fileno())
            part.replace(cached)
            sync_folder(cached.parent)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        return f"{error.strerror} ({error.filename})"
    return None
