"""Records: one JSON object a file, typed, with the name and version of its schema in its first field."""

import json
from pathlib import Path
from typing import TypeVar

import msgspec

from ergit.errors import ErgitError
from ergit.files import write_atomically

JsonObject = dict[str, object]
"""An object as JSON can hold it, whose keys no program of ergit's looks at."""


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a record."""


class Record(Value, frozen=True, kw_only=True):
    """What one file holds. `schema` is `ergit.<name>/<version>`; a field that is new has a default, for older files."""

    schema: str


R = TypeVar("R", bound=Record)


def to_json(record: Record) -> str:
    """The text of the record's file.

    Raises:
        ValueError: a number is infinite or none, which JSON cannot hold.
    """
    return json.dumps(msgspec.to_builtins(record), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def json_lines(content: JsonObject) -> str:
    """The JSON text of an object with a line for each of its fields, and for each object in a list among them.

    Raises:
        ValueError: a number is infinite or none, which JSON cannot hold.
    """

    def text(value: object) -> str:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))

    fields = []
    for name, value in content.items():
        objects = isinstance(value, list) and value and all(isinstance(each, dict) for each in value)
        shown = "[\n " + ",\n ".join(map(text, value)) + "\n]" if objects and isinstance(value, list) else text(value)
        fields.append(f"{text(name)}: {shown}")
    return "{" + ",\n".join(fields) + "}\n"


def write_record(path: Path, record: Record) -> None:
    """Writes the record, whole or not at all.

    Raises:
        OSError: the disk is full, or the folder cannot be written to.
    """
    write_atomically(path, to_json(record))


def read_record(path: Path, kind: type[R], schema: str, *earlier: str) -> R:
    """The record in the file, which is of that schema or of an earlier one that is read the same.

    Raises:
        ErgitError: the file is not there, damaged, or of a schema that this version of ergit does not know.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ErgitError(
            f"{path} cannot be read: {error.strerror}. Run the study again: it makes what is missing."
        ) from None
    return decode(content, kind, schema, str(path), *earlier)


def decode(content: bytes, kind: type[R], schema: str, name: str, *earlier: str) -> R:
    """The record in the text of a file; `name` is the file's, for errors.

    Raises:
        ErgitError: it is damaged, or of a schema that this version of ergit does not know.
    """
    try:
        record = msgspec.json.decode(content, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ErgitError(f"{name} is damaged ({error}). Remove it and run the same command again.") from None
    if record.schema not in (schema, *earlier):
        raise ErgitError(
            f"{name} is of the schema {record.schema!r}, and this version of ergit reads {schema!r}. Use the version"
            " that wrote it, or remove the file and run the same command again."
        )
    return record


class _Made(Value, frozen=True, kw_only=True):
    """The part of a record that says with which settings it was made."""

    fingerprint: str | None = None


def fingerprint_in(path: Path) -> str | None:
    """What a record stands for that holds it; None in records of an older ergit, or damaged ones."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Made).fingerprint
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None  # who reads the record says that it is damaged
