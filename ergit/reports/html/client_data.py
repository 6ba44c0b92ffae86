"""What the page's script knows of the study: the commits and all readings, as columns."""

import json
from collections.abc import Iterable

import numpy as np
import pandas as pd

from ergit.records.energy_table import ENERGIES, times
from ergit.reports.html.study import SEEN, ReportStudy

NUMBERS = (*ENERGIES.values(), "duration_seconds", "cpu_seconds", "power_watts", *SEEN)
WHOLE = ("position", "session", "clean", "round", "repeat", "attempt", "flags")


def client_data(study: ReportStudy) -> tuple[str, bytes]:
    """The JSON that describes the data, and the columns of the readings, one after the other.

    A column is a little-endian array: int32 for `WHOLE`, float64 for `started` (seconds since 1970), float32 for
    `NUMBERS`, of which those without any number are left out. `session` and `flags` are indices into lists of the JSON.
    """
    rows = study.readings
    sessions = pd.factorize(rows["session"].fillna(""))
    flags = pd.factorize(rows["flags"].fillna(""))
    whole = rows.assign(session=sessions[0], flags=flags[0], clean=rows["clean"].astype(int))
    numbers = [name for name in NUMBERS if rows[name].notna().any()]
    columns = [(name, "int32", whole[name].to_numpy("<i4")) for name in WHOLE]
    if rows["started"].notna().any():
        columns.append(("started", "float64", times(rows["started"]).astype("int64").to_numpy("<f8") / 1e6))
    columns += [(name, "float32", rows[name].to_numpy("<f4")) for name in numbers]
    columns.sort(key=lambda column: column[1] != "float64")  # so that each begins where its type wants it
    facts = {
        "commits": {
            "sha": [row.commit for row in study.commits],
            "order": [row.order for row in study.commits],
            "date": [row.date[:10] for row in study.commits],
            "author": [row.author for row in study.commits],
            "subject": [row.subject for row in study.commits],
            "tags": [" ".join(row.tags) for row in study.commits],
        },
        "link": study.settings.repository.link,
        "judged": study.judged,
        "kind": study.changes.kind,
        "sessions": _texts(sessions[1]),
        "flags": _texts(flags[1]),
        "readings": len(rows),
        "columns": [[name, kind] for name, kind, _ in columns],
    }
    return json.dumps(facts, ensure_ascii=False), b"".join(
        np.ascontiguousarray(each).tobytes() for _, _, each in columns
    )


def _texts(values: Iterable[object]) -> list[str]:
    return [str(value) for value in values]
