"""Maven's `${…}` in the values of a pom, replaced however deep."""

import re
from collections.abc import Callable

PLACEHOLDER = re.compile(r"\$\{([^{}]*)\}")
LONGEST_VALUE = 10_000
DEEPEST_NESTING = 50


class PropertyError(Exception):
    """Why a value has no meaning: what it refers to."""


class Properties:
    """The values that names stand for; `find` gives one with `${…}` still in it, None where there is none."""

    def __init__(self, find: Callable[[str], str | None]) -> None:
        self._find = find
        self._finished: dict[str, str] = {}

    def resolve(self, value: str) -> str:
        """The value with every `${…}` replaced.

        Raises:
            PropertyError: a property is unknown, refers to itself, is nested too deeply or grows too long.
        """
        self._shown = value[:40]
        return self._expanded(value, ())

    def _expanded(self, text: str, pending: tuple[str, ...]) -> str:
        result = PLACEHOLDER.sub(lambda match: self._value_of(match[1].strip(), pending), text)
        if len(result) > LONGEST_VALUE:
            raise self._too_much()
        return result

    def _value_of(self, name: str, pending: tuple[str, ...]) -> str:
        if name in pending:
            raise PropertyError(f"the properties refer to each other: {' → '.join([*pending, name])}")
        if len(pending) > DEEPEST_NESTING:
            raise self._too_much()
        if name not in self._finished:
            value = self._find(name)
            if value is None:
                raise PropertyError(f"“${{{name}}}” is a property that no pom of the tree defines")
            self._finished[name] = self._expanded(value, (*pending, name))
        return self._finished[name]

    def _too_much(self) -> PropertyError:
        return PropertyError(f"“{self._shown}” refers to too many other properties")
