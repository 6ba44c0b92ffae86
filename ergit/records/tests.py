"""What tests did: results/readings/{commit}/{round}.tests.json.gz, and results/tests/sets/{set}.json.gz.

The names of the tests are written once for all readings that ran the same ones: a set is named by the hash of its
content. A reading's own file holds which of them did not pass, and how long each took.
"""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from ergit.errors import ErgitError
from ergit.files import write_bytes_atomically
from ergit.records.record import Record, Value, decode

SCHEMA = "ergit.tests/1"
SET_SCHEMA = "ergit.test-set/1"

TestStatus = Literal["passed", "failed", "errored", "skipped"]
GONE = (
    "it belongs to readings that were taken. Copy it from a backup, or take those readings again"
    " (`-R results/readings/COMMIT/ROUND.json`)."
)
R = TypeVar("R", bound=Record)
NOT_PASSED: tuple[TestStatus, ...] = ("failed", "errored", "skipped")


class CaseResult(Value, frozen=True, kw_only=True):
    """What a report says of one test; seconds are None where it does not tell."""

    group: str  # the test class, module or suite
    name: str
    status: TestStatus
    seconds: float | None


class SetOfTests(Record, frozen=True, kw_only=True):
    """The names of tests by their class, module or suite, both sorted."""

    schema: str = SET_SCHEMA
    tests: dict[str, tuple[str, ...]]

    def names(self) -> list[tuple[str, str]]:
        """Each test as its class and name, in the order in which results are written."""
        return [(group, name) for group, names in self.tests.items() for name in names]


class ResultsOfTests(Value, frozen=True, kw_only=True):
    """What the tests of a set did. Those that did not pass are given by their position in it, from 0.

    `seconds` has one entry a test; None where the report does not tell. `key` is the time at which the reading began.
    """

    key: str
    set: str
    failed: tuple[int, ...] = ()
    errored: tuple[int, ...] = ()
    skipped: tuple[int, ...] = ()
    seconds: tuple[float | None, ...]


class JobTests(Record, frozen=True, kw_only=True):
    """What the tests of each reading of a job did, warm-ups included."""

    schema: str = SCHEMA
    commit: str
    results: tuple[ResultsOfTests, ...]


class SetsOfTests:
    """The folder of the sets of tests of a study; `found` are the results that a job has so far."""

    def __init__(self, results: Path) -> None:
        self._folder = results / "tests/sets"
        self._read: dict[str, SetOfTests] = {}
        self.found: list[ResultsOfTests] = []

    def results_of(self, cases: Iterable[CaseResult], key: str) -> ResultsOfTests:
        """The results of tests, whose set is on the disk then.

        Raises:
            OSError: the disk is full, or the folder cannot be written to.
        """
        ordered = sorted(cases, key=lambda case: (case.group, case.name))
        groups: dict[str, list[str]] = {}
        for case in ordered:
            groups.setdefault(case.group, []).append(case.name)
        positions = {
            status: tuple(number for number, case in enumerate(ordered) if case.status == status)
            for status in NOT_PASSED
        }
        return ResultsOfTests(
            key=key,
            set=self._kept(SetOfTests(tests={group: tuple(names) for group, names in groups.items()})),
            failed=positions["failed"],
            errored=positions["errored"],
            skipped=positions["skipped"],
            seconds=tuple(case.seconds for case in ordered),
        )

    def cases(self, results: ResultsOfTests) -> list[CaseResult]:
        """What each test did, sorted by class and name.

        Raises:
            ErgitError: the set is not there any more, or damaged.
        """
        names = self.set(results.set).names()
        status: dict[int, TestStatus] = dict.fromkeys(range(len(names)), "passed")
        for kind, positions in (("failed", results.failed), ("errored", results.errored), ("skipped", results.skipped)):
            status |= dict.fromkeys(positions, kind)  # type: ignore[arg-type]
        return [
            CaseResult(group=group, name=name, status=status[number], seconds=seconds)
            for number, ((group, name), seconds) in enumerate(zip(names, results.seconds, strict=True))
        ]

    def set(self, name: str) -> SetOfTests:
        """The set of that name.

        Raises:
            ErgitError: it is not there any more, or damaged.
        """
        if name not in self._read:
            self._read[name] = _read(self._path(name), SetOfTests, SET_SCHEMA)
        return self._read[name]

    def _kept(self, tests: SetOfTests) -> str:
        name = hashlib.sha256(msgspec.json.encode(tests.tests)).hexdigest()[:16]
        if name not in self._read and not self._path(name).exists():
            _write(self._path(name), tests)
        self._read[name] = tests
        return name

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json.gz"


def write_tests(path: Path, tests: JobTests) -> None:
    """Writes the file, whole or not at all."""
    _write(path, tests)


def read_tests(path: Path) -> JobTests:
    """The file; raises ErgitError where it is not there or damaged."""
    return _read(path, JobTests, SCHEMA)


def _write(path: Path, record: Record) -> None:
    import gzip  # only where there are reports of tests

    write_bytes_atomically(path, gzip.compress(msgspec.json.encode(record), mtime=0))


def _read(path: Path, kind: type[R], schema: str) -> R:
    """What the file holds.

    Raises:
        ErgitError: it is not there, or damaged.
    """
    import gzip
    import zlib

    try:
        content = gzip.decompress(path.read_bytes())
    except OSError as error:
        raise ErgitError(f"{path} cannot be read ({error}): {GONE}") from None
    except (EOFError, zlib.error) as error:
        raise ErgitError(f"{path} is damaged ({error}): {GONE}") from None
    return decode(content, kind, schema, str(path))


def numbered(cases: Sequence[CaseResult]) -> list[CaseResult]:
    """The cases, of which those of equal class and name get a number: `parses`, `parses (2)`."""
    seen: dict[tuple[str, str], int] = {}
    found = []
    for case in cases:
        key = (case.group, case.name)
        seen[key] = seen.get(key, 0) + 1
        name = case.name if seen[key] == 1 else f"{case.name} ({seen[key]})"
        found.append(msgspec.structs.replace(case, name=name))
    return found
