"""Tables of readings and of commits made by hand, and written as the workflow writes them."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from msgspec.structs import replace

from ergit.records.commits import CommitRow, write_commits
from ergit.records.energy_table import EnergyRow, read_energy_table, write_energy_table

SPREAD = (0.0, 0.5, -0.4, 0.2, -0.3)


def sha_of(number: int) -> str:
    """A made-up SHA, one for each number."""
    return f"{number:02x}" * 20


def date_of(number: int) -> str:
    """Its author date, a day later for each."""
    return f"2024-01-{number + 1:02}T10:00:00+02:00"


def reading(number: int, repeat: int, joules: float | None = None, **cells: Any) -> EnergyRow:
    """One row of results/energy.csv; without joules it says `failed`."""
    row = EnergyRow(
        commit=sha_of(number),
        order=number,
        date=date_of(number),
        subject=f"Step {number}",
        round=1,
        repeat=repeat,
        attempt=1,
        status="failed" if joules is None else "ok",
        clean=joules is not None,
        kind="measured",
        source="powercap",
        energy_package_joules=joules,
        duration_seconds=2.0,
        started="2024-05-01T10:00:00.123456+00:00",
        host="box",
        session="0000abcd",
        loops=1,
    )
    return replace(row, **cells)


def readings(levels: Mapping[int, float], **cells: Any) -> list[EnergyRow]:
    """Five clean readings of each commit, around its level in joules."""
    return [
        reading(number, repeat, level + delta, **cells)
        for number, level in levels.items()
        for repeat, delta in enumerate(SPREAD, start=1)
    ]


def commit_row(number: int, **cells: Any) -> CommitRow:
    """One chosen commit of results/commits.tsv."""
    row = CommitRow(
        commit=sha_of(number),
        order=number,
        date=date_of(number),
        author="Ada",
        subject=f"Step {number}",
        parents=(),
        tree=f"{number:040x}",
        tags=(),
        first_parent=True,
        chosen=True,
        reason=f"listed as step-{number}, v1..main",
    )
    return replace(row, **cells)


def write_study(folder: Path, rows: Sequence[EnergyRow], tags: Mapping[int, str] | None = None) -> Path:
    """Writes energy.csv and commits.tsv, with all commits that the rows name; returns the folder.

    `tags` are those of a commit by its number, separated by blanks.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_energy_table(folder / "energy.csv", rows)
    numbers = sorted({row.order for row in rows})
    commits = [commit_row(number, tags=tuple((tags or {}).get(number, "").split())) for number in numbers]
    write_commits(folder / "commits.tsv", commits)
    return folder


def energy_table(rows: Sequence[EnergyRow]) -> pd.DataFrame:
    """The rows as they are read back from a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "energy.csv"
        write_energy_table(path, rows)
        return read_energy_table(path)
