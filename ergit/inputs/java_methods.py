"""The methods of a Java file, by name, so that those that a commit changed can be named."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

import tree_sitter_java
from tree_sitter import Language, Node, Parser, Query, QueryCursor

from ergit.text import one_line

MOST_BYTES = 500_000  # of a file that is parsed
STEPS, BYTES_A_STEP = 500, 50  # the parser may take so many steps, and one more for so many bytes, then it is stopped
DEEPEST = 1_000  # brackets within brackets: the parser's time grows with the square of those that stay open
LONGEST_NAME = 160
NO_BRACKETS = bytes(set(range(256)) - set(b"()[]{}"))
SPACE = re.compile(rb"\s+")
TYPES = frozenset(
    {
        *("class_declaration", "interface_declaration", "enum_declaration", "record_declaration"),
        *("annotation_type_declaration", "enum_constant"),
    }
)
METHODS = """
(method_declaration) @method
(constructor_declaration) @method
(compact_constructor_declaration) @method
(annotation_type_element_declaration) @method
(static_initializer) @method
(line_comment) @comment
(block_comment) @comment
(string_literal) @text
(character_literal) @text
"""


@dataclass(frozen=True)
class JavaFile:
    """The code of each method by its name, such as `Outer.Inner.read(int, List)`, and all that is outside of methods.

    Comments, and white space outside of strings, are in neither. `is_whole`: the parser understood all of it.
    """

    methods: dict[str, bytes]
    outside: bytes
    is_whole: bool = True


def read_java_file(text: bytes) -> JavaFile | None:
    """The methods of the file; None where it is too large or too deep, or takes the parser too long.

    What is no Java has no methods; of a file with errors those are found that the parser can make out.
    """
    if len(text) > MOST_BYTES or _depth(text) > DEEPEST:
        return None
    steps = 0

    def too_long(_offset: int, _has_error: bool) -> bool:
        nonlocal steps
        steps += 1
        return steps > STEPS + len(text) // BYTES_A_STEP

    parser, query = Parser(_language()), _query()
    try:
        tree = parser.parse(lambda offset, _: text[offset : offset + 65_536], progress_callback=too_long)
    except ValueError:
        return None
    found = QueryCursor(query).captures(tree.root_node)
    strings = [(*_span(node), True) for node in found.get("text", [])]
    marked = sorted([*((*_span(node), False) for node in found.get("comment", [])), *strings])
    methods: dict[str, bytes] = {}
    outermost: list[tuple[int, int]] = []
    for node in sorted(found.get("method", []), key=_span):
        first, end = _span(node)
        if outermost and end <= outermost[-1][1]:
            continue  # of a class within a method
        outermost.append((first, end))
        name = _name(node, text)
        methods[name] = methods.get(name, b"") + _code(text, first, end, marked)
    between = zip([0, *(end for _, end in outermost)], [*(first for first, _ in outermost), len(text)], strict=True)
    outside = b"".join(_code(text, first, end, marked) for first, end in between)
    return JavaFile(methods, outside, not tree.root_node.has_error)


def is_same_code(before: JavaFile, after: JavaFile) -> bool:
    """Whether the two differ in no more than comments and formatting, as far as the parser understood them."""
    return before == after and before.is_whole


def changed_methods(before: JavaFile, after: JavaFile) -> Iterator[tuple[str, Literal["changed", "added", "removed"]]]:
    """Name of each method that differs, and what happened to it: changed, added or removed."""
    for name in sorted(before.methods.keys() | after.methods.keys()):
        old, new = before.methods.get(name), after.methods.get(name)
        if old != new:
            yield one_line(name, LONGEST_NAME), "added" if old is None else "removed" if new is None else "changed"


def _depth(text: bytes) -> int:
    """How deep brackets of any kind are open at most, in strings and comments too."""
    deepest = depth = 0
    for bracket in text.translate(None, NO_BRACKETS):
        depth += 1 if bracket in b"([{" else -1
        deepest = max(deepest, depth)
    return deepest


@cache
def _language() -> Language:
    return Language(tree_sitter_java.language())


@cache
def _query() -> Query:
    return Query(_language(), METHODS)


def _span(node: Node) -> tuple[int, int]:
    return node.start_byte, node.end_byte


def _name(node: Node, text: bytes) -> str:
    """The name with its classes and the types of its parameters."""
    parts = [_own_name(node, text)]
    above = node.parent
    while above is not None:
        if above.type in TYPES:
            parts.append(_text(above.child_by_field_name("name"), text))
        above = above.parent
    return ".".join(reversed(parts))


def _own_name(node: Node, text: bytes) -> str:
    if node.type == "static_initializer":
        return "static {}"
    parameters = node.child_by_field_name("parameters")
    types = [
        _text(child.child_by_field_name("type"), text) if child.type == "formal_parameter" else "…"
        for child in (parameters.named_children if parameters else [])
        if child.type in ("formal_parameter", "spread_parameter")
    ]
    return f"{_text(node.child_by_field_name('name'), text)}({', '.join(types)})"


def _text(node: Node | None, text: bytes) -> str:
    """The text of a node; the node's own attribute asks the parser's reader again, which is slow."""
    if node is None:
        return "?"
    return " ".join(text[node.start_byte : node.end_byte].decode("utf-8", "replace").split())


def _code(text: bytes, first: int, end: int, marked: list[tuple[int, int, bool]]) -> bytes:
    """The text from `first` to `end` without comments and white space; `marked` are comments and (kept) strings."""
    parts, at = [], first
    for start, stop, is_string in marked[bisect_left(marked, (first, 0, False)) :]:
        if start >= end:
            break
        if start >= at:
            parts.append(SPACE.sub(b"", text[at:start]))
            parts.append(text[start:stop] if is_string else b"")
        at = max(at, stop)
    return b"".join([*parts, SPACE.sub(b"", text[at:end])])
