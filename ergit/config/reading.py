"""Reads the config of a study: from a file or a mapping to typed settings, errors in one sentence."""

import difflib
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Annotated, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
import yaml

from ergit.config.settings import Part, Settings
from ergit.errors import ErgitError

DESCRIBED = "Every key is described in config/config.yaml."
PLAIN = {  # how YAML's own types may be written, so that no word turns into something else
    "tag:yaml.org,2002:bool": re.compile("true|false"),
    "tag:yaml.org,2002:int": re.compile("-?(0|[1-9][0-9]*)"),
    "tag:yaml.org,2002:float": re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?"),
    "tag:yaml.org,2002:null": re.compile("null|~|"),
}
READ_AS = {
    "tag:yaml.org,2002:bool": "true or false",
    "tag:yaml.org,2002:int": "the number {value}",
    "tag:yaml.org,2002:float": "the number {value}",
    "tag:yaml.org,2002:null": "nothing",
    "tag:yaml.org,2002:timestamp": "a date",
}


def read_config(source: Path | Mapping[str, object]) -> Settings:
    """The settings of a study, defaults filled in, from its YAML file or from what was read of one.

    Raises:
        ErgitError: the file is not there or no YAML; a key is unknown, missing, doubled or mistyped. Names the key, where
            it stands and what was probably meant.
    """
    content = load_yaml(source) if isinstance(source, Path) else source
    if not isinstance(content, Mapping):
        raise ErgitError(f"config: {source} holds no keys. {DESCRIBED}")
    problem = next(_problems(content, Settings, ()), None)
    if problem:
        raise ErgitError(f"config: {problem} {DESCRIBED}")
    try:
        return msgspec.convert(content, Settings)
    except msgspec.ValidationError as error:
        raise ErgitError(f"config: {_explanation(str(error), content)} {DESCRIBED}") from None


def load_yaml(path: Path) -> object:
    """The content of a YAML file in which every key stands once and every word is what it looks like.

    Raises:
        ErgitError: it is not there, is no YAML, has a key twice, or an unquoted word that YAML reads as something else.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ErgitError(f"config: {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise ErgitError(f"config: {path} is no UTF-8 text (byte {error.start}). Save it as UTF-8.") from None
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is not None:
            _check_nodes(path, root)
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ErgitError(f"config: {path}{place} is no YAML: {error.problem or error.context}.") from None
    except (yaml.YAMLError, ValueError) as error:
        raise ErgitError(f"config: {path} is no YAML: {' '.join(str(error).split())}.") from None


def _check_nodes(path: Path, root: yaml.Node) -> None:
    """Does nothing where each key stands once and each unquoted scalar is written plainly.

    Raises:
        ErgitError: one is not; names file, line and column.
    """
    nodes = [root]
    seen: set[int] = set()
    while nodes:
        node = nodes.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        where = f"{path}, line {node.start_mark.line + 1}, column {node.start_mark.column + 1}"
        if isinstance(node, yaml.SequenceNode):
            nodes += node.value
        elif isinstance(node, yaml.MappingNode):
            first: dict[object, int] = {}
            for key, value in node.value:
                line = key.start_mark.line + 1
                if key.value in first and key.tag != "tag:yaml.org,2002:merge":
                    raise ErgitError(
                        f"config: {path}, line {line}: {key.value!r} stands twice, the first time in line"
                        f" {first[key.value]}. Remove one of the two."
                    )
                first.setdefault(key.value, line)
                nodes += [key, value]
        elif isinstance(node, yaml.ScalarNode) and node.style is None:
            form = PLAIN.get(node.tag)
            if node.tag in READ_AS and (form is None or not form.fullmatch(node.value)):
                raise ErgitError(f"config: {where}: {_misread(node)}")


def _misread(node: yaml.ScalarNode) -> str:
    """What is wrong with an unquoted word that YAML takes for something else."""
    value = yaml.safe_load(node.value)
    taken = READ_AS[node.tag].format(value=value)
    if isinstance(value, bool):
        return f"YAML reads {node.value} as {str(value).lower()}. Put it in quotes if it is a name, else write {str(value).lower()}."
    if isinstance(value, float) and not math.isfinite(value):
        return f"{node.value} is no number that a study can use."
    return f"YAML reads {node.value} as {taken}. Put it in quotes if it is a name, else write the number plainly."


def _problems(value: object, kind: object, path: tuple[str | int, ...]) -> Iterator[str]:
    """A sentence for each key that is unknown, and for each number that is infinite or none, below a part."""
    if isinstance(value, float) and not math.isfinite(value):
        yield f"{_place(path)} is {value}, which is no number that a study can use."
    part = _part_in(kind)
    if isinstance(value, Mapping):
        hints = get_type_hints(part, include_extras=True) if part else {}
        for key, item in value.items():
            if part and key not in hints:
                yield _unknown_key(key, list(hints), path)
            yield from _problems(item, hints.get(str(key)), (*path, str(key)))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _problems(item, None, (*path, index))


def _part_in(kind: object) -> type[Part] | None:
    """The part of the config among the types that a key may have."""
    if isinstance(kind, type) and issubclass(kind, Part):
        return kind
    if get_origin(kind) in {Annotated, Union, UnionType}:
        return next((part for each in get_args(kind) if (part := _part_in(each))), None)
    return None


def _unknown_key(key: object, known: list[str], path: tuple[str | int, ...]) -> str:
    close = difflib.get_close_matches(str(key), known, n=1)
    meant = f"Did you mean {close[0]!r}?" if close else f"Known are {', '.join(known)}."
    return f"unknown key {key!r} in {_place(path) or 'the top level'}. {meant}"


def _explanation(error: str, content: Mapping[str, object]) -> str:
    """msgspec's error (`Expected `int`, got `str` - at `$.measure.rounds``) in words for a person."""
    what, _, where = error.partition(" - at `$")
    path = where.removesuffix("`").removeprefix(".")
    missing = re.fullmatch("Object missing required field `(.+)`", what)
    if missing:
        return f"{path or 'the top level'} lacks the key {missing[1]!r}."
    value = _value_at(content, path)
    if isinstance(value, (int, float)) and re.match("Expected `str", what):
        return (
            f"{path} is {_yaml_text(value)}, not a text: YAML reads unquoted digits, of a SHA say, as a number. Put it in"
            " quotes."
        )
    if value is not None and re.match("Expected `str", what) and not isinstance(value, str):
        return f"{path} is {value}, which YAML reads as a {type(value).__name__}, not a text. Put it in quotes."
    allowed = _allowed(path)
    if allowed and what.startswith("Invalid enum value"):
        return f"{path} is {value!r}; it must be one of {', '.join(map(str, allowed))}."
    shown = "" if value is None or isinstance(value, (dict, list)) else f" It is {_yaml_text(value)}."
    sentence = re.sub("`([^`]*)`", lambda match: match[1], what).replace("object", "keys").replace("array", "list")
    return f"{path or 'the config'}: {sentence[:1].lower()}{sentence[1:]}.{shown}"


def _yaml_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _value_at(content: object, path: str) -> object:
    """What stands at a path such as `commits[2]` or `measure.rounds`; None where that cannot be told."""
    for key, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", path):
        if isinstance(content, Mapping):
            content = content.get(key)
        elif isinstance(content, (list, tuple)) and index:
            content = content[int(index)]
        else:
            return None
    return content


def _allowed(path: str) -> list[object]:
    """The values of a key that takes one of several words."""
    kind: object = Settings
    for key in path.split("."):
        part = _part_in(kind)
        if part is None:
            return []
        kind = get_type_hints(part, include_extras=True).get(key)
    pending, found = [kind], list[object]()
    while pending:
        each = pending.pop()
        if get_origin(each) is Literal:
            found += get_args(each)
        elif get_origin(each) in {Annotated, Union, UnionType}:
            pending += get_args(each)
    return found


def _place(path: tuple[str | int, ...]) -> str:
    """`measure.temperature.sensor` or `commits[2]`, for a path of keys and indices."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
