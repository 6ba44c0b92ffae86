"""results/readings/{commit}/{round}.json: what one measuring job read, from the raw counters on."""

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import field
from msgspec.structs import replace

from ergit.errors import ErgitError
from ergit.files import write_atomically
from ergit.records.java import ChosenJdk
from ergit.records.record import JsonObject, Record, Value, json_lines, read_record
from ergit.records.stages import StageOutcome

SCHEMA = "ergit.readings/2"
EARLIER = "ergit.readings/1"
"""Of 0.1.0: each window names all that is not known, and why, by itself. Read as if it were of this layout."""
PROTOCOL = 1
"""Raise by hand when readings change their meaning: all are taken anew then."""

DOMAINS = ("package", "core", "uncore", "dram", "psys")
"""Parts of a machine that counters tell apart. The package holds core and uncore, psys holds the package: never add."""

DISQUALIFYING = frozenset(
    {
        *("foreign-cpu", "steal", "suspended", "throttled", "too-hot", "too-cold", "busy"),
        *("late-edge", "unfinished-work"),
    }
)
"""Flags under which a reading is not the energy of the whole workload alone; all others only inform."""

ReadingStatus = Literal["ok", "failed", "timeout", "not-counted"]
JobStatus = Literal["measured", "build-failed", "no-jdk", "killed"]
Raw = int | float | str | None
"""A raw value as JSON can hold it: the number, the text that was no number, None where reading failed."""


class Counter(Value, frozen=True, kw_only=True):
    """One raw counter of one window, as it was read.

    `unit` is what one count stands for, `range` the largest count before the counter restarts at 0 (None: it never
    does), `samples` the values read between `before` and `after`, as far as they are kept, `sample_seconds` how long
    after `before` each was read.
    """

    name: str
    domain: str
    unit: str
    before: Raw
    after: Raw
    range: int | None
    samples: tuple[Raw, ...]
    sample_seconds: tuple[float, ...] = ()


class WindowConditions(Value, frozen=True, kw_only=True):
    """What was seen before, during and after one window; None with the reason in `missing` where it is not known.

    Seconds are of one processor; `pressure_seconds` is by resource, `throttles` counts how often processors were
    slowed. `window_seconds` is the time in which the machine was watched, on `processors` processors;
    `foreign_cores_before` and `steal_cores_before` are what was seen in the `check_seconds` before it.
    `unfinished_cpu_seconds` is what processes of the command used after its end; `still_running` names those that
    went on working until they were killed. Records of 0.1.0 lack the last six. `service_cpu_seconds` is what
    processes used in the window that stages of the study had started for the workload; None where there are none.
    """

    waited_seconds: float | None = None
    foreign_cores_before: float | None = None
    foreign_cpu_seconds: float | None = None
    interrupt_seconds: float | None = None
    steal_seconds: float | None = None
    suspended_seconds: float | None = None
    pressure_seconds: dict[str, float] | None = None
    throttles: int | None = None
    celsius_before: float | None = None
    celsius_after: float | None = None
    frequency_megahertz_before: float | None = None
    frequency_megahertz_after: float | None = None
    window_seconds: float | None = None
    processors: int | None = None
    check_seconds: float | None = None
    steal_cores_before: float | None = None
    unfinished_cpu_seconds: float | None = None
    still_running: tuple[str, ...] | None = None
    service_cpu_seconds: float | None = None
    missing: dict[str, str] = field(default_factory=dict)


class CountedTests(Value, frozen=True, kw_only=True):
    """What the tests of one window did, by their reports; records/tests.py has each of them.

    `set` names the tests that there were, `seconds` is the sum of their times. Where that is not known, `missing` says
    why, and all else is None.
    """

    set: str | None = None
    passed: int | None = None
    failed: int | None = None
    errored: int | None = None
    skipped: int | None = None
    seconds: float | None = None
    missing: str | None = None


class Reading(Value, frozen=True, kw_only=True):
    """One window. Joules (by domain), seconds and CPU time are those of all `loops` runs of the command together.

    `duration_seconds` is how long the command ran, `counted_seconds` how long the counters counted, where they tell.
    `conditions` is None where no window was opened: the command could not be started, or `prepare` failed. `stages` are
    the study's own around this reading, and `context` is what they put into the context. `tests` is None where no
    reports of tests are asked for.
    """

    repeat: int
    attempt: int
    warmup: bool
    status: ReadingStatus
    exit_code: int | None
    signal: int | None
    reason: str | None
    started: str
    duration_seconds: float
    cpu_seconds: float
    loops: int
    joules: dict[str, float]
    counters: tuple[Counter, ...]
    flags: tuple[str, ...]
    conditions: WindowConditions | None
    counted_seconds: float | None = None
    stages: tuple[StageOutcome, ...] = ()
    context: JsonObject = field(default_factory=dict)
    tests: CountedTests | None = None

    @property
    def has_failed(self) -> bool:
        """Whether the workload did not do its work."""
        return self.status in {"failed", "timeout"}

    @property
    def is_clean(self) -> bool:
        """Whether it can stand as a reading of its commit."""
        return self.status == "ok" and DISQUALIFYING.isdisjoint(self.flags)


class SourceRecord(Value, frozen=True, kw_only=True):
    """What joules were read with, and why by that; `watts_per_core` is of the estimate alone."""

    name: str
    kind: Literal["measured", "estimated"]
    domains: tuple[str, ...]
    watts_per_core: int | float | None = None
    reason: str


class IdleSample(Value, frozen=True, kw_only=True):
    """The energy of the machine while nothing was run."""

    duration_seconds: float
    joules: dict[str, float]
    counters: tuple[Counter, ...]
    reason: str | None
    flags: tuple[str, ...]
    counted_seconds: float | None = None


class JobRecord(Record, frozen=True, kw_only=True):
    """A commit in one round. `workload` and `measure` are the settings as they were, `conditions` facts of the machine.

    Where the commit was not built, or its job was killed twice, `status` and `reason` say why, and there are no source,
    session and readings. `sandbox` is the config's part of that name; None where there was no sandbox. `seconds` is how
    long the job held the measuring lock: unpacking, idle sample, gates and windows; None in records of 0.1.0. `build`
    counts the builds of the commit: 1 is the one in results/build, others were made for this job (results/build/again).
    `missing` is of the file alone, not of a record that is read: what every window lacks is written once, with the
    reasons, and each window has them again when it is read. `fingerprint` is equal where readings stand for the same
    (config/fingerprint.py); None in older records.
    """

    schema: str = SCHEMA
    protocol: int = PROTOCOL
    commit: str
    round: int
    status: JobStatus
    reason: str | None
    workload: JsonObject
    measure: JsonObject
    java: ChosenJdk | None
    source: SourceRecord | None
    session: str | None
    host: str
    conditions: JsonObject
    idle: IdleSample | None
    readings: tuple[Reading, ...]
    sandbox: JsonObject | None = None
    seconds: float | None = None
    build: int = 1
    missing: dict[str, str] = field(default_factory=dict)
    fingerprint: str | None = None


class SeenTemperature(Value, frozen=True, kw_only=True):
    """The CPU's temperature before and after a window; None where it is not known."""

    celsius_before: float | None = None
    celsius_after: float | None = None


class WindowCosts(Value, frozen=True, kw_only=True):
    """What one window of a record took, and what came of it."""

    started: str
    duration_seconds: float
    warmup: bool
    joules: dict[str, float]
    attempt: int = 1
    loops: int = 1
    status: ReadingStatus = "ok"
    reason: str | None = None
    flags: tuple[str, ...] = ()
    conditions: SeenTemperature | None = None


class IdleCosts(Value, frozen=True, kw_only=True):
    """How long the idle sample of a record was."""

    duration_seconds: float


class MeasuredCounts(Value, frozen=True, kw_only=True):
    """How many windows the settings of a record asked for."""

    repeats: int
    warmup: int


class JobCosts(Record, frozen=True, kw_only=True):
    """What a measuring job took, and what came of it: the part of its record that can be read of many of them."""

    status: JobStatus
    reason: str | None = None
    workload: JsonObject
    measure: MeasuredCounts
    source: SourceRecord | None
    idle: IdleCosts | None
    readings: tuple[WindowCosts, ...]
    seconds: float | None = None

    @property
    def lasted_seconds(self) -> float:
        """How long the job took; of a record of 0.1.0 its idle sample, and from its first window to its last's end."""
        if self.seconds is not None or not self.readings:
            return self.seconds or 0.0
        first, last = self.readings[0], self.readings[-1]
        began, last_began = (datetime.fromisoformat(window.started) for window in (first, last))
        idle = self.idle.duration_seconds if self.idle else 0.0
        return (last_began - began).total_seconds() + last.duration_seconds + idle


class SeenWindow(Value, frozen=True, kw_only=True):
    """What was seen around one window of a record; `conditions` is None where no window was opened."""

    repeat: int
    attempt: int
    warmup: bool
    status: ReadingStatus
    started: str
    duration_seconds: float
    flags: tuple[str, ...]
    conditions: WindowConditions | None


class JobConditions(Record, frozen=True, kw_only=True):
    """The conditions under which a job measured: the part of its record that can be read of many of them."""

    commit: str
    round: int
    session: str | None
    host: str
    readings: tuple[SeenWindow, ...]


def write_readings(path: Path, record: JobRecord) -> None:
    """Writes the record, whole or not at all."""
    write_atomically(path, _layout(record))


def _layout(record: JobRecord) -> str:
    """The text of the file: a line for each fact of the job, then a line for each reading.

    What is None in the conditions of a window is left out.
    """
    windows = [reading.conditions.missing for reading in record.readings if reading.conditions is not None]
    shared = dict(windows[0]) if windows else {}
    for missing in windows[1:]:
        shared = {name: why for name, why in shared.items() if missing.get(name) == why}
    facts: JsonObject = msgspec.to_builtins(replace(record, missing=shared, readings=()))
    readings = [_line_of(reading, shared) for reading in record.readings]
    return json_lines(facts | {"readings": readings})


def _line_of(reading: Reading, shared: Mapping[str, str]) -> JsonObject:
    line: JsonObject = msgspec.to_builtins(reading)
    if reading.conditions is not None:
        own = {name: why for name, why in reading.conditions.missing.items() if name not in shared}
        seen: JsonObject = msgspec.to_builtins(replace(reading.conditions, missing=own))
        line["conditions"] = {name: value for name, value in seen.items() if value is not None and value != {}}
    return line


def read_readings(path: Path) -> JobRecord:
    """The record; raises ErgitError where it is not there or damaged."""
    record = read_record(path, JobRecord, SCHEMA, EARLIER)
    if not record.missing:
        return record
    readings = tuple(
        reading
        if reading.conditions is None
        else replace(
            reading,
            conditions=replace(reading.conditions, missing=record.missing | reading.conditions.missing),
        )
        for reading in record.readings
    )
    return replace(record, readings=readings, missing={})


def read_costs(path: Path) -> JobCosts:
    """What the job of a record took; raises ErgitError where the record is not there or damaged."""
    return read_record(path, JobCosts, SCHEMA, EARLIER)


def read_conditions(path: Path) -> JobConditions:
    """The conditions under which the job of a record measured; raises ErgitError where it is not there or damaged."""
    return read_record(path, JobConditions, SCHEMA, EARLIER)


def output_log_of(path: Path) -> Path:
    """Where the workload's output is kept, beside the record."""
    return path.with_suffix(".output.log")


def file_of_tests(path: Path) -> Path:
    """Where is kept what the tests of readings did (records/tests.py), beside the record."""
    return path.with_suffix(".tests.json.gz")


def set_aside(path: Path) -> None:
    """Keeps an earlier record, its log and its tests beside the new ones under the time it began.

    Readings are never lost.

    Raises:
        OSError: the folder cannot be written to.
    """
    if not path.exists():
        return
    try:
        earlier = read_readings(path)
        started = earlier.readings[0].started if earlier.readings else "unmeasured"
    except ErgitError:
        started = "damaged"
    stamp = re.sub("[^0-9TZa-z]", "", started)
    for beside, ending in ((output_log_of(path), "output.log"), (file_of_tests(path), "tests.json.gz")):
        if beside.exists():
            beside.rename(beside.with_name(f"{path.stem}.superseded-{stamp}.{ending}"))
    path.rename(path.with_name(f"{path.stem}.superseded-{stamp}.json"))
