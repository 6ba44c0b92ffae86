"""What a file of dependencies or of the build declares, and what differs between two versions of it."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

Effect = Literal["dependencies", "build"]

BUILD_SCOPES = frozenset({"plugin", "build"})


class Declared(Struct, frozen=True):
    """One dependency: its version where the file names one, its scope (test, dev, plugin, …), and all else it says."""

    version: str | None
    scope: str | None = None
    more: str = ""


class Manifest(Struct, frozen=True):
    """A file as far as it matters to what runs: the dependencies by name, and `rest`, all else in a canonical text.

    The project's own version, comments, formatting and what only describes the project are in neither. `resolved` is
    set for what a tool has resolved (a lock file), in contrast to what the project asks for.
    """

    dependencies: Mapping[str, Declared] = field(default_factory=dict)
    rest: str = ""
    resolved: bool = False


class DeclaredChange(Struct, frozen=True):
    """One dependency before and after a step; None where it is not declared."""

    name: str
    before: Declared | None
    after: Declared | None

    @property
    def scope(self) -> str | None:
        """The scope, as it is after the step where it is there."""
        one = self.after or self.before
        return one.scope if one else None

    @property
    def effect(self) -> Effect:
        """Whether what changed is a dependency, or a part of the build such as a plug-in."""
        return "build" if self.scope in BUILD_SCOPES else "dependencies"


def declared_changes(before: Manifest, after: Manifest) -> list[DeclaredChange]:
    """The dependencies that differ, by name."""
    names = sorted(before.dependencies.keys() | after.dependencies.keys())
    pairs = ((name, before.dependencies.get(name), after.dependencies.get(name)) for name in names)
    return [DeclaredChange(name, old, new) for name, old, new in pairs if old != new]
