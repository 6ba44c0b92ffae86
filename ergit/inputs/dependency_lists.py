"""The list of resolved dependencies that a Maven build leaves where it is asked to; apart from what reads manifests."""

import re
from pathlib import Path

from ergit.inputs.declared import Declared, Manifest

LIST_NAME = "dependency-list.txt"  # what `mvn dependency:list -DoutputFile=target/dependency-list.txt` writes
MOST_BYTES = 4_000_000  # of a list that is read
DEPENDENCY_LINE = re.compile(r"\s*(?:\[INFO\]\s+)?([\w.\-]+:[\w.\-]+:[\w.\-]+(?::[\w.\-]+){2,3})(?:\s|$)")


def listed_dependencies(folder: Path) -> dict[str, str]:
    """The versions in the list that a build has left in its folder or in `target` there; empty where there is none."""
    for path in (folder / "target" / LIST_NAME, folder / LIST_NAME):
        try:
            if path.is_file() and not path.is_symlink() and path.stat().st_size <= MOST_BYTES:
                found = dependency_list(path.read_text(encoding="utf-8", errors="replace")).dependencies
                return {name: one.version or "" for name, one in found.items()}
        except OSError:
            return {}
    return {}


def dependency_list(text: str) -> Manifest:
    """What `mvn dependency:list -DoutputFile=…` writes: lines `group:name:type[:classifier]:version:scope`."""
    declared = {}
    for line in text.splitlines():
        found = DEPENDENCY_LINE.match(re.sub(r"\x1b\[[0-9;]*m", "", line))
        if found:
            *name, version, scope = found[1].split(":")
            declared[":".join([*name[:2], *name[3:]])] = Declared(version, None if scope == "compile" else scope)
    return Manifest(declared, resolved=True)
