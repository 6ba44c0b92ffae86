"""Finds the commits that changed the energy in a list of runs: lines `commit,joules`, oldest commit first."""

import argparse
import json
import math
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from ergit.analysis.detection.detect import PartResult, detect
from ergit.analysis.detection.observations import Observations, one_session
from ergit.config.settings import ChangeSettings
from ergit.errors import ErgitError, exit_on_user_error
from ergit.files import write_atomically

Found = dict[str, str | float | list[str]]
"""One change, as the file of changes has it."""


def read_runs(path: Path) -> tuple[list[str], Observations]:
    """The commits, oldest first, and the readings of a headerless list of `commit,joules` lines in Git order.

    Blank lines do not count.

    Raises:
        ErgitError: the file cannot be read, or a line has no commit or no joules above 0; the message names its row.
    """
    positions: dict[str, int] = {}
    commit, joules = array("q"), array("d")
    try:
        with path.open(encoding="utf-8") as file:
            for row, line in enumerate(file, start=1):
                name, _, energy = line.strip().partition(",")
                if name:
                    joules.append(_joules(energy, path, row))
                    commit.append(positions.setdefault(name, len(positions)))
                elif energy:
                    raise ErgitError(
                        f"row {row} of {path} names no commit: each line is a commit, a comma and its joules."
                    )
    except OSError as error:
        raise ErgitError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ErgitError(f"{path} is not UTF-8 text: each line is a commit, a comma and its joules.") from None
    commits = np.array(commit, dtype=np.int64)
    order = np.argsort(commits, kind="stable")
    return list(positions), one_session(commits[order], np.array(joules, dtype=np.float64)[order])


def _joules(text: str, path: Path, row: int) -> float:
    """The number in a cell, written as CSV and JSON write numbers: no `1_000`, no other scripts' digits.

    Raises:
        ErgitError: it is no such number, not finite, zero or negative.
    """
    if text.isascii() and "_" not in text:
        try:
            joules = float(text)
        except ValueError:
            joules = math.nan
        if 0 < joules < math.inf:
            return joules
    raise ErgitError(
        f"row {row} of {path} has the energy {text!r}, which is not a number of joules above 0. A run that failed or"
        " was not counted has no energy: leave its row out, or correct it."
    )


def listed(parts: Iterable[PartResult], commits: Sequence[str]) -> list[Found]:
    """The changes in Git order, commits by their names."""
    changes = sorted((change for part in parts for change in part.changes), key=lambda change: change.position)
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
                    commits[position]
                    for before, from_here in change.location
                    for position in range(before + 1, from_here + 1)
                )
            ),
        }
        for change in changes
    ]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Tells the parser which words this command takes."""
    parser.add_argument("runs", metavar="RUNS.csv", type=Path, help="lines `commit,joules`, oldest commit first")
    parser.add_argument("output", metavar="OUT.json", type=Path, help="where the list of changes is written")


def run(arguments: argparse.Namespace) -> None:
    """Reads the list of runs and writes the list of changes.

    Raises:
        ErgitError: the list of runs cannot be read, or is no such list.
    """
    commits, observations = read_runs(arguments.runs)
    changes = listed(detect(observations, ChangeSettings()), commits)
    write_atomically(arguments.output, json.dumps(changes, indent=1) + "\n")


def main() -> None:
    """`python3 -P -m ergit.analysis.runs RUNS.csv OUT.json`."""
    parser = argparse.ArgumentParser(prog="python3 -P -m ergit.analysis.runs", description=__doc__)
    add_arguments(parser)
    with exit_on_user_error():
        run(parser.parse_args())


if __name__ == "__main__":
    main()
