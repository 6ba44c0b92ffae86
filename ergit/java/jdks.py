"""The JDKs installed on this machine, and the one to take for a Java release."""

import os
import re
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from ergit.errors import ErgitError
from ergit.java.finders import FINDERS, Finder, Surroundings, home_of_user
from ergit.records.java import ChosenJdk

OLDEST_COMPILED = ((20, 8), (12, 7), (9, 6))
"""From that JDK on, `javac` compiles no release older than the other: JEP 182 (JDK 9 drops 1.5), JDK-8206877 (12 drops
6) and JDK-8293047 (20 drops 7). JDK 8 and before are taken to compile all that is older."""

LONG_TERM_RELEASES = (8, 11, 17, 21, 25)  # Oracle Java SE Support Roadmap
VERSION_SECONDS = 20.0
VERSION = re.compile(r'version "([^"]+)"')


class Jdk(Struct, frozen=True):
    """One JDK: its feature release (17), its whole version ("17.0.15"), and where it was found."""

    home: Path
    release: int
    version: str
    vendor: str | None
    found: tuple[str, ...]


def described(jdk: Jdk) -> ChosenJdk:
    """A JDK as records hold it."""
    return ChosenJdk(home=str(jdk.home), release=jdk.release, version=jdk.version, vendor=jdk.vendor)


def installed(finders: Iterable[Finder], surroundings: Surroundings) -> list[Jdk]:
    """Every JDK with a `javac`, each once (symbolic links followed), in the order of the finders.

    What has no readable version is left out.
    """
    found: dict[Path, list[str]] = {}
    for finder in finders:
        for folder, origin in finder(surroundings):
            if os.access(folder / "bin/javac", os.X_OK):
                found.setdefault(folder.resolve(), []).append(origin)
    identified = (jdk_at(home, tuple(dict.fromkeys(names))) for home, names in found.items())
    return [jdk for jdk in identified if jdk is not None]


def searched(folders: Sequence[str]) -> list[Path]:
    """The config's folders of JDKs, `~` replaced.

    Raises:
        ErgitError: one of them isn't there.
    """
    paths = []
    for folder in folders:
        try:
            path = Path(folder).expanduser()
        except RuntimeError:
            raise ErgitError(
                f"java.search: {folder!r} begins with ~, but this user has no home folder: write it out"
            ) from None
        if not path.is_dir():
            raise ErgitError(f"java.search: there is no folder {folder!r}: name folders with JDKs, or leave it out")
        paths.append(path)
    return paths


def jdks_here(search: Sequence[str], root: Path = Path("/")) -> list[Jdk]:
    """The JDKs of this machine, in the order of precedence; `search` are the config's own folders.

    Raises:
        ErgitError: one of these isn't there.
    """
    return installed(FINDERS, Surroundings(searched(search), os.environ, home_of_user(), root))


def jdk_at(home: Path, found: tuple[str, ...]) -> Jdk | None:
    """The JDK at `home`; None where neither its `release` file nor its `java` gives a version."""
    facts = release_facts(home)
    version = facts.get("JAVA_VERSION") or version_by_running(home)
    release = None if version is None else feature_release(version)
    if version is None or release is None:
        return None
    return Jdk(home, release, version, facts.get("IMPLEMENTOR"), found)


def release_facts(home: Path) -> dict[str, str]:
    """The lines `NAME="value"` of a JDK's `release` file; empty where it has none."""
    try:
        text = (home / "release").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    pairs = (line.partition("=") for line in text.splitlines())
    return {name.strip(): value.strip().strip('"') for name, separator, value in pairs if separator}


def version_by_running(home: Path) -> str | None:
    """The version that `java -version` prints; None where it can't be run or prints none."""
    try:
        result = subprocess.run(
            [home / "bin/java", "-version"], capture_output=True, text=True, errors="replace", timeout=VERSION_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = VERSION.search(result.stderr + result.stdout)
    return match[1] if match else None


def feature_release(version: str) -> int | None:
    """8 of "1.8.0_402", 17 of "17.0.15", 26 of "26-ea"; None where there is no number."""
    match = re.match(r"(?:1\.)?(\d+)", version)
    return int(match[1]) if match else None


def oldest_compiled(release: int) -> int:
    """The oldest release that the `javac` of a JDK compiles."""
    return next((oldest for since, oldest in OLDEST_COMPILED if release >= since), 1)


def compiles(jdk_release: int, wanted: int) -> bool:
    """Whether a JDK's `javac` compiles for a release."""
    return oldest_compiled(jdk_release) <= wanted <= jdk_release


def default(jdks: Sequence[Jdk]) -> Jdk | None:
    """The JDK where no release is asked for: JAVA_HOME's, else PATH's, else the newest long-term one, else the newest.

    None only where there is no JDK at all.
    """
    for origin in ("JAVA_HOME", "PATH"):
        for jdk in jdks:
            if origin in jdk.found:
                return jdk
    return max(jdks, key=lambda jdk: (jdk.release in LONG_TERM_RELEASES, jdk.release), default=None)


def release_to_install(wanted: int) -> int:
    """The first long-term release whose JDK compiles for the wanted one, or that one itself where none does."""
    return next((release for release in LONG_TERM_RELEASES if compiles(release, wanted)), wanted)
