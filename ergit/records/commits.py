"""results/commits.tsv: every commit that was considered, oldest first, and why it was chosen or dropped."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from ergit.errors import ErgitError
from ergit.records.tsv import read_table, write_table

YES, NO = "yes", "no"
REUSED = "; measured once, as "
"""What stands in a reason before the SHA of the commit whose inputs are the same, and which is measured instead."""


class CommitRow(msgspec.Struct, frozen=True, kw_only=True):
    """One commit: its position in the history (0 is the root), what Git knows of it, and why it is in the study or not.

    `date` is the author's, ISO 8601, empty where the commit has none that can be read; `tree` is the SHA of its tree.
    """

    commit: str
    order: int
    date: str
    author: str
    subject: str
    parents: tuple[str, ...]
    tree: str
    tags: tuple[str, ...]
    first_parent: bool
    chosen: bool
    reason: str


COLUMNS = CommitRow.__struct_fields__


def write_commits(path: Path, rows: Iterable[CommitRow]) -> None:
    """Writes the table; every cell on one line."""
    write_table(path, COLUMNS, (map(_cell, msgspec.structs.astuple(row)) for row in rows))


def read_commits(path: Path) -> list[CommitRow]:
    """All commits of the table, oldest first.

    Raises:
        ErgitError: the file is not there, or is no such table.
    """
    try:
        rows = [_row(cells) for cells in read_table(path)]
    except (KeyError, ValueError, AttributeError) as error:
        raise ErgitError(
            f"{path} is no table of commits ({error}). Remove it and run the same command again."
        ) from None
    return sorted(rows, key=lambda row: row.order)


def chosen(rows: Iterable[CommitRow]) -> list[CommitRow]:
    """The commits that are in the study, in the same order."""
    return [row for row in rows if row.chosen]


def reused_from(row: CommitRow) -> str | None:
    """The commit with the same inputs that is measured instead of this one; None where it is measured itself."""
    return row.reason.rpartition(REUSED)[2] if REUSED in row.reason else None


def _row(cells: dict[str, str]) -> CommitRow:
    return CommitRow(
        commit=cells["commit"],
        order=int(cells["order"]),
        date=cells["date"],
        author=cells["author"],
        subject=cells["subject"],
        parents=tuple(cells["parents"].split()),
        tree=cells["tree"],
        tags=tuple(cells["tags"].split()),
        first_parent=cells["first_parent"] == YES,
        chosen=cells["chosen"] == YES,
        reason=cells["reason"],
    )


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return YES if value else NO
    return " ".join(value) if isinstance(value, tuple) else str(value)
