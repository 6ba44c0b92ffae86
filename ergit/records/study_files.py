"""results/study-files.json: the study's own files that commands use, as they were when the study first met them."""

from pathlib import Path

from ergit.records.record import Record, read_record, write_record

SCHEMA = "ergit.study-files/1"
NAME = "study-files.json"


class StudyFilesRecord(Record, frozen=True, kw_only=True):
    """The hash of each file or folder by its name; null for one that a command names and that was not there."""

    schema: str = SCHEMA
    hashes: dict[str, str | None]


def write_study_files(path: Path, record: StudyFilesRecord) -> None:
    """Writes the record, whole or not at all."""
    write_record(path, record)


def read_study_files(path: Path) -> StudyFilesRecord:
    """The record; raises ErgitError where it is not there or damaged."""
    return read_record(path, StudyFilesRecord, SCHEMA)
