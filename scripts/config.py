"""The study's config: checked against its closed schema, defaults filled in, errors in one sentence."""

import difflib
import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from scripts.errors import ErgitError

SCHEMA: dict[str, Any] = yaml.safe_load((Path(__file__).parent.parent / "config/schema.yaml").read_text("utf-8"))


def validated(config: Mapping[str, Any]) -> dict[str, Any]:
    """The config with every default filled in.

    Raises:
        ErgitError: a key is unknown, missing or mistyped; names it, where it stands and what was probably meant.
    """
    complete: dict[str, Any] = _with_defaults(dict(config), SCHEMA)
    error = best_match(Draft202012Validator(SCHEMA).iter_errors(complete))
    if error:
        raise ErgitError(f"config: {_explanation(error)} Every key is described in config/config.yaml.")
    return complete


def refuse_duplicates(text: str) -> None:
    """Does nothing where each key of a YAML text stands once; YAML itself would silently take the last one.

    Raises:
        ErgitError: one stands twice; names it and its line.
    """
    nodes = [yaml.compose(text, Loader=yaml.SafeLoader)]
    while nodes:
        node = nodes.pop()
        if isinstance(node, yaml.SequenceNode):
            nodes += node.value
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value]
            for key, value in node.value:
                if keys.count(key.value) > 1:
                    raise ErgitError(f"config: {key.value!r} stands twice, once in line {key.start_mark.line + 1}.")
                nodes.append(value)


def meaning(config: Mapping[str, Any]) -> str:
    """What a reading stands for: of two equal texts the readings may be compared, of two others not.

    Counts, seeds and limits are left out: more rounds or a longer timeout do not change what a reading is.
    """
    workload, measure = config["workload"], config["measure"]
    return json.dumps(
        {
            "build": build_meaning(config),
            "workload": {key: workload[key] for key in ("command", "directory", "prepare", "cleanup", "environment")},
            "measure": {key: measure[key] for key in ("source", "powercap", "watts_per_core")},
        }
    )


def build_meaning(config: Mapping[str, Any]) -> str:
    """What a build stands for: of two equal texts (and the same commit) the artifacts are the same."""
    build, java, repository = config["build"], config["java"], config["repository"]
    return json.dumps(
        {
            "build": {key: build[key] for key in ("commands", "directory", "environment", "keep")},
            "java": java and {key: java[key] for key in ("release", "directory")},
            "repository": {key: repository[key] for key in ("submodules", "lfs")},
        }
    )


def _with_defaults(value: Any, schema: Mapping[str, Any]) -> Any:
    """The value, with what the schema's properties have as default put where the value has nothing."""
    if not isinstance(value, Mapping):
        return value
    complete = dict(value)
    for key, part in schema.get("properties", {}).items():
        if "default" in part:
            complete.setdefault(key, deepcopy(part["default"]))
        if key in complete:
            complete[key] = _with_defaults(complete[key], part)
    return complete


def _explanation(error: ValidationError) -> str:
    """One or two sentences: where in the config, what is wrong, what was probably meant."""
    where = _place(error.absolute_path)
    schema: Mapping[str, Any] = error.schema  # type: ignore[assignment]  # a rule that can be broken is a mapping
    if error.validator == "additionalProperties":
        known = list(schema["properties"])
        return " ".join(_unknown_keys(where, error.instance, known))
    if error.validator == "required":
        return f"{where or 'the config'} lacks a key: {error.message}."
    if isinstance(error.instance, (int, float)) and "string" in str(schema.get("type")):
        return (
            f"{where} is the number {error.instance!r}, not a text: YAML reads unquoted digits, of a SHA say,"
            " as a number. Put it in quotes."
        )
    hint = f" ({schema['description']})" if "description" in schema else ""
    return f"{where or 'the config'}: {error.message}{hint}."


def _unknown_keys(where: str, instance: Any, known: list[str]) -> Iterator[str]:
    """A sentence for each key of `instance` that is not among the known ones."""
    for key in instance:
        if key not in known:
            close = difflib.get_close_matches(str(key), known, n=1)
            meant = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}."
            yield f"unknown key {key!r} in {where or 'the top level'}: {meant}"


def _place(path: Any) -> str:
    """`measure.temperature.sensor` or `commits[2]`, for a path of keys and indices."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
