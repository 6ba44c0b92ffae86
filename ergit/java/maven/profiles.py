"""Which profiles of a pom are active (Maven's DefaultProfileSelector and its activators)."""

import posixpath
from xml.etree.ElementTree import Element

from ergit.java.maven.call import MavenCall
from ergit.java.maven.documents import text_at
from ergit.java.maven.properties import PLACEHOLDER
from ergit.java.trees import Tree, below
from ergit.java.versions import activates

FAMILIES = {"Linux": {"unix"}, "Darwin": {"unix", "mac"}}
HERE = ("${basedir}", "${project.basedir}")


def active_profiles(root: Element, call: MavenCall, tree: Tree, folder: str | None) -> list[Element]:
    """The active profiles of a pom, in their order.

    One that is active by default is so only while no other one of the same pom is.

    Args:
        root: of the pom.
        call: how Maven is called.
        tree: the files of the commit.
        folder: that of the pom in the tree; None for a pom out of the local repository.
    """
    active, by_default = [], []
    for profile in root.iterfind("profiles/profile"):
        name = text_at(profile, "id") or "default"
        if name in call.off:
            continue
        if name in call.on or _is_activated(profile.find("activation"), call, tree, folder):
            active.append(profile)
        elif text_at(profile, "activation/activeByDefault") == "true":
            by_default.append(profile)
    return active or by_default


def _is_activated(activation: Element | None, call: MavenCall, tree: Tree, folder: str | None) -> bool:
    """Whether all conditions of an activation hold, of which there must be one."""
    if activation is None:
        return False
    conditions = []
    jdk = text_at(activation, "jdk")
    if jdk is not None:
        conditions.append(activates(jdk, call.jdk_version()))
    for element in activation.iterfind("os"):
        conditions.append(_is_this_system(element, call))
    for element in activation.iterfind("property"):
        conditions.append(_has_property(element, call))
    for element in activation.iterfind("file"):
        conditions.append(_has_file(element, call, tree, folder))
    return bool(conditions) and all(conditions)


def _is_this_system(element: Element, call: MavenCall) -> bool:
    name = (call.system_property("os.name") or "").lower()
    here = {
        "family": FAMILIES.get(call.system.get("os.name", ""), set()),
        "name": {name},
        "arch": {(call.system_property("os.arch") or "").lower()},
        "version": {(call.system_property("os.version") or "").lower()},
    }
    stated = {key: (text_at(element, key) or "").lower() for key in here}
    return any(stated.values()) and all(
        (value.removeprefix("!") in here[key]) != value.startswith("!") for key, value in stated.items() if value
    )


def _has_property(element: Element, call: MavenCall) -> bool:
    name = text_at(element, "name") or ""
    wanted = text_at(element, "value")
    value = call.user.get(name.removeprefix("!"))
    if value is None:
        value = call.system_property(name.removeprefix("!"))
    if wanted is None:
        return bool(value) != name.startswith("!")
    return (value == wanted.removeprefix("!")) != wanted.startswith("!")


def _has_file(element: Element, call: MavenCall, tree: Tree, folder: str | None) -> bool:
    exists, missing = text_at(element, "exists"), text_at(element, "missing")
    path = exists or missing
    if path is None or folder is None:
        return False
    for start in HERE:
        path = path.replace(start, ".") if path.startswith(start) else path

    def value_of(name: str) -> str:
        return call.user.get(name) or call.system_property(name) or f"${{{name}}}"

    path = PLACEHOLDER.sub(lambda match: value_of(match[1]), path)
    inside = None if posixpath.isabs(path) else below(folder, path)
    there = inside is not None and tree.has(inside)
    return there if exists else not there
