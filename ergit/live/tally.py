"""What came of the jobs of a study so far: builds, readings, failures by reason, flags, and how long they took."""

import re
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ergit.building.reasons import normalised
from ergit.live.news import disqualifying
from ergit.records.build import read_build
from ergit.records.failures import kind_of
from ergit.records.live import LiveFailure
from ergit.records.readings import JobCosts, read_costs

RECENT = 200
"""From so many of the last jobs follows how long the others take."""

OUTPUT = re.compile(
    r"(?:readings/(?P<measured>[0-9a-f]{40})/(?P<round>[0-9]+)|build/(?P<built>[0-9a-f]{40})"
    r"|noise/(?P<aa>[0-9a-f]{40})/[0-9]+/(?:(?P<aa_round>[0-9]+)|build))[.]json"
)


class Work(NamedTuple):
    """What a job builds, or measures in a round, by its record below the results."""

    record: str
    commit: str
    round: int | None  # None: it is built

    @property
    def measures(self) -> bool:
        """Whether it takes readings."""
        return self.round is not None


@dataclass(frozen=True)
class PlannedJob:
    """A job of the workflow: the name of its rule, its outputs below the results, and whether it is left to do."""

    rule: str
    outputs: tuple[str, ...]
    is_left: bool = True

    @property
    def work(self) -> Work | None:
        """What it builds or measures; None where it does neither."""
        found = next((found for output in self.outputs if (found := OUTPUT.fullmatch(output))), None)
        if found is None:
            return None
        number = found["round"] or found["aa_round"]
        commit = found["measured"] or found["built"] or found["aa"]
        return Work(found[0], commit, int(number) if number else None)


@dataclass
class Tally:
    """Everything that is counted, of the study with that folder of results."""

    results: Path
    commits_built: dict[str, str] = field(default_factory=dict)
    """The commits of all builds that there are or will be, by their records; `commits_measured` those of jobs."""
    commits_measured: dict[str, str] = field(default_factory=dict)
    built: set[str] = field(default_factory=set)  # records that are there
    measured: set[str] = field(default_factory=set)
    unbuilt: set[str] = field(default_factory=set)  # commits whose build failed: there is nothing to measure
    failures: dict[tuple[str, str], set[str]] = field(default_factory=dict)  # commits, by kind and reason
    flags: Counter[str] = field(default_factory=Counter)
    flagged: int = 0
    recent: deque[JobCosts] = field(default_factory=lambda: deque(maxlen=RECENT))

    def learn(self, work: Work) -> bool:
        """Notes that there is such a job; whether it was not known."""
        known = self.commits_measured if work.measures else self.commits_built
        is_new = work.record not in known
        known[work.record] = work.commit
        return is_new

    def count_build(self, work: Work) -> str | None:
        """Counts a build that is done; why it failed, None where it did not.

        Raises:
            ErgitError: its record is damaged.
        """
        record = read_build(self.results / work.record)
        self.built.add(work.record)
        if record.status == "ok":
            return None
        self.unbuilt.add(work.commit)
        kind = record.status if record.status == "no-jdk" else f"build-{record.status}"
        return self._fail(kind, record.reason or record.status, work.commit)

    def count_readings(self, work: Work) -> tuple[JobCosts, str | None]:
        """Counts a measuring job that is done; its record, and why no reading of it succeeded.

        Raises:
            ErgitError: its record is damaged.
        """
        costs = read_costs(self.results / work.record)
        self.measured.add(work.record)
        if costs.source is None and work.commit in self.unbuilt:
            return costs, None  # it was told with the build
        self.recent.append(costs)
        for window in costs.readings:
            flags = disqualifying(window.flags)
            if flags and not window.warmup:
                self.flagged += 1
                self.flags.update(flags)
        if any(window.status == "ok" and not window.warmup for window in costs.readings):
            return costs, None
        last = costs.readings[-1] if costs.readings else costs
        return costs, self._fail(kind_of(last.status), last.reason or last.status, work.commit)

    def _fail(self, kind: str, reason: str, commit: str) -> str:
        self.failures.setdefault((kind, normalised(reason)), set()).add(commit)
        return reason

    @property
    def failed(self) -> set[str]:
        """All commits that failed."""
        return set().union(*self.failures.values())

    def jobs_done_of(self) -> tuple[int, int]:
        """How many measuring jobs are done, and how many there are, without those of commits that have no build."""
        left_out = self.unbuilt & set(self.commits_measured.values()) if self.unbuilt else set()
        if not left_out:
            return len(self.measured), len(self.commits_measured)
        jobs = {record for record, commit in self.commits_measured.items() if commit not in left_out}
        return len(self.measured & jobs), len(jobs)

    def failures_by_reason(self) -> tuple[LiveFailure, ...]:
        """The failures, those of most commits first."""
        found = (LiveFailure(kind=kind, reason=reason, commits=len(of)) for (kind, reason), of in self.failures.items())
        return tuple(sorted(found, key=lambda failure: (-failure.commits, failure.kind, failure.reason)))
