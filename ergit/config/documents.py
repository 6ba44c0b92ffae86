"""What is written from the model of the config: the table of its keys and the schema for editors.

`python3 -P -m ergit.config.documents` writes docs/config.md and config/schema.json anew.
"""

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import msgspec

from ergit.config.keys import Key, in_words, keys, parts_in
from ergit.config.reading import OWN
from ergit.config.renamed import RENAMED
from ergit.config.settings import Settings
from ergit.files import write_atomically
from ergit.text import markdown_table

ROOT = Path(__file__).parents[2]

INTRODUCTION = """\
# Keys of the config

Every key of a study's config. [config.yaml](../config/config.yaml) shows them in use;
[config/README.md](../config/README.md) says what runs again when one changes.

A config is YAML, and ergit reads it strictly:

- A key that is not listed here, a key that stands twice, or a value of another kind is an error that names the key.
- A word without quotes is what it looks like, or an error. YAML reads `on` as true, `1_000` as 1000, `0123` as 83 and
  `2024-01-01` as a date, so ergit refuses them: put them in quotes. A SHA of digits alone needs quotes too.
- `null` means none. `[]` is an empty list, `{}` an empty block.
- A key of the top level that begins with `x-` is yours: ergit does not read it. It is a place for YAML anchors.
- An editor that knows JSON schemas checks a config as you type: its first line names config/schema.json.

This page and the schema are made from the model, `ergit/config/settings.py`, by `python3 -P -m ergit.config.documents`.
"""


def documents() -> dict[Path, str]:
    """The files that are written from the model, by their paths in ergit's folder."""
    return {Path("docs/config.md"): page(), Path("config/schema.json"): schema()}


def page() -> str:
    """docs/config.md: a section a part, with a table of its keys."""
    return "\n".join([INTRODUCTION, *_sections(), *_renamed()])


def schema() -> str:
    """config/schema.json: the closed schema, by which editors check a config and explain its keys."""
    model = msgspec.json.schema(Settings)
    model["$defs"][Settings.__name__]["patternProperties"] = {f"^{OWN}": True}
    made = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The config of a study of ergit",
        **model,
    }
    return msgspec.json.format(msgspec.json.encode(made), indent=2).decode() + "\n"


def _sections() -> Iterator[str]:
    found = list(keys())
    meanings = {key.path: key.meaning for key in found}
    own = sorted((key for key in found if not _only_keys(key)), key=lambda key: _part_of(key) != "")
    for part, entries in groupby(own, key=_part_of):
        yield f"## {f'`{part}`' if part else 'The study'}\n"
        if part:
            yield f"{meanings[part]}\n"
        rows = [[f"`{key.path}`", in_words(key.kind), _default(key), key.meaning] for key in entries]
        yield markdown_table(["key", "takes", "default", "meaning"], rows) + "\n"


def _renamed() -> Iterator[str]:
    yield "## Renamed keys\n"
    yield "`ergit migrate-config FILE` renames them in a file, and changes nothing else in it.\n"
    yield markdown_table(["old", "new"], [[f"`{old}`", f"`{new}`"] for old, new in RENAMED.items()]) + "\n"


def _only_keys(key: Key) -> bool:
    """Whether a key is a part that takes nothing but its keys: its section says the rest."""
    return next(parts_in(key.kind), None) is not None and in_words(key.kind).startswith("a block")


def _part_of(key: Key) -> str:
    return key.path.rpartition(".")[0]


def _default(key: Key) -> str:
    if key.required:
        return "required"
    return f"`{json.dumps(msgspec.to_builtins(key.default), ensure_ascii=False)}`".replace('"', "")


if __name__ == "__main__":
    for path, text in documents().items():
        write_atomically(ROOT / path, text)
