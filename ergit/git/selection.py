"""Selects the commits of a study: those considered, their order, and why each was chosen or dropped."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from ergit.config.settings import CommitFilters
from ergit.errors import ErgitError
from ergit.git.history import commit_rows, commits_between, commits_touching, first_parents, in_order
from ergit.git.names import LISTED, CommitNames
from ergit.git.runner import Git, git_in
from ergit.records.commits import CommitRow


def select(mirror: Path, head: str, commits: list[str] | dict[str, object]) -> list[CommitRow]:
    """The commits considered, oldest first, for the config's `commits`, be it a list or filters.

    Args:
        mirror: the bare repository.
        head: the newest commit of the branch, a full SHA.
        commits: the list of names and ranges, or the filters by their keys.

    Raises:
        ErgitError: a name is unknown or ambiguous, or nothing is left.
    """
    with git_in(mirror) as git:
        names = CommitNames.of_repository(git)
        chain = first_parents(git, head)
        dropped: dict[str, str] = {}
        if isinstance(commits, dict):
            chosen, dropped = filtered(git, names, chain, msgspec.convert(commits, CommitFilters))
        else:
            chosen = listed(git, names, commits)
        order = in_order(git, [*chosen, *dropped], chain)
        return commit_rows(git, order, chain, names.tags_of_commits(), chosen, dropped)


def listed(git: Git, names: CommitNames, listed_names: Sequence[str]) -> dict[str, str]:
    """Why each commit of a plain list is chosen, by its SHA: the names and ranges that stand for it.

    Raises:
        ErgitError: a name is unknown or ambiguous, or a range is empty.
    """
    single = [name for name in listed_names if ".." not in name]
    commits = dict(zip(single, names.resolve_all(single, "commits"), strict=True))
    reasons: dict[str, list[str]] = {}
    for name in listed_names:
        for sha in [commits[name]] if name in commits else commits_between(git, names, name):
            reasons.setdefault(sha, []).append(name)
    return {sha: LISTED + ", ".join(found) for sha, found in reasons.items()}


def filtered(
    git: Git, names: CommitNames, chain: Sequence[str], filters: CommitFilters
) -> tuple[dict[str, str], dict[str, str]]:
    """Why each commit is chosen, and why each other one is dropped, by SHA, where the config gives filters.

    Raises:
        ErgitError: an end of the range is unknown or not on the branch, or nothing is left.
    """
    kind = filters.granularity
    candidates = _candidates(git, names, chain, kind)
    if not candidates:
        raise ErgitError(f"commits.granularity: the repository has no {kind}. Choose another granularity.")
    dropped: dict[str, str] = {}
    position = {sha: index for index, sha in enumerate(in_order(git, candidates, chain))}
    oldest = _end(names, filters.oldest_commit, position, "oldest_commit")
    newest = _end(names, filters.newest_commit, position, "newest_commit")
    last = len(position) - 1
    for sha in candidates:
        if not (0 if oldest is None else oldest) <= position[sha] <= (last if newest is None else newest):
            dropped[sha] = "outside oldest_commit..newest_commit"
    patterns = _pathspecs(filters)
    if patterns:
        touching = commits_touching(git, chain[-1], patterns)
        for sha in candidates:
            if sha not in touching:
                dropped.setdefault(sha, "changes none of the tracked files")
    kept = [sha for sha in candidates if sha not in dropped]
    limit = filters.newest or len(kept)
    dropped |= dict.fromkeys(kept[:-limit], f"older than the newest {limit}")
    newest_ones = kept[-limit:]
    stepped = newest_ones[:: -filters.every][::-1]  # counted from the newest, which is always in
    dropped |= dict.fromkeys(set(newest_ones) - set(stepped), f"only one in {filters.every} is measured")
    chosen = dict.fromkeys(stepped, f"one of the {kind}")
    if not chosen:
        raise ErgitError(f"commits: none of the {len(candidates)} {kind} is left after the filters; loosen them.")
    for sha in _neighbours(list(chosen), chain, filters.neighbours_before, filters.neighbours_after):
        if sha not in chosen:
            chosen[sha] = "neighbour of a chosen commit"
            dropped.pop(sha, None)
    return chosen, dropped


def _candidates(git: Git, names: CommitNames, chain: Sequence[str], kind: str) -> list[str]:
    """All commits of the branch, or those that a tag or a branch names, oldest first."""
    if kind == "commits":
        return list(chain)
    named = names.tags_of_commits() if kind == "tags" else names.branches_of_commits()
    return [sha for sha in in_order(git, named, chain) if sha in named]


def _end(names: CommitNames, name: str | None, position: Mapping[str, int], key: str) -> int | None:
    """The position in the history of an end of the range; None where the config leaves it open."""
    if name is None:
        return None
    sha = names.resolve(name, f"commits.{key}")
    if sha not in position:
        raise ErgitError(
            f"commits.{key}: {name!r} ({sha[:10]}) is not in the first-parent history of the branch. Name one that is."
        )
    return position[sha]


def _pathspecs(filters: CommitFilters) -> list[str]:
    """Git's pathspecs for the tracked paths and extensions without the ignored directories; empty for all files."""
    tracked = [f":(top){path}" for path in filters.paths]
    tracked += [f":(top,glob)**/*.{extension.lstrip('.')}" for extension in filters.extensions]
    ignored = [f":(top,exclude,glob)**/{directory.strip('/')}/**" for directory in filters.ignored_directories]
    return [*(tracked or ([":(top)"] if ignored else [])), *ignored]


def _neighbours(chosen: Sequence[str], chain: Sequence[str], before: int, after: int) -> list[str]:
    """The commits of the chain within so many steps of a chosen one."""
    position = {sha: index for index, sha in enumerate(chain)}
    near = {
        index
        for sha in chosen
        if sha in position
        for index in range(max(0, position[sha] - before), min(len(chain), position[sha] + after + 1))
    }
    return [chain[index] for index in sorted(near)]
