"""The commits that the config names for later than the measuring: looked up when commits are chosen, before it."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from ergit.errors import ErgitError
from ergit.git.names import CommitNames
from ergit.git.runner import git_in
from ergit.records.commits import CommitRow, chosen

MEASURED = ("gate.head", "gate.base", "noise.commit")  # the others may be any of the history


def refuse_unknown(mirror: Path, rows: Sequence[CommitRow], named: Iterable[tuple[str, str]]) -> None:
    """Does nothing where each name is that of a commit, and of a chosen one where that is needed.

    Args:
        mirror: the bare repository.
        rows: the commits that were considered.
        named: pairs of the key of the config and the name that it has.

    Raises:
        ErgitError: one is not.
    """
    measured = {row.commit for row in chosen(rows)}
    with git_in(mirror) as git:
        names = CommitNames.of_repository(git)
        for key, name in named:
            sha = names.resolve(name, key)
            if key in MEASURED and sha not in measured:
                raise ErgitError(
                    f"{key}: {name!r} ({sha[:10]}) is not among the chosen commits, so it will have no reading. Add it"
                    " to `commits`, or name another."
                )
