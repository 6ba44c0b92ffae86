"""Checks one commit out of the mirror: a clean tree whose objects stay in the mirror."""

import argparse
import json
import shutil
import sys
from pathlib import Path

from ergit.config.handover import received
from ergit.config.settings import RepositorySettings
from ergit.disk import refuse_full_disk
from ergit.errors import ErgitError, exit_on_user_error
from ergit.git.access import DEMO, Access, access_to
from ergit.git.runner import Git, GitError, GitOfEachCommit, git_in
from ergit.git.workload import workload_of
from ergit.plugins.runs import begin
from ergit.processes.parent import die_with_parent
from ergit.records.workload import WorkloadRecord

WITHOUT_LFS = {"GIT_LFS_SKIP_SMUDGE": "1"}
LFS = (  # as `git lfs install` has it, which not every user has run
    ("filter.lfs.clean", "git-lfs clean -- %f"),
    ("filter.lfs.smudge", "git-lfs smudge -- %f"),
    ("filter.lfs.process", "git-lfs filter-process"),
    ("filter.lfs.required", "true"),
)
FAILURE = Path(".git/ergit-incomplete")
WHOLE = Path(".git/ergit-whole")
"""Says that the tree is whole and what it holds (`held`): made last, and gone before anything of it is removed."""

NO_LFS = "repository.lfs: there is no command `git lfs`. Install git-lfs (`apt install git-lfs`), or set it to false."


def checkout(
    mirror: Path, commit: str, tree: Path, settings: RepositorySettings, workload: WorkloadRecord | None = None
) -> None:
    """Makes the folder `tree` a repository on that commit, clean, sharing the mirror's objects.

    Where a `workload` is held fixed, its paths are as in its commit: the index and the files, HEAD is not. A submodule
    or LFS object that cannot be had any more is no error here: the file `FAILURE` tells the build. `WHOLE` is
    made last.

    Raises:
        ErgitError: Git cannot check the commit out, git-lfs is missing, or the repository is out of reach.
    """
    shutil.rmtree(tree, ignore_errors=True)
    with git_in(mirror, kind=GitOfEachCommit) as git:
        git.clone("--quiet", "--shared", "--no-checkout", "--template=", str(mirror.resolve()), str(tree.resolve()))
    # Without LFS: its objects come from the repository, not from the mirror.
    with git_in(tree, environment=WITHOUT_LFS, kind=GitOfEachCommit) as git:
        git.checkout("--quiet", "--detach", commit)
        if workload is not None and not settings.lfs:
            lay_over(git, workload)
    if settings.submodules or settings.lfs:
        complete_or_note(tree, settings, workload)
    (tree / WHOLE).write_text(held(settings, workload), encoding="utf-8")


def held(settings: RepositorySettings, workload: WorkloadRecord | None) -> str:
    """What a tree holds beside the files of its commit, equal for equal trees; empty where that is nothing."""
    if not (settings.submodules or settings.lfs or workload):
        return ""
    paths = None if workload is None else [workload.commit, *(entry.path for entry in workload.paths)]
    return json.dumps({"submodules": settings.submodules, "lfs": settings.lfs, "workload": paths})


def complete_or_note(tree: Path, settings: RepositorySettings, workload: WorkloadRecord | None) -> None:
    """Fetches what of the tree is not in the mirror, or notes in the file `FAILURE` why it cannot be had.

    Raises:
        ErgitError: git-lfs is missing, the disk is full, or the repository is out of reach.
    """
    access = access_to(settings.url)
    try:
        complete(tree, settings, access, workload)
    except GitError as error:
        refuse_full_disk([tree])  # else it is not the commit that is at fault
        if access.url != DEMO:
            with access.git_in(tree) as git:
                git.ls_remote(access.url, "HEAD")
        (tree / FAILURE).write_text(str(error), encoding="utf-8", errors="replace")


def make_whole(
    mirror: Path, commit: str, tree: Path, settings: RepositorySettings, workload: WorkloadRecord | None
) -> None:
    """Checks the commit out once more where the tree is not whole, or not what the settings of today ask for.

    Its removal was begun, or its build was not, and the run was killed. Snakemake compares no settings of trees, which
    are gone when their commit is built.

    Raises:
        ErgitError: as `checkout`.
    """
    whole = tree / WHOLE
    if not whole.exists():
        print(f"ergit: {tree} is not whole, and is made again", file=sys.stderr)
    elif whole.read_text(encoding="utf-8") != held(settings, workload):
        print(f"ergit: {tree} was made with other settings, and is made again", file=sys.stderr)
    else:
        return
    checkout(mirror, commit, tree, settings, workload)


def lay_over(git: Git, workload: WorkloadRecord) -> None:
    """Replaces the paths of the workload by those of its commit: what that commit lacks below them is gone."""
    paths = [f":(top,literal){entry.path.rstrip('/')}" for entry in workload.paths]
    git.checkout("--quiet", "--no-overlay", workload.commit, "--", *paths)


def complete(tree: Path, settings: RepositorySettings, access: Access, workload: WorkloadRecord | None = None) -> None:
    """Fetches what of the tree is not in the mirror, where the config wants it.

    Raises:
        GitError: a submodule or an LFS object cannot be had.
        ErgitError: git-lfs is missing.
    """
    filters, without_filters = (LFS, {}) if settings.lfs else ((), WITHOUT_LFS)
    with access.git_in(tree, filters, without_filters) as git:
        git.remote("set-url", "origin", access.url)  # relative submodule URLs start from there, LFS looks there
        if settings.lfs:
            if git.attempt("lfs", "version") is None:
                raise ErgitError(NO_LFS)
            git.lfs("install", "--local", "--skip-repo")  # so that the build's own Git sees no changed files
            git.lfs("pull", "origin")
            if workload is not None:  # only now, when Git gets the objects of LFS for each file that it writes
                lay_over(git, workload)
        if settings.submodules:
            git.submodule("update", "--init", "--recursive", "--quiet")


def main() -> None:
    """The program of rule `checkout`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", type=str, required=True, help="the environment variable that holds the settings")
    parser.add_argument("--mirror", type=Path, required=True)
    parser.add_argument("--commit", required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    die_with_parent()
    with exit_on_user_error():
        settings = received(arguments.settings)
        begin(settings)
        checkout(arguments.mirror, arguments.commit, arguments.output, settings.repository, workload_of(settings))


if __name__ == "__main__":
    main()
