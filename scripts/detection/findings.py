"""What results/changes.json holds: the study, its commits and its changes."""

import json
from dataclasses import asdict, dataclass
from typing import Any

SCHEMA = "ergit.changes/1"


@dataclass(frozen=True)
class Offset:
    """What a session adds to the energy, relative to the first of its part, with the confidence interval."""

    host: str
    session: str
    relative: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True)
class Part:
    """Commits that can be compared: measured in one session, or in several that anchors tie.

    Spreads are relative standard deviations: from run to run, between builds of the same source, and of the level over
    a few commits. `tail_degrees` are those of the Student's t that the noise resembles.
    """

    commits: int
    anchors: int
    sessions: list[Offset]
    run_spread: float
    build_spread: float
    drift_spread: float
    tail_degrees: float
    identical_neighbours: int


@dataclass(frozen=True)
class Need:
    """Runs of each commit that a change needs to be found once `commits_after` commits have it; None: never enough."""

    change: float
    commits_after: int
    runs: int | None


@dataclass(frozen=True)
class Study:
    """Facts of the whole study; `kind` is measured or estimated, None without any reading."""

    kind: str | None
    unit: str
    commits: int
    measured_commits: int
    readings: int
    tests: int
    least_change: float
    false_discovery_rate: float
    smallest_visible_change: float | None
    runs_needed: list[Need]
    parts: list[Part]


@dataclass(frozen=True)
class Comparison:
    """A commit against the previous comparable one; 0.05 is 5 % more, `q` is corrected over all commits."""

    against: str
    relative: float
    ci_low: float
    ci_high: float
    p: float
    q: float
    differs: bool


@dataclass(frozen=True)
class CommitFinding:
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
    shift: Comparison | None
    smallest_visible_change: float | None


@dataclass(frozen=True)
class ChangeFinding:
    """One change; `location` are the commits it may lie in, oldest first, those without a reading included.

    `joules_before` is what the commits before would have taken under the conditions of those after.
    `duration_change` and `power_change` say whether time or watts grew (joules = seconds × watts); None where the two
    sides were measured in different sessions.
    """

    commit: str
    order: int
    kind: str
    direction: str
    relative_change: float
    ci_low: float
    ci_high: float
    q_value: float
    location: list[str]
    joules_before: float
    joules_after: float
    duration_change: float | None
    power_change: float | None


@dataclass(frozen=True)
class Findings:
    """All that the statistics say of a study."""

    study: Study
    commits: list[CommitFinding]
    changes: list[ChangeFinding]


def to_json(findings: Findings) -> str:
    """The text of results/changes.json."""
    study = asdict(findings.study)
    content = {
        "schema": SCHEMA,
        "kind": study["kind"],
        "study": study,
        "commits": [asdict(commit) for commit in findings.commits],
        "changes": [asdict(change) for change in findings.changes],
    }
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def from_json(text: str) -> Findings:
    """The findings that `to_json` wrote."""
    content = json.loads(text)
    return Findings(
        study=_study(content["study"]),
        commits=[_commit(entry) for entry in content["commits"]],
        changes=[ChangeFinding(**entry) for entry in content["changes"]],
    )


def _study(entry: dict[str, Any]) -> Study:
    parts = [Part(**part | {"sessions": [Offset(**offset) for offset in part["sessions"]]}) for part in entry["parts"]]
    return Study(**entry | {"parts": parts, "runs_needed": [Need(**need) for need in entry["runs_needed"]]})


def _commit(entry: dict[str, Any]) -> CommitFinding:
    return CommitFinding(**entry | {"shift": None if entry["shift"] is None else Comparison(**entry["shift"])})
