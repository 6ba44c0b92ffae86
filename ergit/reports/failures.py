"""The failures of a study by their reasons, of which there are far fewer."""

from pathlib import Path

import pandas as pd

from ergit.building.reasons import normalised
from ergit.records.build import read_build
from ergit.records.failures import FailureRow, kind_of
from ergit.records.imported import SOURCE
from ergit.records.readings import output_log_of


def failure_rows(table: pd.DataFrame, results: str) -> list[FailureRow]:
    """One row for each kind and reason, those of most commits first.

    Args:
        table: the table of readings.
        results: the study's results folder, whose build records say which builds took too long.
    """
    failed = table.loc[table["status"] != "ok", ["commit", "order", "round", "status", "reason", "source"]]
    failed = failed.assign(reason=failed["reason"].fillna("no reason was recorded"))
    builds = failed.loc[failed["status"] == "build-failed", "commit"].drop_duplicates()
    too_long = {commit for commit in builds if _took_too_long(Path(results, "build", f"{commit}.json"))}
    kinds = failed["status"].map(kind_of)
    failed["kind"] = kinds.mask(failed["commit"].isin(too_long) & (kinds == "build-failed"), "build-timeout")
    failed["group"] = failed["reason"].map(normalised)
    rows = []
    for (kind, reason), group in failed.sort_values("order", kind="stable").groupby(["kind", "group"], sort=False):
        first, last = group.iloc[0], group.iloc[-1]
        rows.append(
            FailureRow(
                kind=str(kind),
                commits=int(group["commit"].nunique()),
                reason=str(reason),
                first=str(first["commit"]),
                last=str(last["commit"]),
                example=str(first["reason"]),
                log=""
                if first["source"] == SOURCE
                else _log(str(kind), str(first["commit"]), int(first["round"]), results),
            )
        )
    return sorted(rows, key=lambda row: -row.commits)


def _took_too_long(record: Path) -> bool:
    return record.exists() and read_build(record).status == "timeout"


def _log(kind: str, commit: str, round_: int, results: str) -> str:
    """What the commands of a failure have printed; "" where none has run."""
    if kind.startswith("workload-"):
        return str(output_log_of(Path(results, f"readings/{commit}/{round_}.json")))
    if kind.startswith("build-"):
        return str(output_log_of(Path(results, f"build/{commit}.json")))
    return ""
