"""Exports the readings as a results folder of asv (airspeed velocity): one benchmark, a file a commit and session.

The formats are those of asv's docs/source/dev.rst ("Benchmark suite layout and file formats"): benchmarks.json and
results of version 2, machine.json of version 1.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from ergit.errors import exit_on_user_error
from ergit.files import write_atomically
from ergit.records.energy_table import read_typed_table

BENCHMARK = "energy"
BENCHMARK_VERSION = "1"  # raise when the exported number changes its meaning: asv does not mix versions
RESULT_COLUMNS = [
    *("result", "params", "version", "started_at", "duration", "stats_ci_99_a", "stats_ci_99_b"),
    *("stats_q_25", "stats_q_75", "stats_number", "stats_repeat", "samples", "profile"),
]


def benchmarks() -> dict[str, Any]:
    """The content of benchmarks.json."""
    benchmark = {
        "name": BENCHMARK,
        "pretty_name": "Energy of all CPU packages",
        "type": "track",
        "unit": "J",
        "code": "",
        "params": [],
        "param_names": [],
        "timeout": 0,
        "version": BENCHMARK_VERSION,
    }
    return {BENCHMARK: benchmark, "version": 2}


def machine(host: str) -> dict[str, Any]:
    """The content of a machine.json; of the machine only its name is in the table."""
    return {"machine": host, "arch": "", "cpu": "", "num_cpu": "", "os": "", "ram": "", "version": 1}


def results(table: pd.DataFrame) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The path and content of each results file: the clean readings of a commit in a session, None if it has none.

    A session is an environment of asv's, and a parameter, so that no graph joins two sessions. The `stats_*` are null:
    asv derives them from samples in a way of its own.
    """
    for names, rows in table.groupby(["host", "session", "commit"], sort=False):
        host, session, commit = map(str, names)
        environment = f"ergit-{quote(session, safe='')}"
        samples = rows.loc[rows["clean"], "energy_package_joules"]
        started = rows["started"].max()
        values = {
            "result": [float(samples.median()) if len(samples) else None],
            "params": [],
            "version": BENCHMARK_VERSION,
            "started_at": None if pd.isna(started) else _javascript_time(started),
            "samples": [samples.tolist()] if len(samples) else None,
        }
        content = {
            "commit_hash": commit,
            "env_name": environment,
            "date": _javascript_time(datetime.fromisoformat(rows["date"].iloc[0])),
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


def main(job: Any) -> None:
    """The script of the rule `export_asv`."""
    table = read_typed_table(Path(job.input[0]))
    folder = Path(job.output[0])
    files = dict(results(table))
    files[Path("benchmarks.json")] = benchmarks()
    for host in table["host"].unique():
        files[Path(quote(host, safe="")) / "machine.json"] = machine(host)
    for path, content in files.items():
        write_atomically(folder / path, json.dumps(content) + "\n")


if __name__ == "__main__":
    with exit_on_user_error():
        main(globals()["snakemake"])
