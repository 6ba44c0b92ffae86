"""Where a local clone came from: what the clone lacks is fetched from there, into the mirror alone."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ergit.errors import ErgitError
from ergit.git.access import Access, GitSettings, access_to
from ergit.git.runner import Git, GitError, git_in

REACHING = r"^(http|credential|url|core\.sshcommand)\b"
"""The settings of a clone by which its Git reaches where it came from; in CI they hold the token of the job."""
BRANCHES, TAGS = "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"
QUIETLY = ("--quiet", "--force", "--no-tags", "--no-recurse-submodules", "--refmap=")


def complete(mirror: Path, clone: Path) -> None:
    """Fetches the history that a shallow clone lacks into its mirror; the clone itself stays as it is.

    Raises:
        ErgitError: the clone names no repository that it came from, or that cannot be reached, or lacks the history.
    """
    try:
        with upstream_of(clone, mirror) as (git, url):
            tips = sorted(set(git.for_each_ref("--format=%(objectname)").split()))
            git.fetch(*QUIETLY, "--unshallow", url, BRANCHES, TAGS, *tips)
            if git.rev_parse("--is-shallow-repository") != "true":
                return
        why = f"{url} has no more of it."
    except GitError as error:
        why = str(error)
    raise ErgitError(
        f"repository.url: {clone} is a shallow clone, so its history is not all there, and it cannot be fetched: {why}"
        " Run `git fetch --unshallow` in it (in GitHub Actions: `fetch-depth: 0`, in GitLab CI: `GIT_DEPTH: 0`), then"
        " run again."
    )


def fetch_branch(mirror: Path, clone: Path, branch: str) -> str | None:
    """Fetches a branch that the clone has not into the mirror; gives its newest commit, None where there is none.

    Raises:
        ErgitError: the clone names no repository that it came from, or that cannot be reached.
    """
    with upstream_of(clone, mirror) as (git, url):
        if not git.ls_remote("--heads", url, f"refs/heads/{branch}"):
            return None
        git.fetch(*QUIETLY, url, f"+refs/heads/{branch}:refs/remotes/origin/{branch}")
        return git.rev_parse(f"refs/remotes/origin/{branch}")


@contextmanager
def upstream_of(clone: Path, mirror: Path) -> Iterator[tuple[Git, str]]:
    """Git's commands in the mirror, able to reach where the clone came from as the clone is; and the URL of that.

    Raises:
        GitError: the clone names no such repository.
    """
    with git_in(clone) as git:
        names = git.remote().split()
        name = "origin" if "origin" in names or not names else names[0]
        url = git.attempt("config", "--get", f"remote.{name}.url")
        listed = git.attempt("config", "--local", "--includes", "--null", "--get-regexp", REACHING) or ""
    if url is None:
        raise GitError(f"{clone} names no repository that it came from.")
    settings = tuple(_setting(entry) for entry in listed.split("\0") if entry)
    access = _access(url, clone)
    hidden = Access(access.url, access.settings, access.environment, (*access.secrets, *_secrets(settings)))
    with hidden.git_in(mirror, settings) as git:
        yield git, access.url


def _access(url: str, clone: Path) -> Access:
    """How the repository is reached; a path is seen from the clone."""
    return access_to(url) if re.match(r"[^/]+:", url) else Access(str((clone / url).resolve()))


def _setting(entry: str) -> tuple[str, str]:
    key, _, value = entry.partition("\n")
    return key, value


def _secrets(settings: GitSettings) -> Iterator[str]:
    """What no error may hold: headers with a token, whole and by their words."""
    for key, value in settings:
        if key.lower().endswith(".extraheader"):
            yield value
            yield from (word for word in value.split() if len(word) > len("authorization:"))
