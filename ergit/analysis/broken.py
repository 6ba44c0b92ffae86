"""Whether a commit is broken: it does not build, or its workload fails."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ergit.records.readings import output_log_of
from ergit.text import counted, one_line

if TYPE_CHECKING:
    import pandas as pd

REASON = 500  # characters of a reason in a sentence


@dataclass(frozen=True)
class Broken:
    """What is broken at a commit, in a sentence, and the log of what its commands printed."""

    sentence: str
    log: Path


def broken_at(table: "pd.DataFrame", commit: str, results: str) -> Broken | None:
    """What is broken at a commit; None where nothing is known to be.

    A workload that fails in one of its readings is broken, however many others there are.

    Args:
        table: the table of readings.
        commit: its SHA.
        results: the study's results folder.
    """
    rows = table[table["commit"] == commit]
    unbuilt = rows[rows["status"].isin(["build-failed", "no-jdk"])]
    if not unbuilt.empty:
        log = output_log_of(Path(results, "build", f"{commit}.json"))
        return Broken(f"{commit[:10]} does not build{_because(unbuilt)}", log)
    verbs = {"failed": "fails", "timeout": "takes too long", "killed": "is killed"}
    failed = rows[rows["status"].isin(verbs)]
    if failed.empty:
        return None
    first = failed.iloc[0]
    log = output_log_of(Path(results, "readings", commit, f"{first['round']}.json"))
    where = f"in {len(failed):,} of {counted(len(rows), 'reading')}"
    return Broken(f"the workload of {commit[:10]} {verbs[first['status']]} {where}{_because(failed)}", log)


def _because(rows: "pd.DataFrame") -> str:
    reasons = rows["reason"].dropna()
    return "." if reasons.empty else f": {one_line(str(reasons.iloc[0]), REASON).rstrip('.')}."
