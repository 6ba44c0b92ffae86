"""Checks one commit out of the mirror: a clean tree whose objects stay in the mirror."""

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

from ergit.processes.run import die_with_parent
from ergit.errors import ErgitError, exit_on_user_error
from ergit.git.history import git_in
from ergit.git.mirror import located

FAILURE = Path(".git/ergit-incomplete")


def checkout(mirror: Path, commit: str, tree: Path, settings: dict[str, Any]) -> None:
    """Makes the folder `tree` a repository on that commit, clean, sharing the mirror's objects.

    A submodule or LFS object that cannot be had any more is no error here: the file `FAILURE` tells the build.

    Raises:
        ErgitError: Git cannot check the commit out, git-lfs is missing, or the repository is out of reach.
    """
    shutil.rmtree(tree, ignore_errors=True)
    with git_in(mirror) as git:
        git.clone("--quiet", "--shared", "--no-checkout", "--template=", str(mirror.resolve()), str(tree.resolve()))
    with git_in(tree) as git:
        git.update_environment(GIT_LFS_SKIP_SMUDGE="0" if settings["lfs"] else "1")
        git.checkout("--quiet", "--detach", commit)
        if settings["lfs"]:
            git.lfs("version")
    try:
        complete(tree, settings)
    except ErgitError as error:
        with git_in(tree) as git:
            git.ls_remote(located(settings["url"]), "HEAD")  # else it is not the commit that is at fault
        (tree / FAILURE).write_text(str(error), encoding="utf-8")


def complete(tree: Path, settings: dict[str, Any]) -> None:
    """Fetches what of the tree is not in the mirror, where the config wants it.

    Raises:
        ErgitError: a submodule or an LFS object cannot be had.
    """
    with git_in(tree) as git:
        if settings["lfs"]:
            git.lfs("pull", located(settings["url"]))
        if settings["submodules"]:
            git.remote("set-url", "origin", located(settings["url"]))  # relative submodule URLs start from there
            git.submodule("update", "--init", "--recursive", "--quiet")


def main() -> None:
    """The program of the rule `checkout`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", type=json.loads, required=True)
    parser.add_argument("--mirror", type=Path, required=True)
    parser.add_argument("--commit", required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    die_with_parent()
    with exit_on_user_error():
        checkout(arguments.mirror, arguments.commit, arguments.output, arguments.settings)


if __name__ == "__main__":
    main()
