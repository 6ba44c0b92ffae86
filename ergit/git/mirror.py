"""Mirrors the studied repository: results/mirror.git is brought up to date, and what was mirrored is recorded."""

import argparse
import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from git import GitCommandError

from ergit import demo
from ergit.processes.run import die_with_parent
from ergit.errors import ErgitError, exit_on_user_error
from ergit.files import write_atomically
from ergit.git.history import branches, git_in

REFERENCES = ("heads", "tags", "remotes")


def mirror(repository: str, branch: str | None, path: Path) -> dict[str, Any]:
    """Brings the bare mirror up to date with the repository and returns its record.

    Raises:
        ErgitError: the repository cannot be read, has no commit, is a shallow clone, or lacks the branch.
    """
    url = located(repository)
    if not (path / "HEAD").exists() or _origin(path) != url:
        shutil.rmtree(path, ignore_errors=True)
        _create(path, url)
    with git_in(path) as git:
        if url != "demo":
            git.fetch("--quiet", "--prune", "--force", "--update-shallow", "origin")
        if git.rev_parse("--is-shallow-repository") == "true":
            raise ErgitError(
                f"repository.url: {url} is a shallow clone, so its history is not all there."
                " Run `git fetch --unshallow` in it (in GitHub Actions: `fetch-depth: 0`), then run again."
            )
        branch = branch or _default_branch(git, url)
        head = _head(git, branch, url)
        git.update_ref("--no-deref", "HEAD", head)
        count = len(git.for_each_ref("--format=%(refname)").splitlines())
    return {
        "schema": "ergit.mirror/1",
        "url": repository,
        "branch": branch,
        "head": head,
        "references": count,
        "fetched": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def located(url: str) -> str:
    """The URL as it is, or the absolute path of a local repository.

    Raises:
        ErgitError: it is a path, and there is no such folder.
    """
    if url == "demo" or "://" in url or re.match(r"[^/]+:", url):
        return url
    path = Path(url).expanduser()
    if not path.is_dir():
        raise ErgitError(
            f"repository.url: there is no folder {url!r} (seen from {Path.cwd()}). Give the path or the URL of a Git"
            " repository, or `demo` for the history that ergit comes with."
        )
    return str(path.resolve())


def _create(path: Path, url: str) -> None:
    """An empty bare mirror of `url`, or the embedded history."""
    if url == "demo":
        demo.create(path)
    else:
        path.mkdir(parents=True)
        with git_in(path) as git:
            git.init("--quiet", "--bare", "--template=", ".")
    with git_in(path) as git:
        git.config("remote.origin.url", url)
        for kind in REFERENCES:
            git.config("--add", "remote.origin.fetch", f"+refs/{kind}/*:refs/{kind}/*")


def _origin(path: Path) -> str:
    """What the mirror is a mirror of."""
    with git_in(path) as git:
        return str(git.config("--default", "", "--get", "remote.origin.url"))


def _default_branch(git: Any, url: str) -> str | None:
    """The branch that the repository's HEAD is on; None where it is on none."""
    if url == "demo":
        return "main"
    for line in git.ls_remote("--symref", "origin", "HEAD").splitlines():
        if line.startswith("ref: refs/heads/"):
            return str(line.split()[1].removeprefix("refs/heads/"))
    return None


def _head(git: Any, branch: str | None, url: str) -> str:
    """The newest commit of the branch, or of the repository's HEAD where it is on no branch.

    Raises:
        ErgitError: there is no such branch, or no commit at all.
    """
    if branch is None:
        remote = git.ls_remote("origin", "HEAD").split()
        if remote:
            return str(remote[0])
        what = "has no commit that its HEAD names"
    else:
        for reference in (f"refs/heads/{branch}", f"refs/remotes/origin/{branch}"):
            try:
                return str(git.rev_parse("--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}"))
            except GitCommandError:
                continue
        what = f"has no branch {branch!r}"
    known = ", ".join(name for names in branches(git).values() for name in names)
    raise ErgitError(f"repository.branch: {url} {what}; it has: {known or 'none, and no commit'}.")


def main() -> None:
    """The program of the rule `mirror`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repository", type=json.loads, required=True, help="its `url` and `branch`, as in the config")
    parser.add_argument("--mirror", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    die_with_parent()
    with exit_on_user_error():
        record = mirror(arguments.repository["url"], arguments.repository["branch"], arguments.mirror)
        write_atomically(arguments.output, json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
