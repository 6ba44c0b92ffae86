"""results/energy.csv: one row per reading, in Git order; the table that all else reads."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ergit.errors import ErgitError
from ergit.files import write_atomically
from ergit.records.readings import DOMAINS

if TYPE_CHECKING:
    import pandas as pd


class EnergyRow(msgspec.Struct, frozen=True, kw_only=True):
    """One reading, or one row that says why a commit has none in a round.

    Joules, seconds and CPU time are those of one run of the command; `energy_net_joules` is above the idle machine's.
    `clean` says whether the row counts. None is an empty cell.
    """

    commit: str
    order: int
    date: str
    subject: str
    round: int
    repeat: int
    attempt: int
    status: str
    clean: bool
    kind: str | None = None
    source: str | None = None
    energy_package_joules: float | None = None
    energy_core_joules: float | None = None
    energy_uncore_joules: float | None = None
    energy_dram_joules: float | None = None
    energy_psys_joules: float | None = None
    energy_net_joules: float | None = None
    duration_seconds: float | None = None
    cpu_seconds: float | None = None
    power_watts: float | None = None
    started: str | None = None
    host: str | None = None
    session: str | None = None
    loops: int | None = None
    flags: str | None = None
    reason: str | None = None


COLUMNS = EnergyRow.__struct_fields__
ENERGIES = {domain: f"energy_{domain}_joules" for domain in DOMAINS}
NUMBERS = (*ENERGIES.values(), "energy_net_joules", "duration_seconds", "cpu_seconds", "power_watts")
WHOLE_NUMBERS = ("order", "round", "repeat", "attempt")
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_WHOLE = r"[-+]?\d+(?:\.0)?"  # 0.1.0 wrote `loops` as 1.0


def write_energy_table(path: Path, rows: Iterable[EnergyRow]) -> None:
    """Writes the rows in the order in which they come."""
    import pandas as pd

    frame = pd.DataFrame([msgspec.structs.astuple(row) for row in rows], columns=list(COLUMNS), dtype=object)
    write_atomically(path, frame.to_csv(index=False))


def read_energy_table(path: Path) -> "pd.DataFrame":
    """All rows, with a type for each column: numbers as float64, empty cells missing.

    `clean` is a truth value, `loops` a whole number that may be missing; all other columns are text, also `date` and
    `started` (which `times` reads).

    Raises:
        ErgitError: the file is not there, lacks a column, or a cell is not what its column holds; names the row.
    """
    import pandas as pd

    try:
        table = pd.read_csv(path, dtype="str", keep_default_na=False, na_values=[""])
    except (OSError, ValueError) as error:
        raise ErgitError(f"{path} cannot be read ({error}). Run the study first.") from None
    missing = [column for column in COLUMNS if column not in table]
    if missing:
        raise ErgitError(f"{path} lacks the columns {', '.join(missing)}. Remove it and run the same command again.")
    for column in NUMBERS:
        table[column] = _numbers(table[column], _NUMBER, path).astype("float64")
    for column in WHOLE_NUMBERS:
        table[column] = _numbers(table[column], _WHOLE, path).astype("int64")
    table["loops"] = _numbers(table["loops"], _WHOLE, path).astype("Int64")
    table["clean"] = _truths(table["clean"], path)
    return table


def times(started: "pd.Series[str]") -> "pd.Series[pd.Timestamp]":
    """The column `started` as times in UTC, to the microsecond."""
    import pandas as pd

    return pd.to_datetime(started, format="ISO8601", utc=True).astype("datetime64[us, UTC]")


def _numbers(column: "pd.Series[str]", pattern: str, path: Path) -> "pd.Series[float]":
    """The cells as numbers, written as CSV and JSON write them: no `1_000`, no other scripts' digits."""
    import pandas as pd

    wrong = column[column.notna() & ~column.str.fullmatch(pattern, flags=re.ASCII).fillna(True).astype(bool)]
    _refuse(wrong, path)
    return pd.to_numeric(column)


def _truths(column: "pd.Series[str]", path: Path) -> "pd.Series[bool]":
    _refuse(column[~column.isin(["True", "False"])], path)
    return column == "True"


def _refuse(wrong: "pd.Series[str]", path: Path) -> None:
    """Does nothing where there is no wrong cell.

    Raises:
        ErgitError: there is one; names its row, as a spreadsheet numbers it, its column and its text.
    """
    if len(wrong):
        row, text = int(wrong.index[0]) + 2, wrong.iloc[0]
        raise ErgitError(
            f"row {row} of {path} has {text!r} as {wrong.name}, which is no such value. Correct it, or remove the file"
            " and run the same command again."
        )
