"""The order of the studied repository's commits: the first-parent history of a branch, and what lies beside it."""

from collections.abc import Iterable, Mapping, Sequence

from ergit.git.commit_objects import read_commit_objects
from ergit.git.runner import Git
from ergit.records.commits import CommitRow


def first_parents(git: Git, newest: str) -> list[str]:
    """The SHAs from the root to `newest` along first parents, oldest first."""
    return git.rev_list("--first-parent", "--reverse", newest).split()


def commits_touching(git: Git, newest: str, patterns: Sequence[str]) -> set[str]:
    """The first-parent commits that change a file under one of the pathspecs (Git's own syntax)."""
    return set(git.rev_list("--first-parent", newest, "--", *patterns).split())


def in_order(git: Git, shas: Iterable[str], chain: Sequence[str]) -> list[str]:
    """The chain, oldest first, with each SHA that is not on it put right after its newest ancestor that is."""
    position = {sha: index for index, sha in enumerate(chain)}
    aside = {sha for sha in shas if sha not in position}
    if not aside:
        return list(chain)
    following: dict[int, list[str]] = {}
    newest = dict(position)
    walked = git.rev_list("--date-order", "--reverse", "--parents", "--stdin", stdin="\n".join(sorted(aside)))
    for line in walked.split("\n"):
        sha, *parents = line.split(" ")
        if sha in position:
            continue
        newest[sha] = max((newest[parent] for parent in parents), default=-1)
        if sha in aside:
            following.setdefault(newest[sha], []).append(sha)
    ordered = following.get(-1, [])
    for index, sha in enumerate(chain):
        ordered += [sha, *following.get(index, [])]
    return ordered


def commit_rows(
    git: Git,
    order: Sequence[str],
    chain: Iterable[str],
    tags: Mapping[str, Sequence[str]],
    chosen: Mapping[str, str],
    dropped: Mapping[str, str],
) -> list[CommitRow]:
    """The commits that were considered, in the `order` of the whole history.

    Args:
        git: the repository.
        order: all SHAs of the history, oldest first; a row's `order` counts them from 0.
        chain: the SHAs of the first-parent history.
        tags: the names of the tags of each tagged commit.
        chosen: why each commit is chosen.
        dropped: why each of the others that were considered is not.
    """
    reasons = {**dropped, **chosen}
    on_chain = frozenset(chain)
    commits = read_commit_objects(git, [sha for sha in order if sha in reasons])
    return [
        CommitRow(
            commit=sha,
            order=index,
            date=commits[sha].date,
            author=commits[sha].author,
            subject=commits[sha].subject,
            parents=commits[sha].parents,
            tree=commits[sha].tree,
            tags=tuple(tags.get(sha, ())),
            first_parent=sha in on_chain,
            chosen=sha in chosen,
            reason=reasons[sha],
        )
        for index, sha in enumerate(order)
        if sha in reasons
    ]
