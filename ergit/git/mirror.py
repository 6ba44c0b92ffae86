"""Mirrors the studied repository: results/mirror.git is brought up to date, and what was mirrored is recorded."""

import argparse
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

from ergit.config.handover import received
from ergit.config.settings import RepositorySettings
from ergit.errors import ErgitError, exit_on_user_error
from ergit.git import demo
from ergit.git.access import DEMO, Access, access_to
from ergit.git.complaints import remedy_for
from ergit.git.names import CommitNames
from ergit.git.runner import Git, GitError, git_in
from ergit.git.upstream import complete
from ergit.plugins.runs import begin
from ergit.processes.parent import die_with_parent
from ergit.records.mirror import MirrorRecord, write_mirror
from ergit.urls import public_url

MIRRORED = tuple(f"+refs/{kind}/*:refs/{kind}/*" for kind in ("heads", "tags", "remotes"))
DETACHED_HEAD = "refs/ergit/head"
OLDEST_GIT = (2, 31)  # the first that takes settings from GIT_CONFIG_COUNT
KEY = "repository.branch"
LEFTOVERS = (
    *("*.lock", "refs/**/*.lock", "objects/info/*.lock", "objects/pack/*.lock", "objects/pack/tmp_*"),
    *("objects/??/tmp_obj_*", "objects/tmp_objdir-*", "objects/incoming-*"),
)
NAMED_BRANCHES = 20

# Of a local repository its references are seen as they are, whatever its users hide, and its history without grafts.
UPLOAD_PACK = (
    "GIT_GRAFT_FILE=/dev/null git -c transfer.hideRefs=!refs/heads -c transfer.hideRefs=!refs/tags"
    " -c transfer.hideRefs=!refs/remotes upload-pack"
)


def mirror(settings: RepositorySettings, path: Path) -> MirrorRecord:
    """Brings the bare mirror up to date with the repository and returns its record.

    Raises:
        ErgitError: the repository cannot be read, has no commit, lacks the branch, is a partial clone, or a shallow one
            whose history cannot be fetched from where it came from.
    """
    access = access_to(settings.url)
    refuse_old_git(git_version())
    if not (path / "HEAD").exists() or public_url(_origin(path)) != access.url:
        shutil.rmtree(path, ignore_errors=True)
        _create(path, access.url)
    _remove_leftovers(path)
    with access.git_in(path) as git:
        git.config("--local", "remote.origin.url", access.url)  # older mirrors may hold a password there
        branch, head = _branch_and_head(git, settings.branch, access)
        git.update_ref("--no-deref", "HEAD", head)
        count = len(git.for_each_ref("--format=%(refname)").splitlines())
    return MirrorRecord(
        url=public_url(settings.url),
        branch=branch,
        head=head,
        references=count,
        fetched=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _create(path: Path, url: str) -> None:
    """An empty bare mirror of `url`, or the embedded history."""
    if url == DEMO:
        demo.create(path)
    else:
        try:
            path.mkdir(parents=True)
        except OSError as error:
            raise ErgitError(
                f"{path} cannot be made anew: {error.strerror}. Remove what is there and run again."
            ) from None
        with git_in(path) as git:
            git.init("--quiet", "--bare", "--template=", "--object-format=sha1", ".")
    with git_in(path) as git:
        git.config("--local", "remote.origin.url", url)
        for references in MIRRORED:
            git.config("--local", "--add", "remote.origin.fetch", references)


def _remove_leftovers(path: Path) -> None:
    """Removes what a killed Git has left: locks, which would stop every other one, and unfinished objects and packs."""
    for pattern in LEFTOVERS:
        for leftover in path.glob(pattern):
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink(missing_ok=True)


def git_version() -> str:
    """What `git --version` prints.

    Raises:
        ErgitError: there is no Git.
    """
    with git_in(Path()) as git:
        return git.version()


def refuse_old_git(version: str) -> None:
    """Raises an ErgitError where Git is so old that it would take no notice of ergit's settings."""
    numbers = re.search(r"(\d+)\.(\d+)", version)
    if numbers and (int(numbers[1]), int(numbers[2])) < OLDEST_GIT:
        raise ErgitError(
            f"This is {version}, and ergit needs Git {'.'.join(map(str, OLDEST_GIT))} or newer: install one."
        )


def _origin(path: Path) -> str:
    """What the mirror is a mirror of; empty where it is none, or is damaged."""
    with git_in(path) as git:
        return git.attempt("config", "--local", "--get", "remote.origin.url") or ""


def _branch_and_head(git: Git, branch: str | None, access: Access) -> tuple[str | None, str]:
    """Fetches all, and returns the branch that gives the order (None: HEAD is on none) and its newest commit.

    Raises:
        ErgitError: the repository cannot be read, or lacks the branch.
    """
    detached = False
    if access.url == DEMO:
        branch = branch or "main"
    else:
        try:
            default, detached = _remote_head(git, access.url)
            branch = branch or default
            _fetch(git, access.url, _references(branch, detached))
        except GitError as error:
            raise _explained(error, access) from None
    names = CommitNames.of_repository(git)
    if branch is None and detached:
        return None, names.references[DETACHED_HEAD]
    head = names.branch(branch, KEY) if branch else None
    if head is None:
        known = names.branches()
        if not names.references:
            raise ErgitError(f"repository.url: {access.url} is empty: it has no commit yet.")
        listed = ", ".join(known[:NAMED_BRANCHES]) + (", …" if len(known) > NAMED_BRANCHES else "")
        what = f"has no branch {branch!r}" if branch else "has no commit that its HEAD names"
        raise ErgitError(f"{KEY}: {access.url} {what}; it has: {listed}.")
    return branch, head


def _remote_head(git: Git, url: str) -> tuple[str | None, bool]:
    """The branch that the repository's HEAD is on, None where it is on none; and whether it is on a commit instead.

    Raises:
        ErgitError: the repository's objects have names of another length than the mirror's.
    """
    printed = git.ls_remote("--symref", url, "HEAD")
    branch = re.search(r"^ref: refs/heads/(.+)\tHEAD$", printed, re.MULTILINE)
    commit = re.search(r"^([0-9a-f]+)\tHEAD$", printed, re.MULTILINE)
    if commit and len(commit[1]) != 40:
        raise ErgitError(
            f"repository.url: {url} names its objects by SHA-256, and ergit studies repositories that do so by SHA-1."
            " Convert a copy of it, for example by `git fast-export --all | git fast-import` into a new repository."
        )
    return (branch[1] if branch else None), bool(commit and not branch)


def _references(branch: str | None, detached: bool) -> list[str]:
    """What is fetched, and where it goes: branches, tags, and what else the study's history is of."""
    if branch is None:
        return [*MIRRORED, f"+HEAD:{DETACHED_HEAD}"] if detached else [*MIRRORED]
    beside = branch.startswith("refs/") and not branch.startswith(("refs/heads/", "refs/tags/", "refs/remotes/"))
    return [*MIRRORED, f"+{branch}:{branch}"] if beside else [*MIRRORED]


def _fetch(git: Git, url: str, references: list[str]) -> None:
    """Brings the references of the mirror up to date; what a shallow clone lacks comes from where that came from.

    Raises:
        ErgitError: the repository's history is not all there, and cannot be fetched.
    """
    local = ("--upload-pack", UPLOAD_PACK) if _is_local(url) else ()
    incomplete = git.rev_parse("--is-shallow-repository") == "true"  # the repository was so, when it was fetched last
    whole = ("--unshallow",) if incomplete else ()
    git.fetch(
        *("--quiet", "--prune", "--force", "--no-tags", "--no-recurse-submodules", "--refmap=", "--update-shallow"),
        *(*local, *whole, url, *references),
    )
    if git.rev_parse("--is-shallow-repository") == "true":
        complete(git.directory, Path(url.removeprefix("file://")))


def _is_local(url: str) -> bool:
    return url.startswith(("/", "file://"))


def _explained(error: GitError, access: Access) -> ErgitError:
    """The error, with what it means and what to do about it where that is known."""
    text = str(error)
    folder = Path(access.url)
    if "does not appear to be a git repository" in text and folder.is_absolute():
        top = _top_of(folder)
        if top:
            return ErgitError(f"repository.url: {folder} lies inside the repository {top}. Write that path instead.")
        return ErgitError(
            f"repository.url: {folder} is no Git repository. Write the path of one, a URL, or `demo` for the history"
            " that ergit comes with."
        )
    missing = re.search("couldn't find remote ref (refs/[^ ]+)", text)
    if missing:
        return ErgitError(f"{KEY}: {access.url} has no reference {missing[1]}.")
    if "promisor remote" in text or "lazy fetching disabled" in text:
        return ErgitError(
            f"repository.url: {access.url} is a partial clone, so its files are not all there. Write the URL of the"
            " repository that it was cloned from (`git remote get-url origin`), or clone it without --filter."
        )
    remedy = remedy_for(text, access.url)
    return ErgitError(
        f"repository.url: {access.url}: {remedy}. Git's words: {text}" if remedy else f"repository.url: {text}"
    )


def _top_of(folder: Path) -> str | None:
    """The top of the work tree in which a folder lies."""
    with git_in(folder, environment={"GIT_CEILING_DIRECTORIES": ""}) as git:
        return git.attempt("rev-parse", "--show-toplevel")


def main() -> None:
    """The program of rule `mirror`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", type=str, required=True, help="the environment variable that holds the settings")
    parser.add_argument("--mirror", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    die_with_parent()
    with exit_on_user_error():
        settings = received(arguments.settings)
        begin(settings)
        write_mirror(arguments.output, mirror(settings.repository, arguments.mirror))


if __name__ == "__main__":
    main()
