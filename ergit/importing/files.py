"""Readings that another tool took: rows of headerless CSV files, and what became of each of them."""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ergit.errors import ErgitError

SCHEMA = "ergit.imported/1"
SOURCE = "imported"  # in the table of readings
COMMIT = re.compile("[0-9a-f]{40}")
LAYOUTS = {2: ("package",), 4: ("package", "core", "uncore")}
AROUND_A_CELL = " \t\"'"
MOST_EXAMPLES = 5
EXAMPLE_LENGTH = 60


@dataclass(frozen=True)
class Run:
    """A row that names a commit: its joules by domain (package, core, uncore), or the reason why there are none."""

    line: int
    commit: str
    joules: dict[str, float]
    flags: tuple[str, ...] = ()
    reason: str | None = None


@dataclass(frozen=True)
class Session:
    """One file, taken to be one session: its runs in the order in which they stand, and its rows without a commit."""

    file: str
    runs: list[Run]
    stray: list[str]


@dataclass(frozen=True)
class FileCount:
    """How many rows a file has, and what they are; every row is counted once, in `rows` and in one of the others."""

    file: str
    rows: int
    readings: int
    without_joules: int
    without_commit: int
    not_selected: int
    unknown: int


@dataclass(frozen=True)
class Report:
    """What became of all rows: counts by file, rows by commit for those left out, and examples of stray rows."""

    files: list[FileCount]
    not_selected: dict[str, int]
    unknown: dict[str, int]
    stray: list[str]


def matching(patterns: Sequence[str]) -> list[Path]:
    """The files that the config's `imported` names, each once, in the order of the patterns, then by name.

    Raises:
        ErgitError: a pattern matches no file.
    """
    found: dict[Path, None] = {}
    for pattern in patterns:
        path = Path(pattern).expanduser()
        start = Path(path.anchor)
        files = [path] if path.is_file() else sorted(start.glob(str(path.relative_to(start))))
        if not files:
            raise ErgitError(
                f"imported: {pattern!r} matches no file (seen from {Path.cwd()}). Give the path of a CSV file with rows"
                " `commit,joules`, or a pattern such as `sessions/*.csv`."
            )
        found |= dict.fromkeys(files)
    return list(found)


def read_session(path: Path) -> Session:
    """The rows of one file as EnergyTrackr writes them: `commit,joules` or `commit,package,core,gpu`, without a header.

    Any line ends, with or without a byte order mark or quotes; empty lines are no rows. Cells hold no commas, so that a
    quote left open cannot take the next rows with it.
    """
    runs, stray = [], []
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            commit, *cells = (cell.strip(AROUND_A_CELL) for cell in line.strip().split(","))
            if COMMIT.fullmatch(commit.lower()):
                runs.append(_run(number, commit.lower(), cells))
            else:
                stray.append(f"{path}, line {number}: {line.strip()[:EXAMPLE_LENGTH]}")
    return Session(str(path), runs, stray)


def joules_of(cell: str) -> float | None:
    """The joules in a cell; None for what is no finite number of at least 0."""
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def count(session: Session, chosen: Mapping[str, object], unknown: Mapping[str, int]) -> FileCount:
    """What became of the rows of one file; `unknown` are the commits that the repository does not have."""
    taken = [run for run in session.runs if run.commit in chosen]
    nowhere = sum(run.commit in unknown for run in session.runs)
    without_joules = sum(run.reason is not None for run in taken)
    return FileCount(
        file=session.file,
        rows=len(session.runs) + len(session.stray),
        readings=len(taken) - without_joules,
        without_joules=without_joules,
        without_commit=len(session.stray),
        not_selected=len(session.runs) - len(taken) - nowhere,
        unknown=nowhere,
    )


def sentences(report: Report) -> Iterator[str]:
    """What was taken from the files, and what was not, for a person."""
    files = report.files
    yield (
        f"{_counted(sum(file.rows for file in files), 'row')} in {_counted(len(files), 'file')} imported:"
        f" {_counted(sum(file.readings for file in files), 'reading')},"
        f" {_counted(sum(file.without_joules for file in files), 'row')} without joules"
    )
    for commits, why in (
        (report.not_selected, "which `commits` of the config does not select"),
        (report.unknown, "which the repository does not have"),
    ):
        if commits:
            examples = ", ".join(commit[:10] for commit in list(commits)[:MOST_EXAMPLES])
            more = ", …" if len(commits) > MOST_EXAMPLES else ""
            left_out = f"{_counted(sum(commits.values()), 'row')} left out, of {_counted(len(commits), 'commit')}"
            yield f"{left_out} {why}: {examples}{more}"
    stray = sum(file.without_commit for file in files)
    if stray:
        yield f"{_counted(stray, 'row')} left out, for want of a full SHA at the beginning: {'; '.join(report.stray)}"


def to_json(report: Report) -> str:
    """The text of results/imported.json."""
    return json.dumps({"schema": SCHEMA} | asdict(report), indent=1) + "\n"


def from_json(text: str) -> Report:
    """The report that `to_json` wrote."""
    content = json.loads(text)
    return Report(
        files=[FileCount(**entry) for entry in content["files"]],
        not_selected=content["not_selected"],
        unknown=content["unknown"],
        stray=content["stray"],
    )


def _run(line: int, commit: str, cells: Sequence[str]) -> Run:
    """One row of a commit. Package energy must be above 0; a further domain may be 0, and one not read is flagged."""
    domains = LAYOUTS.get(len(cells) + 1)
    if domains is None:
        return Run(line, commit, {}, reason=f"{len(cells) + 1} cells instead of 2 or 4")
    read = {domain: joules_of(cell) for domain, cell in zip(domains, cells, strict=True)}
    if not read["package"]:
        return Run(line, commit, {}, reason=f"{cells[0][:EXAMPLE_LENGTH]!r} is no energy above 0 J")
    return Run(
        line,
        commit,
        joules={domain: joules for domain, joules in read.items() if joules is not None},
        flags=tuple(f"no-{domain}" for domain, joules in read.items() if joules is None),
    )


def _counted(number: int, thing: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
