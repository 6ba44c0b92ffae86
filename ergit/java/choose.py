"""Chooses the JDK of one commit: results/java/{commit}.json says what the commit asks for and what it gets."""

import argparse
import json
import os
import posixpath
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ergit.errors import ErgitError, exit_on_user_error
from ergit.files import write_atomically
from ergit.java.jdks import Jdk, Places, default, for_release, installed, release_to_install
from ergit.java.poms import Reader, Requirement, required_release

SCHEMA = "ergit.java/1"
RELEASE_FOR_ANY = 17  # to install where a commit asks for none


def choice(settings: dict[str, Any] | None, read: Reader, places: Places) -> dict[str, Any]:
    """Status, wanted release, chosen JDK and the reason, as the record has them.

    Args:
        settings: the config's `java`; None where the commands need no JDK.
        read: gives the files of the commit.
        places: where JDKs are looked for.
    """
    if settings is None:
        return {"status": "not-wanted"} | outcome(
            None, None, None, "the config says that no JDK is needed (java: null)"
        )
    requirement = requirement_of(settings, read)
    jdks = installed(places)
    wanted, stated_in = requirement.release, requirement.stated_in
    jdk = default(jdks) if wanted is None else for_release(jdks, wanted)
    if jdk is None:
        return {"status": "none"} | outcome(wanted, stated_in, None, what_is_missing(requirement, jdks))
    return {"status": "ok"} | outcome(wanted, stated_in, jdk, why_this_one(requirement, jdk))


def requirement_of(settings: dict[str, Any], read: Reader) -> Requirement:
    """The release that the config sets, else the one that the commit's pom asks for."""
    if settings["release"] is not None:
        return Requirement(settings["release"], "config: java.release", None)
    return required_release(read, posixpath.normpath(posixpath.join(settings["directory"], "pom.xml")))


def outcome(wanted: int | None, wanted_from: str | None, jdk: Jdk | None, reason: str) -> dict[str, Any]:
    """The record's part after the status."""
    chosen = None
    if jdk is not None:
        chosen = {"home": str(jdk.home), "release": jdk.release, "version": jdk.version, "vendor": jdk.vendor}
    return {"wanted": wanted, "wanted_from": wanted_from, "chosen": chosen, "reason": reason}


def why_this_one(requirement: Requirement, jdk: Jdk) -> str:
    """Why a JDK was chosen, in words."""
    wanted, seen = requirement.release, f"found by {jdk.found[0]}"
    if wanted is None:
        place = next((place for place in ("JAVA_HOME", "PATH") if place in jdk.found), None)
        which = f"the JDK of {place}" if place else f"the newest long-term JDK, or else the newest, {seen}"
        return f"{which}, since nothing asks for a release: {requirement.problem}"
    if wanted == jdk.release:
        return f"exactly the release asked for, {seen}"
    return f"no JDK {wanted} is here; this is the nearest newer one that compiles for it, {seen}"


def what_is_missing(requirement: Requirement, jdks: Sequence[Jdk]) -> str:
    """Why there is no JDK for a commit, and how to get one."""
    wanted = requirement.release
    release = release_to_install(wanted or RELEASE_FOR_ANY)
    fix = (
        f"install JDK {release} (for example `apt install openjdk-{release}-jdk`, or from https://adoptium.net),"
        " or name the folder of one in java.search"
    )
    if not jdks:
        return f"no JDK (with javac) was found: {fix}"
    here = ", ".join(f"{jdk.version} in {jdk.home}" for jdk in jdks)
    lack = f"no JDK here compiles Java {wanted}, which {requirement.stated_in} asks for (here are {here})"
    return f"{lack}: {fix}, or set java.release to build for another release"


def reader_of(mirror: Path, commit: str) -> Reader:
    """Reads files of one commit of a bare repository.

    Raises:
        ErgitError: the repository has no such commit.
    """
    if object_of(mirror, f"{commit}^{{commit}}", "commit") is None:
        raise ErgitError(f"{mirror} has no commit {commit}: remove {mirror} so that it is fetched again")
    return lambda path: object_of(mirror, f"{commit}:{path}", "blob")


def object_of(mirror: Path, name: str, kind: str) -> bytes | None:
    """The content of a Git object; None where there is none of that name and kind.

    Raises:
        ErgitError: Git can't read the repository.
    """
    result = subprocess.run(
        ["git", "--git-dir", mirror, "cat-file", "--batch=%(objecttype)"],
        input=f"{name}\n".encode(),
        capture_output=True,
    )
    if result.returncode != 0:
        raise ErgitError(f"{mirror} can't be read: {result.stderr.decode(errors='replace').strip()}")
    header, _, content = result.stdout.partition(b"\n")
    return content.removesuffix(b"\n") if header == kind.encode() else None


def searched(folders: Sequence[str]) -> list[Path]:
    """The config's folders of JDKs, `~` replaced.

    Raises:
        ErgitError: one of them isn't there.
    """
    paths = [Path(folder).expanduser() for folder in folders]
    for folder, path in zip(folders, paths, strict=True):
        if not path.is_dir():
            raise ErgitError(f"java.search: there is no folder {folder!r}: name folders with JDKs, or leave it out")
    return paths


def main() -> None:
    """The program of the rule `java`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mirror", type=Path, required=True, help="bare repository")
    parser.add_argument("--commit", required=True)
    parser.add_argument("--settings", type=json.loads, required=True, help="the config's `java` as JSON")
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    settings = arguments.settings
    with exit_on_user_error():
        places = Places(searched(settings["search"] if settings else []), os.environ, Path.home())
        record = choice(settings, reader_of(arguments.mirror, arguments.commit), places)
        complete = {"schema": SCHEMA, "commit": arguments.commit} | record
        write_atomically(arguments.output, json.dumps(complete, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
