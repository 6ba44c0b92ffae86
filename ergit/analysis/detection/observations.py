"""Readings of commits in Git order: how many joules, of which commit, in which session."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ergit.analysis.detection.significance import FloatArray
from ergit.errors import ErgitError

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Observations:
    """All readings of a study, those of a commit together, oldest commit first, in the order of their taking.

    `commit` (positions 0, 1, … into the history of measured commits, none left out), `session` (numbers of the
    sessions, 0, 1, …) and `joules` have one entry a reading. `slot` says which of the readings of a session it is
    (round and repeat, numbered), the same for all commits; None where that is not known. `trees` has the tree of
    each commit, None where it is not known: commits with the same tree are the same program.
    """

    commit: IntArray
    joules: FloatArray
    session: IntArray
    slot: IntArray | None = None
    trees: tuple[str | None, ...] | None = None

    @property
    def commits(self) -> int:
        """The number of commits."""
        return int(self.commit[-1]) + 1 if len(self.commit) else 0


def one_session(commit: IntArray, joules: FloatArray) -> Observations:
    """Readings that were all taken in one session."""
    return Observations(commit, joules, np.zeros(len(joules), dtype=np.int64))


def joules_of(text: str, source: str, row: int) -> float:
    """The joules that a cell holds, written as CSV and JSON write numbers: no `1_000`, no other scripts' digits.

    Raises:
        ErgitError: it is no such number, not finite, zero or negative; the message names the row.
    """
    try:
        value = float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise ErgitError(
            f"row {row} of {source} has the energy {text!r}, which is not a number of joules above 0. A run that"
            " failed or was not counted has no energy: leave its row out, or correct it."
        )
    return value
