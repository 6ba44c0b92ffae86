"""What a Maven pom declares: dependencies and plug-ins with their versions, and all else that builds the project."""

import re
from collections.abc import Collection, Iterator
from copy import deepcopy
from xml.etree.ElementTree import Element

from ergit.inputs.declared import Declared, Manifest
from ergit.java.maven.documents import text_at
from ergit.java.maven.properties import PLACEHOLDER
from ergit.java.maven.reader import PomError, parsed

DESCRIBING = frozenset(
    {
        *("modelVersion", "name", "description", "url", "inceptionYear", "licenses", "developers", "contributors"),
        *("organization", "mailingLists", "issueManagement", "ciManagement", "scm", "distributionManagement"),
        "reporting",
    }
)
"""What of a pom only describes the project, or is used to publish it and its site (Maven's POM Reference)."""

VERSION_PROPERTY = re.compile(r"(?!maven\.compiler|java\.).*(^|[._-])version([._-].*)?", re.IGNORECASE)
TIMESTAMP = "project.build.outputTimestamp"
LONGEST_VALUE = 2_000
LONGEST_NAME = 200
DEEPEST = 5

Coordinates = tuple[str, str]
"""Group and artifact."""


def coordinates_of(text: bytes) -> Coordinates | None:
    """Group and artifact of the project itself; None where it is no pom."""
    try:
        root = parsed(text, "pom.xml")
    except PomError:
        return None
    group = text_at(root, "groupId") or text_at(root, "parent/groupId") or ""
    return group, text_at(root, "artifactId") or ""


def read_pom(text: bytes, own: Collection[Coordinates] = ()) -> Manifest | None:
    """The pom; versions of the projects in `own`, which are built together with it, count as its own version.

    None where it is no pom that can be read.
    """
    try:
        root = deepcopy(parsed(text, "pom.xml"))  # which may be parsed once for all
    except PomError:
        return None
    properties = {
        element.tag: (element.text or "").strip() for holder in root.iterfind("properties") for element in holder
    }
    fill = _Filler(properties)
    declared: dict[str, Declared] = {}
    for element in list(root):
        if element.tag in DESCRIBING or element.tag == "version":
            root.remove(element)
    used = {name for element in root.iter() for name in PLACEHOLDER.findall(element.text or "")}
    _take_parent(root, own, declared)
    _take_properties(root, used, declared)
    for holder, profile in _holders(root):
        for managed in (False, True):
            where = holder.find("dependencyManagement") if managed else holder
            for dependencies in list(where.iterfind("dependencies")) if where is not None else ():
                for element in dependencies:
                    name, one = _dependency(element, fill, own)
                    declared[f"{name}{' (managed)' if managed else ''}{profile}"] = one
                if where is not None:
                    where.remove(dependencies)
        for path in ("build/plugins", "build/pluginManagement/plugins"):
            for plugin in holder.iterfind(f"{path}/plugin"):
                version = plugin.find("version")
                if version is not None:
                    name = f"{text_at(plugin, 'groupId') or 'org.apache.maven.plugins'}:{text_at(plugin, 'artifactId')}"
                    declared[f"{name}{profile}"] = Declared(fill(version.text or ""), "plugin")
                    plugin.remove(version)
    return Manifest(declared, _canonical(root, fill))


class _Filler:
    """Replaces the placeholders of a pom that its own properties define; all others stay, also `project.version`."""

    def __init__(self, properties: dict[str, str]) -> None:
        self._properties = {
            name: value
            for name, value in properties.items()
            if not name.startswith("project.") and len(value) <= LONGEST_VALUE
        }

    def __call__(self, text: str) -> str:
        value = text.strip()
        for _ in range(DEEPEST):
            filled = PLACEHOLDER.sub(lambda found: self._properties.get(found[1].strip(), found[0]), value)
            if filled == value or len(filled) > LONGEST_VALUE:
                break
            value = filled
        return value


def _holders(root: Element) -> Iterator[tuple[Element, str]]:
    """The pom and its profiles, each with what is added to names."""
    yield root, ""
    for profile in root.iterfind("profiles/profile"):
        yield profile, f" (profile {text_at(profile, 'id') or 'default'})"


def _take_parent(root: Element, own: Collection[Coordinates], declared: dict[str, Declared]) -> None:
    """The version of the parent, which leaves the pom."""
    parent = root.find("parent")
    if parent is None:
        return
    coordinates = text_at(parent, "groupId") or "", text_at(parent, "artifactId") or ""
    version = parent.find("version")
    if version is not None:
        parent.remove(version)
        if coordinates not in own:
            declared[":".join(coordinates)] = Declared((version.text or "").strip(), "parent")


def _take_properties(root: Element, used: Collection[str], declared: dict[str, Declared]) -> None:
    """Properties that are used show where they are used; others named after a version are for the project's modules."""
    for properties in root.iterfind("properties"):
        for element in list(properties):
            if element.tag in used or element.tag == TIMESTAMP:
                properties.remove(element)
            elif len(element.tag) <= LONGEST_NAME and VERSION_PROPERTY.fullmatch(element.tag):
                properties.remove(element)
                scope = "plugin" if "plugin" in element.tag.lower() else None
                declared[f"${{{element.tag}}}"] = Declared((element.text or "").strip(), scope)


def _dependency(element: Element, fill: _Filler, own: Collection[Coordinates]) -> tuple[str, Declared]:
    """Name and declaration of a `<dependency>`."""
    coordinates = fill(text_at(element, "groupId") or ""), fill(text_at(element, "artifactId") or "")
    kind = text_at(element, "classifier") or text_at(element, "type")
    name = ":".join([*coordinates, *([kind] if kind and kind != "jar" else [])])
    version, scope = text_at(element, "version"), text_at(element, "scope")
    for tag in ("groupId", "artifactId", "version", "scope"):
        for child in list(element.iterfind(tag)):
            element.remove(child)
    is_own = coordinates in own or coordinates[0] in ("${project.groupId}", "${pom.groupId}")
    return name, Declared(
        version=None if version is None or is_own else fill(version),
        scope=None if scope == "compile" else scope,
        more=_canonical(element, fill),
    )


def _canonical(element: Element, fill: _Filler) -> str:
    """Names and texts below an element, without comments and formatting."""
    children = "".join(_canonical(child, fill) for child in element)
    text = " ".join(fill(element.text or "").split())
    return f"<{element.tag}>{text}{children}</>" if text or children else ""
