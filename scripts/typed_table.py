"""The table of readings with a type for each column, empty cells missing."""

from pathlib import Path

import pandas as pd

from scripts.energy.source import DOMAINS
from scripts.sort import COLUMNS

WHOLE_NUMBERS = ("order", "round", "repeat", "attempt")
ENERGIES = tuple(f"energy_{domain}_joules" for domain in DOMAINS)
NUMBERS = (*ENERGIES, "energy_net_joules", "duration_seconds", "cpu_seconds", "power_watts")
TYPES = dict.fromkeys(COLUMNS, "str") | dict.fromkeys(WHOLE_NUMBERS, "int64") | dict.fromkeys(NUMBERS, "float64")


def read_typed_table(path: Path) -> pd.DataFrame:
    """All rows of results/energy.csv.

    `clean` is a truth value, `loops` a whole number that may be missing, `started` a time in UTC; all other columns are
    of the type in `TYPES`. `date` stays text: each author's date has a time zone of its own.
    """
    types = TYPES | {"clean": "bool", "loops": "Int64"}
    table = pd.read_csv(path, dtype=types, keep_default_na=False, na_values=[""])
    started = pd.to_datetime(table["started"], format="ISO8601", utc=True).astype("datetime64[us, UTC]")
    return table.assign(started=started)
