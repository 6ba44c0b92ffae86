"""The sandbox of a commit's commands, as the settings of the study say: what of this machine is mounted into it."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from ergit.building.build_dir import private_dir_of
from ergit.building.dependencies import dependencies_of
from ergit.config.settings import JavaSettings, JobSettings, SandboxSettings
from ergit.errors import ErgitError
from ergit.processes.sandbox import Sandbox


def building_sandbox(settings: JobSettings, tree: Path, *more: Path) -> Sandbox | None:
    """The sandbox in which the commit in the build dir `tree` is built; None where the study has none.

    `more` are files that the command changes besides, which ergit itself has made.

    Raises:
        ErgitError: a path that the config names is not there, or would open the study's results.
    """
    return _sandbox(settings, tree, more, has_network=settings.sandbox.network == "build")


def measuring_sandbox(settings: JobSettings, tree: Path, *more: Path) -> Sandbox | None:
    """The sandbox in which it is measured, which has no network; as `building_sandbox` otherwise."""
    return _sandbox(settings, tree, more, has_network=False)


def named_paths(settings: SandboxSettings, results: Path) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The paths in `sandbox.read` and `sandbox.write`, `~` replaced, seen from the study's folder.

    Raises:
        ErgitError: one is not there, or holds the results of the study or lies in them.
    """
    read, write = (
        tuple(_named_path(f"sandbox.{key}", name, results.absolute()) for name in names)
        for key, names in (("read", settings.read), ("write", settings.write))
    )
    return read, write


def _named_path(key: str, name: str, results: Path) -> Path:
    path = Path(name).expanduser().absolute()
    if not path.exists():
        raise ErgitError(f"{key}: there is no {name!r}. Name what is there, or leave it out.")
    real, closed = path.resolve(), results.resolve()
    if closed.is_relative_to(real) or real.is_relative_to(closed):
        raise ErgitError(
            f"{key}: {name!r} would open the study's results ({results}) to its commits. Name a folder apart from them."
        )
    return path


def _sandbox(settings: JobSettings, tree: Path, more: Iterable[Path], *, has_network: bool) -> Sandbox | None:
    if not settings.sandbox.enabled:
        return None
    results = Path(settings.results)
    read, write = named_paths(settings.sandbox, results)
    return Sandbox(
        tree=tree,
        private=private_dir_of(tree),
        read=(*read, *_jdks(settings.java), *_study_files(settings), *_objects(results)),
        write=(*write, *more, *dependencies_of(settings, tree).shared),
        has_network=has_network,
    )


def _jdks(settings: JavaSettings | None) -> Iterator[Path]:
    """The homes of all JDKs that a commit may be given."""
    if settings is None:
        return
    from ergit.java.jdks import jdks_here  # loaded where there is a sandbox

    yield from (jdk.home for jdk in jdks_here(settings.search))


def _study_files(settings: JobSettings) -> Iterator[Path]:
    """The study's own files that its commands use."""
    return (path.absolute() for path in map(Path, settings.files) if path.exists())


def _objects(results: Path) -> Iterator[Path]:
    """Git's objects in the mirror, without which Git does not work in the tree: they are the repository's own."""
    objects = (results / "mirror.git/objects").resolve()
    if objects.is_dir():
        yield objects
