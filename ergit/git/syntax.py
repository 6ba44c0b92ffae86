"""What a text of the config may look like that stands for commits: before any repository is asked."""

import re

from ergit.errors import ErgitError

PARENTS = re.compile(r"(?P<name>.+)\^(?P<which>[!@]|-[0-9]*)")  # gitrevisions(7)


def is_range(text: str) -> bool:
    """Whether a text of the config is a range, and not the name of one commit: `a..b`, `^a`, or several words."""
    return ".." in text or text.startswith("^") or len(text.split()) > 1


def refuse_syntax(text: str, key: str, *, is_one: bool = False) -> None:
    """Does nothing where a text may stand for commits, or for one commit.

    Args:
        text: as the config has it.
        key: the key of the config where it stands, for the error.
        is_one: whether one commit is asked for, and no range.

    Raises:
        ErgitError: it cannot.
    """
    if is_one:
        refuse_range(text, key)
    for word in text.split():
        if word.startswith("-"):
            raise ErgitError(
                f"{key}: {word!r} is an option of `git rev-list`, and {key} takes names and ranges of commits. Filters"
                " do what such options do: `commits: {newest: 5}` takes the newest five, `commits: {granularity:"
                " commits}` all of the branch."
            )
        parents = PARENTS.fullmatch(word)
        if parents:
            name = parents["name"]
            means = f"the parents of {name}" if parents["which"] == "@" else f"{name} without what came before it"
            instead = f"`{name}^1` and `{name}^2`" if parents["which"] == "@" else f"`{name}`"
            raise ErgitError(f"{key}: {word!r} is Git's short form of {means}. Write {instead}.")


def refuse_range(text: str, key: str) -> None:
    """Does nothing where a text may be the name of one commit.

    Raises:
        ErgitError: it is a range.
    """
    if text.startswith("^"):
        raise ErgitError(
            f"{key}: {text!r} leaves commits out in Git's own syntax, but a commit is asked for. Write {text[1:]!r}."
        )
    if is_range(text):
        raise ErgitError(f"{key}: {text!r} is a range, but one commit is asked for.")
