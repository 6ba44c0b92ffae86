"""Every key of the config, from the model: its path, what it takes in words, its default and its meaning."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Literal, TypeGuard, Union, get_args, get_origin, get_type_hints

from msgspec import NODEFAULT, Meta
from msgspec.structs import FieldInfo, fields

from ergit.config.settings import Part, Settings


@dataclass(frozen=True)
class Key:
    """One key; `default` is None for a key that is required or that is a part, which has keys of its own."""

    path: str
    kind: object
    required: bool
    default: object
    meaning: str


def keys(part: type[Part] = Settings, prefix: str = "") -> Iterator[Key]:
    """Every key of a part and of the parts in it, each part before its keys."""
    kinds = kinds_of(part)
    for field in fields(part):
        kind = kinds[field.encode_name]
        below = next(parts_in(kind), None)
        path = f"{prefix}{field.encode_name}"
        default = None if below else _default(field)
        yield Key(path, kind, field.required, default, _description(kind) or _docstring(below))
        if below:
            yield from keys(below, f"{path}.")


def kinds_of(part: type[Part]) -> dict[str, object]:
    """What each key of a part takes, by its name, as a type with its bounds."""
    kinds = get_type_hints(part, include_extras=True)
    return {field.encode_name: kinds[field.name] for field in fields(part)}


def alternatives(kind: object) -> Iterator[object]:
    """The types of which a key takes one, each with its own bounds; a description is no bound."""
    origin = get_origin(kind)
    if origin is Annotated:
        inner, *notes = get_args(kind)
        bounds = [note for note in notes if isinstance(note, Meta) and note.description is None]
        if bounds:
            yield kind
        else:
            yield from alternatives(inner)
    elif origin in {Union, UnionType}:
        for each in get_args(kind):
            yield from alternatives(each)
    else:
        yield kind


def parts_in(kind: object) -> Iterator[type[Part]]:
    """The parts among the types that a key takes."""
    for each in alternatives(kind):
        if is_part(each):
            yield each


def is_part(kind: object) -> TypeGuard[type[Part]]:
    """Whether a type is a part of the config."""
    return isinstance(kind, type) and issubclass(kind, Part)


def plain(kind: object) -> object:
    """A type without its bounds."""
    return plain(get_args(kind)[0]) if get_origin(kind) is Annotated else kind


def takes_text(kind: object) -> bool:
    """Whether a key takes a text of the user's own."""
    return any(plain(each) is str for each in alternatives(kind))


def in_words(kind: object) -> str:
    """What a key takes, as it stands after "it must be": `auto, or a whole number of at least 1`."""
    options = list(dict.fromkeys(words for each in alternatives(kind) for words in _words(each)))
    if "a number" in " ".join(options):
        options = [option for option in options if not option.startswith("a whole number")]
    *most, last = sorted(options, key="null".__eq__)
    if not most:
        return last
    return f"{', '.join(most)}{', or ' if any(' ' in option for option in options) else ' or '}{last}"


def _words(kind: object) -> list[str]:
    """The words for one alternative; several for a key that takes one of several words."""
    bounds = _bounds(kind)
    bare = plain(kind)
    if is_part(bare):
        return [f"a block of keys such as `{next(iter(kinds_of(bare)))}:`"]
    if get_origin(bare) is Literal:
        return [str(word) for word in get_args(bare)]
    if get_origin(bare) is tuple:
        return [_list(get_args(bare)[0], bounds.min_length or 0)]
    if get_origin(bare) is dict:
        return ["a block of variables, each with a text"]
    if bare in {int, float}:
        return [" ".join(filter(None, [_number(kind), _range(bounds)]))]
    if bare is str:
        example = f" such as {bounds.examples[0]}" if bounds.examples else ""
        return [
            f"a text{example}" if example or not bounds.pattern else "a web address (http or https) with {commit} in it"
        ]
    return [{bool: "true or false", NoneType: "null"}[bare]]


def _list(item: object, least: int) -> str:
    """`a list of texts`, `a list of 2 or more of pmu and perf`, ``a list of blocks, each with `a:` and `b:` ``."""
    if plain(item) is str:
        return "a list of at least one text" if least else "a list of texts"
    if is_part(item):
        *first, end = (f"`{name}:`" for name in kinds_of(item))
        return f"a list of blocks, each with {', '.join(first)} and {end}"
    *most, last = _words(item)
    return f"a list of {least} or more of {', '.join(most)} and {last}"


def _number(kind: object) -> str:
    return "a whole number" if plain(kind) is int else "a number"


def _range(bounds: Meta) -> str:
    """`of at least 1`, `above 0 and below 1`."""
    if bounds.ge is not None:
        return f"of at least {bounds.ge}"
    limits = [f"{word} {limit}" for word, limit in (("above", bounds.gt), ("below", bounds.lt)) if limit is not None]
    return " and ".join(limits)


def _bounds(kind: object) -> Meta:
    notes = get_args(kind)[1:] if get_origin(kind) is Annotated else ()
    return next((note for note in notes if isinstance(note, Meta)), Meta())


def _description(kind: object) -> str:
    notes = get_args(kind)[1:] if get_origin(kind) is Annotated else ()
    return next((note.description for note in notes if isinstance(note, Meta) and note.description), "")


def _default(field: FieldInfo) -> object:
    if field.default is not NODEFAULT:
        return field.default
    if field.default_factory is not NODEFAULT:
        return field.default_factory()
    return None


def _docstring(part: type[Part] | None) -> str:
    return (part.__doc__ or "").strip() if part else ""
