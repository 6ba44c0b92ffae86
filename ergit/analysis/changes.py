"""Decides which commits changed the energy, from the table of readings; or from a list of runs on the command line."""

import csv
import json
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ergit.analysis.detection.change_points import Settings
from ergit.analysis.detection.conclusions import Commit, Readings, conclude
from ergit.records.changes import ChangeFinding, CommitFinding, Findings, to_json
from ergit.analysis.detection.observations import Observations, joules_of, one_session
from ergit.analysis.detection.detect import Verdict, detect
from ergit.errors import ErgitError, exit_on_user_error
from ergit.files import write_atomically

COLUMNS = (  # of results/changes.tsv
    *("commit", "order", "part", "readings", "median_joules", "mean_joules", "mad_joules", "level_joules"),
    *("against", "relative", "ci_low", "ci_high", "p", "q", "differs", "minimum_detectable_change"),
    *("change_kind", "change_relative_change", "change_ci_low", "change_ci_high", "change_q_value"),
)


def read_commits(path: Path) -> list[Commit]:
    """All commits of results/commits.tsv, also those that were dropped, in Git order."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    commits = [Commit(row["commit"], int(row["order"]), row.get("tree") or None) for row in rows]
    return sorted(commits, key=lambda commit: commit.order)


def read_table(path: Path, history: Iterable[Commit]) -> Readings:
    """The clean readings of results/energy.csv.

    Raises:
        ErgitError: measured and estimated energy occur together, or a clean row has no energy above 0.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = [
            (int(row["order"]), number, joules_of(row["energy_package_joules"], str(path), number), row)
            for number, row in enumerate(csv.DictReader(file), start=2)
            if row["clean"] == "True"
        ]
    kinds = sorted({row["kind"] for *_, row in rows})
    if len(kinds) > 1:
        raise ErgitError(
            f"{path} holds both {' and '.join(kinds)} energy, which cannot be compared. Set measure.source to one"
            " source, and remove results/readings of the other."
        )
    rows.sort(key=lambda entry: entry[0])  # stable: the readings of a commit stay in their order
    trees = {commit.commit: commit.tree for commit in history}
    commits = {row["commit"]: Commit(row["commit"], order, trees.get(row["commit"])) for order, *_, row in rows}
    positions = {commit: position for position, commit in enumerate(commits)}
    sessions = _numbered((row["host"], row["session"]) for *_, row in rows)
    slots = {slot: number for number, slot in enumerate(sorted({_slot(row) for *_, row in rows}))}
    return Readings(
        kind=kinds[0] if kinds else None,
        commits=list(commits.values()),
        sessions=list(sessions),
        observations=Observations(
            commit=np.array([positions[row["commit"]] for *_, row in rows], dtype=np.int64),
            joules=np.array([joules for _, _, joules, _ in rows], dtype=np.float64),
            session=np.array([sessions[row["host"], row["session"]] for *_, row in rows], dtype=np.int64),
            slot=np.array([slots[_slot(row)] for *_, row in rows], dtype=np.int64),
            trees=tuple(commit.tree for commit in commits.values()),
        ),
        seconds=np.array([float(row["duration_seconds"] or "nan") for *_, row in rows], dtype=np.float64),
        watts=np.array([float(row["power_watts"] or "nan") for *_, row in rows], dtype=np.float64),
    )


def _numbered(names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    return {name: number for number, name in enumerate(dict.fromkeys(names))}


def _slot(row: Mapping[str, str]) -> tuple[int, int]:
    return int(row["round"]), int(row["repeat"])


def read_runs(path: Path) -> tuple[list[str], Observations]:
    """The commits, oldest first, and the readings of a headerless list of `commit,joules` lines in Git order.

    Raises:
        ErgitError: a line has no commit, or no joules above 0; the message names its row. Blank lines are nothing.
    """
    positions: dict[str, int] = {}
    commit: list[int] = []
    joules: list[float] = []
    with path.open(encoding="utf-8") as file:
        for row, line in enumerate(file, start=1):
            name, _, energy = line.strip().partition(",")
            if name:
                joules.append(joules_of(energy, str(path), row))
                commit.append(positions.setdefault(name, len(positions)))
            elif energy:
                raise ErgitError(f"row {row} of {path} names no commit: each line is a commit, a comma and its joules.")
    order = np.argsort(commit, kind="stable")
    return list(positions), one_session(np.array(commit, dtype=np.int64)[order], np.array(joules)[order])


def listed(verdicts: Iterable[Verdict], commits: Sequence[str]) -> list[dict[str, Any]]:
    """The changes as the command line writes them, in Git order."""
    changes = sorted((change for verdict in verdicts for change in verdict.changes), key=lambda change: change.position)
    return [
        {
            "commit": commits[change.position],
            "kind": change.kind,
            "direction": change.direction,
            "relative_change": change.relative_change,
            "ci_low": change.ci_low,
            "ci_high": change.ci_high,
            "q_value": change.q_value,
            "location": list(
                dict.fromkeys(
                    commits[place]
                    for before, from_here in change.location
                    for place in range(before + 1, from_here + 1)
                )
            ),
        }
        for change in changes
    ]


def anchor_positions(anchors: Collection[str], measured: Sequence[Commit], history: Iterable[Commit]) -> set[int]:
    """Positions of the anchors among the measured commits; the names are SHAs, full or abbreviated.

    Raises:
        ErgitError: an anchor is no commit of the study.
    """
    known = [commit.commit for commit in history]
    for anchor in anchors:
        if not any(commit.startswith(anchor) for commit in known):
            raise ErgitError(
                f"changes.anchors names {anchor!r}, which is no commit of this study. Anchors are commits that are"
                " measured in every session: write the SHA of one of those in results/commits.tsv."
            )
    return {
        position
        for position, commit in enumerate(measured)
        if any(commit.commit.startswith(anchor) for anchor in anchors)
    }


def flat_row(commit: CommitFinding, change: ChangeFinding | None) -> dict[str, Any]:
    """One row of results/changes.tsv."""
    shift = {} if commit.shift is None else asdict(commit.shift)
    found = {} if change is None else asdict(change)
    renamed = {
        f"change_{name}": found.get(name) for name in ("kind", "relative_change", "ci_low", "ci_high", "q_value")
    }
    row = asdict(commit) | shift | renamed
    return {column: row.get(column) for column in COLUMNS}


def flat_table(findings: Findings) -> str:
    """The text of results/changes.tsv, a row a commit; what does not apply is an empty cell."""
    changes = {change.commit: change for change in findings.changes}
    rows = [flat_row(commit, changes.get(commit.commit)) for commit in findings.commits]
    cells = [["" if value is None else str(value) for value in row.values()] for row in rows]
    return "".join("\t".join(line) + "\n" for line in [list(COLUMNS), *cells])


def main(job: Any) -> None:
    """The script of the rule `changes`."""
    history = read_commits(Path(job.input.commits))
    readings = read_table(Path(job.input.table), history)
    chosen = job.params.settings
    settings = Settings(chosen["least_change"], chosen["false_discovery_rate"])
    anchors = anchor_positions(chosen["anchors"], readings.commits, history)
    findings = conclude(readings, history, settings, anchors)
    write_atomically(Path(job.output.json), to_json(findings))
    write_atomically(Path(job.output.table), flat_table(findings))


def command_line(runs: str, output: str) -> None:
    """`python -m ergit.analysis.changes IN.csv OUT.json`: from `commit,joules` lines, oldest first, to a list of changes."""
    commits, observations = read_runs(Path(runs))
    write_atomically(Path(output), json.dumps(listed(detect(observations, Settings()), commits), indent=1) + "\n")


if __name__ == "__main__":
    with exit_on_user_error():
        if "snakemake" in globals():
            main(globals()["snakemake"])
        elif len(sys.argv) == 3:
            command_line(*sys.argv[1:])
        else:
            raise ErgitError(
                "usage: python -m ergit.analysis.changes IN.csv OUT.json, where IN.csv has lines `commit,joules`."
            )
