"""results/workload.json: of which commit the workload is that is laid over every commit, if `workload.from` is set."""

from pathlib import Path

from ergit.records.record import Record, Value, read_record, write_record

SCHEMA = "ergit.workload/1"
NAME = "workload.json"


class WorkloadPath(Value, frozen=True, kw_only=True):
    """A file, folder or submodule of the workload, and the SHA of its object."""

    path: str
    kind: str
    sha: str


class WorkloadRecord(Record, frozen=True, kw_only=True):
    """What the name in the config stood for when the study met it, and what is taken from that commit.

    A branch that moves later does not change it: all builds of a study have one workload.
    """

    schema: str = SCHEMA
    name: str
    commit: str
    paths: tuple[WorkloadPath, ...]

    def in_words(self) -> str:
        """The commit as a person knows it: by its name and its SHA."""
        short = self.commit[:10]
        return short if self.commit.startswith(self.name) else f"{self.name} ({short})"


def write_workload(path: Path, record: WorkloadRecord) -> None:
    """Writes the record, whole or not at all."""
    write_record(path, record)


def read_workload(path: Path) -> WorkloadRecord:
    """The record; raises ErgitError where it is not there or damaged."""
    return read_record(path, WorkloadRecord, SCHEMA)


def workload_mark(path: Path, name: str | None) -> str:
    """What is added to the fingerprint of builds: the commit of the workload that the config names; else empty.

    Raises:
        ErgitError: the record is damaged.
    """
    if name is None:
        return ""
    record = read_workload(path) if path.exists() else None
    return f" workload {record.commit if record and record.name == name else 'unknown'}"
