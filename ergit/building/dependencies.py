"""The study's own cache of what builds download: filled by builds, read while measuring, without the network."""

import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from ergit.building.removal import remove_tree
from ergit.config.settings import DependencyTool, JobSettings
from ergit.disk import refuse_full_disk
from ergit.errors import CommitError, ErgitError

FOLDER = "dependencies"
"""The cache, in the folder of the study's results."""
INSIDE = Path(".git/ergit-dependencies")
"""Maven's local repository of one commit, in its build dir, where no build sees it as a change of its tree."""
LIST = "from-the-cache"
"""What of that repository is in the cache, and so in no artifact: a path a line."""

VARIABLES: Mapping[DependencyTool, str] = {
    "gradle": "GRADLE_USER_HOME",
    "pip": "PIP_CACHE_DIR",
    "npm": "npm_config_cache",
    "cargo": "CARGO_HOME",
    "go": "GOMODCACHE",
}
"""By which the tools find their caches, which they themselves keep safe from several that write at once."""

ORIGINS = "_remote.repositories"
"""Maven's note beside an artifact: `junit-4.13.jar>central=`; `a-1.jar>=` where it was installed here."""
INSTALLED = re.compile(r">=\s*$", re.MULTILINE)
INSTALLED_INDEX = "maven-metadata-local.xml"
UNFINISHED = re.compile(r"\.(?:lastUpdated|part|lock|tmp)$|\.part\.lock$")


class Dependencies(Struct, frozen=True):
    """The tools whose downloads one study keeps, its cache, and the build dir of a commit."""

    tools: Sequence[DependencyTool]
    cache: Path
    build_dir: Path

    @property
    def shared(self) -> tuple[Path, ...]:
        """The folders of the cache that the tools themselves write to."""
        return tuple(self.cache / tool for tool in self.tools if tool != "maven")

    @property
    def _own(self) -> Path:
        return self.build_dir / INSIDE / "maven"

    def variables(self, given: Mapping[str, str]) -> dict[str, str]:
        """The variables by which the tools find the cache; `given` are those of the config, which come first.

        Raises:
            ErgitError: the path of Maven's repository has a blank, which `mvn` cannot be told.
        """
        found = {VARIABLES[tool]: str(self.cache / tool) for tool in self.tools if tool != "maven"} | dict(given)
        if "maven" in self.tools:
            if " " in str(self._own):
                raise ErgitError(
                    f"build.dependencies: the path {self._own} has a blank, and Maven takes none in MAVEN_OPTS. Set"
                    " TMPDIR to a folder without one."
                )
            option, before = (
                f"-Dmaven.repo.local={self._own}",
                given.get("MAVEN_OPTS", os.environ.get("MAVEN_OPTS", "")),
            )
            found["MAVEN_OPTS"] = before if option in before.split() else f"{option} {before}".rstrip()
        return found

    def lend(self) -> None:
        """Before a build: its folders in the cache, and a copy of Maven's, which it may change as it likes.

        Raises:
            ErgitError: there is no room.
        """
        try:
            for folder in self.shared:
                folder.mkdir(parents=True, exist_ok=True)
            if "maven" in self.tools:
                (self.cache / "maven").mkdir(parents=True, exist_ok=True)
                _copy(self.cache / "maven", self._own, _files(self.cache / "maven"))
        except OSError as error:
            raise self._unusable(error) from None

    def take_in(self) -> None:
        """After a build: what Maven has downloaded goes into the cache; what it has installed stays the commit's own.

        The first download of a file counts: the cache changes nothing that another build has seen. Several builds may
        do so at once: a file appears whole or not at all.

        Raises:
            CommitError: the build has left a repository that cannot be read.
            ErgitError: there is no room.
        """
        if "maven" not in self.tools:
            return
        if not self._own.is_dir():
            remove_tree(self.build_dir / INSIDE)
            return
        cache = self.cache / "maven"
        try:
            self._remove_links()
            downloaded = [path for path in _files(self._own) if not _is_installed(self._own / path)]
        except OSError as error:
            raise CommitError(f"the build has left a repository of Maven's that cannot be read: {error}") from None
        try:
            for path in downloaded:
                if path.name == ORIGINS or not (cache / path).exists():
                    _copy(self._own, cache, [path], shared=True)
                (self._own / path).unlink()
            _remove_empty(self._own)
            _write_list(self.build_dir / INSIDE / LIST, downloaded)
        except OSError as error:
            raise self._unusable(error) from None

    def _remove_links(self) -> None:
        """Removes the links that a build has left in the repository: Maven makes none, and they may lead anywhere.

        Raises:
            CommitError: the folder itself has become one.
            OSError: one cannot be removed.
        """
        if self._own.resolve() != self._own:
            raise CommitError(f"the build has put a link in the place of {self._own.relative_to(self.build_dir)}")
        for parent, folders, names in os.walk(self._own):
            for path in (Path(parent, name) for name in (*folders, *names)):
                if path.is_symlink():
                    path.unlink()

    def give_back(self) -> None:
        """Before a reading: the repository of Maven's as it was after the build.

        Raises:
            CommitError: what is in the tree is not what `take_in` has left there.
            ErgitError: something of it is not in the cache any more, or there is no room.
        """
        note = self.build_dir / INSIDE / LIST
        if "maven" not in self.tools or not note.exists():
            return
        cache = self.cache / "maven"
        paths = [Path(line) for line in note.read_text(encoding="utf-8").splitlines()]
        if note.resolve() != note or any(path.is_absolute() or ".." in path.parts for path in paths):
            raise CommitError(f"the build has changed {INSIDE / LIST}, which is ergit's own")
        gone = next((path for path in paths if not (cache / path).exists()), None)
        if gone is not None:
            raise ErgitError(
                f"{cache / gone} is gone, and the commit was built with it. Put the folder back, or build the commit"
                " again: `-R build`."
            )
        try:
            _copy(cache, self._own, paths)
        except OSError as error:
            raise self._unusable(error) from None

    def kept(self, keep: Sequence[str]) -> list[str]:
        """What of the build dir belongs to an artifact besides `build.keep`, if that does not hold it."""
        is_held = any(INSIDE.is_relative_to(os.path.normpath(path)) for path in keep)
        return [str(INSIDE)] if (self.build_dir / INSIDE).is_dir() and not is_held else []

    def _unusable(self, error: OSError) -> ErgitError:
        refuse_full_disk([self.cache.parent, self.build_dir.parent])
        return ErgitError(
            f"The cache of dependencies {self.cache} cannot be used: {error}. Make room, or give yourself the right to"
            " read and write there, and run the same command again."
        )


def dependencies_of(settings: JobSettings, build_dir: Path) -> Dependencies:
    """What the commands of a commit may download, and where that is kept."""
    return Dependencies(settings.build.dependencies, Path(settings.results, FOLDER).absolute(), build_dir)


def _files(folder: Path) -> Iterator[Path]:
    """The paths of all files below the folder that are whole, seen from it."""
    for parent, _, names in os.walk(folder):
        for name in names:
            if not UNFINISHED.search(name) and not name.startswith("."):
                yield Path(parent, name).relative_to(folder)


def _copy(source: Path, target: Path, paths: Iterable[Path], *, shared: bool = False) -> None:
    """Copies files from one folder to another, with their times; each whole or not at all where others may look."""
    made: set[Path] = set()
    for path in paths:
        new = target / path
        if new.parent not in made:
            new.parent.mkdir(parents=True, exist_ok=True)
            made.add(new.parent)
        part = new.with_name(f".{new.name}.{os.getpid()}") if shared else new
        shutil.copy2(source / path, part)
        if shared:
            part.replace(new)


def _is_installed(path: Path) -> bool:
    """Whether the commit itself has made the file: it lies beside an artifact that was installed, or is their index."""
    if path.name == INSTALLED_INDEX:
        return True
    origins = path.with_name(ORIGINS)
    return origins.exists() and INSTALLED.search(origins.read_text(encoding="utf-8", errors="replace")) is not None


def _remove_empty(folder: Path) -> None:
    """Removes the folders below this one that hold nothing, and itself where it holds nothing either."""
    for parent, _, _ in os.walk(folder, topdown=False):
        with suppress(OSError):  # it holds something
            Path(parent).rmdir()


def _write_list(path: Path, downloaded: Sequence[Path]) -> None:
    path.write_text("".join(f"{one}\n" for one in sorted(downloaded)), encoding="utf-8")
