"""Folders that look like JDKs, and a finder that is not in ergit's list."""

from collections.abc import Iterator
from pathlib import Path

from ergit.java.finders import Surroundings


def make_jdk(home: Path, version: str | None, vendor: str | None = None, prints: str | None = None) -> Path:
    """A folder with a `javac`, a `release` file where there is a version, a `java` where it prints one."""
    (home / "bin").mkdir(parents=True)
    (home / "bin/javac").write_text("#!/bin/sh\n")
    (home / "bin/javac").chmod(0o755)
    if version is not None:
        implementor = "" if vendor is None else f'IMPLEMENTOR="{vendor}"\n'
        (home / "release").write_text(f'{implementor}JAVA_VERSION="{version}"\nMODULES="java.base"\n')
    if prints is not None:
        (home / "bin/java").write_text(f"#!/bin/sh\necho '{prints}' >&2\n")
        (home / "bin/java").chmod(0o755)
    return home


def surroundings(root: Path, *search: Path, **environment: str) -> Surroundings:
    """A machine whose file system begins at `root`."""
    return Surroundings(search, environment, root / "home", root)


def of_server(where: Surroundings) -> Iterator[tuple[Path, str]]:
    """A finder as somebody might add one: JDKs that a server offers."""
    for folder in sorted((where.root / "srv/jdks").glob("*")):
        yield folder, "the server's"
