"""Changes that the next one undoes, such as a build that was broken for a while: neither is growth of the program."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ergit.records.changes import ChangeResult

LEAST = 0.05  # relative size below which two changes of opposite direction say little


@dataclass(frozen=True)
class Undone:
    """Two changes that follow each other: the second brings back the level before the first."""

    first: ChangeResult
    second: ChangeResult

    def in_words(self, commit: str) -> str:
        """What that says of the change at one of the two commits."""
        if commit == self.first.commit:
            return f"The next change, {self.second.commit[:10]} ({self.second.relative_change:+.1%}), undoes it."
        return (
            f"It undoes the change before, {self.first.commit[:10]} ({self.first.relative_change:+.1%}): the level is"
            " again what it was."
        )


def undone(changes: Sequence[ChangeResult]) -> Mapping[str, Undone]:
    """The pairs by the commits of both: lasting changes one after the other, in opposite directions.

    The interval of the second holds the size that brings the level back, and both are of `LEAST` at least.
    """
    lasting = sorted((one for one in changes if one.kind == "persistent"), key=lambda one: one.order)
    found: dict[str, Undone] = {}
    for first, second in pairwise(lasting):
        back = math.expm1(-math.log1p(first.relative_change))
        large = min(abs(first.relative_change), abs(second.relative_change)) >= LEAST
        if large and second.ci_low <= back <= second.ci_high and first.commit not in found:
            found |= dict.fromkeys((first.commit, second.commit), Undone(first, second))
    return found
