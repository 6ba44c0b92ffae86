"""results/failures.tsv: why commits have no reading, the failures with one reason together."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from ergit.errors import ErgitError
from ergit.records.tsv import read_table, write_table


class FailureRow(msgspec.Struct, frozen=True, kw_only=True):
    """The failures of one kind with one reason; the first and the last commit in the order of the history.

    `kind` is one of `no-jdk`, `build-failed`, `build-timeout`, `workload-failed`, `workload-timeout`, `killed` and
    `not-counted`, or the status of an imported reading. `reason` is without what differs from commit to commit, and
    `example` is that of the first commit, whose `log` has more; both empty where there is none.
    """

    kind: str
    commits: int
    reason: str
    first: str
    last: str
    example: str
    log: str


COLUMNS = FailureRow.__struct_fields__


def kind_of(status: str) -> str:
    """The kind of failure that the status of a job or of a reading is."""
    return f"workload-{status}" if status in {"failed", "timeout"} else status


def write_failures(path: Path, rows: Iterable[FailureRow]) -> None:
    """Writes the table; every cell on one line."""
    write_table(path, COLUMNS, map(msgspec.structs.astuple, rows))


def read_failures(path: Path) -> list[FailureRow]:
    """All rows, the most frequent first.

    Raises:
        ErgitError: the file is not there, or is no such table.
    """
    try:
        return [msgspec.convert(row, FailureRow, strict=False) for row in read_table(path)]
    except msgspec.ValidationError as error:
        raise ErgitError(
            f"{path} is no table of failures ({error}). Remove it and run the same command again."
        ) from None
