"""The conditions under which readings were taken, over time: temperature, frequency, and what else ran."""

from pathlib import Path

import numpy as np
import pandas as pd

from ergit.records.energy_table import times
from ergit.records.readings import DISQUALIFYING, SeenWindow, read_conditions

COLUMNS = (
    *("commit", "round", "repeat", "attempt", "host", "session", "started", "clean", "flags"),
    *("celsius_before", "celsius_after", "megahertz_before", "megahertz_after", "foreign_cores", "steal_cores"),
    *("throttles", "waited_seconds"),
)


def conditions_over_time(table: pd.DataFrame, results: Path) -> pd.DataFrame:
    """One row (`COLUMNS`) a window of the records below `results`, warm-ups left out, in the order in which they began.

    The records are those of the jobs in `table` (results/energy.csv). `started` is a time in UTC, temperatures are
    those of the CPU in °C, frequencies in MHz, `foreign_cores` and `steal_cores` the CPU time that others took while
    the window was open, in cores. What was not recorded is NaN. Imported readings have no record, and so no row.

    Raises:
        ErgitError: a record is damaged.
    """
    jobs = table[["commit", "round"]].drop_duplicates()
    paths = (results / "readings" / commit / f"{number}.json" for commit, number in jobs.itertuples(index=False))
    records = (read_conditions(path) for path in paths if path.is_file())
    rows = [
        (
            *(record.commit, record.round, window.repeat, window.attempt),
            *(record.host, record.session, window.started, *_seen(window)),
        )
        for record in records
        for window in record.readings
        if not window.warmup
    ]
    found = pd.DataFrame(rows, columns=list(COLUMNS))
    for column in COLUMNS[COLUMNS.index("celsius_before") :]:
        found[column] = found[column].astype("float64")
    return found.assign(started=times(found["started"])).sort_values("started", kind="stable", ignore_index=True)


def _seen(window: SeenWindow) -> tuple[object, ...]:
    clean, flags = window.status == "ok" and DISQUALIFYING.isdisjoint(window.flags), " ".join(window.flags)
    seen = window.conditions
    if seen is None:
        return clean, flags, *[np.nan] * 8
    seconds = seen.window_seconds or window.duration_seconds
    foreign, steal = (
        np.nan if taken is None or seconds <= 0 else taken / seconds
        for taken in (seen.foreign_cpu_seconds, seen.steal_seconds)
    )
    return (
        *(clean, flags, seen.celsius_before, seen.celsius_after),
        *(seen.frequency_megahertz_before, seen.frequency_megahertz_after),
        *(foreign, steal, seen.throttles, seen.waited_seconds),
    )
