"""Batches: commits that are built and measured in all their rounds before the next ones are."""

from collections.abc import Mapping, Sequence

from ergit.errors import ErgitError
from ergit.records.plan import ROUNDS_OF_A_BATCH, RoundsPlan
from ergit.text import counted

LEAST_ANCHORS = 2  # commits that two batches must share; as many as link two sessions (analysis/detection/sessions.py)


def batched(
    rounds: Mapping[str, int | None], size: int, anchors: Sequence[str], names: Sequence[str] = ()
) -> RoundsPlan:
    """The plan of the chosen commits (in Git order, with their rounds) in batches of `size`.

    The anchors are in every batch beside the others. Batches are counted from the oldest commit on, so that newer
    commits change no batch but the last. `names` are those that the config has for the anchors.

    Raises:
        ErgitError: there are too few anchors to link two batches, or one is not measured.
    """
    inside = tuple(dict.fromkeys(anchors))
    if len(inside) < LEAST_ANCHORS:
        raise ErgitError(
            f"plan.anchors names {counted(len(inside), 'commit')}, and batches take {LEAST_ANCHORS} or more: what is"
            " measured in every batch is what one batch is compared with another by. Name commits that surely build."
        )
    unmeasured = next((anchor for anchor in inside if rounds.get(anchor, 0) == 0), None)
    if unmeasured:
        named = dict(zip(anchors, names, strict=False)).get(unmeasured)
        which = f"{named!r} ({unmeasured[:10]})" if named else unmeasured
        raise ErgitError(
            f"plan.anchors: {which} is not measured in this study. Add it to `commits`, or name chosen commits."
        )
    others = [commit for commit, number in rounds.items() if commit not in inside and number != 0]
    batches = tuple(tuple(others[start : start + size]) for start in range(0, len(others), size)) or ((),)
    return RoundsPlan(rounds=dict(rounds), batches=batches, anchors=inside)


def turn(plan: RoundsPlan, batch: int, *, newest_first: bool) -> int:
    """How many batches are worked on before this one."""
    return max(0, len(plan.batches) - 1 - batch) if newest_first else batch


def round_in_batch(plan: RoundsPlan, round_number: int) -> int:
    """The number of a round within its batch, from 1."""
    return round_number % ROUNDS_OF_A_BATCH if plan.batches else round_number
