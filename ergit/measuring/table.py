"""Sorts the readings by Git history into one table, a row a reading."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ergit.energy.source import DOMAINS
from ergit.measuring.attempts import DISQUALIFYING

COLUMNS = [
    *("commit", "order", "date", "subject", "round", "repeat", "attempt", "status", "clean", "kind", "source"),
    *(f"energy_{domain}_joules" for domain in DOMAINS),
    *("energy_net_joules", "duration_seconds", "cpu_seconds", "power_watts"),
    *("started", "host", "session", "loops", "flags", "reason"),
]


def rows(record: Mapping[str, Any], commit: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The rows of one measuring job: one a reading (warm-ups left out), or one that says why there is none."""
    known = {
        "commit": record["commit"],
        "order": commit["order"],
        "date": commit["date"],
        "subject": commit["subject"],
        "round": record["round"],
        "host": record["host"],
        "session": record["session"],
    }
    if record["status"] != "measured":
        yield known | {
            "repeat": 1,
            "attempt": 1,
            "status": record["status"],
            "clean": False,
            "reason": record["reason"],
        }
        return
    readings = [reading for reading in record["readings"] if not reading["warmup"]] or record["readings"][-1:]
    for reading in readings:
        yield known | reading_row(reading, record)


def reading_row(reading: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    """One reading's own columns; energy, time and CPU time are those of one run of the command."""
    loops = reading["loops"]
    ok = reading["status"] == "ok"
    joules = {domain: value / loops for domain, value in reading["joules"].items()} if ok else {}
    package = joules.get("package")
    duration = reading["duration_seconds"]
    return {
        "repeat": reading["repeat"],
        "attempt": reading["attempt"],
        "status": reading["status"],
        "clean": ok and DISQUALIFYING.isdisjoint(reading["flags"]),
        "kind": record["source"]["kind"],
        "source": record["source"]["name"],
        **{f"energy_{domain}_joules": joules.get(domain) for domain in DOMAINS},
        "energy_net_joules": net_joules(package, duration / loops, record["idle"]),
        "duration_seconds": duration / loops,
        "cpu_seconds": reading["cpu_seconds"] / loops,
        "power_watts": None if package is None else package * loops / duration,
        "started": reading["started"],
        "loops": loops,
        "flags": ";".join(reading["flags"]),
        "reason": reading["reason"],
    }


def net_joules(package: float | None, duration_seconds: float, idle: Mapping[str, Any] | None) -> float | None:
    """Package energy above that of the idle machine for as long; None where either was not read, or others ran."""
    if (
        package is None
        or idle is None
        or "package" not in idle["joules"]
        or not DISQUALIFYING.isdisjoint(idle["flags"])
    ):
        return None
    idle_watts: float = idle["joules"]["package"] / idle["duration_seconds"]
    return package - idle_watts * duration_seconds


def table(records: Iterable[Mapping[str, Any]], commits: pd.DataFrame) -> pd.DataFrame:
    """The table of the readings of the chosen commits: Git order, then round, repeat, attempt."""
    by_commit: dict[str, Any] = {row["commit"]: row for row in commits.to_dict("records")}
    found = (row for record in records for row in rows(record, by_commit[record["commit"]]))
    frame = pd.DataFrame(found, columns=COLUMNS)
    return frame.sort_values(["order", "round", "repeat", "attempt"], kind="stable", ignore_index=True)


def read_commits(path: Path) -> pd.DataFrame:
    """The table of considered commits; every column text but `order`, an integer."""
    return pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False, quoting=3).astype({"order": int})


def main(job: Any) -> None:
    """The script of the rule `sort`."""
    records = (json.loads(Path(path).read_text(encoding="utf-8")) for path in job.input.readings)
    table(records, read_commits(Path(job.input.commits))).to_csv(job.output[0], index=False)


if __name__ == "__main__":
    main(globals()["snakemake"])
