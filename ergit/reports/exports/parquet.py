"""Exports the table of readings as Parquet, with a type for each column."""

from pathlib import Path
from typing import Any

import pandas as pd

from ergit.errors import ErgitError, exit_on_user_error
from ergit.records.energy_table import read_typed_table


def write_parquet(table: pd.DataFrame, path: Path) -> None:
    """Writes the table so that pandas reads it back with the same values and types.

    Raises:
        ErgitError: pyarrow is not installed.
    """
    try:
        table.to_parquet(path, engine="pyarrow", index=False)
    except ImportError:
        raise ErgitError(
            "Parquet needs pyarrow, which is not part of the usual installation. Install the extra `parquet` of"
            " pyproject.toml: `pip install 'pyarrow>=20'` in the environment of ergit."
        ) from None


def main(job: Any) -> None:
    """The script of the rule `export_parquet`."""
    write_parquet(read_typed_table(Path(job.input[0])), Path(job.output[0]))


if __name__ == "__main__":
    with exit_on_user_error():
        main(globals()["snakemake"])
