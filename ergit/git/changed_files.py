"""The files that differ between two commits: how many lines; and the blobs that each step of a history changes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ergit.git.commit_objects import read_commit_objects
from ergit.git.runner import Git
from ergit.records.context import ChangedFile, ChangedFiles

LISTED_FILES = 20
NOTHING = "0" * 40
SUBMODULE = "160000"  # the mode of a commit of another repository


@dataclass(frozen=True)
class ChangedBlob:
    """A file that a step adds, removes or changes; `before` and `after` are the SHAs of its blobs, None where none is.

    `modes` are those before and after, as Git writes them. A submodule has commits instead of blobs.
    """

    path: str
    before: str | None
    after: str | None
    modes: tuple[str, str]

    @property
    def is_submodule(self) -> bool:
        """Whether it is, or was, a commit of another repository."""
        return SUBMODULE in self.modes


def changed_files(git: Git, before: str, until: str) -> list[ChangedFile]:
    """The files that differ between two commits, whatever their names hold; bytes that are no UTF-8 become U+FFFD."""
    printed = git.diff_tree("-r", "--numstat", "-z", "--no-renames", before, until, "--")
    cells = (entry.split("\t", 2) for entry in printed.split("\0") if entry)
    return [
        ChangedFile(path=_readable(path), added=_lines(added), removed=_lines(removed))
        for added, removed, path in cells
    ]


def files_between(changed: Sequence[ChangedFile], build_files: Sequence[str] = (), test_files: int = 0) -> ChangedFiles:
    """The changed files, counted; at most `LISTED_FILES` are listed, those with the most changed lines first."""
    by_size = sorted(changed, key=lambda file: (-(file.added or 0) - (file.removed or 0), file.path))
    return ChangedFiles(
        count=len(changed),
        added=sum(file.added or 0 for file in changed),
        removed=sum(file.removed or 0 for file in changed),
        largest=tuple(by_size[:LISTED_FILES]),
        unlisted=max(0, len(changed) - LISTED_FILES),
        build_files=tuple(build_files[:LISTED_FILES]),
        test_files=test_files,
    )


def steps_between(git: Git, spans: Sequence[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """For each span of two commits the steps from the first to the second, oldest first: first parents alone.

    Where the first is no first-parent ancestor of the second, a step from it to the oldest one's parent comes first.
    """
    if not spans:
        return []
    parents: dict[str, str | None] = {}
    _walk(git, parents, spans[0][0], spans[-1][1])  # all of them, where they lie on one line
    return [_walked(git, parents, before, until) for before, until in spans]


def _walk(git: Git, parents: dict[str, str | None], before: str, until: str) -> list[str]:
    """The commits from `until` back to what `before` has in its history; their first parents join the known ones."""
    path = []
    for line in git.rev_list("--first-parent", "--parents", until, f"^{before}").split("\n"):
        sha, *others = line.split(" ")
        if sha:
            parents[sha] = others[0] if others else None
            path.append(sha)
    return path


def _walked(git: Git, parents: dict[str, str | None], before: str, until: str) -> list[tuple[str, str]]:
    """The steps of one span; `parents` are the first parents that are known, and grow."""
    path = _known_path(parents, before, until)
    if path is None:
        path = _walk(git, parents, before, until)
    steps: list[tuple[str, str]] = []
    at = before
    for sha in reversed(path):
        first_parent = parents[sha]
        if first_parent is not None and first_parent != at:
            steps.append((at, first_parent))
        steps.append((first_parent or at, sha))
        at = sha
    return steps if at == until else [*steps, (at, until)]


def _known_path(parents: Mapping[str, str | None], before: str, until: str) -> list[str] | None:
    """The commits from `until` back to `before`, which is left out, where all their first parents are known."""
    path: list[str] = []
    sha: str | None = until
    while sha != before:
        if sha is None or sha not in parents:
            return None
        path.append(sha)
        sha = parents[sha]
    return path


def changed_blobs(git: Git, steps: Sequence[tuple[str, str]]) -> list[tuple[ChangedBlob, ...]]:
    """The files that each step from one commit to another changes, in one call of Git's.

    Raises:
        ErgitError: the repository lacks one of the commits.
    """
    commits = read_commit_objects(git, list(dict.fromkeys(sha for step in steps for sha in step)))
    trees = [f"{commits[before].tree} {commits[after].tree}" for before, after in steps]
    if not trees:
        return []
    printed = git.diff_tree(
        "-r", "--raw", "-z", "--no-renames", "--stdin", stdin="".join(f"{line}\n" for line in trees)
    )
    found = list(_parsed(printed))
    if len(found) != len(steps):
        raise ValueError(f"git diff-tree told of {len(found)} steps instead of {len(steps)}")
    return found


def _parsed(printed: str) -> Iterator[tuple[ChangedBlob, ...]]:
    """The steps in what `git diff-tree --stdin -z` prints: a line with both trees, then `:modes SHAs status` and path.

    The entries end with a NUL, the line of trees with a line break (Git's documentation, diff-format).
    """
    blobs: list[ChangedBlob] | None = None
    at = 0
    while at < len(printed):
        if printed[at] != ":":
            if blobs is not None:
                yield tuple(blobs)
            line_end = printed.find("\n", at)  # the last line may have lost its end
            blobs, at = [], len(printed) if line_end < 0 else line_end + 1
            continue
        end = printed.index("\0", at)
        path_end = printed.index("\0", end + 1)
        mode_before, mode_after, before, after, _ = printed[at + 1 : end].split(" ")
        if blobs is not None:
            blobs.append(
                ChangedBlob(
                    path=_readable(printed[end + 1 : path_end]),
                    before=None if before == NOTHING else before,
                    after=None if after == NOTHING else after,
                    modes=(mode_before, mode_after),
                )
            )
        at = path_end + 1
    if blobs is not None:
        yield tuple(blobs)


def _readable(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _lines(cell: str) -> int | None:
    return None if cell == "-" else int(cell)
