"""Measured neighbours between which nothing that runs differs: free A/A pairs of the study."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from msgspec.structs import replace

from ergit.git.changed_files import changed_blobs
from ergit.git.runner import Git
from ergit.inputs.contents import contents_of_artifact, what_is_left_out
from ergit.inputs.dependency_lists import LIST_NAME
from ergit.inputs.differences import KINDS, LISTED_DEPENDENCIES
from ergit.inputs.kinds import FileKinds
from ergit.records.build import BuildRecord, read_build
from ergit.records.context import DependencyDifference, Differences, Sameness


@dataclass
class Builds:
    """What the records in results/build say of each commit; a record is read once."""

    folder: Path
    _records: dict[str, BuildRecord | None] = field(default_factory=dict)
    _unpacked: dict[str, str | None] = field(default_factory=dict)

    def record(self, commit: str) -> BuildRecord | None:
        """The record of a commit; None where it was not built here."""
        if commit not in self._records:
            path = self.folder / f"{commit}.json"
            self._records[commit] = read_build(path) if path.exists() else None
        return self._records[commit]

    def jdk(self, commit: str) -> str | None:
        """The version of the JDK that has built a commit; None where that is not known, or there is none."""
        record = self.record(commit)
        return record.java.version if record and record.java else None

    def contents(self, commit: str, *, unpack: bool = False) -> str | None:
        """The digest of what was kept of a build; `unpack`: computed from the artifact where the record has none."""
        record = self.record(commit)
        if record is None or record.status != "ok":
            return None
        if record.contents is None and unpack:
            if commit not in self._unpacked:
                self._unpacked[commit] = contents_of_artifact(self.folder / f"{commit}.tar.gz")
            return self._unpacked[commit]
        return record.contents


def equal_pairs(
    git: Git, pairs: Sequence[tuple[str, str]], kinds: FileKinds, builds: Builds, *, unpack: bool = False
) -> list[Sameness | None]:
    """For each pair of commits why nothing that runs differs between the two; None where something does, or may.

    Their files are the same, but for those that neither build nor run, and so is the JDK as far as it is known; or what
    was kept of their builds is the same, and so is the JDK. The builds say nothing where a file differs that their
    digests leave out and the config counts. `unpack`: artifacts are read where records do not say it.

    Raises:
        ErgitError: the repository lacks a commit, or a record is damaged.
    """
    is_left_out = what_is_left_out()
    found = []
    for (before, after), blobs in zip(pairs, changed_blobs(git, pairs), strict=True):
        differ = [blob.path for blob in blobs if kinds.of(blob.path) != "ignore"]
        can_tell = not any(map(is_left_out, differ))
        found.append(_sameness(builds, before, after, not differ, unpack) if can_tell else None)
    return found


def resolved_differences(builds: Builds, before: str, after: str) -> tuple[DependencyDifference, ...]:
    """The dependencies of two builds that differ as Maven resolved them; none where one of them has not listed them."""
    first, second = (record.dependencies if record else {} for record in map(builds.record, (before, after)))
    if not (first and second):
        return ()
    names = sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))
    return tuple(
        DependencyDifference(
            name=name, versions=(first.get(name), second.get(name)), scope=None, file=LIST_NAME, resolved=True
        )
        for name in names
    )


def with_resolved(differs: Differences, measured: Sequence[str], builds: Builds) -> Differences:
    """The same with the resolved dependencies that differ between the first and the last measured commit."""
    found = resolved_differences(builds, measured[0], measured[-1]) if measured else ()
    if not found:
        return differs
    room = max(0, LISTED_DEPENDENCIES - len(differs.dependencies))
    return replace(
        differs,
        kinds=tuple(kind for kind in KINDS if kind in {*differs.kinds, "dependencies"}),
        dependencies=(*differs.dependencies, *found[:room]),
        dependencies_unlisted=differs.dependencies_unlisted + max(0, len(found) - room),
    )


def _sameness(builds: Builds, before: str, after: str, has_same_files: bool, unpack: bool) -> Sameness | None:
    if builds.jdk(before) != builds.jdk(after) or resolved_differences(builds, before, after):
        return None
    if has_same_files:
        return "files"
    contents = builds.contents(before, unpack=unpack)
    return "build" if contents is not None and contents == builds.contents(after, unpack=unpack) else None


def with_jdks(differs: Differences, measured: Sequence[str], builds: Builds) -> Differences:
    """The same with the JDK among the kinds of each measured commit that another one built than the one before it."""
    others = {after for before, after in pairwise(measured) if builds.jdk(before) != builds.jdk(after)}
    if not others:
        return differs
    commits = tuple(
        replace(commit, kinds=(*commit.kinds, "jdk")) if commit.commit in others else commit
        for commit in differs.commits
    )
    return replace(differs, kinds=tuple(kind for kind in KINDS if kind in {*differs.kinds, "jdk"}), commits=commits)
