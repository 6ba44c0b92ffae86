"""The keys of a config that name commits: what no name can be is refused before a repository is asked."""

from collections.abc import Iterator
from typing import NamedTuple

from ergit.config.settings import CommitFilters, Settings
from ergit.git.syntax import refuse_syntax


class Named(NamedTuple):
    """A text of the config that stands for a commit, or for commits where it is not `is_one`, and the key it is of."""

    key: str
    text: str
    is_one: bool = True


def refuse_names(settings: Settings) -> None:
    """Does nothing where all texts that stand for commits may do so.

    Raises:
        ErgitError: one cannot; names its key.
    """
    for named in (*_listed(settings), *resolved_later(settings)):
        refuse_syntax(named.text, named.key, is_one=named.is_one)


def _listed(settings: Settings) -> Iterator[Named]:
    """The texts that choose commits, or leave them out, and the anchors of batches."""
    commits = settings.commits
    if isinstance(commits, CommitFilters):
        for key in ("oldest_commit", "newest_commit"):
            text = getattr(commits, key)
            if text is not None:
                yield Named(f"commits.{key}", text)
    else:
        yield from (Named("commits", text, is_one=False) for text in commits)
    yield from (Named("plan.anchors", text) for text in settings.plan.anchors)
    for number, exclusion in enumerate(settings.exclude):
        texts = (exclusion.commits,) if isinstance(exclusion.commits, str) else exclusion.commits
        yield from (Named(f"exclude[{number}].commits", text, is_one=False) for text in texts)


def resolved_later(settings: Settings) -> Iterator[Named]:
    """The names of single commits that a study needs when all is measured only, with their keys."""
    for key, name in (
        ("gate.head", settings.gate.head),
        ("gate.base", settings.gate.base),
        ("noise.commit", settings.noise.commit),
    ):
        if name is not None:
            yield Named(key, name)
    for key, names in (
        ("changes.accepted", settings.changes.accepted),
        ("changes.anchors", settings.changes.anchors),
    ):
        yield from (Named(key, name) for name in names)
