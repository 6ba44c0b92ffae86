"""results/jdks.json: the JDKs that the chosen commits ask for, those that are here, and how to install the others."""

from pathlib import Path

from msgspec import field

from ergit.records.java import ChosenJdk
from ergit.records.record import Record, Value, read_record, write_record

SCHEMA = "ergit.jdks/1"


class AskedJdk(Value, frozen=True, kw_only=True):
    """What a number of commits ask for: a JDK of that release, or None where nothing asks for one.

    `commits` counts them and `sources` counts them by where it stands ("pom.xml: maven.compiler.release"). `chosen` is
    the JDK that they get, None where no JDK here will do. `install` are the commands of which any one installs a JDK
    of that release; none where it is here.
    """

    release: int | None
    commits: int
    sources: dict[str, int]
    chosen: ChosenJdk | None
    install: tuple[str, ...] = ()


class JdksRecord(Record, frozen=True, kw_only=True):
    """What all chosen commits ask for, and what they get under `policy`, as the config has it.

    `here` are the JDKs that were found, in the order of precedence. `one` is the JDK of the whole study under the
    policy `one`. `without_jdk` are the commits that no JDK can build under the policy. `releases` are the releases that
    `java.releases` sets, by commit.
    """

    schema: str = SCHEMA
    policy: str | tuple[int, ...] = "asked"
    here: tuple[ChosenJdk, ...]
    asked: tuple[AskedJdk, ...]
    without_jdk: tuple[str, ...] = ()
    one: ChosenJdk | None = None
    releases: dict[str, int] = field(default_factory=dict)


def write_jdks(path: Path, record: JdksRecord) -> None:
    """Writes the record, whole or not at all."""
    write_record(path, record)


def read_jdks(path: Path) -> JdksRecord:
    """The record; raises ErgitError where it is not there or damaged."""
    return read_record(path, JdksRecord, SCHEMA)
