"""Chooses the A/A commit of the noise floor: the commit that is built and measured against itself."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from ergit.errors import ErgitError, exit_on_user_error
from ergit.git.names import CommitNames
from ergit.git.runner import git_in
from ergit.records.aa_commit import AACommit, write_aa_commit
from ergit.records.build import read_build
from ergit.records.commits import chosen, read_commits


def aa_commit(commits: Sequence[str], named: str | None, status: dict[str, str]) -> AACommit:
    """The A/A commit and why it is that one, from the chosen commits, oldest first.

    `named` is the SHA of the one that the config asks for; `status` that of each build there is. Without a name it is
    the newest commit that is built, and before any is built the newest one.

    Raises:
        ErgitError: none of the commits is the named one, or none of them can be built.
    """
    if named is not None:
        if named not in commits:
            raise ErgitError(
                f"noise.commit names {named[:10]}, which is no commit of this study. Name a chosen one in"
                " the study's commits.tsv, or null for the newest that is built."
            )
        return AACommit(commit=named, reason="noise.commit names it")
    built = [commit for commit in commits if status.get(commit) == "ok"]
    if built:
        return AACommit(commit=built[-1], reason="it is the newest chosen commit that is built")
    untried = [commit for commit in commits if commit not in status]
    if not untried:
        raise ErgitError(
            "None of the chosen commits can be built, so there is none to measure against itself. Their records in the"
            " study's `build` folder say why; fix build.commands, or choose other commits."
        )
    return AACommit(commit=untried[-1], reason="it is the newest chosen commit, and none is built yet")


def build_status(builds: Path, commits: Sequence[str]) -> dict[str, str]:
    """The status of the build of each commit that has a record in that folder."""
    records = {commit: builds / f"{commit}.json" for commit in commits}
    return {commit: read_build(path).status for commit, path in records.items() if path.exists()}


def main() -> None:
    """The program of the checkpoint `aa_commit`."""
    parser = argparse.ArgumentParser(prog="python3 -P -m ergit.analysis.noise_floor.choose", description=__doc__)
    for name in ("--commits", "--mirror", "--builds", "--output"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--named", type=json.loads, required=True, help="noise.commit of the config, as JSON")
    arguments = parser.parse_args()
    with exit_on_user_error():
        commits = [row.commit for row in chosen(read_commits(arguments.commits))]
        named = arguments.named
        if named is not None:
            with git_in(arguments.mirror) as git:
                named = CommitNames.of_repository(git).resolve(named, "noise.commit")
        write_aa_commit(arguments.output, aa_commit(commits, named, build_status(arguments.builds, commits)))


if __name__ == "__main__":
    main()
