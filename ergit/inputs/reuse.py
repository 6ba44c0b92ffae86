"""Commits whose inputs are those of an earlier one, so that one measurement serves both."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from ergit.config.settings import InputSettings, ReleaseOfCommits
from ergit.git.changed_files import changed_blobs
from ergit.git.runner import Git, git_in
from ergit.inputs.kinds import FileKinds
from ergit.java.study import releases_of_commits
from ergit.records.commits import REUSED, CommitRow, chosen

ALL = 2**256


class ReuseSettings(Struct, frozen=True, kw_only=True):
    """What decides which commits have the same inputs: patterns, paths that are replaced, and set Java releases."""

    inputs: InputSettings
    replaced: tuple[str, ...] = ()
    releases: tuple[ReleaseOfCommits, ...] = ()


def with_reuse(mirror: Path, rows: Sequence[CommitRow], settings: ReuseSettings) -> list[CommitRow]:
    """The rows; the reason of each chosen commit whose inputs an earlier one has says so.

    Raises:
        ErgitError: a name in `java.releases` is unknown.
    """
    kinds = FileKinds(settings.inputs, settings.replaced)
    releases = releases_of_commits(mirror, settings.releases)
    with git_in(mirror) as git:
        same = reused(git, [row.commit for row in chosen(rows)], kinds, releases)
    return [
        replace(row, reason=f"{row.reason}{REUSED}{same[row.commit]}") if row.commit in same else row for row in rows
    ]


def reused(
    git: Git, commits: Sequence[str], kinds: FileKinds, releases: Mapping[str, int] | None = None
) -> dict[str, str]:
    """For each commit whose inputs are those of an earlier one of the list, that one: the first that has them.

    Inputs are all files but those that neither build nor run, with their modes, and the Java release that the config
    sets for the commit (`releases`, by SHA). All else that chooses a JDK is in those files.

    Raises:
        ErgitError: the repository lacks a commit.
    """
    first_with: dict[tuple[int, int | None], str] = {}
    found = {}
    for commit, content in zip(commits, _contents(git, commits, kinds), strict=True):
        first = first_with.setdefault((content, (releases or {}).get(commit)), commit)
        if first != commit:
            found[commit] = first
    return found


def _contents(git: Git, commits: Sequence[str], kinds: FileKinds) -> list[int]:
    """A number for each commit, equal for equal files: the sum of the hashes of its files, kept up step by step.

    The first one is relative to nothing: only the differences between the commits count.
    """
    total, totals = 0, [0] * min(1, len(commits))
    for blobs in changed_blobs(git, list(pairwise(commits))):
        for blob in blobs:
            if kinds.of(blob.path) != "ignore":
                before, after = zip(blob.modes, (blob.before, blob.after), strict=True)
                total += _number(blob.path, *after) - _number(blob.path, *before)
        totals.append(total % ALL)
    return totals


def _number(path: str, mode: str, sha: str | None) -> int:
    return 0 if sha is None else int.from_bytes(sha256(f"{mode} {sha} {path}".encode()).digest())
