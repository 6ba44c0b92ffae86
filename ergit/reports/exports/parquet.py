"""The table of readings as Parquet, with a type for each column."""

from pathlib import Path

import pandas as pd

from ergit.errors import ErgitError
from ergit.records.energy_table import times


def write_parquet(table: pd.DataFrame, path: Path) -> None:
    """Writes the table so that pandas reads it back with the same values and types; `started` becomes a time in UTC.

    Raises:
        ErgitError: pyarrow is not installed.
    """
    try:
        table.assign(started=times(table["started"])).to_parquet(path, engine="pyarrow", index=False)
    except ImportError:
        raise ErgitError(
            "Parquet needs pyarrow, which is not part of the usual installation. Install the extra `parquet` of"
            " pyproject.toml: `pip install 'pyarrow>=20'` in the environment of ergit."
        ) from None
