"""results/failures.tsv: why commits have no reading, the failures with one reason together."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

import msgspec

from ergit.errors import ErgitError
from ergit.files import write_atomically
from ergit.text import one_line


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


def write_failures(path: Path, rows: Iterable[FailureRow]) -> None:
    """Writes the table; every cell on one line."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow(one_line(str(getattr(row, column))) for column in COLUMNS)
    write_atomically(path, text.getvalue())


def read_failures(path: Path) -> list[FailureRow]:
    """All rows, the most frequent first.

    Raises:
        ErgitError: the file is not there, or is no such table.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            table = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            return [msgspec.convert(row, FailureRow, strict=False) for row in table]
    except OSError as error:
        raise ErgitError(f"{path} cannot be read: {error.strerror}. Run the study first.") from None
    except msgspec.ValidationError as error:
        raise ErgitError(
            f"{path} is no table of failures ({error}). Remove it and run the same command again."
        ) from None
