"""Readings that another tool took: rows of CSV files without a header, and what became of each of them."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ergit.errors import ErgitError
from ergit.records.imported import FileCount, ImportRecord
from ergit.text import counted, one_line

COMMIT = re.compile("[0-9a-f]{40}")
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)
LAYOUTS = {2: ("package",), 4: ("package", "core", "uncore")}
AROUND_A_CELL = " \t\"'"
MOST_EXAMPLES = 5
EXAMPLE_LENGTH = 60


@dataclass(frozen=True)
class ImportedRun:
    """A row that names a commit: its joules by domain (package, core, uncore), or the reason why there are none."""

    line: int
    commit: str
    joules: Mapping[str, float]
    flags: tuple[str, ...] = ()
    reason: str | None = None


@dataclass(frozen=True)
class ImportedFile:
    """One file, which counts as one session: its runs in their order, and its rows without a commit."""

    name: str
    runs: tuple[ImportedRun, ...]
    stray: tuple[str, ...]


def matching(patterns: Sequence[str]) -> list[Path]:
    """The files that the config's `imported` names, each once, in the order of the patterns, then by name.

    Raises:
        ErgitError: a pattern matches no file.
    """
    found: dict[Path, None] = {}
    for pattern in patterns:
        path = Path(pattern).expanduser()
        start = Path(path.anchor)
        found_here = [path] if path.is_file() else sorted(start.glob(str(path.relative_to(start))))
        files = [file for file in found_here if file.is_file()]
        if not files:
            what = "only folders" if found_here else "no file"
            raise ErgitError(
                f"imported: {pattern!r} matches {what} (seen from {Path.cwd()}). Give the path of a CSV file with rows"
                " `commit,joules`, or a pattern such as `sessions/*.csv`."
            )
        found |= dict.fromkeys(files)
    return list(found)


def read_file(path: Path) -> ImportedFile:
    """The rows of one file as EnergyTrackr writes them: `commit,joules` or `commit,package,core,gpu`, without a header.

    Any line ends, with or without a byte order mark or quotes; empty lines are no rows. Cells hold no commas, so that a
    quote left open cannot take the next rows with it.

    Raises:
        ErgitError: the file cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig", errors="replace").split("\n")
    except OSError as error:
        raise ErgitError(
            f"imported: {path} cannot be read: {error.strerror}. Correct its name or its rights."
        ) from None
    runs, stray = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        commit, *cells = (cell.strip(AROUND_A_CELL) for cell in line.strip().split(","))
        if COMMIT.fullmatch(commit.lower()):
            runs.append(_run(number, commit.lower(), cells))
        else:
            stray.append(f"{path}, line {number}: {one_line(line, EXAMPLE_LENGTH)}")
    return ImportedFile(str(path), tuple(runs), tuple(stray))


def joules_of(cell: str) -> float | None:
    """The joules in a cell; None for what is no finite number of at least 0, written with the digits 0-9 and no `_`."""
    if not NUMBER.fullmatch(cell):
        return None
    value = float(cell)
    return value if math.isfinite(value) and value >= 0 else None


def count(file: ImportedFile, chosen: Mapping[str, object], unknown: Mapping[str, int]) -> FileCount:
    """What became of the rows of one file; `unknown` are the commits that the repository does not have."""
    taken = [run for run in file.runs if run.commit in chosen]
    nowhere = sum(run.commit in unknown for run in file.runs)
    without_joules = sum(run.reason is not None for run in taken)
    return FileCount(
        file=file.name,
        rows=len(file.runs) + len(file.stray),
        readings=len(taken) - without_joules,
        without_joules=without_joules,
        without_commit=len(file.stray),
        not_selected=len(file.runs) - len(taken) - nowhere,
        unknown=nowhere,
    )


def sentences(record: ImportRecord) -> Iterator[str]:
    """What was taken from the files, and what was not, for a person."""
    files = record.files
    yield (
        f"{counted(sum(file.rows for file in files), 'row')} in {counted(len(files), 'file')} imported:"
        f" {counted(sum(file.readings for file in files), 'reading')},"
        f" {counted(sum(file.without_joules for file in files), 'row')} without joules"
    )
    for commits, why in (
        (record.not_selected, "which `commits` of the config does not select"),
        (record.unknown, "which the repository does not have"),
    ):
        if commits:
            examples = ", ".join(commit[:10] for commit in list(commits)[:MOST_EXAMPLES])
            more = ", …" if len(commits) > MOST_EXAMPLES else ""
            left_out = f"{counted(sum(commits.values()), 'row')} left out, of {counted(len(commits), 'commit')}"
            yield f"{left_out} {why}: {examples}{more}"
    stray = sum(file.without_commit for file in files)
    if stray:
        begin = "it does" if stray == 1 else "they do"
        examples = "; ".join(map(one_line, record.stray))
        yield f"{counted(stray, 'row')} left out because {begin} not begin with a full SHA: {examples}"


def _run(line: int, commit: str, cells: Sequence[str]) -> ImportedRun:
    """One row of a commit. Package energy must be above 0; a further domain may be 0, and one not read is flagged."""
    domains = LAYOUTS.get(len(cells) + 1)
    if domains is None:
        return ImportedRun(line, commit, {}, reason=f"{len(cells) + 1} cells instead of 2 or 4")
    read = {domain: joules_of(cell) for domain, cell in zip(domains, cells, strict=True)}
    if not read["package"]:
        return ImportedRun(line, commit, {}, reason=f"{cells[0][:EXAMPLE_LENGTH]!r} is no energy above 0 J")
    return ImportedRun(
        line,
        commit,
        joules={domain: joules for domain, joules in read.items() if joules is not None},
        flags=tuple(f"no-{domain}" for domain, joules in read.items() if joules is None),
    )
