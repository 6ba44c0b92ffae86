"""The files of a studied tree, as the readers of build files see them."""

import posixpath
from collections.abc import Sequence
from typing import Protocol


class Tree(Protocol):
    """The files of one commit; paths are from the root of the tree, with `/` ("core/pom.xml")."""

    def read(self, path: str) -> bytes | None:
        """The content of a file; None where there is no file of that name."""

    def has(self, path: str) -> bool:
        """Whether there is a file or folder."""


class KnownTree(Tree, Protocol):
    """A tree that knows its files by a hash of their content."""

    def identities(self, paths: Sequence[str]) -> list[str | None]:
        """The hash of the file or folder at each path; None where there is none."""


class NotedTree:
    """A tree that notes which files were asked for: of two commits that agree in these, all that was read is equal."""

    def __init__(self, tree: KnownTree) -> None:
        self.asked: dict[str, str | None] = {}
        self._tree = tree

    def read(self, path: str) -> bytes | None:
        """The content of a file; None where there is no file of that name."""
        return self._tree.read(path) if self.has(path) else None

    def has(self, path: str) -> bool:
        """Whether there is a file or folder."""
        return self.identities([path])[0] is not None

    def identities(self, paths: Sequence[str]) -> list[str | None]:
        """The hash of the file or folder at each path; None where there is none."""
        new = [path for path in paths if path not in self.asked]
        self.asked.update(zip(new, self._tree.identities(new), strict=True))
        return [self.asked[path] for path in paths]

    def is_like(self, other: KnownTree) -> bool:
        """Whether another tree agrees in all files that were asked for."""
        return other.identities(list(self.asked)) == list(self.asked.values())


def below(folder: str, path: str) -> str | None:
    """A path as it is meant in a folder of the tree, from the root of the tree; None where it leads out of it."""
    joined = posixpath.normpath(posixpath.join(folder, path.strip().replace("\\", "/")))
    return None if joined.startswith(("../", "/")) or joined == ".." else joined


def text_of(tree: Tree, path: str | None) -> str | None:
    """The text of a file, whatever bytes are in it; None where there is no such file."""
    content = None if path is None else tree.read(path)
    return None if content is None else content.decode("utf-8-sig", "replace")
