"""The files of a commit, as a dictionary."""

import hashlib
from collections.abc import Mapping, Sequence


class FilesOf:
    """A tree of files by their paths; in a keyword `__` stands for `.` and `_in_` for `/`."""

    def __init__(self, files: Mapping[str, str | bytes] | None = None, **named: str | bytes) -> None:
        given = {**(files or {}), **{_path(name): content for name, content in named.items()}}
        self._files = {
            path: content.encode() if isinstance(content, str) else content for path, content in given.items()
        }

    def read(self, path: str) -> bytes | None:
        """The content of a file; None where there is no file of that name."""
        return self._files.get(path)

    def has(self, path: str) -> bool:
        """Whether there is a file or folder."""
        return path in self._files or any(file.startswith(f"{path}/") for file in self._files)

    def identities(self, paths: Sequence[str]) -> list[str | None]:
        """The hash of the file or folder at each path; None where there is none."""
        found = {path: hashlib.sha256(content).hexdigest() for path, content in self._files.items()}
        return [found.get(path, "a folder" if self.has(path) else None) for path in paths]


def _path(name: str) -> str:
    return name.replace("_in_", "/").replace("__", ".")
