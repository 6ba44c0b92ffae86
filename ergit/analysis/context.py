"""What lies in each change: files, words of the messages, JDK, build and tests, and whether time or power grew."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ergit.git.changed_files import changed_files, files_between
from ergit.git.names import CommitNames
from ergit.git.runner import Git
from ergit.records.build import read_build
from ergit.records.changes import ChangeResult
from ergit.records.commits import CommitRow, chosen
from ergit.records.context import AcceptedCommit, ChangeContext, ContextRecord, JdkVersions

MOSTLY = 2 / 3  # share in a change of joules from which on it is mostly due to time, or to power


@dataclass(frozen=True)
class ContextSettings:
    """What the config says of the context: words that are looked for, accepted commits, where a commit can be seen."""

    words: tuple[str, ...]
    accepted: tuple[str, ...]
    link: str | None


def context_record(
    git: Git, changes: Iterable[ChangeResult], history: Sequence[CommitRow], builds: Path, settings: ContextSettings
) -> ContextRecord:
    """The context of each change, and the accepted commits; `builds` is the folder of the records of builds.

    Raises:
        ErgitError: an accepted commit is no commit of the repository, or a record is damaged.
    """
    accepted = accepted_commits(git, settings.accepted, [row.commit for row in chosen(history)])
    return ContextRecord(
        changes=tuple(context_of(git, change, history, accepted, builds, settings) for change in changes),
        accepted=accepted,
    )


def words_in(messages: str, words: Iterable[str]) -> tuple[str, ...]:
    """Those of the words that occur as such, in upper or lower case."""
    return tuple(word for word in words if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", messages, re.IGNORECASE))


def mostly(duration_change: float | None, power_change: float | None) -> Literal["time", "power", "both"] | None:
    """Whether time, power or both account for a change of joules; None where that is not known."""
    if duration_change is None or power_change is None:
        return None
    time, power = abs(math.log1p(duration_change)), abs(math.log1p(power_change))
    if time + power == 0:
        return None
    share = time / (time + power)
    return "time" if share >= MOSTLY else "power" if share <= 1 - MOSTLY else "both"


def accepted_commits(git: Git, names: Sequence[str], commits: Sequence[str]) -> tuple[AcceptedCommit, ...]:
    """The accepted commits, and from which of the study's `commits` (oldest first) on they are in the history.

    Raises:
        ErgitError: a name is no commit of the repository.
    """
    if not names:
        return ()
    found = []
    for name, sha in zip(names, CommitNames.of_repository(git).resolve_all(names, "changes.accepted"), strict=True):
        walked = git.rev_list("--ancestry-path", "--stdin", stdin="\n".join([*commits, f"^{sha}"]))
        later = {sha, *walked.split()}
        from_commit = next((commit for commit in commits if commit in later), None)
        found.append(AcceptedCommit(name=name, commit=sha, from_commit=from_commit))
    return tuple(found)


def context_of(
    git: Git,
    change: ChangeResult,
    history: Sequence[CommitRow],
    accepted: Sequence[AcceptedCommit],
    builds: Path,
    settings: ContextSettings,
) -> ChangeContext:
    """The context of one change; `history` are all commits of the table, oldest first."""
    position = {row.commit: number for number, row in enumerate(history)}
    before, until = history[position[change.location[0]] - 1].commit, change.location[-1]
    row = history[position[change.commit]]
    messages = git.log("--format=%B", f"{before}..{until}", "--")
    return ChangeContext(
        commit=change.commit,
        kind=change.kind,
        subject=row.subject,
        date=row.date,
        author=row.author,
        link=settings.link and settings.link.replace("{commit}", change.commit),
        before=before,
        until=until,
        files=files_between(changed_files(git, before, until)),
        tags=words_in(messages, settings.words),
        java=java_between(builds, before, change.commit),
        duration_change=change.duration_change,
        power_change=change.power_change,
        mostly=mostly(change.duration_change, change.power_change),
        accepted_as=next((entry.name for entry in accepted if entry.from_commit in change.location), None),
    )


def java_between(folder: Path, before: str, after: str) -> JdkVersions | None:
    """The JDKs that have built two commits, from the records in results/build."""
    versions = [_java_version(folder / f"{commit}.json") for commit in (before, after)]
    return None if versions[0] is None or versions[1] is None else JdkVersions(before=versions[0], after=versions[1])


def _java_version(record: Path) -> str | None:
    jdk = read_build(record).java if record.exists() else None
    return jdk.version if jdk else None
