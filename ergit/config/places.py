"""Where the keys of a config stand in its files, and how their values are written there."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

KeyPath = tuple[str | int, ...]  # ("commits", 2)


@dataclass(frozen=True)
class Place:
    """A key of a file, or the part nearest to it that is there; `written` is the text of its value where it is one."""

    file: Path
    line: int
    written: str | None = None

    def __str__(self) -> str:
        """`config/config.yaml, line 12`."""
        return f"{self.file}, line {self.line}"


def place_of(path: KeyPath, files: Sequence[Path]) -> Place | None:
    """Where a key stands in the files of a config, of which later ones go before earlier ones; None where in none.

    Where it is missing, that is the place of the part of which it is missing.
    """
    found = [_found(path, file) for file in files]
    deepest = max((depth for depth, _ in found), default=0)
    return next((place for depth, place in reversed(found) if depth == deepest and depth > 0), None)


def _found(path: KeyPath, file: Path) -> tuple[int, Place | None]:
    """How many keys of the path are in the file, and the place of the last of them."""
    node = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    depth, place = 0, None
    for key in path:
        mark, node = _below(node, key)
        if mark is None:
            return depth, place
        is_last = isinstance(node, yaml.ScalarNode) and node.style is None
        depth, place = depth + 1, Place(file, mark.line + 1, node.value if is_last and node else None)
    return depth, place


def _below(node: yaml.Node | None, key: str | int) -> tuple[yaml.Mark | None, yaml.Node | None]:
    """Where a key or an entry of a node begins, and its value."""
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key].start_mark, node.value[key]
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if isinstance(name, yaml.ScalarNode) and name.value == str(key):
                return name.start_mark, value
    return None, None
