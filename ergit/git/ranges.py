"""Texts of the config that stand for commits: the name of one, or a range in the syntax of `git rev-list`."""

from collections.abc import Sequence

from ergit.errors import ErgitError
from ergit.git.names import CommitNames
from ergit.git.runner import Git
from ergit.git.syntax import is_range, refuse_syntax


def commits_meant(
    git: Git, names: CommitNames, texts: Sequence[str], key: str, *, first_parent: bool = True
) -> dict[str, list[str]]:
    """The SHAs that each text stands for, oldest first: one for a name, those that `git rev-list` lists for a range.

    A range is one or more words: `a..b` (what `b` has and `a` has not), `a...b` (what one of the two has alone), `b`
    (with all before it) and `^a` (without `a` and all before it). An end of `..` that is left open is HEAD.

    Args:
        git: the repository.
        names: its names.
        texts: as the config has them.
        key: the key of the config where they stand, for errors.
        first_parent: whether ranges are walked along first parents only, as the order of a study is.

    Raises:
        ErgitError: a name is unknown or ambiguous, or a range is empty or no range at all.
    """
    for text in texts:
        refuse_syntax(text, key)
    single = [text for text in texts if not is_range(text)]
    shas = dict(zip(single, names.resolve_all(single, key), strict=True))
    return {text: [shas[text]] if text in shas else _commits_in(git, names, text, key, first_parent) for text in texts}


def _commits_in(git: Git, names: CommitNames, text: str, key: str, first_parent: bool) -> list[str]:
    """The SHAs that `git rev-list --reverse` lists for a range."""
    revisions = [_in_shas(names, word, key) for word in text.split()]
    if all(revision.startswith("^") for revision in revisions):
        raise ErgitError(
            f"{key}: {text!r} leaves commits out and names none to leave them out of. Write a range, `older..newer` or"
            f" `newer {text.strip()}`; or use the key `exclude`."
        )
    found = git.rev_list(*(["--first-parent"] if first_parent else []), "--reverse", *revisions).split()
    if not found:
        hint = ""
        if len(revisions) == 1 and "..." not in text:
            oldest, newest = text.strip().split("..", 1)
            hint = f" Is {newest or 'HEAD'!r} older than {oldest or 'HEAD'!r}?"
        raise ErgitError(f"{key}: the range {text!r} is empty.{hint}")
    return found


def _in_shas(names: CommitNames, word: str, key: str) -> str:
    """A word of a range as Git takes it, with SHAs for its names."""
    for dots in ("...", ".."):
        older, found, newer = word.partition(dots)
        if found:
            ends = names.resolve_all([older or "HEAD", newer or "HEAD"], key)
            return dots.join(ends)
    if word.startswith("^"):
        return f"^{names.resolve(word[1:], key)}"
    return names.resolve(word, key)
