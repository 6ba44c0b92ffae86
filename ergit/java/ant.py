"""What an Ant build asks for, read from its build.xml and what that imports; nothing of it runs."""

import re
from collections.abc import Callable, Iterator, Mapping
from xml.etree.ElementTree import Element

from msgspec import Struct, field

from ergit.java.maven.documents import DocumentError, root_of
from ergit.java.maven.properties import Properties, PropertyError
from ergit.java.requirement import Requirement
from ergit.java.trees import Tree, below, text_of
from ergit.java.versions import VersionError, release_number

BUILD_FILE = "build.xml"
OPTIONS = ("release", "target", "source")
MOST_FILES = 50
ARGUMENT = re.compile(r"(?:--release|-target|-source)[ =]+(\S+)")


Resolve = Callable[[str], str]
"""Replaces `${…}` in a value; raises PropertyError where it can't."""


class Build(Struct):
    """What was read of a build: each <javac>, with its file and whether it compiles tests, and the properties."""

    compilations: list[tuple[Element, str, bool]] = field(default_factory=list)
    properties: dict[str, str] = field(default_factory=dict)
    problem: str | None = None


def required_by_ant(tree: Tree, directory: str) -> Requirement | None:
    """What the Ant build in a directory asks for; None where there is no build.xml."""
    path = below(directory, BUILD_FILE)
    if path is None or tree.read(path) is None:
        return None
    build = read_build(tree, path, directory)
    main: list[tuple[int, str]] = []
    everything: list[tuple[int, str]] = []
    resolve = Properties(build.properties.get).resolve
    for element, file, compiles_tests in build.compilations:
        stated = [
            (number, f"{file}: javac {option}") for option, number in _releases(element, build.properties, resolve)
        ]
        everything += stated
        main += [] if compiles_tests else stated[:1]
    main = main or everything[:1]
    release, stated_in = max(main, key=_number, default=(None, None))
    newest, newest_in = max(everything, key=_number, default=(None, None))
    oldest = min((number for number, _ in everything), default=None)
    return Requirement(
        release=release,
        stated_in=stated_in,
        problem=None if main else build.problem or f"{path} names no Java release that can be read",
        newest=newest if newest != release else None,
        newest_in=newest_in if newest != release else None,
        oldest=oldest if oldest != release else None,
    )


def _number(pair: tuple[int | None, str | None]) -> int:
    return pair[0] or 0


def read_build(tree: Tree, path: str, directory: str) -> Build:
    """The compilations and properties of a build file and those that it imports.

    A property keeps its first value, as in Ant: those outside of targets come first, in the order of the files.
    """
    build = Build(properties={"basedir": "."})
    later: list[tuple[Element, str]] = []
    waiting, seen = [path], {path}
    while waiting and len(seen) <= MOST_FILES:
        current = waiting.pop(0)
        content = tree.read(current)
        try:
            root = root_of(content or b"")
        except DocumentError as error:
            build.problem = build.problem or f"{current} {error}"
            continue
        folder = below(directory, root.get("basedir", ".")) or directory
        for element in root:
            if element.tag in ("import", "include") and element.get("file"):
                following = _file(element.get("file", ""), build.properties, current.rpartition("/")[0] or ".")
                if following is not None and following not in seen:
                    seen.add(following)
                    waiting.append(following)
            elif element.tag == "property":
                _add_properties(build.properties, element, tree, folder)
            else:
                later += [(each, folder) for each in element.iter("property")]
                _add_compilations(build, element, current)
    for element, folder in later:
        _add_properties(build.properties, element, tree, folder)
    return build


def _add_compilations(build: Build, element: Element, file: str) -> None:
    """Adds each <javac> in a target, a macro or a preset; one in a target of tests, or in their folder, is theirs."""
    of_tests = element.tag == "target" and "test" in element.get("name", "").lower()
    for javac in element.iter("javac"):
        places = f"{javac.get('destdir', '')} {javac.get('srcdir', '')}".lower()
        build.compilations.append((javac, file, of_tests or "test" in places))


def _add_properties(properties: dict[str, str], element: Element, tree: Tree, folder: str) -> None:
    """Adds what a <property> defines, unless it has a value already."""
    name, value = element.get("name"), element.get("value") or element.get("location")
    if name is not None and value is not None:
        properties.setdefault(name, value)
    if element.get("file"):
        prefix = element.get("prefix", "")
        text = text_of(tree, _file(element.get("file", ""), properties, folder)) or ""
        for line in text.splitlines():
            pair = re.split(r"[=:]", line.strip(), maxsplit=1)
            if len(pair) == 2 and not pair[0].startswith(("#", "!")):
                properties.setdefault(f"{prefix}{'.' if prefix else ''}{pair[0].strip()}", pair[1].strip())


def _releases(element: Element, properties: Mapping[str, str], resolve: Resolve) -> Iterator[tuple[str, int]]:
    """The releases of a <javac>, the most binding first: `release`, or `target` and `source`."""
    found: dict[str, int] = {}
    for option in OPTIONS:
        text = element.get(option) or properties.get(f"ant.build.javac.{option}")
        number = _release(text, resolve) if text else None
        if number is not None:
            found[option] = number
    for argument in element.iterfind("compilerarg"):
        match = ARGUMENT.search(argument.get("line", ""))
        number = _release(match[1], resolve) if match else None
        if number is not None:
            yield "compilerarg", number
    if "release" in found:
        yield "release", found["release"]
    else:
        yield from found.items()


def _release(text: str, resolve: Resolve) -> int | None:
    try:
        return release_number(resolve(text))
    except (PropertyError, VersionError):
        return None


def _file(text: str, properties: Mapping[str, str], folder: str) -> str | None:
    """The path of a file that a build names, from the root of the tree; None where that takes more than properties."""
    try:
        path = Properties(properties.get).resolve(text)
    except PropertyError:
        return None
    return below(folder, path)
