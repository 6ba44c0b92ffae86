"""The model of the config and what is written from it or beside it: they say the same."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml

from ergit.config.documents import documents, schema
from ergit.config.keys import Key, keys, parts_in
from ergit.config.reading import read_config
from ergit.errors import ErgitError

ROOT = Path(__file__).parents[2]
SHIPPED = (ROOT / "config/config.yaml").read_text(encoding="utf-8")
KEYS = {key.path: key for key in keys()}
LEAVES = [key for key in KEYS.values() if not any(parts_in(key.kind))]


def with_filters(text: str) -> str:
    """The shipped config with the filters that it shows as a comment in place of the list."""
    listed, block = (
        re.search("^commits:.*\n(  - .*\n)+", text, re.MULTILINE),
        re.search("^# commits:\n(#.*\n)+", text, re.M),
    )
    assert listed
    assert block
    filters = re.sub("^# ?", "", block[0], flags=re.MULTILINE)
    return text.replace(listed[0], "").replace(block[0], filters)


def written(node: yaml.Node, text: str, path: str = "") -> Iterator[tuple[str, Any, str]]:
    """Each key below a node with its value and the comment beside it."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = f"{path}.{key.value}".lstrip(".")
            on_one_line = value.start_mark.line == value.end_mark.line
            rest = text[value.end_mark.index if on_one_line else key.end_mark.index :].split("\n", 1)[0]
            yield here, yaml.safe_load(yaml.serialize(value)), rest.partition("#")[2].strip()
            yield from written(value, text, here)


def shipped() -> dict[str, tuple[Any, str]]:
    """Each key of the shipped config, filters included, with its value and comment."""
    text = with_filters(SHIPPED)
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert root
    return {path: (value, comment) for path, value, comment in written(root, text)}


@pytest.mark.parametrize("path", documents(), ids=str)
def test_what_is_written_from_the_model_is_up_to_date(path: Path) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == documents()[path], "run python3 -P -m ergit.config.documents"


def test_the_shipped_config_is_read_with_its_list_and_with_its_filters(tmp_path: Path) -> None:
    for text in (SHIPPED, with_filters(SHIPPED)):
        (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
        read_config(tmp_path / "config.yaml")


def test_the_shipped_config_has_every_key_and_no_other() -> None:
    assert sorted(shipped()) == sorted(KEYS)


@pytest.mark.parametrize("key", LEAVES, ids=lambda key: key.path)
def test_each_key_of_the_shipped_config_is_explained_and_states_its_default(key: Key) -> None:
    value, comment = shipped()[key.path]
    stated = re.search(r"\(default: (.+?)\)$", comment)
    default = yaml.safe_load(stated[1]) if stated else value
    assert not (stated and value == default), "a value that is the default needs no other"
    if key.required:
        assert stated is None
    else:
        assert repr(default) == repr(json.loads(msgspec.json.encode(key.default)))
    assert comment or key.path in {"measure.source", "imported", "workload.command", "java.search"}


@pytest.mark.parametrize("key", KEYS.values(), ids=lambda key: key.path)
def test_each_key_has_a_meaning_that_is_a_sentence(key: Key) -> None:
    assert re.fullmatch(r"[A-Z`].*[.]", key.meaning)


def accepted_by_schema(config: Any) -> bool:
    """Whether the schema for editors accepts a config."""
    return jsonschema.Draft202012Validator(json.loads(schema())).is_valid(config)


def accepted(config: Any) -> bool:
    """Whether ergit accepts a config."""
    try:
        read_config(config)
    except ErgitError:
        return False
    return True


@pytest.mark.parametrize(
    ("part", "right"),
    [
        ({}, True),
        ({"java": None}, True),
        ({"commits": {"newest": 3, "extensions": ["java"]}}, True),
        ({"measure": {"loops": 3, "rest_seconds": 0.5, "temperature": {"sensor": None}}}, True),
        ({"measure": {"loops": "often"}}, False),
        ({"measure": {"rounds": 0}}, False),
        ({"measure": {"rounds": "3"}}, False),
        ({"measure": {"temperature": {"colour": 1}}}, False),
        ({"colour": 1}, False),
        ({"x-colour": 1}, True),
        ({"java": {"x-colour": 1}}, False),
        ({"commits": []}, False),
        ({"commits": ["main", 7]}, False),
        ({"commits": {"newst": 3}}, False),
        ({"build": {"environment": {"A": 1}}}, False),
        ({"changes": {"least_change": 1}}, False),
        ({"repository": {"url": "demo", "link": "https://example.org"}}, False),
        ({"repository": {"url": "demo", "link": "https://example.org/{commit}"}}, True),
        ({"repository": {"url": "demo", "link": "javascript:alert('https://example.org/{commit}')"}}, False),
        ({"repository": {}}, False),
        ({"workload": {}}, False),
    ],
    ids=str,
)
def test_the_schema_for_editors_and_ergit_accept_the_same(part: dict[str, Any], right: bool) -> None:
    config = {"repository": {"url": "demo"}, "commits": ["main"], "workload": {"command": "true"}} | part
    assert (accepted(config), accepted_by_schema(config)) == (right, right)


def test_the_schema_is_a_schema_that_knows_each_key_with_its_meaning() -> None:
    made = json.loads(schema())
    jsonschema.Draft202012Validator.check_schema(made)
    explained = {
        text["description"]
        for part in made["$defs"].values()
        for text in [part, *part["properties"].values()]
        if "description" in text
    }
    assert {key.meaning for key in LEAVES} <= explained
    assert all(part["additionalProperties"] is False for part in made["$defs"].values())
