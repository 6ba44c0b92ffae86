"""What lies in each change: files, words of the messages, JDK, build and tests, and whether time or power grew."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from msgspec.structs import replace

from ergit.git.changed_files import changed_files, files_between
from ergit.git.names import CommitNames
from ergit.git.runner import Git
from ergit.inputs.differences import differences, files_by_kind
from ergit.inputs.equal import Builds, equal_pairs, with_jdks, with_resolved
from ergit.inputs.kinds import FileKinds
from ergit.records.changes import ChangeResult, ChangesRecord, CommitResult, SideResult
from ergit.records.commits import CommitRow, chosen
from ergit.records.context import (
    AcceptedCommit,
    ChangeContext,
    CommitDifference,
    ContextRecord,
    Differences,
    EqualNeighbours,
    JdkVersions,
    Sameness,
)

USUAL = 0.95  # share of the differences between equal neighbours that are called usual
MOSTLY = 2 / 3  # share in a change of joules from which on it is mostly due to time, or to power


@dataclass(frozen=True)
class ContextSettings:
    """What the config says of the context: words that are looked for, accepted commits, where a commit can be seen."""

    words: tuple[str, ...]
    accepted: tuple[str, ...]
    link: str | None


def context_record(
    git: Git,
    found: ChangesRecord,
    history: Sequence[CommitRow],
    builds: Builds,
    kinds: FileKinds,
    settings: ContextSettings,
) -> ContextRecord:
    """The context of each change, the accepted commits, and what neighbours with equal inputs show.

    `found` is results/changes.json, `kinds` say which files are what.

    Raises:
        ErgitError: an accepted commit is no commit of the repository, or a record is damaged.
    """
    changes, commits = found.changes, found.commits
    accepted = accepted_commits(git, settings.accepted, [row.commit for row in chosen(history)])
    ends = [ends_of(change, history) for change in changes]
    circumstances = [
        context_of(git, change, end, history, accepted, builds, settings)
        for change, end in zip(changes, ends, strict=True)
    ]
    touched = differences(git, ends, kinds)
    measured = [measured_in(change, end, commits) for change, end in zip(changes, ends, strict=True)]
    sameness = sameness_of(git, measured, kinds, builds)
    contexts = tuple(
        with_differences(context, with_jdks(with_resolved(differs, shas, builds), shas, builds), same)
        for context, differs, shas, same in zip(circumstances, touched, measured, sameness, strict=True)
    )
    return ContextRecord(
        changes=contexts,
        accepted=accepted,
        equal=equal_neighbours(git, commits, kinds, builds, contexts),
        side=_side(git, found.side, kinds),
    )


def _side(git: Git, side: Sequence[SideResult], kinds: FileKinds) -> tuple[CommitDifference, ...]:
    """What the side commits whose energy differs touch."""
    spans = [(one.left, one.commit) for one in side if one.differs and one.left is not None]
    return tuple(
        CommitDifference(commit=commit, kinds=differs.kinds)
        for (_, commit), differs in zip(spans, differences(git, spans, kinds), strict=True)
    )


def ends_of(change: ChangeResult, history: Sequence[CommitRow]) -> tuple[str, str]:
    """The commit after which a change lies, and the last one that it may lie in."""
    if change.after is not None:
        return change.after, change.location[-1]
    position = next(number for number, row in enumerate(history) if row.commit == change.location[0])
    return history[position - 1].commit, change.location[-1]


def measured_in(change: ChangeResult, ends: tuple[str, str], commits: Sequence[CommitResult]) -> list[str]:
    """The measured commits from the one before a change to the last that it may lie in, both included."""
    orders = {commit.commit: commit.order for commit in commits}
    first, last = orders.get(ends[0], change.order), orders.get(ends[1], change.order)
    return [
        commit.commit
        for commit in commits
        if first <= commit.order <= last and commit.readings and commit.part is not None
    ]


def sameness_of(git: Git, measured: Sequence[Sequence[str]], kinds: FileKinds, builds: Builds) -> list[Sameness | None]:
    """For each list of measured commits why nothing that runs differs between them; None where something does."""
    pairs = list(dict.fromkeys(pair for shas in measured for pair in pairwise(shas)))
    same = dict(zip(pairs, equal_pairs(git, pairs, kinds, builds, unpack=True), strict=True))
    found: list[Sameness | None] = []
    for shas in measured:
        reasons = {same[pair] for pair in pairwise(shas)}
        found.append(None if None in reasons or not reasons else "build" if "build" in reasons else "files")
    return found


def equal_neighbours(
    git: Git,
    commits: Sequence[CommitResult],
    kinds: FileKinds,
    builds: Builds,
    contexts: Iterable[ChangeContext],
) -> EqualNeighbours:
    """What the measured neighbours with equal inputs show of the noise, and which changes lie between such alone."""
    shifts = [(commit.shift, commit.commit) for commit in commits if commit.shift is not None]
    same = equal_pairs(git, [(shift.against, sha) for shift, sha in shifts], kinds, builds)
    equal = [(shift, sha, reason) for (shift, sha), reason in zip(shifts, same, strict=True) if reason]
    sizes = [abs(shift.relative) for shift, _, _ in equal]
    return EqualNeighbours(
        pairs=len(equal),
        by_build=sum(reason == "build" for _, _, reason in equal),
        differ=sum(shift.differs for shift, _, _ in equal),
        median_difference=float(np.median(sizes)) if sizes else None,
        largest_usual_difference=float(np.quantile(sizes, USUAL)) if sizes else None,
        false_alarms=tuple(context.commit for context in contexts if context.differs and context.differs.same),
        commits=tuple(sha for _, sha, _ in equal),
    )


def with_differences(context: ChangeContext, differs: Differences, same: Sameness | None) -> ChangeContext:
    """The context with what differs, its files of build and tests counted by their kinds."""
    files = files_by_kind(differs)
    build = [path for kind in ("build", "dependencies") if kind in files for path in files[kind].files]
    tests = files.get("workload")
    return replace(
        context,
        differs=replace(differs, same=same),
        files=replace(
            context.files,
            build_files=tuple(build),
            test_files=len(tests.files) + tests.unlisted if tests else 0,
        ),
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
    ends: tuple[str, str],
    history: Sequence[CommitRow],
    accepted: Sequence[AcceptedCommit],
    builds: Builds,
    settings: ContextSettings,
) -> ChangeContext:
    """The context of one change without what differs; `history` are all commits of the table, oldest first."""
    before, until = ends
    row = next(row for row in history if row.commit == change.commit)
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


def java_between(builds: Builds, before: str, after: str) -> JdkVersions | None:
    """The JDKs that have built two commits."""
    versions = builds.jdk(before), builds.jdk(after)
    return None if versions[0] is None or versions[1] is None else JdkVersions(before=versions[0], after=versions[1])
