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


def write_record(path: Path, record: Record) -> None:
    """Writes the record, whole or not at all.

    Raises:
        OSError: the disk is full, or the folder cannot be written to.
    """
    write_atomically(path, to_json(record))


def read_record(path: Path, kind: type[R], schema: str) -> R:
    """The record in the file.

    Raises:
        ErgitError: the file is not there, damaged, or of a schema that this version of ergit does not know.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ErgitError(
            f"{path} cannot be read: {error.strerror}. Run the study again: it makes what is missing."
        ) from None
    return decode(content, kind, schema, str(path))


def decode(content: bytes, kind: type[R], schema: str, name: str) -> R:
    """The record in the text of a file; `name` is the file's, for errors.

    Raises:
        ErgitError: it is damaged, or of a schema that this version of ergit does not know.
    """
    try:
        record = msgspec.json.decode(content, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ErgitError(f"{name} is damaged ({error}). Remove it and run the same command again.") from None
    if record.schema != schema:
        raise ErgitError(
            f"{name} is of the schema {record.schema!r}, and this version of ergit reads {schema!r}. Use the version"
            " that wrote it, or remove the file and run the same command again."
        )
    return record
