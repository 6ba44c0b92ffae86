"""Chooses the control of the noise floor: the commit that is built and measured against itself."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from ergit.errors import ErgitError, exit_on_user_error
from ergit.files import write_atomically
from ergit.measuring.table import read_commits

SCHEMA = "ergit.control/1"


def control(chosen: Sequence[str], named: str | None, status: dict[str, str]) -> tuple[str, str]:
    """The control and why it is that one, from the chosen commits, oldest first.

    `named` is the SHA, or the beginning of one, that the config asks for; `status` that of each build there is. The
    newest commit that is built is taken, before any is built the newest one.

    Raises:
        ErgitError: none of the commits is the named one, more than one is, or none of them can be built.
    """
    if named is not None:
        return _named(chosen, named), "noise.commit names it"
    built = [commit for commit in chosen if status.get(commit) == "ok"]
    if built:
        return built[-1], "it is the newest chosen commit that is built"
    untried = [commit for commit in chosen if commit not in status]
    if not untried:
        raise ErgitError(
            "None of the chosen commits can be built, so there is none to measure against itself. results/build/ says"
            " why; fix build.commands, or choose other commits."
        )
    return untried[-1], "it is the newest chosen commit, and none is built yet"


def _named(chosen: Sequence[str], named: str) -> str:
    """The only chosen commit whose SHA begins so.

    Raises:
        ErgitError: there is none, or there are several.
    """
    found = [commit for commit in chosen if commit.startswith(named)]
    if len(found) != 1:
        raise ErgitError(
            f"noise.commit names {named!r}, which is {'more than one' if found else 'no'} commit of this study. Write"
            " the SHA of a chosen one in results/commits.tsv, or null for the newest that is built."
        )
    return found[0]


def build_status(builds: Path, commits: Sequence[str]) -> dict[str, str]:
    """The status of the build of each commit that has a record in that folder."""
    records = {commit: builds / f"{commit}.json" for commit in commits}
    return {
        commit: str(json.loads(path.read_text(encoding="utf-8"))["status"])
        for commit, path in records.items()
        if path.exists()
    }


def main() -> None:
    """The program of the checkpoint `control`."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--commits", "--builds", "--output"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--named", type=json.loads, required=True, help="noise.commit of the config, as JSON")
    arguments = parser.parse_args()
    with exit_on_user_error():
        commits = read_commits(arguments.commits).sort_values("order")
        chosen = commits.loc[commits["chosen"] == "yes", "commit"].tolist()
        commit, reason = control(chosen, arguments.named, build_status(arguments.builds, chosen))
        record = {"schema": SCHEMA, "commit": commit, "reason": reason}
        write_atomically(arguments.output, json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
