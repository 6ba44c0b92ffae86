"""The config: closed, with defaults, and errors that a person understands."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from ergit.config.reading import SCHEMA, build_fingerprint, meaning, refuse_duplicates, validated
from ergit.errors import ErgitError

SHIPPED = Path(__file__).parent.parent / "config/config.yaml"

SMALLEST: dict[str, Any] = {"repository": {"url": "demo"}, "commits": ["main"], "workload": {"command": "true"}}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The smallest config with the value at `path`, keys joined by dots."""
    config = deepcopy(SMALLEST)
    *parents, last = path.split(".")
    part = config
    for key in parents:
        part = part.setdefault(key, {})
    part[last] = value
    return config


def keys(schema: dict[str, Any], prefix: str = "") -> set[str]:
    """Every key of the schema, with its parents, joined by dots."""
    found = set()
    for key, part in schema.get("properties", {}).items():
        found |= {f"{prefix}{key}"} | keys(part, f"{prefix}{key}.")
    return found


def test_defaults_are_filled_in_at_every_level() -> None:
    config = validated(SMALLEST)
    assert config["measure"]["rounds"] == 3
    assert config["measure"]["temperature"]["wait_seconds"] == 300
    assert config["java"] == {"release": None, "directory": ".", "search": []}


def test_filling_in_defaults_leaves_the_given_config_alone() -> None:
    given = deepcopy(SMALLEST)
    validated(given)["build"]["commands"].append("make")
    assert given == SMALLEST
    assert validated(given)["build"]["commands"] == []


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("measure.round", 3, ["'round'", "measure", "'rounds'"]),
        ("mesure", {}, ["'mesure'", "the top level", "'measure'"]),
        ("measure.temperature.highest", 80, ["'highest'", "measure.temperature", "'highest_celsius'"]),
        ("measure.rounds", "three", ["measure.rounds", "'three'"]),
        ("measure.rounds", 0, ["measure.rounds", "0"]),
        ("measure.source", "rapl", ["measure.source", "'rapl'", "powercap"]),
        ("measure.loops", "many", ["measure.loops", "'many'"]),
        ("commits", [], ["commits", "[]"]),
        ("commits", ["main", 83], ["commits[1]", "83", "quotes"]),
        ("commits", {"newst": 3}, ["'newst'", "commits", "'newest'"]),
        ("build.commands", "make", ["build.commands", "'make'"]),
        ("workload", {}, ["workload", "command"]),
        ("workload.environment", {"THREADS": 4}, ["workload.environment.THREADS", "4", "quotes"]),
        ("repository.link", "https://example.org/", ["repository.link", "{commit}"]),
    ],
)
def test_a_wrong_key_or_value_is_named_in_one_paragraph(path: str, value: Any, words: list[str]) -> None:
    with pytest.raises(ErgitError) as raised:
        validated(changed(path, value))
    message = str(raised.value)
    assert all(word in message for word in words), message
    assert "\n" not in message


def test_java_can_be_switched_off() -> None:
    assert validated(changed("java", None))["java"] is None


def test_the_shipped_config_is_valid_and_explains_every_key() -> None:
    text = SHIPPED.read_text("utf-8")
    validated(yaml.safe_load(text))
    missing = [key for key in keys(SCHEMA) if f"{key.rsplit('.', 1)[-1]}:" not in text]
    assert missing == []


def test_more_rounds_or_a_longer_timeout_do_not_change_the_meaning_of_a_reading() -> None:
    config = validated(SMALLEST)
    for path, value in [("measure.rounds", 9), ("measure.seed", 5), ("workload.timeout_seconds", 5)]:
        assert meaning(validated(changed(path, value))) == meaning(config)


def test_another_command_source_or_build_changes_the_meaning_of_a_reading() -> None:
    config = validated(SMALLEST)
    for path, value in [("workload.command", "false"), ("measure.source", "perf"), ("build.commands", ["make"])]:
        assert meaning(validated(changed(path, value))) != meaning(config)
    assert build_fingerprint(validated(changed("workload.command", "false"))) == build_fingerprint(config)


def test_a_key_that_stands_twice_is_named_with_its_line() -> None:
    refuse_duplicates("a: {b: 1}\nc: [{b: 1}, {b: 2}]\n")
    with pytest.raises(ErgitError, match="'b' stands twice, once in line 2"):
        refuse_duplicates("a:\n  b: 1\n  c: 2\n  b: 3\n")
