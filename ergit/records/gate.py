"""results/gate.json: whether the energy of the newest commits has grown too much."""

from pathlib import Path
from typing import Literal

from ergit.records.context import Differences, DifferentTests
from ergit.records.record import Record, Value, read_record, write_record

SCHEMA = "ergit.gate/1"

Verdict = Literal["pass", "fail", "undecided", "not judged", "broken"]
"""`not judged` is an increase that can come from nothing but a changed workload, or sides that ran other tests;
`broken` a head that does not build, or whose workload fails."""


class GateComparison(Value, frozen=True, kw_only=True):
    """How much more the commits of `head` take than those of `base` (0.05 is 5% more).

    `decidable_change` is the smallest `changes.least_change` that such readings decide about, `runs` are those of the
    commit with the fewest, `runs_needed` those of each commit with which a verdict is likely; None: never enough.

    From the newest commit of `base` to the newest of `head` the history has `commits_between` commits, of which
    `measured_between` were measured. `assumed_build_difference` is set where too few commits were measured to show how
    far builds of the same source differ: they are assumed to differ by at most that (0.01 is 1%). `repeated` says
    whether each side has a commit with several readings; one says nothing of how far those of one commit lie apart.
    """

    base: tuple[str, ...]
    head: tuple[str, ...]
    relative_change: float
    ci_low: float
    ci_high: float
    decidable_change: float
    runs: int
    runs_needed: int | None
    commits_between: int | None = None
    measured_between: int | None = None
    assumed_build_difference: float | None = None
    repeated: bool = True


class GateRecord(Record, frozen=True, kw_only=True):
    """The verdict and the reason for it.

    `undecided` says what the verdict `undecided` counts as, `workload_changes` what `not judged` does; `broken` is
    never a pass. `head` is the commit that is judged, None in records of 0.1.0.

    `comparison` is None where nothing could be compared. `differs` says what the commits touch in which the difference
    may lie: those after the newest commit of the base, up to the newest of the head. `tests` says what differs between
    the tests of these two; None where they are the same, or no reports are read.
    """

    schema: str = SCHEMA
    verdict: Verdict
    undecided: Literal["pass", "fail"]
    reason: str
    kind: str | None
    least_change: float
    comparison: GateComparison | None
    workload_changes: Literal["pass", "fail"] = "fail"
    differs: Differences | None = None
    tests: DifferentTests | None = None
    head: str | None = None

    @property
    def passes(self) -> bool:
        """Whether the verdict is a pass, or counts as one."""
        counts = {"pass": "pass", "undecided": self.undecided, "not judged": self.workload_changes}
        return counts.get(self.verdict) == "pass"


def write_gate(path: Path, record: GateRecord) -> None:
    """Writes the record, whole or not at all."""
    write_record(path, record)


def read_gate(path: Path) -> GateRecord:
    """The record; raises ErgitError where it is not there or damaged."""
    return read_record(path, GateRecord, SCHEMA)
