"""What was kept of a build as one text: equal for builds whose files are the same, whenever they were made."""

import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO

from msgspec import Struct

from ergit.config.settings import InputSettings

if TYPE_CHECKING:  # slow to load, and needed for some builds only
    from tarfile import TarFile
    from zipfile import ZipFile, ZipInfo

VERSION = "1"  # of what counts as the same; raise it by hand
ARCHIVES = (".jar", ".war", ".ear", ".aar", ".zip", ".whl")
MOST_ARCHIVE_BYTES = 300_000_000  # of the entries of one archive; a larger one is compared as it is
BLOCK_BYTES = 1 << 20
VERSION_IN_NAME = re.compile(r"-\d[\w.+-]*(?=\.\w+$)")
PASSING = re.compile(  # what a build writes about itself, with times and paths
    r"(^|/)(\.git(?!/ergit-dependencies/maven/)|\.gradle|__pycache__|maven-status|maven-archiver|surefire-reports"
    r"|failsafe-reports|build/tmp)(/|$)"
    r"|\.log$|(^|/)(_remote\.repositories|maven-metadata-local\.xml)$"
)
DESCRIBING_ENTRY = re.compile(r"META-INF/maven/")
MANIFEST = "META-INF/MANIFEST.MF"
DESCRIBING_LINE = re.compile(
    rb"(?:[\w-]*-Version|Build[\w-]*|Bnd-LastModified|Implementation-Build|Bundle-Name|[\w-]*Timestamp): .*",
    re.IGNORECASE,
)
KEPT_LINE = re.compile(rb"(?:Manifest|Multi-Release|Class-Path|Main-Class)[\w-]*: ", re.IGNORECASE)


class KeptFile(Struct, frozen=True):
    """A file that was kept: its path below the tree, whether it is a program, where a link points, how it is read."""

    path: str
    is_executable: bool
    link: str | None
    open: Callable[[], BinaryIO]


def contents_of_tree(tree: Path, keep: Iterable[str]) -> str | None:
    """The digest of the kept files and folders of a built tree; None where one cannot be read."""
    try:
        return _digest(_files_below(tree, keep))
    except (OSError, ValueError):
        return None


def contents_of_artifact(artifact: Path) -> str | None:
    """The same from the compressed tar; None where it cannot be read, or holds nothing."""
    import tarfile

    try:
        with tarfile.open(artifact) as archive:
            return None if archive.next() is None else _digest(_files_in(archive))
    except (OSError, ValueError, EOFError, tarfile.TarError):
        return None


def what_is_left_out() -> Callable[[str], bool]:
    """Whether a path is no part of the digest: what a build writes about itself, and documentation.

    The digest is made with the build, whatever the config's `inputs` say of documentation later.
    """
    from ergit.inputs.kinds import FileKinds

    kinds = FileKinds(InputSettings())
    return lambda path: bool(PASSING.search(path)) or kinds.of(path) == "ignore"


def _files_below(tree: Path, keep: Iterable[str]) -> Iterator[KeptFile]:
    for kept in keep:
        top = tree / kept
        if top.is_symlink() or not top.is_dir():
            yield _file(tree, top)
            continue
        for folder, folders, names in os.walk(top):
            linked = [name for name in folders if Path(folder, name).is_symlink()]
            yield from (_file(tree, Path(folder, name)) for name in (*names, *linked))


def _file(tree: Path, path: Path) -> KeptFile:
    mode = path.lstat().st_mode
    link = str(path.readlink()) if stat.S_ISLNK(mode) else None
    if link is None and not stat.S_ISREG(mode):
        link = f"mode {stat.S_IFMT(mode):o}"  # a pipe or a device has no content
    return KeptFile(str(path.relative_to(tree)), bool(mode & stat.S_IXUSR), link, lambda: path.open("rb"))


def _files_in(archive: "TarFile") -> Iterator[KeptFile]:
    for member in archive:
        if member.isdir():
            continue
        path = os.path.normpath(member.name)
        file = archive.extractfile(member) if member.isreg() else None
        content = b"" if file is None else file.read()
        link = None if member.isreg() else member.linkname
        yield KeptFile(path, bool(member.mode & stat.S_IXUSR), link, partial(BytesIO, content))


def _digest(files: Iterable[KeptFile]) -> str:
    leaves_out = what_is_left_out()
    lines = {
        f"{_general_name(file.path)}\0{'x' if file.is_executable else ''}\0{file.link or _content(file)}"
        for file in files
        if not leaves_out(file.path)
    }
    text = "\n".join(sorted(lines)).encode("utf-8", "surrogateescape")
    return f"{VERSION}:{hashlib.sha256(text).hexdigest()}"


def _general_name(path: str) -> str:
    """The path, the name of an archive without its version."""
    return VERSION_IN_NAME.sub("", path) if path.endswith(ARCHIVES) else path


def _content(file: KeptFile) -> str:
    """The hash of a file: of an archive that of its entries, of a pom that of what builds the project."""
    with file.open() as content:
        if file.path.endswith(ARCHIVES):
            of_entries = _entries(content)
            if of_entries is not None:
                return of_entries
            content.seek(0)
        if file.path.rpartition("/")[2] == "pom.xml":
            from ergit.inputs.pom_files import read_pom

            pom = content.read()
            manifest = read_pom(pom)
            what = pom if manifest is None else f"{sorted(manifest.dependencies.items())}{manifest.rest}".encode()
            return hashlib.sha256(what).hexdigest()
        return _hash(content)


def _hash(content: IO[bytes]) -> str:
    found = hashlib.sha256()
    while block := content.read(BLOCK_BYTES):
        found.update(block)
    return found.hexdigest()


def _entries(content: BinaryIO) -> str | None:
    """The hash of an archive's entries, whatever their times and order; None where it is none, or too large."""
    import zipfile

    try:
        with zipfile.ZipFile(content) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if sum(entry.file_size for entry in entries) > MOST_ARCHIVE_BYTES:
                return None
            lines = {
                f"{entry.filename}\0{_entry(archive, entry)}"
                for entry in entries
                if not DESCRIBING_ENTRY.match(entry.filename)
            }
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, ValueError, EOFError):
        return None  # damaged, encrypted, or packed in a way that Python does not know
    return hashlib.sha256("\n".join(sorted(lines)).encode("utf-8", "surrogateescape")).hexdigest()


def _entry(archive: "ZipFile", entry: "ZipInfo") -> str:
    if entry.filename == MANIFEST:
        lines = archive.read(entry).replace(b"\r\n ", b"").replace(b"\r\n", b"\n").split(b"\n")
        kept = [line for line in lines if KEPT_LINE.match(line) or not DESCRIBING_LINE.fullmatch(line)]
        return hashlib.sha256(b"\n".join(sorted(kept))).hexdigest()
    with archive.open(entry) as content:
        return _hash(content)
