"""The readings as a results folder of asv (airspeed velocity): one benchmark, a file a commit and session.

The formats are those of asv's docs/source/dev.rst ("Benchmark suite layout and file formats"): benchmarks.json and
results of version 2, machine.json of version 1.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import pandas as pd

from ergit.records.energy_table import ENERGIES, times
from ergit.records.record import JsonObject
from ergit.reports.exports.dates import dates_for_export

BENCHMARK = "energy"
BENCHMARK_VERSION = "1"  # raise when the exported number changes its meaning: asv does not mix versions
RESULT_COLUMNS = [
    *("result", "params", "version", "started_at", "duration", "stats_ci_99_a", "stats_ci_99_b"),
    *("stats_q_25", "stats_q_75", "stats_number", "stats_repeat", "samples", "profile"),
]


def asv_files(table: pd.DataFrame, domain: str = "package") -> Iterator[tuple[Path, JsonObject]]:
    """The path and content of each file of the folder, for the energy of one domain."""
    yield from result_files(table, domain)
    yield Path("benchmarks.json"), benchmarks(domain)
    for host in table["host"].dropna().unique():
        yield Path(quote(host, safe="")) / "machine.json", machine(host)


def benchmarks(domain: str) -> JsonObject:
    """The content of benchmarks.json."""
    benchmark = {
        "name": BENCHMARK,
        "pretty_name": "Energy of all CPU packages" if domain == "package" else f"Energy of the domain {domain}",
        "type": "track",
        "unit": "J",
        "code": "",
        "params": [],
        "param_names": [],
        "timeout": 0,
        "version": BENCHMARK_VERSION,
    }
    return {BENCHMARK: benchmark, "version": 2}


def machine(host: str) -> JsonObject:
    """The content of a machine.json; of the machine only its name is in the table."""
    return {"machine": host, "arch": "", "cpu": "", "num_cpu": "", "os": "", "ram": "", "version": 1}


def result_files(table: pd.DataFrame, domain: str = "package") -> Iterator[tuple[Path, JsonObject]]:
    """The path and content of each results file: the clean readings of a commit in a session, None if it has none.

    A session is an environment of asv's, and a parameter, so that no graph joins two sessions. The `stats_*` are null:
    asv derives them from samples in a way of its own.
    """
    commits = table.drop_duplicates("commit")
    dates = dict(zip(commits["commit"], dates_for_export(commits["date"]), strict=True))
    timed = table.assign(started=times(table["started"]))
    for names, rows in timed.groupby(["host", "session", "commit"], sort=False):
        host, session, commit = map(str, names)
        environment = f"ergit-{quote(session, safe='')}"
        samples = rows.loc[rows["clean"], ENERGIES[domain]].dropna()
        started = rows["started"].max()
        values: JsonObject = {
            "result": [float(samples.median()) if len(samples) else None],
            "params": [],
            "version": BENCHMARK_VERSION,
            "started_at": None if pd.isna(started) else _javascript_time(started),
            "samples": [samples.tolist()] if len(samples) else None,
        }
        content: JsonObject = {
            "commit_hash": commit,
            "env_name": environment,
            "date": _javascript_time(dates[commit]),
            "params": {"machine": host, "session": session},  # what asv keeps graphs apart by
            "python": "",
            "requirements": {},
            "env_vars": {},
            "result_columns": RESULT_COLUMNS,
            "results": {BENCHMARK: [values.get(column) for column in RESULT_COLUMNS]},
            "durations": {},
            "version": 2,
        }
        yield Path(quote(host, safe="")) / f"{commit[:8]}-{environment}.json", content


def _javascript_time(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return int(moment.timestamp() * 1000)
