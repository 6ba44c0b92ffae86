"""Renames the old keys of a config, and changes nothing else in the file: `ergit migrate-config`."""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from ergit.config.reading import load_yaml
from ergit.config.renamed import RENAMED
from ergit.errors import ErgitError
from ergit.files import write_atomically
from ergit.text import counted


@dataclass(frozen=True, order=True)
class Renaming:
    """One old key in the text of a config: where it stands, quotes included, and what it becomes."""

    start: int
    end: int
    line: int
    old: str
    new: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `ergit migrate-config`."""
    parser.add_argument("file", metavar="FILE", type=Path, help="the config, such as config/config.yaml")
    parser.add_argument(
        "--check", action="store_true", help="only say what would be renamed; status 1 if anything would"
    )


def run(options: argparse.Namespace) -> None:
    """Renames the old keys in the file, and prints each; with `--check` ends with status 1 where there is one.

    Raises:
        ErgitError: the file is no config, cannot be written, or holds a key under both names.
    """
    path = options.file
    load_yaml(path)
    with path.open(encoding="utf-8", newline="") as file:  # line ends stay as they are
        text = file.read()
    found = renamings(text, str(path))
    for each in found:
        print(f"{path}, line {each.line}: {each.old} {'is to become' if options.check else 'is now'} {each.new}")
    if not found:
        print(f"{path}: nothing to rename.")
    elif options.check:
        sys.exit(1)
    else:
        _rewrite(path, renamed(text, found))
        print(f"{path}: {counted(len(found), 'key')} renamed.")


def renamings(text: str, name: str = "config") -> list[Renaming]:
    """Every old key in the text of a config, in order.

    Raises:
        ErgitError: a key stands there under its old and its new name.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    found = list(_below(root, "", name)) if root else []
    return sorted({each.start: each for each in reversed(found)}.values())  # a part with two names is there once


def renamed(text: str, found: list[Renaming]) -> str:
    """The text with each old key replaced by its new name, in the same quotes."""
    for each in reversed(found):
        quote = text[each.start] if text[each.start] in "'\"" else ""
        new = each.new.rpartition(".")[2]
        text = f"{text[: each.start]}{quote}{new}{quote}{text[each.end :]}"
    return text


def _below(node: yaml.Node, path: str, name: str) -> Iterator[Renaming]:
    """The old keys below a node; what is merged into it (`<<`) stands at the same path."""
    if isinstance(node, yaml.SequenceNode):  # several that are merged
        for part in node.value:
            yield from _below(part, path, name)
    if not isinstance(node, yaml.MappingNode) or not any(old.startswith(path) for old in RENAMED):
        return
    present = {key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)}
    for key, value in node.value:
        here = f"{path}{key.value}"
        if key.tag == "tag:yaml.org,2002:merge":
            yield from _below(value, path, name)
        elif here in RENAMED:
            new = RENAMED[here]
            if new.rpartition(".")[2] in present:
                raise ErgitError(f"{name}: {here} and {new} are two names of one key. Remove {here}.")
            yield Renaming(key.start_mark.index, key.end_mark.index, key.start_mark.line + 1, here, new)
        else:
            yield from _below(value, f"{here}.", name)


def _rewrite(path: Path, text: str) -> None:
    """Writes the file where it really is, with the rights that it has.

    Raises:
        ErgitError: it cannot be written.
    """
    real = path.resolve()
    mode = real.stat().st_mode
    try:
        write_atomically(real, text)
        real.chmod(mode)
    except OSError as error:
        raise ErgitError(f"{path} cannot be written: {error.strerror}.") from None
