"""results/changes.json and .tsv: what the statistics say of a study, its commits and its changes."""

import json
from pathlib import Path
from typing import Literal

import msgspec

from ergit.errors import ErgitError
from ergit.records.record import Record, Value, decode, write_record
from ergit.records.tsv import write_table

SCHEMA = "ergit.changes/2"
OLDER = {  # names of fields in `ergit.changes/1`
    "smallest_visible_change": "minimum_detectable_change",
}


class SessionOffset(Value, frozen=True, kw_only=True):
    """What a session adds to the energy, relative to the first of its part, with the confidence interval."""

    host: str
    session: str
    relative: float
    ci_low: float
    ci_high: float


class ComparablePart(Value, frozen=True, kw_only=True):
    """Commits that can be compared: measured in one session, or in several that anchors link.

    Spreads are relative standard deviations: from run to run, between builds of the same source, and of the level over
    a few commits. `tail_degrees` are those of the Student's t that the noise resembles. `assumed_build_difference` is
    set where too few commits were measured to show how far builds of the same source differ: they are assumed to differ
    by at most that (0.01 is 1%).
    """

    commits: int
    anchors: int
    sessions: tuple[SessionOffset, ...]
    run_spread: float
    build_spread: float
    drift_spread: float
    tail_degrees: float
    identical_neighbours: int
    assumed_build_difference: float | None = None


class RunsNeeded(Value, frozen=True, kw_only=True):
    """Runs of each commit that a change needs to be found once `commits_after` commits have it; None: never enough."""

    change: float
    commits_after: int
    runs: int | None


class StudyFacts(Value, frozen=True, kw_only=True):
    """Facts of the whole study; `kind` is measured or estimated, None without any reading.

    `anchors` are the SHAs of the commits that alone may link sessions; none: all that several sessions measured.
    `judged` is the domain whose energy was analysed.
    """

    kind: str | None
    unit: str
    commits: int
    measured_commits: int
    readings: int
    tests: int
    least_change: float
    false_discovery_rate: float
    anchors: tuple[str, ...] = ()
    judged: str = "package"
    minimum_detectable_change: float | None
    runs_needed: tuple[RunsNeeded, ...]
    parts: tuple[ComparablePart, ...]


class Shift(Value, frozen=True, kw_only=True):
    """A commit against the previous comparable one; 0.05 is 5% more, `q` is corrected over all commits."""

    against: str
    relative: float
    ci_low: float
    ci_high: float
    p: float
    q: float
    differs: bool


class CommitResult(Value, frozen=True, kw_only=True):
    """One commit of the study; without a clean reading all numbers are None.

    `mad_joules` is the median absolute deviation of the readings, `level_joules` the level of the stretch between two
    changes, `part` the index of the comparable part.
    """

    commit: str
    order: int
    part: int | None
    readings: int
    median_joules: float | None
    mean_joules: float | None
    mad_joules: float | None
    level_joules: float | None
    shift: Shift | None
    minimum_detectable_change: float | None


class ChangeResult(Value, frozen=True, kw_only=True):
    """One change; `location` are the commits it may lie in, oldest first, those without a reading included.

    It lies after the commit `after` and not after the last of `location`: in one of `commits_between` commits of the
    history, of which `measured_between` were measured. A sampled history has commits between that are in no table.
    These three are None in records of 0.1.0. `compared_before` and `compared_after` are the commits whose levels were
    compared; empty in older records.

    `q_value` is the p-value corrected over the whole history, by Bonferroni (persistent) or Benjamini and Hochberg
    (transient); in records of 0.1.0 always by the latter.
    `joules_before` is what the commits before would have taken under the conditions of those after.
    `duration_change` and `power_change` say whether time or watts grew (joules = seconds × watts); None where the two
    sides were measured in different sessions.
    """

    commit: str
    order: int
    kind: Literal["persistent", "transient"]
    direction: Literal["increase", "decrease"]
    relative_change: float
    ci_low: float
    ci_high: float
    q_value: float
    location: tuple[str, ...]
    joules_before: float
    joules_after: float
    duration_change: float | None
    power_change: float | None
    after: str | None = None
    commits_between: int | None = None
    measured_between: int | None = None
    compared_before: tuple[str, ...] = ()
    compared_after: tuple[str, ...] = ()


class SideResult(Value, frozen=True, kw_only=True):
    """A commit beside the main line against the level of the main line where it left; 0.05 is 5% more.

    `left` is the newest measured commit of the main line in its history, and that level one of `level_commits` commits.
    `q` is corrected over all side commits. All but the commit is None where no such commit can be compared with it.
    """

    commit: str
    order: int
    left: str | None = None
    level_commits: int = 0
    relative: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    q: float | None = None
    differs: bool = False


class ChangesRecord(Record, frozen=True, kw_only=True):
    """All that the statistics say of a study.

    `false_alarms` are levels that change between commits whose trees are identical: drift or a batch, as large as a
    change of the program that would be reported. They are not among the changes. `side` has the commits beside the
    main line, which are no part of its levels; those of `commits` without a part and with readings.
    """

    schema: str = SCHEMA
    kind: str | None
    study: StudyFacts
    commits: tuple[CommitResult, ...]
    changes: tuple[ChangeResult, ...]
    false_alarms: tuple[ChangeResult, ...] = ()
    side: tuple[SideResult, ...] = ()


COLUMNS = (  # of results/changes.tsv
    *("commit", "order", "part", "readings", "median_joules", "mean_joules", "mad_joules", "level_joules"),
    *("against", "relative", "ci_low", "ci_high", "p", "q", "differs", "minimum_detectable_change"),
    *("change_kind", "change_relative_change", "change_ci_low", "change_ci_high", "change_q_value"),
)
_OF_CHANGE = {f"change_{name}": name for name in ("kind", "relative_change", "ci_low", "ci_high", "q_value")}


def write_changes(path: Path, record: ChangesRecord) -> None:
    """Writes results/changes.json, whole or not at all."""
    write_record(path, record)


def read_changes(path: Path) -> ChangesRecord:
    """The record in results/changes.json, also of an older schema.

    Raises:
        ErgitError: the file is not there or damaged.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ErgitError(f"{path} cannot be read: {error.strerror}. Run the study first.") from None
    if b'"ergit.changes/1"' in content[:100]:
        text = content.decode("utf-8", "replace").replace('"ergit.changes/1"', json.dumps(SCHEMA), 1)
        for old, new in OLDER.items():
            text = text.replace(f'"{old}":', f'"{new}":')
        content = text.encode()
    return decode(content, ChangesRecord, SCHEMA, str(path))


def write_changes_table(path: Path, record: ChangesRecord) -> None:
    """Writes results/changes.tsv, a row a commit; what does not apply is an empty cell."""
    changes = {change.commit: change for change in record.changes}
    rows = []
    for commit in record.commits:
        cells = msgspec.structs.asdict(commit)
        cells |= {} if commit.shift is None else msgspec.structs.asdict(commit.shift)
        change = changes.get(commit.commit)
        if change is not None:
            cells |= {column: getattr(change, name) for column, name in _OF_CHANGE.items()}
        rows.append([cells.get(column) for column in COLUMNS])
    write_table(path, COLUMNS, rows)
