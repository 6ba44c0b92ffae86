"""The Java release that a Maven project asks for, read from its pom and the parents that lie in the same tree."""

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from ergit.java.requirement import Requirement

Reader = Callable[[str], bytes | None]
"""Gives the file at a path of the studied tree ("core/pom.xml"), or None where there is none."""

PLACEHOLDER = re.compile(r"\$\{([^{}]*)\}")
RELEASE = re.compile(r"(?:1\.)?([1-9][0-9]?)(?:[._][0-9]+)*")
LONGEST_VALUE = 10_000
DEEPEST_NESTING = 50
CONVENTIONAL_PROPERTY = "java.version"  # Spring Boot's, and many a pom's own


class PomError(Exception):
    """Why a pom can't be read or doesn't say what it seems to say."""


@dataclass(frozen=True)
class Layer:
    """A part of a pom that can hold properties and plugins: the pom itself, or one of its profiles."""

    name: str
    element: Element
    active: bool


@dataclass(frozen=True)
class Statement:
    """A value of the compiler plugin or a property, with `${…}` still in it, and where it stands."""

    value: str
    stated_in: str


def required_release(read: Reader, path: str = "pom.xml") -> Requirement:
    """The release asked for by the pom at `path`: never raises for what a pom holds.

    The pom and its active profiles (activeByDefault) decide first, the other profiles only where those are silent. In
    either, the compiler plugin's `release` wins over `target`, and that over `source`, as javac has it; a plugin's own
    configuration wins over the property, and a pom over its parent (Maven's order: POM Reference, "Inheritance" and
    maven-compiler-plugin, "compiler:compile"). Without any of them `java.version` is believed.
    """
    try:
        layers, missing_parent = lineage(read, path)
    except PomError as error:
        return Requirement(None, None, str(error))
    properties = effective_properties(layers)
    for statement in statements(layers):
        try:
            return Requirement(release_number(resolved(statement.value, properties)), statement.stated_in, None)
        except PomError as error:
            return Requirement(None, None, f"{statement.stated_in}: {error}")
    silence = f"{path} names no Java release"
    if missing_parent is not None:
        silence += f", and its parent {missing_parent} is not in the repository"
    return Requirement(None, None, silence)


def parsed(text: bytes, path: str) -> Element:
    """The root of a pom, names without their namespace.

    Entities of the pom's own are refused, so that none can grow without bound or name another file.

    Raises:
        PomError: it isn't XML, isn't a pom, or declares entities.
    """
    builder = TreeBuilder()
    parser = expat.ParserCreate()

    def start(tag: str, _attributes: Mapping[str, str]) -> None:
        builder.start(tag.rpartition(":")[2], {})

    def end(tag: str) -> None:
        builder.end(tag.rpartition(":")[2])

    def refuse(name: str, *_rest: object) -> None:
        raise PomError(f"{path} declares the entity {name}; poms with entities of their own are not read")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(text, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise PomError(f"{path} is not well-formed XML: {error}") from error
    root = builder.close()
    if root.tag != "project":
        raise PomError(f"{path} is no pom: its root is <{root.tag}>, not <project>")
    return root


def lineage(read: Reader, path: str) -> tuple[list[Layer], str | None]:
    """The layers of a pom and of its parents, the nearest first, and the parent that isn't in the tree, if any.

    Raises:
        PomError: a pom is missing, malformed or its own ancestor.
    """
    text = read(path)
    if text is None:
        raise PomError(f"there is no {path}")
    root = parsed(text, path)
    layers: list[Layer] = []
    visited: list[str] = []
    while True:
        visited.append(path)
        layers += layers_of(root, path)
        parent = parent_of(root, path, read)
        if parent is None:
            return layers, parent_name(root)
        path, root = parent
        if path in visited:
            raise PomError(f"the poms are each other's parents: {' → '.join([*visited, path])}")


def parent_of(root: Element, path: str, read: Reader) -> tuple[str, Element] | None:
    """The parent's path and pom where it lies in the same tree (Maven looks no further than `relativePath`)."""
    parent_path = path_of_parent(root, path)
    text = None if parent_path is None else read(parent_path)
    if parent_path is None or text is None:
        return None
    candidate = parsed(text, parent_path)
    return (parent_path, candidate) if is_parent(candidate, root) else None


def path_of_parent(root: Element, path: str) -> str | None:
    """Where the parent's pom should lie: `relativePath`, by default ../pom.xml; None without a parent in the tree."""
    parent = root.find("parent")
    if parent is None:
        return None
    element = parent.find("relativePath")
    relative = "../pom.xml" if element is None else (element.text or "").strip().replace("\\", "/")
    if not relative:
        return None
    file = relative if relative.endswith(".xml") else f"{relative}/pom.xml"
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(path), file))
    return None if joined.startswith(("../", "/")) else joined


def is_parent(candidate: Element, child: Element) -> bool:
    """Whether the pom found at the relative path is the one that the child means."""
    wanted = child.find("parent")
    group = text_of(candidate, "groupId") or text_of(candidate, "parent/groupId")
    return wanted is not None and (text_of(wanted, "groupId"), text_of(wanted, "artifactId")) == (
        group,
        text_of(candidate, "artifactId"),
    )


def parent_name(root: Element | None) -> str | None:
    """The parent's coordinates, "group:artifact:version"; None without a parent."""
    parent = None if root is None else root.find("parent")
    if parent is None:
        return None
    return ":".join(text_of(parent, tag) or "?" for tag in ("groupId", "artifactId", "version"))


def layers_of(root: Element, path: str) -> Iterator[Layer]:
    """The profiles of a pom and, last, the pom itself: what an active profile says replaces what the pom says."""
    for profile in root.iterfind("profiles/profile"):
        active = text_of(profile, "activation/activeByDefault") == "true"
        yield Layer(f"{path}: profile {text_of(profile, 'id') or 'default'}", profile, active)
    yield Layer(path, root, True)


def effective_properties(layers: list[Layer]) -> dict[str, str]:
    """All properties by name; those of the nearest layer win, and those of inactive profiles fill what is left."""
    ordered = [layer for layer in layers if not layer.active][::-1] + [layer for layer in layers if layer.active][::-1]
    return {
        element.tag: (element.text or "").strip()
        for layer in ordered
        for properties in layer.element.iterfind("properties")
        for element in properties
    }


def statements(layers: list[Layer]) -> Iterator[Statement]:
    """What the poms state about the release, the most binding statement first."""
    for active in (True, False):
        chosen = [layer for layer in layers if layer.active is active]
        for option in ("release", "target", "source"):
            yield from plugin_statements(chosen, option)
            yield from property_statements(chosen, f"maven.compiler.{option}")
        yield from property_statements(chosen, CONVENTIONAL_PROPERTY)


def property_statements(layers: list[Layer], name: str) -> Iterator[Statement]:
    """The property, as each layer that has it says it."""
    for layer in layers:
        for properties in layer.element.iterfind("properties"):
            value = text_of(properties, name)
            if value is not None:
                yield Statement(value, f"{layer.name}: {name}")


def plugin_statements(layers: list[Layer], option: str) -> Iterator[Statement]:
    """The option in the configurations of the maven-compiler-plugin: default-compile's, the plugin's, others'.

    Executions that compile nothing but tests don't count.
    """
    for path in ("build/plugins/plugin", "build/pluginManagement/plugins/plugin"):
        for layer in layers:
            for plugin in layer.element.iterfind(path):
                if text_of(plugin, "artifactId") != "maven-compiler-plugin":
                    continue
                for holder in configuration_holders(plugin):
                    value = text_of(holder, f"configuration/{option}")
                    if value is not None:
                        yield Statement(value, f"{layer.name}: maven-compiler-plugin <{option}>")


def configuration_holders(plugin: Element) -> list[Element]:
    """What can hold the plugin's configuration, in Maven's order."""
    executions = [element for element in plugin.iterfind("executions/execution") if not compiles_only_tests(element)]
    default = [execution for execution in executions if text_of(execution, "id") == "default-compile"]
    others = [execution for execution in executions if text_of(execution, "id") != "default-compile"]
    return [*default, plugin, *others]


def compiles_only_tests(execution: Element) -> bool:
    """Whether an execution of the compiler plugin is for test classes."""
    goals = {(goal.text or "").strip() for goal in execution.iterfind("goals/goal")}
    return goals == {"testCompile"} or text_of(execution, "id") == "default-testCompile"


def text_of(element: Element, path: str) -> str | None:
    """The text at a path below an element, trimmed; None where there is no such element or nothing in it."""
    return (element.findtext(path) or "").strip() or None


def resolved(value: str, properties: Mapping[str, str]) -> str:
    """The value with every `${…}` replaced, however deep.

    Raises:
        PomError: a property is unknown, refers to itself, is nested too deeply or grows too long.
    """
    finished: dict[str, str] = {}
    too_much = PomError(f"“{value[:40]}” refers to too many other properties")

    def expanded(text: str, pending: tuple[str, ...]) -> str:
        result = PLACEHOLDER.sub(lambda match: value_of(match[1].strip(), pending), text)
        if len(result) > LONGEST_VALUE:
            raise too_much
        return result

    def value_of(name: str, pending: tuple[str, ...]) -> str:
        if name in pending:
            raise PomError(f"the properties refer to each other: {' → '.join([*pending, name])}")
        if len(pending) > DEEPEST_NESTING:
            raise too_much
        if name not in properties:
            raise PomError(f"“${{{name}}}” is a property that no pom of the tree defines")
        if name not in finished:
            finished[name] = expanded(properties[name], (*pending, name))
        return finished[name]

    return expanded(value, ())


def release_number(text: str) -> int:
    """The feature release of "17", "1.8", "1.8.0_402" or "11.0"; raises PomError for anything else."""
    match = RELEASE.fullmatch(text.strip())
    if match is None:
        raise PomError(f"“{text[:40]}” is no Java release")
    return int(match[1])
