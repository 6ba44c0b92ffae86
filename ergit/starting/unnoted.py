"""Readings that a job finished after its run had ended: Snakemake has not noted the settings they were taken with."""

import re
from base64 import urlsafe_b64decode
from binascii import Error
from collections.abc import Iterator
from pathlib import Path

READINGS = re.compile(r"readings/[0-9a-f]{40}/[0-9]+[.]json|noise/[0-9a-f]{40}/[0-9]+/[0-9]+[.]json")
EARLIER = '"ergit.readings/1"'
"""The schema of records of 0.1.0, which are never made anew."""
HEAD = 200  # bytes that hold a record's schema


def unnoted(markers: Path, results: str) -> Iterator[str]:
    """The records of readings that are there, of jobs of which Snakemake has marked the beginning and not the end.

    To be called before a run begins any job. Snakemake looks at such marks before it knows the jobs that follow a
    checkpoint, so it would keep these readings under whatever command a config names later. `markers` is Snakemake's
    folder `incomplete`, in which a path of an output is written in base64, a long one as several folders.
    """
    for marker in sorted(markers.rglob("*")):
        if marker.is_dir():
            continue
        text = "".join(part.removeprefix("@") for part in marker.relative_to(markers).parts)
        try:
            output = urlsafe_b64decode(text).decode()
        except (Error, UnicodeDecodeError):
            continue  # no marker
        name = output.removeprefix(f"{results}/")
        if READINGS.fullmatch(name) and Path(output).is_file() and not _is_earlier(Path(output)):
            yield output


def _is_earlier(record: Path) -> bool:
    with record.open(encoding="utf-8") as file:
        return EARLIER in file.read(HEAD)
