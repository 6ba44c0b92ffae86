"""Tables of readings and of commits, as the workflow writes them, made by hand."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ergit.git.selection import COLUMNS as COMMIT_COLUMNS
from ergit.measuring.table import COLUMNS

SPREAD = (0.0, 0.5, -0.4, 0.2, -0.3)
Row = dict[str, object]


def sha_of(number: int) -> str:
    """A made-up SHA, one for each number."""
    return f"{number:02x}" * 20


def date_of(number: int) -> str:
    """Its author date, a day later for each."""
    return f"2024-01-{number + 1:02}T10:00:00+02:00"


def reading(number: int, repeat: int, joules: float | None = None, **cells: object) -> Row:
    """One row of results/energy.csv; without joules it says `failed`."""
    defaults: Row = {
        "commit": sha_of(number), "order": number, "date": date_of(number), "subject": f"Step {number}",
        "round": 1, "repeat": repeat, "attempt": 1, "kind": "measured", "source": "powercap",
        "status": "failed" if joules is None else "ok", "clean": joules is not None,
        "energy_package_joules": joules, "duration_seconds": 2.0, "loops": 1,
        "started": "2024-05-01T10:00:00.123456+00:00", "host": "box", "session": "0000abcd",
    }  # fmt: skip
    return defaults | cells


def readings(levels: Mapping[int, float], **cells: object) -> list[Row]:
    """Five clean readings of each commit, around its level in joules."""
    return [
        reading(number, repeat, level + delta, **cells)
        for number, level in levels.items()
        for repeat, delta in enumerate(SPREAD, start=1)
    ]


def write_study(folder: Path, rows: Sequence[Row], tags: Mapping[int, str] | None = None) -> Path:
    """Writes energy.csv and commits.tsv, with all commits that the rows name; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "energy.csv", ",", COLUMNS, rows)
    numbers = sorted({int(str(row["order"])) for row in rows})
    commits: list[Row] = [
        {
            "commit": sha_of(number), "order": number, "date": date_of(number), "author": "Ada",
            "subject": f"Step {number}", "parents": "", "tree": f"{number:040x}", "tags": (tags or {}).get(number, ""),
            "first_parent": "yes", "chosen": "yes", "reason": f"listed as step-{number}, v1..main",
        }
        for number in numbers
    ]  # fmt: skip
    _write(folder / "commits.tsv", "\t", COMMIT_COLUMNS, commits)
    return folder


def _write(path: Path, delimiter: str, columns: Iterable[str], rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(columns), delimiter=delimiter, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
