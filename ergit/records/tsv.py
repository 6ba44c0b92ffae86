"""Tables of tab-separated values: a header, then every cell on one line, without quotes."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from ergit.errors import ErgitError
from ergit.files import write_atomically
from ergit.text import one_line


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Iterable[object]]) -> None:
    """Writes the table, whole or not at all; None is an empty cell.

    Raises:
        OSError: the disk is full, or the folder cannot be written to.
    """
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
    writer.writerow(columns)
    for row in rows:
        writer.writerow("" if cell is None else one_line(str(cell)) for cell in row)
    write_atomically(path, text.getvalue())


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of the table, each cell by its column.

    Raises:
        ErgitError: the file is not there.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    except OSError as error:
        raise ErgitError(f"{path} cannot be read: {error.strerror}. Run the study first.") from None
