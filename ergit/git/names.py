"""The one way from a name in the config to a commit: SHAs, tags, branches and references."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ergit.errors import ErgitError
from ergit.git.runner import Git, GitObject
from ergit.git.syntax import is_range, refuse_syntax
from ergit.records.commits import REUSED, CommitRow
from ergit.text import counted

ABBREVIATION = re.compile(r"(?:\S+-g)?([0-9a-f]{4,40})", re.IGNORECASE)  # also what `git describe` prints
REMOTE_BRANCH = re.compile("refs/remotes/(?P<remote>[^/]+)/(?!HEAD$)(?P<branch>.+)", re.DOTALL)
STEPS = re.compile(r"(?P<base>[^~^]+)(?P<steps>(?:[~^][0-9]*)+)")  # main~3, v2^
HEAD = ("HEAD", "@")
LISTED = "listed as "
NOT_MIRRORED = re.compile("refs/(?!heads/|tags/|remotes/)|(pull|merge-requests|pipelines|changes)/")
GATE_OPTIONS = ("--base", "--head")
"""What names a commit on the command line of the gate, which has no study whose mirror could be old."""


@dataclass(frozen=True)
class CommitNames:
    """What the names of commits stand for, in a repository or in the table of commits.

    `references` maps each full name (refs/…) to the SHA of the commit where it ends, `others` those that end at no
    commit to the kind of object; `listed` are the names in the config's list, `shas` the commits of a table.
    """

    references: Mapping[str, str]
    others: Mapping[str, str] = field(default_factory=dict)
    listed: Mapping[str, str] = field(default_factory=dict)
    shas: Sequence[str] = ()
    git: Git | None = None

    @classmethod
    def of_repository(cls, git: Git) -> "CommitNames":
        """The names of a repository: its tags and branches, and the SHAs of all commits in it.

        Raises:
            GitError: Git cannot read the repository.
        """
        ends = ends_of_references(git)
        return cls(
            references={name: end.sha for name, end in ends.items() if end.kind == "commit"},
            others={name: end.kind for name, end in ends.items() if end.kind != "commit"},
            git=git,
        )

    @classmethod
    def of_table(cls, rows: Iterable[CommitRow]) -> "CommitNames":
        """The names that the table of commits holds: SHAs, tags, and the names in the config's list of commits."""
        tags: dict[str, str] = {}
        listed: dict[str, str] = {}
        shas = []
        for row in rows:
            shas.append(row.commit)
            tags |= {f"refs/tags/{tag}": row.commit for tag in row.tags}
            if row.reason.startswith(LISTED):
                names = row.reason.partition(REUSED)[0].removeprefix(LISTED).split(", ")
                listed |= {name: row.commit for name in names if not is_range(name)}
        return cls(references=tags, listed=listed, shas=shas)

    def resolve(self, name: str, key: str) -> str:
        """The full SHA of the commit that a name stands for.

        A name is a full SHA, an abbreviation (at least 4 digits) of one commit only, a tag, a branch (a local one
        before one that only a remote has), or a reference spelled out (refs/…). `~3` and `^2` after it go back in the
        history, which needs the repository.

        Args:
            name: as the config has it.
            key: the key of the config where it stands, for the error.

        Raises:
            ErgitError: nothing has that name, or several commits have it; says how to write it.
        """
        (sha,) = self.resolve_all([name], key)
        return sha

    def resolve_all(self, names: Sequence[str], key: str) -> list[str]:
        """The full SHA of the commit that each name stands for, as `resolve` gives them, but in one call of Git's."""
        named = [self._of_reference(name, key) for name in names]
        asked = [name for name, sha in zip(names, named, strict=True) if sha is None]
        found = iter(self._of_sha(asked, key))
        return [sha or next(found) for sha in named]

    def branch(self, name: str, key: str) -> str | None:
        """The newest commit of a branch, or of a reference spelled out; None where there is none of that name.

        Raises:
            ErgitError: several remotes have such a branch, each with another commit.
        """
        reference = name if name.startswith("refs/") else self._branch_reference(name, key)
        return self.references.get(reference) if reference else None

    def branches(self) -> list[str]:
        """The names of all branches, local ones first, then those that only a remote has."""
        local = [name.removeprefix("refs/heads/") for name in self.references if name.startswith("refs/heads/")]
        return list(dict.fromkeys([*local, *self._remote_branches]))

    def tags(self) -> list[str]:
        """The names of all tags of commits."""
        return [name.removeprefix("refs/tags/") for name in self.references if name.startswith("refs/tags/")]

    def tags_of_commits(self) -> dict[str, list[str]]:
        """The names of the tags of each tagged commit, by its SHA; numbers in the names count as numbers."""
        return _by_commit((self.references[f"refs/tags/{tag}"], tag) for tag in sorted(self.tags(), key=_by_version))

    def branches_of_commits(self) -> dict[str, list[str]]:
        """The names of the branches that end at each commit, by its SHA; local ones, and those that remotes have."""
        heads = [name for name in self.references if name.startswith("refs/heads/")]
        local = [(self.references[name], name.removeprefix("refs/heads/")) for name in heads]
        remote = [(sha, name) for name, commits in self._remote_branches.items() for sha in commits.values()]
        return _by_commit([*local, *remote])

    def _of_reference(self, name: str, key: str) -> str | None:
        """The commit of a tag, a branch, or a name in the config's list; None where none has that name."""
        refuse_syntax(name, key, is_one=True)
        if name in self.listed:
            return self.listed[name]
        if name in HEAD or re.fullmatch("[0-9a-f]{40}", name):
            return None
        if name in self.references:
            return self.references[name]
        tag, branch = f"refs/tags/{name}", self._branch_reference(name, key)
        tagged, newest = self.references.get(tag), self.references.get(branch) if branch else None
        if tagged and newest and tagged != newest:
            raise ErgitError(
                f"{key}: {name!r} is a tag and a branch, of different commits. Write `{tag}` for {tagged[:10]}, or"
                f" `{branch}` for {newest[:10]}."
            )
        if tagged or newest:
            return tagged or newest
        for reference in (name, tag, f"refs/heads/{name}"):
            if reference in self.others:
                what = "tag" if reference.startswith("refs/tags/") else "reference"
                raise ErgitError(f"{key}: {name!r} is a {what} of a {self.others[reference]}, not of a commit.")
        return self.references.get(f"refs/{name}") or self.references.get(f"refs/remotes/{name}/HEAD")

    def _branch_reference(self, name: str, key: str) -> str | None:
        """The full name of a branch: a local one, else origin's, else any other remote's, else `remote/branch`."""
        if f"refs/heads/{name}" in self.references:
            return f"refs/heads/{name}"
        commits = self._remote_branches.get(name, {})
        if "origin" not in commits and len(set(commits.values())) > 1:
            ways = " or ".join(f"`{remote}/{name}`" for remote in commits)
            raise ErgitError(f"{key}: {name!r} is a branch of several remotes, each at another commit. Write {ways}.")
        if commits:
            return f"refs/remotes/{'origin' if 'origin' in commits else next(iter(commits))}/{name}"
        return f"refs/remotes/{name}" if f"refs/remotes/{name}" in self.references else None

    @cached_property
    def _remote_branches(self) -> dict[str, dict[str, str]]:
        """The commits of each branch that remotes have, by its name and the remote's."""
        found: dict[str, dict[str, str]] = {}
        for reference, sha in self.references.items():
            match = REMOTE_BRANCH.fullmatch(reference)
            if match:
                found.setdefault(match["branch"], {})[match["remote"]] = sha
        return found

    def _of_sha(self, names: Sequence[str], key: str) -> list[str]:
        """The commits of full or abbreviated SHAs, of HEAD, and of names followed by steps back in the history."""
        if self.git is None:
            return [self._of_table_sha(name, key) for name in names]
        found = self.git.objects([f"{self._in_git_syntax(name, key)}^{{commit}}" for name in names])
        for name, end in zip(names, found, strict=True):
            if end is None:
                raise self._unknown(name, key)
        return [end.sha for end in found if end]

    def _in_git_syntax(self, name: str, key: str) -> str:
        """The name as Git finds the commit that is meant; a SHA that no commit has where it cannot be one."""
        steps = STEPS.fullmatch(name)
        base = steps["base"] if steps else name
        sha = self._of_reference(base, key) if steps else None
        if sha is None and base not in HEAD and not ABBREVIATION.fullmatch(base):
            return "0" * 40
        return f"{sha or base}{steps['steps'] if steps else ''}"

    def _of_table_sha(self, name: str, key: str) -> str:
        """The commit of the table whose SHA is that one, or begins so."""
        digits = ABBREVIATION.fullmatch(name)
        found = [sha for sha in self.shas if digits and sha.startswith(digits[1].lower())]
        if len(found) != 1:
            raise self._unknown(name, key)
        return found[0]

    def _unknown(self, name: str, key: str) -> ErgitError:
        """The error of a name that stands for no commit, or for several; says which names come close."""
        too_far = self._too_far_back(name, key)
        if too_far:
            return ErgitError(f"{key}: {too_far}")
        commits = self._commits_beginning(name)
        if len(commits) > 1:
            which = ", ".join(commit[:16] for commit in commits[:4]) + (", …" if len(commits) > 4 else "")
            return ErgitError(
                f"{key}: {name!r} abbreviates {len(commits)} commits ({which}). Write more of its digits."
            )
        if self.git is None:
            fix = (
                "It must be one that the study's commits.tsv holds: a SHA, a tag, or a name in the config's `commits`."
            )
        elif NOT_MIRRORED.match(name):
            fix = (
                "ergit mirrors branches and tags only. Make it a branch of a clone (`git fetch origin"
                f" {name if name.startswith('refs/') else f'refs/{name}'}:refs/heads/studied`) and set `repository.url`"
                " to that clone; or study that history itself: `repository.branch: refs/…`."
            )
        elif key in GATE_OPTIONS:
            fix = "Write a branch, a tag or a SHA that this clone or its origin has."
        else:
            fix = "If it is new there, bring the mirror up to date: `ergit run -R mirror`."
        known = list(dict.fromkeys([*self.tags(), *self.branches(), *self.listed]))
        close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        meant = f" Did you mean {' or '.join(close)}?" if close else ""
        where = "the repository" if self.git else "this study"
        return ErgitError(f"{key}: {name!r} is no commit, tag or branch of {where}.{meant} {fix}")

    def _too_far_back(self, name: str, key: str) -> str | None:
        """Why steps back from a commit that is there lead to none; None where a name has none, or its commit is not."""
        steps = STEPS.fullmatch(name)
        if steps is None or self.git is None:
            return None
        base = steps["base"]
        (end,) = self.git.objects([f"{self._of_reference(base, key) or self._in_git_syntax(base, key)}^{{commit}}"])
        if end is None:
            return None
        if re.search(r"\^(?!1?(?:[~^]|$))", steps["steps"]):  # a parent beside the first
            return f"{name!r} is not there: only a merge has more than one parent, and the first commit has none."
        before = int(self.git.rev_list("--first-parent", "--count", end.sha)) - 1
        return (
            f"{name!r} goes back too far: {base} and what came before it are {counted(before + 1, 'commit')}. The"
            f" oldest is {base}~{before}."
        )

    def _commits_beginning(self, name: str) -> list[str]:
        """The commits whose SHA begins with the digits of a name."""
        digits = ABBREVIATION.fullmatch(name)
        if digits is None:
            return []
        start = digits[1].lower()
        if self.git is None:
            return [sha for sha in self.shas if sha.startswith(start)]
        objects = self.git.objects(self.git.rev_parse(f"--disambiguate={start}").split())
        return [found.sha for found in objects if found and found.kind == "commit"]


def ends_of_references(git: Git) -> dict[str, GitObject]:
    """Where each reference of the repository ends: the object behind all tags of tags, by its full name (refs/…)."""
    lines = git.for_each_ref("--format=%(objectname) %(objecttype) %(refname)").split("\n")
    cells = [line.split(" ", 2) for line in lines if line]
    ends = {name: GitObject(sha, kind) for sha, kind, name in cells}
    tags = [name for name, end in ends.items() if end.kind == "tag"]
    for name, end in zip(tags, git.objects([f"{ends[name].sha}^{{}}" for name in tags]), strict=True):
        if end is not None:
            ends[name] = end
    return ends


def _by_commit(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The names of each commit, without repetitions, from pairs of SHA and name."""
    found: dict[str, dict[str, None]] = {}
    for sha, name in pairs:
        found.setdefault(sha, {})[name] = None
    return {sha: list(names) for sha, names in found.items()}


def _by_version(name: str) -> list[tuple[bool, int, str]]:
    """A key that puts v1.9 before v1.10, whatever `versionsort` in a gitconfig says."""
    return [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in re.split("([0-9]+)", name)]
