"""Selects the commits of a study: those considered, their order, and why each was chosen or dropped."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path

from ergit.config.settings import CommitFilters, Exclusion, Selection
from ergit.errors import ErgitError
from ergit.git.commit_objects import CommitObject, read_commit_objects
from ergit.git.dates import Period, first_second, last_second, period_of
from ergit.git.history import commit_rows, commits_touching, first_parents, in_order
from ergit.git.names import LISTED, CommitNames
from ergit.git.ranges import commits_meant
from ergit.git.runner import Git, git_in
from ergit.records.commits import CommitRow

Reasons = dict[str, str]
"""Why each commit is chosen, dropped or excluded, by its SHA."""


def select(mirror: Path, head: str, selection: Selection, read: Sequence[str] = ()) -> list[CommitRow]:
    """The commits considered, oldest first, as the config's `commits` and `exclude` ask for them.

    Args:
        mirror: the bare repository.
        head: the newest commit of the branch, a full SHA.
        selection: the list of names and ranges, or the filters; and what is left out of them.
        read: the SHAs of commits with imported readings, which are chosen too where the repository has them.

    Raises:
        ErgitError: a name is unknown or ambiguous, or nothing is left.
    """
    with git_in(mirror) as git:
        names = CommitNames.of_repository(git)
        chain = first_parents(git, head)
        excluded = _excluded(git, names, selection.exclude)
        if isinstance(selection.commits, CommitFilters):
            chosen, dropped = filtered(git, names, chain, selection.commits, excluded)
        else:
            chosen, dropped = listed(git, names, selection.commits, excluded)
        others = [sha for sha in dict.fromkeys(read) if sha not in chosen and sha not in dropped]
        for sha, found in zip(others, git.objects(others), strict=True):
            if found is not None and found.kind == "commit":
                reasons = dropped if sha in excluded else chosen
                reasons[sha] = excluded.get(sha, "has readings, beside the first-parent history of the branch")
        order = in_order(git, [*chosen, *dropped], chain)
        return commit_rows(git, order, chain, names.tags_of_commits(), chosen, dropped)


def listed(
    git: Git, names: CommitNames, listed_names: Sequence[str], excluded: Mapping[str, str]
) -> tuple[Reasons, Reasons]:
    """The commits of a plain list that are chosen and those that are excluded, with the names that stand for them.

    Raises:
        ErgitError: a name is unknown or ambiguous, a range is empty, or nothing is left.
    """
    texts: dict[str, list[str]] = {}
    for text, shas in commits_meant(git, names, listed_names, "commits").items():
        for sha in shas:
            texts.setdefault(sha, []).append(" ".join(text.split()))
    reasons = {sha: LISTED + ", ".join(found) for sha, found in texts.items()}
    dropped = {sha: f"{excluded[sha]} ({reason})" for sha, reason in reasons.items() if sha in excluded}
    chosen = {sha: reason for sha, reason in reasons.items() if sha not in excluded}
    if not chosen:
        raise ErgitError("commits: `exclude` leaves none of the listed commits; list others, or exclude fewer.")
    return chosen, dropped


def filtered(
    git: Git, names: CommitNames, chain: Sequence[str], filters: CommitFilters, excluded: Mapping[str, str]
) -> tuple[Reasons, Reasons]:
    """Why each commit is chosen, and why each other one is dropped, where the config gives filters.

    An excluded commit counts like any other until one is taken of each period, or of `every` n: then another of these
    is. So excluding a commit changes nothing for commits that lie apart from it.

    Raises:
        ErgitError: an end of the range is unknown or not on the branch, a date is wrong, or nothing is left.
    """
    kind = filters.granularity
    candidates = _candidates(git, names, chain, kind)
    if not candidates:
        raise ErgitError(f"commits.granularity: the repository has no {kind}. Choose another granularity.")
    dropped = _outside_ends(git, names, chain, candidates, filters)
    dated = filters.since or filters.until or filters.per
    commits = read_commit_objects(git, candidates) if dated else {}
    _drop(dropped, _outside_dates(commits, filters))
    patterns = _pathspecs(filters)
    if patterns:
        touching = commits_touching(git, chain[-1], patterns)
        _drop(dropped, {sha: "changes none of the tracked files" for sha in candidates if sha not in touching})
    kept = [sha for sha in candidates if sha not in dropped]
    chosen, too_many = _thinned(kept, commits, filters, excluded)
    dropped |= too_many
    if not chosen:
        raise ErgitError(f"commits: none of the {len(candidates)} {kind} is left after the filters; loosen them.")
    near = _neighbours(list(chosen), chain, filters.neighbours_before, filters.neighbours_after)
    for sha in near:
        if sha not in excluded:
            chosen.setdefault(sha, "neighbour of a chosen commit")
    dropped |= {sha: excluded[sha] for sha in [*candidates, *near] if sha in excluded}
    return chosen, {sha: reason for sha, reason in dropped.items() if sha not in chosen}


def _thinned(
    kept: Sequence[str], commits: Mapping[str, CommitObject], filters: CommitFilters, excluded: Mapping[str, str]
) -> tuple[Reasons, Reasons]:
    """Why those are chosen that `newest`, `per` and `every` leave of the commits, and why the others are dropped."""
    limit = filters.newest or len(kept)
    dropped = dict.fromkeys(kept[:-limit], f"older than the newest {limit}")
    kept, why = kept[-limit:], f"one of the {filters.granularity}"
    reasons = dict.fromkeys(kept, why)
    if filters.per:
        periods = _periods(commits, kept, filters.per)
        reasons = {sha: f"{why}, the newest of {period}" for sha, period in periods.items()}
        taken = _newest_of_each(kept, periods.__getitem__, excluded)
        dropped |= {sha: f"not the newest of {periods[sha]}" for sha in kept if sha not in taken}
        kept = taken
    newer = {sha: number for number, sha in enumerate(reversed(kept))}  # how many are newer
    taken = _newest_of_each(kept, lambda sha: newer[sha] // filters.every, excluded)
    dropped |= {sha: f"only one in {filters.every} is measured" for sha in kept if sha not in taken}
    return {sha: reasons[sha] for sha in taken if sha not in excluded}, dropped


def _excluded(git: Git, names: CommitNames, exclusions: Sequence[Exclusion]) -> Reasons:
    """Why each excluded commit is, be it a candidate or not."""
    reasons: dict[str, list[str]] = {}
    for number, exclusion in enumerate(exclusions):
        texts = [exclusion.commits] if isinstance(exclusion.commits, str) else exclusion.commits
        found = commits_meant(git, names, texts, f"exclude[{number}].commits", first_parent=False)
        for sha in dict.fromkeys(sha for shas in found.values() for sha in shas):
            reasons.setdefault(sha, []).append(exclusion.reason)
    return {sha: f"excluded: {'; '.join(dict.fromkeys(found))}" for sha, found in reasons.items()}


def _drop(dropped: Reasons, further: Mapping[str, str]) -> None:
    """Adds reasons for commits that have none yet."""
    for sha, reason in further.items():
        dropped.setdefault(sha, reason)


def _outside_ends(
    git: Git, names: CommitNames, chain: Sequence[str], candidates: Sequence[str], filters: CommitFilters
) -> Reasons:
    """The candidates that are not from `oldest_commit` to `newest_commit`."""
    position = {sha: index for index, sha in enumerate(in_order(git, candidates, chain))}
    oldest = _end(names, filters.oldest_commit, position, "oldest_commit")
    newest = _end(names, filters.newest_commit, position, "newest_commit")
    span = range(0 if oldest is None else oldest, len(position) if newest is None else newest + 1)
    return {sha: "outside oldest_commit..newest_commit" for sha in candidates if position[sha] not in span}


def _outside_dates(commits: Mapping[str, CommitObject], filters: CommitFilters) -> Reasons:
    """The commits that were committed before `since` or after `until`, or have no date that says when."""
    dropped = {sha: "has no date that can be read" for sha, commit in commits.items() if commit.committed is None}
    if filters.since:
        first = first_second(filters.since, "commits.since")
        early = [sha for sha, commit in commits.items() if commit.committed is not None and commit.committed < first]
        dropped |= dict.fromkeys(early, f"committed before {filters.since}")
    if filters.until:
        last = last_second(filters.until, "commits.until")
        late = [sha for sha, commit in commits.items() if commit.committed is not None and commit.committed > last]
        dropped |= dict.fromkeys(late, f"committed after {filters.until}")
    return dropped


def _periods(commits: Mapping[str, CommitObject], kept: Sequence[str], period: Period) -> dict[str, str]:
    """The day, week, month or year in which each commit was committed; those without a date are none of them."""
    return {sha: period_of(seconds, period) for sha in kept if (seconds := commits[sha].committed) is not None}


def _newest_of_each(shas: Sequence[str], group_of: Callable[[str], Hashable], excluded: Mapping[str, str]) -> list[str]:
    """Of each group of commits the newest one that is not excluded, oldest first; the newest where all are."""
    taken: dict[Hashable, str] = {}
    for sha in shas:
        group = group_of(sha)
        if group not in taken or sha not in excluded or taken[group] in excluded:
            taken[group] = sha
    found = set(taken.values())
    return [sha for sha in shas if sha in found]


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
