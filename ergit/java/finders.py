"""Where JDKs are looked for: a list of finders, each for one kind of folder."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Surroundings:
    """What finders look at: the config's own folders, environment variables, a home folder, a file system's root."""

    search: Sequence[Path]
    environment: Mapping[str, str]
    home: Path
    root: Path = Path("/")


Finder = Callable[[Surroundings], Iterator[tuple[Path, str]]]
"""Yields folders that may be JDKs, each with the words for where it was seen ("PATH", "/usr/lib/jvm")."""


def in_search(surroundings: Surroundings) -> Iterator[tuple[Path, str]]:
    """The config's folders, which may be JDKs or hold some."""
    for folder in surroundings.search:
        yield folder, "java.search"
        yield from inside(folder, "java.search")


def in_java_home(surroundings: Surroundings) -> Iterator[tuple[Path, str]]:
    """JAVA_HOME."""
    if surroundings.environment.get("JAVA_HOME"):
        yield Path(surroundings.environment["JAVA_HOME"]), "JAVA_HOME"


def on_path(surroundings: Surroundings) -> Iterator[tuple[Path, str]]:
    """The JDK of each `javac` on PATH."""
    for entry in surroundings.environment.get("PATH", "").split(os.pathsep):
        if entry and os.access(Path(entry) / "javac", os.X_OK):
            yield (Path(entry) / "javac").resolve().parent.parent, "PATH"


def of_the_system(surroundings: Surroundings) -> Iterator[tuple[Path, str]]:
    """Where Linux distributions put JDKs."""
    return inside(surroundings.root / "usr/lib/jvm", "/usr/lib/jvm")


def of_sdkman(surroundings: Surroundings) -> Iterator[tuple[Path, str]]:
    """SDKMAN's (https://sdkman.io)."""
    return inside(surroundings.home / ".sdkman/candidates/java", "SDKMAN")


def of_intellij(surroundings: Surroundings) -> Iterator[tuple[Path, str]]:
    """Those that IntelliJ IDEA and Gradle put into ~/.jdks."""
    return inside(surroundings.home / ".jdks", "~/.jdks")


def in_opt(surroundings: Surroundings) -> Iterator[tuple[Path, str]]:
    """Those unpacked into /opt by hand."""
    return inside(surroundings.root / "opt", "/opt")


FINDERS: tuple[Finder, ...] = (in_search, in_java_home, on_path, of_the_system, of_sdkman, of_intellij, in_opt)
"""In the order of precedence."""


def inside(folder: Path, found: str) -> Iterator[tuple[Path, str]]:
    """The folders in a folder, by name; none where it can't be read."""
    try:
        children = sorted(folder.iterdir())
    except OSError:
        return
    yield from ((child, found) for child in children)
