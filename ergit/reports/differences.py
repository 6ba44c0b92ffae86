"""What differs by a change, in one line of plain text."""

from collections.abc import Iterator, Sequence

from ergit.records.context import DependencyDifference, Differences, Kind, MethodDifference
from ergit.text import one_line

NAMED = 3  # files, dependencies and methods that a sentence names, of each kind
TEXT = 100  # characters of a name
WORDS: dict[Kind, str] = {
    "program": "the program",
    "workload": "the workload",
    "build": "the build",
    "dependencies": "dependencies",
    "jdk": "the JDK",
}


def kinds_phrase(kinds: Sequence[Kind]) -> str:
    """`the program and the workload`; `nothing that runs` for none."""
    words = [WORDS[kind] for kind in kinds]
    if not words:
        return "nothing that runs"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def differences_sentence(differs: Differences, commit: str) -> str:
    """The kinds with their files, dependencies and methods; what the commit itself touches, where there are others."""
    return "; ".join(difference_parts(differs, commit))


def difference_parts(differs: Differences, commit: str) -> Iterator[str]:
    """The parts of that sentence."""
    yield f"{_verb(differs)} {kinds_phrase(differs.kinds)}"
    if differs.same is not None:
        why = "the builds are the same" if differs.same == "build" else "all files that may run are the same"
        yield f"an observed false alarm: {why}, so this is drift or a batch, not the program"
    if len(differs.commits) > 1:
        own = next((found for found in differs.commits if found.commit == commit), None)
        if own is not None:
            yield f"{commit[:10]} itself: {kinds_phrase(own.kinds)}"
    for files in differs.files:
        if files.kind in differs.kinds or (files.kind == "ignore" and not differs.kinds):
            name = "files that do not run" if files.kind == "ignore" else files.kind
            yield f"{name}: {_listed(files.files, len(files.files) + files.unlisted)}"
    if differs.without_effect:
        yield f"no more than comments or the project's own version in {_listed(differs.without_effect)}"
    if differs.dependencies:
        named = [dependency_text(one) for one in differs.dependencies[:NAMED]]
        yield f"versions: {_more(named, len(differs.dependencies) + differs.dependencies_unlisted)}"
    if differs.methods:  # those of the program come first
        kind = differs.methods[0].kind
        methods = [method for method in differs.methods if method.kind == kind]
        unlisted = differs.methods_unlisted if differs.methods[-1].kind == kind else 0
        yield f"methods: {_more([_method(method) for method in methods[:NAMED]], len(methods) + unlisted)}"


def _verb(differs: Differences) -> str:
    return "differs in" if len(differs.commits) <= 1 else "these commits touch"


def dependency_text(one: DependencyDifference) -> str:
    """`junit:junit 4.11 → 4.12 (test)`."""
    shown = ["none" if version is None else one_line(version, 40) or "any" for version in one.versions]
    is_same = len(set(shown)) == 1
    versions = shown[0] if is_same else " → ".join(shown)
    notes = [
        *(["declared in another way"] if is_same else []),
        *([one.scope] if one.scope else []),
        *(["resolved"] if one.resolved else []),
    ]
    noted = f" ({', '.join(map(one_line, notes))})" if notes else ""
    return f"{one_line(one.name, TEXT)} {versions}{noted}"


def _method(method: MethodDifference) -> str:
    return one_line(method.name, TEXT) + ("" if method.happened == "changed" else f" ({method.happened})")


def _listed(paths: Sequence[str], count: int | None = None) -> str:
    """The names of the files without their folders."""
    names = [one_line(path.rpartition("/")[2] or path, TEXT) for path in paths[:NAMED]]
    return _more(names, len(paths) if count is None else count)


def _more(named: Sequence[str], count: int) -> str:
    return ", ".join(named) + (f" and {count - len(named):,} more" if count > len(named) else "")
