"""results/stop.json and results/pause.json: what a person has asked of a study that runs, and when."""

from pathlib import Path

from ergit.errors import ErgitError
from ergit.records.record import Record, read_record, write_record

SCHEMA = "ergit.request/1"
STOP, PAUSE = "stop.json", "pause.json"


class Request(Record, frozen=True, kw_only=True):
    """A request: `asked` is when, ISO 8601 in UTC, and `by` the user and host of the person who asked."""

    schema: str = SCHEMA
    asked: str
    by: str


def write_request(path: Path, record: Request) -> None:
    """Writes the request, whole or not at all."""
    write_record(path, record)


def read_request(path: Path) -> Request | None:
    """The request; None where there is none. One that is damaged counts, since somebody made it."""
    if not path.exists():
        return None
    try:
        return read_record(path, Request, SCHEMA)
    except ErgitError:
        return Request(asked="at an unknown time", by="somebody") if path.exists() else None
