"""The gate's verdict: whether the newest commits, or one commit against another, use too much more energy."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from git import Git

from ergit.analysis.changes import anchor_positions, read_table
from ergit.analysis.changes import read_commits as read_history
from ergit.analysis.context import read_context
from ergit.analysis.detection.change_points import WINDOW, Settings
from ergit.analysis.detection.conclusions import Readings
from ergit.analysis.detection.detect import Verdict, detect
from ergit.analysis.difference import Sides, decidable, difference_of, runs_to_decide
from ergit.errors import ErgitError, exit_on_user_error
from ergit.files import write_atomically
from ergit.git.history import commit_named, git_in
from ergit.measuring.table import read_commits

SCHEMA = "ergit.gate/1"


@dataclass(frozen=True)
class Question:
    """Which commits are judged: the `newest` so many up to `head`, against `base` or else the level before them.

    `accepted` are the orders in Git history from which on accepted changes count: what is judged starts after the last
    of them, and is compared with that.
    """

    head: str
    base: str | None = None
    newest: int = 1
    accepted: tuple[int, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """How much more the `head` takes than the `base` (0.05 is 5 % more).

    `decidable_change` is the smallest `changes.least_change` that such readings decide about, `runs` are those of the
    commit with the fewest, `runs_needed` those of each commit with which a verdict is likely; None: never enough.
    """

    base: list[str]
    head: list[str]
    relative_change: float
    ci_low: float
    ci_high: float
    decidable_change: float
    runs: int
    runs_needed: int | None


@dataclass(frozen=True)
class Decision:
    """The verdict and the reason for it; `comparison` is None where nothing could be compared."""

    verdict: Literal["pass", "fail", "undecided"]
    reason: str
    comparison: Comparison | None = None


def decide(question: Question, readings: Readings, parts: Sequence[Verdict], settings: Settings) -> Decision:
    """Fail where an increase is certain and at least `least_change`, pass where that is out of the question.

    Raises:
        ErgitError: the base is newer than the head.
    """
    place = {commit.commit: position for position, commit in enumerate(readings.commits)}
    for sha in (question.head, question.base):
        if sha is not None and sha not in place:
            return Decision("undecided", f"{sha[:10]} has no clean reading; results/summary.md says why.")
    head = place[question.head]
    base = None if question.base is None else place[question.base]
    if base == head:
        return Decision("pass", f"there is nothing to judge: {question.head[:10]} is the base itself.")
    if base is not None and base > head:
        raise ErgitError(f"gate.base ({question.base}) is newer than gate.head ({question.head}).")
    first = max(head - question.newest + 1, 0 if base is None else base + 1)
    reset = _reset(readings, question.accepted, head)
    if reset == head:
        return Decision("pass", f"the change of {question.head[:10]} is accepted.")
    if reset is not None and reset > (first - 1 if base is None else base):
        base, first = reset, max(first, reset + 1)
    found = [sides for part in parts if (sides := _sides(part, base, reset or 0, first, head))]
    if not found:
        return Decision(
            "undecided",
            f"there is nothing to compare {question.head[:10]} with: no older commit was measured in the same session,"
            " or in one that is linked to it by commits that were measured in both.",
        )
    return _judged(max(found, key=lambda sides: len(sides.base)), readings, settings)


def _reset(readings: Readings, accepted: Sequence[int], head: int) -> int | None:
    """The position of the last commit up to the head whose change is accepted, be it by one without readings."""
    firsts = (
        next((position for position, commit in enumerate(readings.commits) if commit.order >= order), None)
        for order in accepted
    )
    return max((position for position in firsts if position is not None and position <= head), default=None)


def _sides(part: Verdict, base: int | None, oldest: int, first: int, head: int) -> Sides | None:
    """The commits of both sides, transient excursions left out; None where one side has none in this part.

    The level before goes back to `oldest` at most, to the last change that surely lies before `first`, and over no more
    than `WINDOW` commits. The level of the head goes back to the last change after that.
    """
    away = {place for change in part.changes if change.kind == "transient" for place in change.after} - {head, base}
    index = {place: index for index, place in enumerate(part.linked.commit.tolist()) if place not in away}
    lasting = [change for change in part.changes if change.kind == "persistent"]
    since = max((change.position for change in lasting if first <= change.position <= head), default=first)
    after = [index[place] for place in index if since <= place <= head]
    level_since = max((place for change in lasting if (place := change.location[-1][1]) < first), default=0)
    before = [index[place] for place in index if max(level_since, oldest) <= place < first][-WINDOW:]
    if base is not None:
        before = [index[place] for place in index if place == base]
    return Sides(part, before, after) if before and head in index else None


def _judged(sides: Sides, readings: Readings, settings: Settings) -> Decision:
    difference = difference_of(sides)
    low, high = difference.interval()
    relative, least = math.expm1(difference.difference), settings.least_change
    verdict: Literal["pass", "fail", "undecided"] = (
        "fail" if low > 0 and relative >= least else "pass" if high < least else "undecided"
    )
    shas = [readings.commits[position].commit for position in sides.part.linked.commit.tolist()]
    comparison = Comparison(
        base=[shas[index] for index in sides.base],
        head=[shas[index] for index in sides.head],
        relative_change=relative,
        ci_low=low,
        ci_high=high,
        decidable_change=decidable(difference),
        runs=sides.runs,
        runs_needed=runs_to_decide(difference, sides, settings) if verdict == "undecided" else sides.runs,
    )
    consequence = {
        "fail": "Fix it, or name the commit in changes.accepted.",
        "pass": f"changes.least_change is {least:.2g}.",
        "undecided": f"changes.least_change ({least:.2g}) is neither reached nor ruled out.",
    }
    return Decision(verdict, f"{_told(comparison, readings.kind)}. {consequence[verdict]}", comparison)


def _told(comparison: Comparison, kind: str | None) -> str:
    estimated = ", estimated from CPU time" if kind == "estimated" else ""
    return (
        f"{_span(comparison.head)} uses {comparison.relative_change:+.1%} energy against {_span(comparison.base)}"
        f" (95 % interval {comparison.ci_low:+.1%} to {comparison.ci_high:+.1%}{estimated})"
    )


def _span(shas: Sequence[str]) -> str:
    return shas[0][:10] if len(shas) == 1 else f"the {len(shas)} commits {shas[0][:10]} to {shas[-1][:10]}"


def what_is_needed(comparison: Comparison, measure: Mapping[str, int] | None) -> str:
    """What would make an undecided gate decide; `measure` are the config's `rounds` and `repeats`, None if imported."""
    if comparison.runs_needed is None:
        return (
            "More runs would hardly decide that, since builds of the same source differ too: these readings tell"
            f" {comparison.decidable_change:.1%} from nothing. Raise changes.least_change or gate.newest."
        )
    more = comparison.runs_needed - comparison.runs
    needed = f"About {more} more run{'' if more == 1 else 's'} of each commit would decide that"
    if measure is None:
        return f"{needed}."
    rounds = max(measure["rounds"] + 1, math.ceil(comparison.runs_needed / measure["repeats"]))
    return f"{needed}: set measure.rounds to {rounds} and run again."


def chosen_named(git: Git, name: str, key: str, chosen: Sequence[str]) -> str:
    """The SHA of a commit that the config's `gate` names.

    Raises:
        ErgitError: there is no such commit, or it is none of the study's.
    """
    sha = commit_named(git, name, key)
    if sha not in chosen:
        raise ErgitError(f"{key}: {name!r} ({sha[:10]}) is not among the commits of the study: add it to `commits`.")
    return sha


def main(job: Any) -> None:
    """The script of the rule `verdict`."""
    gate, changes = job.params.gate, job.params.changes
    commits = read_commits(Path(job.input.commits))
    chosen = list(commits.loc[commits["chosen"] == "yes", "commit"])
    order = dict(zip(commits["commit"], commits["order"], strict=True))
    _, accepted = read_context(Path(job.input.context))
    with git_in(Path(job.params.mirror)) as git:
        base, head = (gate[key] and chosen_named(git, gate[key], f"gate.{key}", chosen) for key in ("base", "head"))
    history = read_history(Path(job.input.commits))
    readings = read_table(Path(job.input.table), history)
    settings = Settings(changes["least_change"], changes["false_discovery_rate"])
    anchors = anchor_positions(changes["anchors"], readings.commits, history)
    question = Question(
        head or chosen[-1], base, gate["newest"], tuple(order[a.from_commit] for a in accepted if a.from_commit)
    )
    decision = decide(question, readings, detect(readings.observations, settings, anchors), settings)
    reason = decision.reason
    if decision.verdict == "undecided" and decision.comparison:
        reason += " " + what_is_needed(decision.comparison, job.params.measure)
    record = {
        "schema": SCHEMA,
        "verdict": decision.verdict,
        "undecided": gate["undecided"],
        "reason": reason,
        "kind": readings.kind,
        "least_change": settings.least_change,
        "comparison": decision.comparison and asdict(decision.comparison),
    }
    write_atomically(Path(job.output[0]), json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    with exit_on_user_error():
        main(globals()["snakemake"])
