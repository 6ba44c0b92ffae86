"""What differs by each change of a study: kinds of files, dependencies, methods; over all commits it may lie in."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ergit.git.changed_files import ChangedBlob, changed_blobs, steps_between
from ergit.git.contents import contents_of
from ergit.git.runner import Git
from ergit.inputs.declared import DeclaredChange, Manifest, declared_changes
from ergit.inputs.java_methods import MOST_BYTES as MOST_JAVA_BYTES
from ergit.inputs.java_methods import JavaFile, changed_methods, is_same_code, read_java_file
from ergit.inputs.kinds import FileKinds
from ergit.inputs.manifests import MOST_BYTES, is_manifest, read_manifest
from ergit.inputs.pom_files import Coordinates, coordinates_of
from ergit.records.context import (
    CommitDifference,
    DependencyDifference,
    Differences,
    FileKind,
    Kind,
    KindFiles,
    MethodDifference,
)

KINDS: tuple[Kind, ...] = ("program", "workload", "build", "dependencies", "jdk")  # in the order in which they are told
FILE_KINDS: tuple[FileKind, ...] = ("program", "workload", "build", "dependencies", "ignore")
LISTED_FILES = 20  # of each kind
LISTED_DEPENDENCIES = 40
LISTED_METHODS = 40
LISTED_COMMITS = 100
READ_JAVA_FILES = 40  # of one change, each as often as it is changed
READ_MANIFESTS = 60  # the same


@dataclass
class _Step:
    """One step of a history: its commit, and the files that it changes with their kinds."""

    commit: str
    blobs: list[tuple[ChangedBlob, FileKind]]
    manifests: list[ChangedBlob] = field(default_factory=list)  # those that are read
    java: list[tuple[ChangedBlob, FileKind]] = field(default_factory=list)


@dataclass
class _Found:
    """What one change has gathered, step by step."""

    kinds: set[Kind] = field(default_factory=set)
    touched: dict[FileKind, Counter[str]] = field(default_factory=dict)
    mattered: set[str] = field(default_factory=set)
    versions: dict[tuple[str, str], list[str | None]] = field(default_factory=dict)
    scopes: dict[tuple[str, str], tuple[str | None, bool]] = field(default_factory=dict)
    methods: dict[tuple[str, str], MethodDifference] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    commits: list[CommitDifference] = field(default_factory=list)


def differences(git: Git, spans: Sequence[tuple[str, str]], kinds: FileKinds) -> list[Differences]:
    """What the commits of each span touch: those after its first commit, up to its second, along first parents.

    Raises:
        ErgitError: the repository lacks a commit.
    """
    found = steps_between(git, spans)
    steps = list(dict.fromkeys(step for walked in found for step in walked))
    changed = dict(zip(steps, changed_blobs(git, steps), strict=True))
    gathered = [
        [_Step(step[1], [(blob, kinds.of(blob.path)) for blob in changed[step]]) for step in walked] for walked in found
    ]
    for walked in gathered:
        _choose_files(walked)
    texts = _Texts(git, gathered)
    return [_united(walked, texts) for walked in gathered]


def _choose_files(steps: Sequence[_Step]) -> None:
    """Notes in each step which files are read: the newest steps first, as many as the limits allow."""
    manifests, java = READ_MANIFESTS, READ_JAVA_FILES
    for step in reversed(steps):
        for blob, kind in sorted(step.blobs, key=lambda entry: (FILE_KINDS.index(entry[1]), entry[0].path)):
            if blob.is_submodule or kind == "ignore":
                continue
            if kind in ("build", "dependencies") and is_manifest(blob.path) and manifests:
                step.manifests.append(blob)
                manifests -= 1
            elif kind in ("program", "workload") and blob.path.endswith(".java") and java:
                step.java.append((blob, kind))
                java -= 1


class _Texts:
    """The files that steps need, each read and parsed once."""

    def __init__(self, git: Git, gathered: Iterable[Sequence[_Step]]) -> None:
        self._java: dict[str, JavaFile | None] = {}
        self._texts: dict[str, bytes] = {}
        self._manifests: dict[tuple[str, str, frozenset[Coordinates]], Manifest | None] = {}
        steps = [step for walked in gathered for step in walked]
        java = _shas(blob for step in steps for blob, _ in step.java)
        for sha, text in contents_of(git, java, MOST_JAVA_BYTES):
            self._java[sha] = read_java_file(text)
        self._texts.update(contents_of(git, _shas(blob for step in steps for blob in step.manifests), MOST_BYTES))

    def java(self, sha: str | None) -> JavaFile | None:
        """A file of Java, without anything in it where there is none; None where it was not read."""
        return JavaFile({}, b"") if sha is None else self._java.get(sha)

    def manifest(self, path: str, sha: str | None, own: frozenset[Coordinates]) -> Manifest | None:
        """A file of dependencies, without anything in it where there is none; None where it cannot be read."""
        if sha is None:
            return Manifest()
        key = sha, path, own
        if key not in self._manifests:
            text = self._texts.get(sha)
            self._manifests[key] = None if text is None else read_manifest(path, text, own)
        return self._manifests[key]

    def coordinates(self, sha: str | None) -> Coordinates | None:
        """Group and artifact of the project whose pom that is."""
        text = None if sha is None else self._texts.get(sha)
        return None if text is None else coordinates_of(text)


def _shas(blobs: Iterable[ChangedBlob]) -> Iterator[str]:
    return (sha for blob in blobs for sha in (blob.before, blob.after) if sha)


def _united(steps: Sequence[_Step], texts: _Texts) -> Differences:
    """The union over the steps."""
    found = _Found()
    for step in steps:
        kinds = _kinds_of(step, texts, found)
        found.kinds |= kinds
        found.commits.append(CommitDifference(commit=step.commit, kinds=_in_order(kinds)))
        _note_methods(step, texts, found)
    dependencies = _dependencies(found)
    methods = sorted(found.methods.values(), key=lambda method: (FILE_KINDS.index(method.kind), method.name))
    return Differences(
        kinds=_in_order(found.kinds),
        files=tuple(_files(kind, touched) for kind in FILE_KINDS if (touched := _with_effect(found, kind))),
        without_effect=tuple(
            path
            for kind in FILE_KINDS
            for path in sorted(found.touched.get(kind, ()))
            if kind != "ignore" and path not in found.mattered
        )[:LISTED_FILES],
        dependencies=dependencies[:LISTED_DEPENDENCIES],
        dependencies_unlisted=max(0, len(dependencies) - LISTED_DEPENDENCIES),
        methods=tuple(methods[:LISTED_METHODS]),
        methods_unlisted=max(0, len(methods) - LISTED_METHODS),
        methods_unread=len(found.unread),
        commits=tuple(found.commits[-LISTED_COMMITS:]),
    )


def _with_effect(found: _Found, kind: FileKind) -> Counter[str]:
    """The files of a kind of which more than a comment or the project's own version was touched."""
    touched = found.touched.get(kind, Counter())
    return Counter({path: count for path, count in touched.items() if kind == "ignore" or path in found.mattered})


def _in_order(kinds: Iterable[Kind]) -> tuple[Kind, ...]:
    there = set(kinds)
    return tuple(kind for kind in KINDS if kind in there)


def _files(kind: FileKind, touched: Counter[str]) -> KindFiles:
    ordered = sorted(touched, key=lambda path: (-touched[path], path))
    return KindFiles(kind=kind, files=tuple(ordered[:LISTED_FILES]), unlisted=max(0, len(ordered) - LISTED_FILES))


def _kinds_of(step: _Step, texts: _Texts, found: _Found) -> set[Kind]:
    """The kinds that a step touches; its files and dependencies join what was found."""
    poms = [texts.coordinates(sha) for blob in step.manifests for sha in (blob.before, blob.after)]
    own = frozenset(coordinates for coordinates in poms if coordinates)
    read = set(step.manifests)
    kinds: set[Kind] = set()
    for blob, kind in step.blobs:
        found.touched.setdefault(kind, Counter())[blob.path] += 1
        if kind == "ignore":
            continue
        effects: set[Kind] = {kind}
        if blob.is_submodule:
            effects = {"dependencies"}
            _note(found, blob.path, [(blob.path, blob.before, blob.after)])
        elif blob in read:
            effects = _effects(blob, kind, texts, own, found)
        elif (blob, kind) in step.java and _is_only_comments(blob, texts):
            effects = set()
        if effects:
            found.mattered.add(blob.path)
        kinds |= effects
    return kinds


def _is_only_comments(blob: ChangedBlob, texts: _Texts) -> bool:
    """Whether no more than comments and formatting of a Java file differ."""
    if blob.before is None or blob.after is None or blob.modes[0] != blob.modes[1]:
        return False
    before, after = texts.java(blob.before), texts.java(blob.after)
    return before is not None and after is not None and is_same_code(before, after)


def _effects(blob: ChangedBlob, kind: FileKind, texts: _Texts, own: frozenset[Coordinates], found: _Found) -> set[Kind]:
    """What a changed file of dependencies or of the build touches; nothing where only the own version differs."""
    before, after = texts.manifest(blob.path, blob.before, own), texts.manifest(blob.path, blob.after, own)
    if before is None or after is None:
        return {"dependencies"} if kind == "dependencies" else {"build"}
    changes = declared_changes(before, after)
    effects: set[Kind] = {change.effect for change in changes}
    if before.rest != after.rest or blob.before is None or blob.after is None:
        effects.add("dependencies" if kind == "dependencies" else "build")
    is_resolved = before.resolved or after.resolved
    _note(found, blob.path, [_version_pair(change) for change in changes], changes, is_resolved)
    return effects


def _version_pair(change: DeclaredChange) -> tuple[str, str | None, str | None]:
    old, new = (None if one is None else one.version or "" for one in (change.before, change.after))
    return change.name, old, new


def _note(
    found: _Found,
    path: str,
    pairs: Iterable[tuple[str, str | None, str | None]],
    changes: Sequence[DeclaredChange] = (),
    is_resolved: bool = False,
) -> None:
    """Adds the versions of dependencies before and after a step to those of earlier steps."""
    scopes = {change.name: change.scope for change in changes}
    for name, before, after in pairs:
        versions = found.versions.setdefault((path, name), [before])
        if versions[-1] != before:
            versions.append(before)
        versions.append(after)
        found.scopes[path, name] = scopes.get(name), is_resolved


def _dependencies(found: _Found) -> tuple[DependencyDifference, ...]:
    """What was declared, before what a tool resolved; by file and name."""
    listed = [
        DependencyDifference(
            name=name,
            versions=tuple(versions),
            scope=found.scopes[path, name][0],
            file=path,
            resolved=found.scopes[path, name][1],
        )
        for (path, name), versions in found.versions.items()
    ]
    return tuple(sorted(listed, key=lambda one: (one.resolved, one.scope == "plugin", one.file, one.name)))


def _note_methods(step: _Step, texts: _Texts, found: _Found) -> None:
    read = {blob.path for blob, _ in step.java}
    found.unread |= {
        blob.path
        for blob, kind in step.blobs
        if kind in ("program", "workload") and blob.path.endswith(".java") and blob.path not in read
    }
    for blob, kind in step.java:
        before, after = texts.java(blob.before), texts.java(blob.after)
        if before is None or after is None:
            found.unread.add(blob.path)
            continue
        for name, happened in changed_methods(before, after):
            earlier = found.methods.get((blob.path, name))
            whole = happened if earlier is None or earlier.happened == happened else "changed"
            found.methods[blob.path, name] = MethodDifference(name=name, happened=whole, kind=kind, file=blob.path)


def files_by_kind(differs: Differences) -> Mapping[FileKind, KindFiles]:
    """The files that are listed, by their kind."""
    return {files.kind: files for files in differs.files}
