"""Chooses the JDK of one commit: results/java/{commit}.json says what the commit asks for and what it gets."""

import argparse
import os
import posixpath
from collections.abc import Sequence
from pathlib import Path

from ergit.config.handover import received
from ergit.config.settings import JavaSettings
from ergit.disk import explain_write_error
from ergit.errors import ErgitError, exit_on_user_error
from ergit.git.blobs import reader_of
from ergit.java.finders import FINDERS, Surroundings
from ergit.java.jdks import Jdk, default, for_release, installed, release_to_install
from ergit.java.poms import Reader, Requirement, required_release
from ergit.plugins.runs import begin
from ergit.records.java import ChosenJdk, JavaRecord, write_java

RELEASE_FOR_ANY = 17  # to install where a commit asks for none


def choice(commit: str, settings: JavaSettings | None, read: Reader, jdks: Sequence[Jdk]) -> JavaRecord:
    """The record of a commit: the wanted release, the chosen JDK and the reason.

    Args:
        commit: its SHA.
        settings: the config's `java`; None where the commands need no JDK.
        read: gives the files of the commit.
        jdks: those of this machine, in the order of precedence.
    """
    if settings is None:
        return JavaRecord(
            commit=commit,
            status="not-wanted",
            wanted=None,
            wanted_from=None,
            chosen=None,
            reason="the config says that no JDK is needed (java: null)",
        )
    requirement = requirement_of(settings, read)
    wanted = requirement.release
    jdk = default(jdks) if wanted is None else for_release(jdks, wanted)
    return JavaRecord(
        commit=commit,
        status="none" if jdk is None else "ok",
        wanted=wanted,
        wanted_from=requirement.stated_in,
        chosen=None
        if jdk is None
        else ChosenJdk(home=str(jdk.home), release=jdk.release, version=jdk.version, vendor=jdk.vendor),
        reason=what_is_missing(requirement, jdks) if jdk is None else why_this_one(requirement, jdk),
    )


def requirement_of(settings: JavaSettings, read: Reader) -> Requirement:
    """The release that the config sets, else the one that the commit's pom asks for."""
    if settings.release is not None:
        return Requirement(settings.release, "config: java.release", None)
    return required_release(read, posixpath.normpath(posixpath.join(settings.directory, "pom.xml")))


def why_this_one(requirement: Requirement, jdk: Jdk) -> str:
    """Why a JDK was chosen, in words."""
    wanted, seen = requirement.release, f"found by {jdk.found[0]}"
    if wanted is None:
        origin = next((origin for origin in ("JAVA_HOME", "PATH") if origin in jdk.found), None)
        which = f"the JDK of {origin}" if origin else f"the newest long-term JDK, or else the newest, {seen}"
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


def main(arguments: Sequence[str] | None = None) -> None:
    """The program of rule `java`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", required=True, help="the environment variable that holds them")
    parser.add_argument("--mirror", type=Path, required=True, help="bare repository")
    parser.add_argument("--commit", required=True)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args(arguments)
    with exit_on_user_error(), explain_write_error(options.output):
        received_settings = received(options.settings)
        begin(received_settings)
        settings = received_settings.java
        read = reader_of(options.mirror, options.commit)
        jdks: list[Jdk] = []
        if settings is not None:
            jdks = installed(FINDERS, Surroundings(searched(settings.search), os.environ, Path.home()))
        write_java(options.output, choice(options.commit, settings, read, jdks))


if __name__ == "__main__":
    main()
