"""results/maven/{set of poms}.json: what Maven itself made of a set of poms; it is asked once for each set."""

from pathlib import Path

from ergit.records.record import Record, read_record, write_record

SCHEMA = "ergit.maven/1"


class MavenAnswer(Record, frozen=True, kw_only=True):
    """The effective poms under each version of a JDK in question, as XML of ergit/java/maven/EffectivePoms.java.

    `maven` is Maven's version. `poms` has one text for all JDKs, under "", where the poms do not depend on the JDK.
    """

    schema: str = SCHEMA
    maven: str
    poms: dict[str, str]


def write_maven_answer(path: Path, record: MavenAnswer) -> None:
    """Writes the record, whole or not at all."""
    write_record(path, record)


def read_maven_answer(path: Path) -> MavenAnswer:
    """The record; raises ErgitError where it is not there or damaged."""
    return read_record(path, MavenAnswer, SCHEMA)
