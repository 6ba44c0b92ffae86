"""The studied repository's history: names made commits, commits put in order, and what Git knows of each."""

import difflib
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from git import Git, GitCommandError

from ergit.errors import ErgitError

# What makes Git take another repository, or another part of one, than the folder says (git rev-parse --local-env-vars).
ELSEWHERE = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX"),
    *("GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_GRAFT_FILE", "GIT_SHALLOW_FILE", "GIT_NAMESPACE"),
    *("GIT_REPLACE_REF_BASE", "GIT_NO_REPLACE_OBJECTS", "GIT_IMPLICIT_WORK_TREE"),
    *("GIT_CONFIG", "GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS"),
)

MIRROR_IS_GONE = "{mirror} is not there any more. Remove results/mirror.json and run again: the mirror is made anew."


@dataclass(frozen=True)
class Commit:
    """What Git knows of one commit; `date` is the author's, ISO 8601."""

    sha: str
    tree: str
    date: str
    author: str
    parents: tuple[str, ...]
    subject: str


@contextmanager
def git_in(directory: Path) -> Iterator[Git]:
    """Git commands in a folder, and in no other repository; they never ask for a password.

    Raises:
        ErgitError: the folder is not there, or Git ended with an error; in its words.
    """
    if not directory.is_dir():
        raise ErgitError(MIRROR_IS_GONE.format(mirror=directory))
    for name in ELSEWHERE:
        os.environ.pop(name, None)
    git = Git(directory)
    git.update_environment(GIT_TERMINAL_PROMPT="0", LC_ALL="C.UTF-8")
    try:
        yield git
    except GitCommandError as error:
        command = " ".join(str(part) for part in error.command)
        raise ErgitError(f"`{command}` failed in {directory}: {_said(error)}") from None


def commit_named(git: Git, name: str, key: str = "commits") -> str:
    """The full SHA of a full or abbreviated SHA, a tag or a branch (a local one first, else the remote's).

    Raises:
        ErgitError: nothing has that name; says which names come close, and the config's `key` where it stands.
    """
    for candidate in (name, f"refs/heads/{name}", f"refs/remotes/origin/{name}"):
        try:
            return str(git.rev_parse("--verify", "--quiet", "--end-of-options", f"{candidate}^{{commit}}"))
        except GitCommandError:
            continue
    close = difflib.get_close_matches(name, _names(git), n=3, cutoff=0.5)
    meant = f" Did you mean {' or '.join(close)}?" if close else ""
    raise ErgitError(
        f"{key}: {name!r} is no commit, tag or branch of the repository (or an abbreviation of more than one).{meant}"
        " If it is new there, bring the mirror up to date: `snakemake --cores 8 -R mirror`."
    )


def commits_between(git: Git, range_: str) -> list[str]:
    """The SHAs of `a..b` along first parents, oldest first, `a` itself left out.

    Raises:
        ErgitError: an end of the range is unknown, or there is nothing in it.
    """
    oldest, newest = range_.split("..", 1)
    if newest.startswith("."):
        raise ErgitError(f"commits: {range_!r} has three dots; a range is `older..newer`.")
    ends = [commit_named(git, end or "HEAD") for end in (oldest, newest)]
    found = first_parents(git, ends[1], excluding=ends[0])
    if not found:
        raise ErgitError(f"commits: the range {range_!r} is empty: is {newest!r} older than {oldest!r}?")
    return found


def first_parents(git: Git, newest: str, excluding: str | None = None) -> list[str]:
    """The SHAs from the root to `newest` along first parents, oldest first."""
    arguments = [newest, f"^{excluding}"] if excluding else [newest]
    return _lines(git.rev_list("--first-parent", "--reverse", *arguments))


def commits_touching(git: Git, newest: str, patterns: Sequence[str]) -> set[str]:
    """The first-parent commits that change a file under one of the pathspecs (Git's own syntax)."""
    return set(_lines(git.rev_list("--first-parent", newest, "--", *patterns)))


def in_order(git: Git, shas: Sequence[str], chain: Sequence[str]) -> list[str]:
    """The chain, oldest first, with each SHA that is not on it put right after its newest ancestor that is."""
    place = {sha: index for index, sha in enumerate(chain)}
    aside = {sha for sha in shas if sha not in place}
    if not aside:
        return list(chain)
    following: dict[int, list[str]] = {}
    newest = dict(place)
    with tempfile.TemporaryFile() as asked:
        asked.write("\n".join(sorted(aside)).encode())
        asked.seek(0)
        walked = git.rev_list("--date-order", "--reverse", "--parents", "--stdin", istream=asked)
    for line in _lines(walked):
        sha, *parents = line.split(" ")
        if sha in place:
            continue
        newest[sha] = max((newest[parent] for parent in parents), default=-1)
        if sha in aside:
            following.setdefault(newest[sha], []).append(sha)
    ordered = following.get(-1, [])
    for index, sha in enumerate(chain):
        ordered += [sha, *following.get(index, [])]
    return ordered


def facts(git: Git, shas: Sequence[str]) -> dict[str, Commit]:
    """What Git knows of each commit, by its SHA."""
    if not shas:
        return {}
    layout = "%H%x00%T%x00%aI%x00%an%x00%P%x00%s"
    with tempfile.TemporaryFile() as asked:
        asked.write("\n".join(shas).encode())
        asked.seek(0)
        printed = git.log("--no-walk=unsorted", "--stdin", f"--format={layout}", istream=asked)
    commits = {}
    for line in _lines(printed):
        sha, tree, date, author, parents, subject = line.split("\0", 5)
        commits[sha] = Commit(sha, tree, date, legible(author), tuple(parents.split()), legible(subject))
    return commits


def legible(text: str) -> str:
    """The text without what steers a terminal, and with a mark for bytes that are no UTF-8."""
    whole = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(character if character.isprintable() else " " for character in whole)


def tags(git: Git) -> dict[str, list[str]]:
    """The names of the tags of each tagged commit, by its SHA; tags of tags too."""
    peeled: dict[str, str] = {}
    for line in _lines(git.for_each_ref("--sort=v:refname", "--format=%(objectname) %(refname)", "refs/tags")):
        sha, reference = line.split(" ", 1)
        peeled[reference] = sha
    for line in _lines(git.show_ref("--tags", "--dereference")) if peeled else []:
        sha, reference = line.split(" ", 1)
        peeled[reference.removesuffix("^{}")] = sha
    found: dict[str, list[str]] = {}
    for reference, sha in peeled.items():
        found.setdefault(sha, []).append(reference.removeprefix("refs/tags/"))
    return found


def branches(git: Git) -> dict[str, list[str]]:
    """The names of the branches that end at each commit, by its SHA; local ones, and those only the remote has."""
    found: dict[str, list[str]] = {}
    for line in _lines(git.for_each_ref("--format=%(objectname) %(refname)", "refs/heads", "refs/remotes")):
        sha, reference = line.split(" ", 1)
        name = reference.split("/", 2 if reference.startswith("refs/heads/") else 3)[-1]
        if name != "HEAD" and name not in found.get(sha, []):
            found.setdefault(sha, []).append(name)
    return found


def _names(git: Git) -> list[str]:
    """The short names of all tags and branches."""
    return [name for named in (tags(git), branches(git)) for names in named.values() for name in names]


def _lines(printed: str) -> list[str]:
    """The lines of Git's output; a bare carriage return or form feed in a subject ends no line."""
    return [line for line in printed.split("\n") if line]


def _said(error: GitCommandError) -> str:
    """Git's own words on standard error."""
    return str(error.stderr).replace("\n  stderr: '", "").strip(" '\n")
