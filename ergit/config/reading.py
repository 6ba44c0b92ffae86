"""Reads the config of a study: from a file or a mapping to typed settings, errors in one sentence."""

import difflib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple, get_args, get_origin

import msgspec
import yaml
from msgspec.structs import fields

from ergit.config.keys import alternatives, in_words, kinds_of, parts_in, plain, takes_text
from ergit.config.names import refuse_names
from ergit.config.places import KeyPath, place_of
from ergit.config.renamed import RENAMED
from ergit.config.settings import Part, Settings
from ergit.errors import ErgitError
from ergit.text import counted, one_line

Block = Mapping[str, object] | Mapping[object, object]  # of a caller, or as YAML has it

DESCRIBED = "docs/config.md describes every key."
STUDY_CONFIG = Path("config/config.yaml")  # in a study's folder
MOST = 3  # mistakes shown at once
OWN = "x-"  # begins keys of the top level that are the user's own, such as a place for YAML anchors
NO_COMMITS = (
    "commits is empty, so there is nothing to study; list SHAs, tags, branches or ranges, such as"
    " `commits: [v1.0..main]`, or give filters, such as `commits: {newest: 100}`."
)
UNQUOTED = (bool, int, float, date)  # what YAML makes of a word without quotes
PLAIN = {  # how YAML's own types may be written, so that no word turns into something else
    "tag:yaml.org,2002:bool": re.compile("true|false"),
    "tag:yaml.org,2002:int": re.compile("-?(0|[1-9][0-9]*)"),
    "tag:yaml.org,2002:float": re.compile(r"-?(0|[1-9][0-9]*)?(\.[0-9]+)?([eE][-+]?[0-9]+)?"),
    "tag:yaml.org,2002:null": re.compile("null|~|"),
    "tag:yaml.org,2002:timestamp": re.compile("(?!)"),  # never
}


class Problem(NamedTuple):
    """What is wrong with a key, in a sentence; `is_text` where YAML has read something else than the text asked for."""

    path: KeyPath
    words: str
    is_text: bool = False


def config_in(study: Path, remedy: str) -> Path:
    """The config in a study's folder.

    Raises:
        ErgitError: there is none; it ends with the remedy, a sentence that says what to do.
    """
    if not (study / STUDY_CONFIG).exists():
        raise ErgitError(f"There is no {STUDY_CONFIG} in {study.absolute()}. {remedy}")
    return study / STUDY_CONFIG


def read_config(source: Path | Mapping[str, object], files: Sequence[Path] = ()) -> Settings:
    """The settings of a study, defaults filled in, from its YAML file or from what was read of some.

    Args:
        source: the file; or what was read of the `files`, of which later ones go before earlier ones.
        files: these, for the places of errors.

    Raises:
        ErgitError: the file is not there or no YAML; a key is unknown, missing, doubled or has a value that it does not
            take. Names the key and what it takes, and where it stands.
    """
    given, name = (load_yaml(source), str(source)) if isinstance(source, Path) else (source, "config")
    files = [source] if isinstance(source, Path) else files
    content = {key: value for key, value in given.items() if not str(key).startswith(OWN)}
    problems = list(_problems_in(content, Settings, ()))
    if problems:
        more = [f"These are the first {MOST} of {len(problems)} mistakes."] if len(problems) > MOST else []
        raise ErgitError(" ".join([*_told(problems[:MOST], files, name), *more, DESCRIBED]))
    try:
        settings = msgspec.convert(content, Settings)
    except msgspec.ValidationError as error:
        raise ErgitError(f"{name}: {error}. {DESCRIBED}") from None
    refuse_names(settings)
    return settings


def _told(problems: Sequence[Problem], files: Sequence[Path], name: str) -> Iterator[str]:
    """Each problem after its place, or the `name` of the config where that is not known; a place is said once."""
    before = ""
    for problem in problems:
        place = place_of(problem.path, files)
        where, words = str(place or name), problem.words
        if problem.is_text and place and place.written is not None:
            value = shown(yaml.safe_load(place.written))
            words = f"{_key_in_words(problem.path)}: YAML reads {place.written} as {value}; put it in quotes."
        yield words if where == before else f"{where}: {words}"
        before = where


def from_command_line(given: Mapping[str, object]) -> dict[str, object]:
    """What Snakemake's `--config` gives, where all that is nested is text, with the types that its keys take."""
    return {key: _typed(value, kinds_of(Settings).get(key)) for key, value in given.items()}


def _typed(value: object, kind: object) -> object:
    """A value in which a text is the number, true, false or null that it would be in a file, where that is taken."""
    part = next(parts_in(kind), None)
    if isinstance(value, Mapping):
        kinds = kinds_of(part) if part else {}
        return {key: _typed(item, kinds.get(str(key))) for key, item in value.items()}
    if not isinstance(value, str):
        return value
    try:
        word = yaml.compose(value, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return value
    form = PLAIN.get(word.tag) if isinstance(word, yaml.ScalarNode) and word.style is None else None
    if form is None or not form.fullmatch(value):
        return value
    read = yaml.safe_load(value)
    return read if _fits(read, kind) else value


def load_yaml(path: Path) -> Mapping[object, object]:
    """The content of a YAML file with keys in which every key stands once and every word is what it looks like.

    Raises:
        ErgitError: it is not there, is no YAML, has no keys, has one twice, or an unquoted word that YAML reads as
            something else.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ErgitError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise ErgitError(f"{path} is no UTF-8 text (byte {error.start}). Save it as UTF-8.") from None
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is not None:
            _check_nodes(path, root)
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ErgitError(f"{path}{where} is no YAML: {error.problem or error.context}.") from None
    except RecursionError:
        raise ErgitError(f"{path} nests its keys too deeply to be a config.") from None
    except (yaml.YAMLError, ValueError) as error:
        raise ErgitError(f"{path} is no YAML: {' '.join(str(error).split())}.") from None
    if not isinstance(content, Mapping):
        raise ErgitError(f"{path} must hold keys such as `repository:`, but it is {shown(content)}. {DESCRIBED}")
    return content


def _check_nodes(path: Path, root: yaml.Node) -> None:
    """Does nothing where each key stands once and each unquoted word is written plainly.

    Raises:
        ErgitError: one is not; names file, line and column.
    """
    nodes = {id(root): root}
    pending = [root]
    for node in pending:
        parts: list[yaml.Node] = []
        if isinstance(node, yaml.SequenceNode):
            parts = node.value
        elif isinstance(node, yaml.MappingNode):
            _check_keys(path, [key for key, _ in node.value])
            parts = [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.ScalarNode):
            _check_word(path, node)
        pending += [part for part in parts if id(part) not in nodes]
        nodes |= {id(part): part for part in parts}


def _check_keys(path: Path, keys: list[yaml.Node]) -> None:
    first: dict[str, int] = {}
    for key in keys:
        if not isinstance(key, yaml.ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
            continue
        line = key.start_mark.line + 1
        if key.value in first:
            raise ErgitError(
                f"{path}, line {line}: the key {key.value!r} stands here a second time; the first is in line"
                f" {first[key.value]}. Remove one of the two."
            )
        first[key.value] = line


def _check_word(path: Path, word: yaml.ScalarNode) -> None:
    form = PLAIN.get(word.tag)
    if word.style is None and form and not form.fullmatch(word.value):
        mark = word.start_mark
        raise ErgitError(f"{path}, line {mark.line + 1}, column {mark.column + 1}: {_misread(word)}")


def _misread(word: yaml.ScalarNode) -> str:
    """What is wrong with an unquoted word that YAML takes for something else."""
    if word.tag == "tag:yaml.org,2002:timestamp":
        return f"YAML reads {word.value} as a date. Put it in quotes."
    value = yaml.safe_load(word.value)
    if isinstance(value, float) and not math.isfinite(value):
        return f"{word.value} is no number that a study can use."
    plainly = yaml.safe_dump(value).split()[0]
    number = re.fullmatch("[-+]?0+([0-9]+)", word.value)
    if number:
        return (
            f"YAML reads {word.value} as {shown(value)}, since a 0 in front makes it octal. Put it in quotes if it is a"
            f" text; write {number[1]} if it is a number."
        )
    if ":" in word.value:
        return f"YAML reads {word.value} as {shown(value)}, to the base of 60 as it has a colon. Put it in quotes."
    return (
        f"YAML reads {word.value} as {plainly if value is None else shown(value)}. Put it in quotes if it is a text;"
        f" write {plainly} otherwise."
    )


def _problems_in(content: Block, part: type[Part], path: KeyPath) -> Iterator[Problem]:
    """A sentence for each key of a part that is unknown, missing, or has a value that it does not take."""
    kinds = kinds_of(part)
    for key in content:
        if key not in kinds:
            yield Problem((*path, str(key)), _unknown_key(key, list(kinds), path))
    for field in fields(part):
        name = field.encode_name
        here = (*path, name)
        if name in content:
            yield from _problems(content[name], kinds[name], here)
        elif field.required:
            yield Problem(here, f"The key {_key_in_words(here)} is missing; it must be {in_words(kinds[name])}.")


def _problems(value: object, kind: object, path: KeyPath) -> Iterator[Problem]:
    """A sentence for each thing that is wrong with the value of a key, or below it."""
    options = list(alternatives(kind))
    part = next(parts_in(kind), None)
    items = next((get_args(plain(option))[0] for option in options if get_origin(plain(option)) is tuple), None)
    if part and isinstance(value, Mapping):
        yield from _problems_in(value, part, path)
    elif any(get_origin(plain(option)) is dict for option in options) and isinstance(value, Mapping):
        for name, text in value.items():
            if isinstance(name, str):
                yield from _problems(text, str, (*path, name))
            else:
                words = f"{_key_in_words(path)} has a variable named {shown(name)}; put the name in quotes."
                yield Problem(path, words)
    elif items and isinstance(value, (list, tuple)) and (wrong := list(_problems_of_items(value, items, path))):
        yield from wrong
    elif path == ("commits",) and not value:
        yield Problem(path, NO_COMMITS)
    elif not _fits(value, kind):
        is_text = takes_text(kind) and isinstance(value, UNQUOTED)
        yield Problem(path, f"{_key_in_words(path)} is {shown(value)}; {_remedy(value, kind, items)}.", is_text)


def _problems_of_items(values: Sequence[object], kind: object, path: KeyPath) -> Iterator[Problem]:
    for index, value in enumerate(values):
        yield from _problems(value, kind, (*path, index))


def _remedy(value: object, kind: object, items: object) -> str:
    """What to write instead of a value that a key does not take; `items` is what its list takes, None where none."""
    if takes_text(kind) and isinstance(value, UNQUOTED):
        return "put it in quotes"
    if takes_text(kind) and isinstance(value, Mapping) and len(value) == 1 and isinstance(next(iter(value)), str):
        return "it must be a text: if it is one with a colon and a blank in it, put the whole in quotes"
    instead = f"it must be {in_words(kind)}"
    if items and takes_text(items) and isinstance(value, str) and value:
        return f"{instead}. Write [{one_line(value, 60)}]"
    return instead


def _fits(value: object, kind: object) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return not isinstance(value, float) or math.isfinite(value)


def shown(value: object) -> str:
    """A value of a config, as a person would name it."""
    if value is None or value == "":
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return f"the number {value}"
    if isinstance(value, date):
        return f"the date {value}"
    if isinstance(value, str):
        return f"the text {one_line(value, 60)!r}"
    if isinstance(value, Mapping):
        return "a block of keys"
    if isinstance(value, (list, tuple)):
        return f"a list of {counted(len(value), 'entry', 'entries')}" if value else "an empty list"
    return f"a {type(value).__name__}"


def _unknown_key(key: object, known: list[str], path: KeyPath) -> str:
    written = _key_in_words((*path, str(key)))
    if written in RENAMED:
        return f"{written} is now {RENAMED[written]}; `ergit migrate-config FILE` rewrites the file."
    close = difflib.get_close_matches(str(key), known, n=1)
    meant = f"Did you mean {close[0]!r}?" if close else f"The keys there are {', '.join(known)}."
    if not path and not close:
        meant += f" A key of your own begins with {OWN!r}."
    return f"Unknown key {str(key)!r} in {_key_in_words(path) or 'the top level'}. {meant}"


def _key_in_words(path: KeyPath) -> str:
    """`measure.temperature.sensor` or `commits[2]`, for a path of keys and indices."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
