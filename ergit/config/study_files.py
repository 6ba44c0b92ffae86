"""Files of the study's own folder that commands use: which they are, and which were edited since the study met them.

A study's readings are made with its benchmark and its scripts as they were. So an edited one enters the fingerprints
(and builds and measures again); one that is as the study first met it does not, so that a study begun before ergit
looked at these files goes on. The first sight is noted by the checkpoint `select` in results/study-files.json.
"""

import hashlib
import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from ergit.config.settings import JobSettings, Settings
from ergit.errors import ErgitError
from ergit.records.study_files import StudyFilesRecord, read_study_files, write_study_files

VARIABLE = re.compile(r"\$(?:ERGIT_STUDY\b|\{ERGIT_STUDY\})")
UNQUOTED = re.compile(r"""(?:\\.|[^\s"'`;|&<>()$*?\[\]{}\\])*""")
QUOTED = re.compile(r"""[^"`$\\]*""")
ENDS = re.compile(r"[\s:,;]")  # where a path may end within a word, as in `a.jar:b.jar`
GLOB = re.compile(r"[*?\[]")
OPEN = frozenset("$*?[{`")  # what goes on with one of these is known to the shell alone: its folder is taken
NEVER_INPUT = frozenset({".git", ".snakemake", "__pycache__"})


class StudyFiles(Struct, frozen=True):
    """Names, relative to the study's folder: those in the config's lists, and those found in the texts of commands."""

    listed: tuple[str, ...]
    in_commands: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, each once."""
        return tuple(dict.fromkeys((*self.listed, *self.in_commands)))


def build_files(settings: Settings | JobSettings) -> StudyFiles:
    """What builds use."""
    return _study_files(settings.build.files, settings.build.commands)


def workload_files(settings: Settings | JobSettings) -> StudyFiles:
    """What the workload uses, and what prepares it or cleans up after it; nothing where readings are imported."""
    workload = settings.workload
    if workload is None:
        return StudyFiles((), ())
    return _study_files(workload.files, filter(None, (workload.command, workload.prepare, workload.cleanup)))


def all_files(settings: Settings | JobSettings) -> StudyFiles:
    """What builds and the workload use."""
    build, workload = build_files(settings), workload_files(settings)
    return StudyFiles((*build.listed, *workload.listed), (*build.in_commands, *workload.in_commands))


def edited_files(files: StudyFiles, note: Path, *, is_new: bool) -> dict[str, str]:
    """The hashes of the files that are not any more as the study first met them.

    Args:
        files: what is looked at, in the working directory.
        note: results/study-files.json.
        is_new: whether nothing of the study is there yet.

    Raises:
        ErgitError: a file is not there, or cannot be read.
    """
    first = read_study_files(note).hashes if note.exists() else {}
    found = hashes(files.names)
    for name, known in found.items():
        if known is None and (name in files.listed or is_new or first.get(name)):
            raise _missing(name, files)
    return {name: known for name, known in found.items() if known and first.get(name) not in (None, known)}


def note_study_files(names: Iterable[str], note: Path) -> None:
    """Notes the files that the study meets for the first time, as they are now.

    Raises:
        ErgitError: a file cannot be read, or the note is damaged.
        OSError: the note cannot be written.
    """
    known = read_study_files(note).hashes if note.exists() else {}
    new = [name for name in names if name not in known]
    if new:
        write_study_files(note, StudyFilesRecord(hashes={**known, **hashes(new)}))


def refuse_edited(settings: JobSettings) -> None:
    """Does nothing while the study's files are as they were when the run began.

    Raises:
        ErgitError: one was edited, so that some commits would be measured with it and others without.
    """
    now = hashes(settings.files)
    edited = [name for name, known in settings.files.items() if now[name] != known]
    if edited:
        raise ErgitError(
            f"{', '.join(edited)} in the study's folder was changed while the study ran. Run the same command again:"
            " what was built or measured with the old file is done again. A file that the commands themselves write"
            " belongs in the folder in which they run."
        )


def hashes(names: Iterable[str]) -> dict[str, str | None]:
    """The SHA-256 of each file or folder in the working directory; None for one that is not there.

    Of a folder the paths, contents, links and the right to execute count; .git, .snakemake, __pycache__ and the results
    of studies do not.

    Raises:
        ErgitError: one cannot be read.
    """
    return {name: _hash(Path(name)) for name in names}


def paths_in(command: str) -> Iterator[str]:
    """The paths below `$ERGIT_STUDY` that a command names, but for those that it writes to (`> $ERGIT_STUDY/x`)."""
    for match in VARIABLE.finditer(command):
        before, after = command[: match.start()], command[match.end() :]
        is_quoted = before.count('"') % 2 == 1 and not after.startswith('"')
        after = after.removeprefix('"').removeprefix("'") if not is_quoted else after
        if not after.startswith("/") or re.search(r">\s*[\"']?$", before):
            continue
        word = (QUOTED if is_quoted else UNQUOTED).match(after[1:])
        text = word[0] if word else ""
        rest = after[1 + len(text) :]
        if rest[:1] in OPEN and not (is_quoted and rest[:1] in "*?[{"):
            text = text.rpartition("/")[0] if not ENDS.search(text) else text
        if is_quoted and not os.path.lexists(text) and GLOB.search(text):  # as in `java -cp "$ERGIT_STUDY/lib/*"`
            text = GLOB.split(text)[0].rpartition("/")[0]
        name = _existing_start(re.sub(r"\\(.)", r"\1", text))
        if name not in (".", "..") and not name.startswith("../..") and not _is_below_results(name):
            yield name


def _existing_start(text: str) -> str:
    """The longest start of the text that is there and ends where a path may end; else the shortest such start."""
    starts = [text, *(text[: end.start()] for end in reversed(list(ENDS.finditer(text))))]
    there = (start for start in starts if start and os.path.lexists(start))
    return posixpath.normpath(next(there, starts[-1]) or ".")


def _is_below_results(name: str) -> bool:
    return any(_is_results(path) for path in (Path(name), *Path(name).parents))


def _is_results(folder: Path) -> bool:
    """Whether a folder holds results of this study, or of any below a prefix in a workflow with several."""
    is_own = folder.absolute() == Path("results").absolute()
    return is_own or (folder.name == "results" and (folder / "mirror.json").exists())


def _study_files(listed: Iterable[str], commands: Iterable[str]) -> StudyFiles:
    found = (path for command in commands for path in paths_in(command))
    return StudyFiles(tuple(map(posixpath.normpath, listed)), tuple(dict.fromkeys(found)))


def _missing(name: str, files: StudyFiles) -> ErgitError:
    where = "is listed in build.files or workload.files" if name in files.listed else "is named in a command"
    return ErgitError(
        f"config: {name} {where}, and there is no such file in the study's folder, {Path.cwd()}. Put it there, or"
        " correct the name."
    )


def _hash(path: Path) -> str | None:
    if not path.exists():
        return None
    digest = hashlib.sha256()
    try:
        if path.is_file():
            _add_file(digest, path)
        else:
            for part in _content(path):
                digest.update(os.fsencode(part.relative_to(path)) + b"\0")
                if part.is_symlink():
                    digest.update(b"link\0" + os.fsencode(part.readlink()) + b"\0")
                elif part.is_file():
                    _add_file(digest, part)
    except OSError as error:
        raise ErgitError(
            f"config: {error.filename or path}, which commands of the study use, cannot be read: {error.strerror}."
        ) from None
    return digest.hexdigest()


def _content(folder: Path) -> Iterator[Path]:
    """What is in the folder at any depth, sorted; other folders' links are not followed."""
    for part in sorted(folder.iterdir()):
        if part.name in NEVER_INPUT or _is_results(part):
            continue
        yield part
        if part.is_dir() and not part.is_symlink():
            yield from _content(part)


def _add_file(digest: "hashlib._Hash", path: Path) -> None:
    digest.update(b"program\0" if os.access(path, os.X_OK) else b"file\0")
    with path.open("rb") as file:
        digest.update(hashlib.file_digest(file, "sha256").digest())


def edited_among(edited: Mapping[str, str], files: StudyFiles) -> dict[str, str]:
    """Those of the edited files that are among the files, by name in sorted order."""
    return {name: edited[name] for name in sorted(edited) if name in files.names}
