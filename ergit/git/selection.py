"""Selects the commits of a study: each one considered, its place in the history, and why it was chosen or dropped."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from git import Git

from ergit.errors import ErgitError, exit_on_user_error
from ergit.files import write_atomically
from ergit.git.history import (
    Commit,
    branches,
    commit_named,
    commits_between,
    commits_touching,
    facts,
    first_parents,
    git_in,
    in_order,
    tags,
)

COLUMNS = (
    *("commit", "order", "date", "author", "subject", "parents", "tree", "tags"),
    *("first_parent", "chosen", "reason"),
)


def listed(git: Git, names: Sequence[str]) -> dict[str, str]:
    """Why each commit of a plain list is chosen, by its SHA: the names and ranges that stand for it.

    Raises:
        ErgitError: a name is unknown, or a range is empty.
    """
    reasons: dict[str, list[str]] = {}
    for name in names:
        for sha in commits_between(git, name) if ".." in name else [commit_named(git, name)]:
            reasons.setdefault(sha, []).append(name)
    return {sha: f"listed as {', '.join(names)}" for sha, names in reasons.items()}


def filtered(git: Git, chain: Sequence[str], settings: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Why each commit is chosen, and why each other one is dropped, by SHA, where the config gives filters.

    Raises:
        ErgitError: an end of the range is unknown or not on the branch, or nothing is left.
    """
    kind = settings["granularity"]
    candidates = _candidates(git, chain, kind)
    dropped: dict[str, str] = {}
    place = {sha: index for index, sha in enumerate(in_order(git, candidates, chain))}
    oldest = _end(git, settings["oldest_commit"], place, "oldest_commit")
    newest = _end(git, settings["newest_commit"], place, "newest_commit")
    last = len(place) - 1
    for sha in candidates:
        if not (0 if oldest is None else oldest) <= place[sha] <= (last if newest is None else newest):
            dropped[sha] = "outside oldest_commit..newest_commit"
    patterns = _pathspecs(settings)
    if patterns:
        touching = commits_touching(git, chain[-1], patterns)
        for sha in candidates:
            if sha not in touching:
                dropped.setdefault(sha, "changes none of the tracked files")
    kept = [sha for sha in candidates if sha not in dropped]
    limit = settings["newest"] or len(kept)
    dropped |= dict.fromkeys(kept[:-limit], f"older than the newest {limit}")
    newest_ones = kept[-limit:]
    stepped = newest_ones[:: -settings["every"]][::-1]  # counted from the newest, which is always in
    dropped |= dict.fromkeys(set(newest_ones) - set(stepped), f"only one in {settings['every']} is measured")
    chosen = dict.fromkeys(stepped, f"one of the {kind}")
    if not chosen:
        raise ErgitError(f"commits: none of the {len(candidates)} {kind} is left after the filters; loosen them.")
    for sha in _neighbours(list(chosen), chain, settings["neighbours_before"], settings["neighbours_after"]):
        if sha not in chosen:
            chosen[sha] = "neighbour of a chosen commit"
            dropped.pop(sha, None)
    return chosen, dropped


def table(
    commits: Mapping[str, Commit],
    order: Sequence[str],
    chain: Sequence[str],
    tagged: Mapping[str, Sequence[str]],
    chosen: Mapping[str, str],
    dropped: Mapping[str, str],
) -> str:
    """The commits considered as tab-separated text, oldest first; `order` counts the history from 0 at its root."""
    on_chain = set(chain)
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
    writer.writerow(COLUMNS)
    for index, sha in enumerate(order):
        if sha not in commits:
            continue
        commit = commits[sha]
        row = (
            sha, index, commit.date, commit.author, commit.subject, " ".join(commit.parents), commit.tree,
            " ".join(tagged.get(sha, ())), "yes" if sha in on_chain else "no", "yes" if sha in chosen else "no",
            chosen.get(sha) or dropped[sha],
        )  # fmt: skip
        writer.writerow(" ".join(str(cell).split()) for cell in row)
    return text.getvalue()


def select(mirror: Path, head: str, settings: Any) -> str:
    """The table of commits for the config's `commits`, be it a list or filters."""
    with git_in(mirror) as git:
        chain = first_parents(git, head)
        if isinstance(settings, list):
            chosen, dropped = listed(git, settings), dict[str, str]()
        else:
            chosen, dropped = filtered(git, chain, settings)
        considered = [*chosen, *dropped]
        order = in_order(git, considered, chain)
        return table(facts(git, considered), order, chain, tags(git), chosen, dropped)


def _candidates(git: Git, chain: Sequence[str], kind: str) -> list[str]:
    """All commits of the branch, or those that a tag or a branch names, oldest first."""
    if kind == "commits":
        return list(chain)
    named = list(tags(git) if kind == "tags" else branches(git))
    wanted = set(named)
    return [sha for sha in in_order(git, named, chain) if sha in wanted]


def _end(git: Git, name: str | None, place: Mapping[str, int], key: str) -> int | None:
    """The place in the history of an end of the range; None where the config leaves it open."""
    if name is None:
        return None
    sha = commit_named(git, name)
    if sha not in place:
        raise ErgitError(f"commits.{key}: {name!r} ({sha[:10]}) is not in the first-parent history of the branch.")
    return place[sha]


def _pathspecs(settings: Mapping[str, Any]) -> list[str]:
    """Git's pathspecs for the tracked paths and extensions without the ignored directories; empty for all files."""
    tracked = [f":(top){path}" for path in settings["paths"]]
    tracked += [f":(top,glob)**/*.{extension.lstrip('.')}" for extension in settings["extensions"]]
    ignored = [f":(top,exclude,glob)**/{directory.strip('/')}/**" for directory in settings["ignored_directories"]]
    return [*(tracked or ([":(top)"] if ignored else [])), *ignored]


def _neighbours(chosen: Sequence[str], chain: Sequence[str], before: int, after: int) -> list[str]:
    """The commits of the chain within so many steps of a chosen one."""
    place = {sha: index for index, sha in enumerate(chain)}
    near = {
        index
        for sha in chosen
        if sha in place
        for index in range(max(0, place[sha] - before), min(len(chain), place[sha] + after + 1))
    }
    return [chain[index] for index in sorted(near)]


def main(job: Any) -> None:
    """The script of the checkpoint `select`."""
    head = json.loads(Path(job.input[0]).read_text(encoding="utf-8"))["head"]
    write_atomically(Path(job.output[0]), select(Path(job.params.mirror), head, job.params.commits))


if __name__ == "__main__":
    with exit_on_user_error():
        main(globals()["snakemake"])
