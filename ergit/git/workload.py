"""Which commit the fixed workload is from: the one that the name stood for when the study met it."""

import argparse
import sys
from pathlib import Path

from ergit.config.handover import received
from ergit.config.settings import JobSettings, WorkloadSettings
from ergit.errors import ErgitError, exit_on_user_error
from ergit.git.runner import Git, git_in
from ergit.plugins.runs import begin
from ergit.processes.parent import die_with_parent
from ergit.records.retakes import remembered_retake
from ergit.records.workload import NAME, WorkloadPath, WorkloadRecord, read_workload, write_workload

FROM, PATHS = "workload.from", "workload.paths"


def workload_record(mirror: Path, workload: WorkloadSettings, earlier: WorkloadRecord | None) -> WorkloadRecord:
    """Of which commit the workload is, and what is taken from it; an `earlier` record of the same name stays.

    Raises:
        ErgitError: the name is no commit, or a path is not in that commit.
    """
    name = workload.source
    if name is None:
        raise ErgitError(f"{FROM} is not set, so that each commit has its own workload.")
    from ergit.git.names import CommitNames  # every job asks for the record alone

    with git_in(mirror) as git:
        commit = CommitNames.of_repository(git).resolve(name, FROM)
        if earlier is not None and earlier.name == name and earlier.commit != commit:
            print(
                f"ergit: {FROM}: {name} is {commit[:10]} now. The study keeps the workload of {earlier.commit[:10]},"
                f" with which it began; write `from: {commit}` to build and measure all with the new one.",
                file=sys.stderr,
            )
            commit = earlier.commit
        return WorkloadRecord(
            name=name, commit=commit, paths=tuple(_path(git, name, commit, path) for path in workload.paths)
        )


def workload_of(settings: JobSettings) -> WorkloadRecord | None:
    """The workload that the study lays over every commit; None where each has its own.

    Raises:
        ErgitError: the record is not there or damaged.
    """
    workload = settings.workload
    if workload is None or workload.source is None:
        return None
    return read_workload(Path(settings.results) / NAME)


def _path(git: Git, name: str, commit: str, path: str) -> WorkloadPath:
    """What of the commit is at the path.

    Raises:
        ErgitError: nothing is.
    """
    listed = git.ls_tree("-z", "--full-tree", commit, "--", path.rstrip("/"))
    if not listed:
        raise ErgitError(
            f"{PATHS}: {path!r} is not in {name} ({commit[:10]}), of which {FROM} says that the workload is. Name files"
            f" and folders of that commit: `git ls-tree -r --name-only {name}` lists them."
        )
    kind, sha = listed.partition("\t")[0].split(" ")[1:]
    return WorkloadPath(path=path, kind="submodule" if kind == "commit" else kind, sha=sha)


def main() -> None:
    """The program of checkpoint `workload`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", required=True, help="the environment variable that holds the settings")
    parser.add_argument("--mirror", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    die_with_parent()
    output: Path = arguments.output
    with exit_on_user_error(), remembered_retake(output):
        settings = received(arguments.settings)
        begin(settings)
        earlier = read_workload(output) if output.exists() else None
        write_workload(output, workload_record(arguments.mirror, settings.measured_workload(), earlier))


if __name__ == "__main__":
    main()
