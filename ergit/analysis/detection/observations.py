"""Readings of commits in Git order: how many joules, of which commit, in which session."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ergit.analysis.detection.significance import FloatArray

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
