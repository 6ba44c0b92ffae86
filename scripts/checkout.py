"""Checks one commit out of the mirror: a clean tree whose objects stay in the mirror."""

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

from scripts.errors import plain_exit
from scripts.history import git_in


def checkout(mirror: Path, commit: str, tree: Path, settings: dict[str, Any]) -> None:
    """Makes the folder `tree` a repository on that commit, clean, sharing the mirror's objects.

    Raises:
        ErgitError: Git cannot check the commit, one of its submodules or an LFS object out.
    """
    shutil.rmtree(tree, ignore_errors=True)
    with git_in(mirror) as git:
        git.clone("--quiet", "--shared", "--no-checkout", "--template=", str(mirror.resolve()), str(tree.resolve()))
    with git_in(tree) as git:
        git.update_environment(GIT_LFS_SKIP_SMUDGE="0" if settings["lfs"] else "1")
        git.checkout("--quiet", "--detach", commit)
        if settings["lfs"]:
            git.lfs("pull", settings["url"])
        if settings["submodules"]:
            git.remote("set-url", "origin", settings["url"])  # relative submodule URLs start from there
            git.submodule("update", "--init", "--recursive", "--quiet")


def main() -> None:
    """The program of the rule `checkout`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", type=json.loads, required=True)
    parser.add_argument("--mirror", type=Path, required=True)
    parser.add_argument("--commit", required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    with plain_exit():
        checkout(arguments.mirror, arguments.commit, arguments.output, arguments.settings)


if __name__ == "__main__":
    main()
