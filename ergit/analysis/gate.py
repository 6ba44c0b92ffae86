"""The gate's verdict: whether the newest commits, or one commit against another, use too much more energy."""

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from ergit.analysis.broken import Broken
from ergit.analysis.detection.change_points import WINDOW
from ergit.analysis.detection.detect import PartResult
from ergit.analysis.detection.differences import Difference
from ergit.analysis.difference import Sides, decidable, difference_of, runs_to_decide
from ergit.analysis.readings import CleanReadings
from ergit.analysis.tests import tests_in_words
from ergit.config.settings import ChangeSettings, GateSettings
from ergit.errors import ErgitError
from ergit.git.names import CommitNames
from ergit.git.runner import Git
from ergit.inputs.differences import differences
from ergit.inputs.equal import Builds, with_jdks, with_resolved
from ergit.inputs.kinds import FileKinds
from ergit.records.commits import CommitRow, chosen, reused_from
from ergit.records.context import AcceptedCommit, Differences, DifferentTests
from ergit.records.gate import GateComparison, GateRecord, Verdict
from ergit.text import compared_phrase, counted, one_line

NAMED_FILES = 3  # in a sentence
LONGEST_PATH = 100  # characters of a path in a sentence


@dataclass(frozen=True)
class Rounds:
    """How often the study measures each commit: in `rounds` of `repeats` readings."""

    rounds: int
    repeats: int


@dataclass(frozen=True)
class Question:
    """Which commits are judged: the `newest` n up to `head`, against `base` or else the level before them.

    `accepted` are the orders in Git history from which on accepted changes count: what is judged starts after the last
    of them, and is compared with that.
    """

    head: str
    base: str | None = None
    newest: int = 1
    accepted: tuple[int, ...] = ()


@dataclass(frozen=True)
class Decision:
    """The verdict and the reason for it; `comparison` is None where nothing could be compared.

    `differs` says what the commits touch in which the difference may lie, where that was looked up.
    """

    verdict: Verdict
    reason: str
    comparison: GateComparison | None = None
    differs: Differences | None = None
    tests: DifferentTests | None = None


def question(
    settings: GateSettings,
    git: Git,
    history: Sequence[CommitRow],
    accepted: Sequence[AcceptedCommit],
    side: Collection[str] = (),
) -> Question:
    """The question that the config asks of the study; `side` are its commits beside the main line.

    A commit that is not measured since an older one has its inputs is judged as that one.

    Raises:
        ErgitError: the study has no commit, or the named head or base is none of its commits.
    """
    commits = [row.commit for row in chosen(history)]
    newest = [sha for sha in commits if sha not in side][-1:]
    if not newest:
        raise ErgitError("The study has no commit that the gate could judge: choose some in `commits`.")
    names = CommitNames.of_repository(git)
    order = {row.commit: row.order for row in history}
    measured_as = {row.commit: reused_from(row) or row.commit for row in history}
    head = newest[0] if settings.head is None else _chosen_named(settings.head, "gate.head", names, commits)
    base = None if settings.base is None else _chosen_named(settings.base, "gate.base", names, commits)
    return Question(
        head=measured_as[head],
        base=base and measured_as[base],
        newest=settings.newest,
        accepted=tuple(order[entry.from_commit] for entry in accepted if entry.from_commit),
    )


def _chosen_named(name: str, key: str, names: CommitNames, commits: Sequence[str]) -> str:
    sha = names.resolve(name, key)
    if sha not in commits:
        raise ErgitError(f"{key}: {name!r} ({sha[:10]}) is not among the commits of the study: add it to `commits`.")
    return sha


def gate_record(
    decision: Decision,
    head: str,
    kind: str | None,
    settings: ChangeSettings,
    gate: GateSettings,
    planned: Rounds | None,
) -> GateRecord:
    """The record of the decision; where it is undecided the reason says what would decide it.

    `head` is the commit that is judged. `gate` says what undecided verdicts and changed workloads count as, `planned`
    how often the study measures, None where it does not.
    """
    reason = decision.reason
    if decision.verdict == "undecided" and decision.comparison:
        reason += " " + what_is_needed(decision.comparison, planned)
    return GateRecord(
        head=head,
        verdict=decision.verdict,
        undecided=gate.undecided,
        workload_changes=gate.workload_changes,
        differs=decision.differs,
        tests=decision.tests,
        reason=reason,
        kind=kind,
        least_change=settings.least_change,
        comparison=decision.comparison,
    )


def decide(
    question: Question,
    readings: CleanReadings,
    parts: Sequence[PartResult],
    settings: ChangeSettings,
    broken: Broken | None,
    why_unclean: Callable[[str], str],
) -> Decision:
    """Fail where an increase is certain and at least `least_change`, pass where that is out of the question.

    `broken` is what is broken at the head, None where nothing is; `why_unclean` says why the commit with that SHA has
    no clean reading.

    Raises:
        ErgitError: the base is newer than the head.
    """
    if broken is not None:
        return Decision("broken", broken.sentence)
    positions = {row.commit: position for position, row in enumerate(readings.commits)}
    for sha in (question.head, question.base):
        if sha is not None and sha not in positions:
            reason = f"{sha[:10]} has no clean reading ({why_unclean(sha)}); the summary says what to do."
            return Decision("undecided", reason)
    head = positions[question.head]
    base = None if question.base is None else positions[question.base]
    if base == head:
        return Decision("pass", f"there is nothing to judge: {question.head[:10]} is the base itself.")
    if base is not None and base > head:
        raise ErgitError(f"gate.base ({question.base}) is newer than gate.head ({question.head}): swap the two.")
    first = max(head - question.newest + 1, 0 if base is None else base + 1)
    accepted = _last_accepted(readings, question.accepted, head)
    if accepted == head:
        return Decision("pass", f"the change of {question.head[:10]} is accepted.")
    if accepted is not None and accepted > (first - 1 if base is None else base):
        base, first = accepted, max(first, accepted + 1)
    found = [sides for part in parts if (sides := _sides(part, base, accepted or 0, first, head))]
    if not found:
        return Decision(
            "undecided",
            f"there is nothing to compare {question.head[:10]} with: no older commit was measured in the same session,"
            " or in one that is linked to it by commits that were measured in both.",
        )
    return _judged(max(found, key=lambda sides: len(sides.base)), readings, settings)


def differences_between(
    git: Git, comparison: GateComparison, readings: CleanReadings, kinds: FileKinds, builds: Builds
) -> Differences:
    """What the commits touch after the newest one of the base, up to the newest one of the head.

    Raises:
        ErgitError: the repository lacks a commit, or a record is damaged.
    """
    base, head = comparison.base[-1], comparison.head[-1]
    shas = [row.commit for row in readings.commits]
    (differs,) = differences(git, [(base, head)], kinds)
    measured = shas[shas.index(base) : shas.index(head) + 1]
    return with_jdks(with_resolved(differs, measured, builds), measured, builds)


def told_with(decision: Decision, differs: Differences, kind: str | None) -> Decision:
    """The decision, knowing what the commits touch in which the difference may lie.

    An increase that can come from nothing but a changed workload is not judged: it says nothing of the program.
    """
    if decision.comparison is None:
        return decision
    known = replace(decision, differs=differs)
    files = _files(differs)
    if differs.kinds == ("workload",) and decision.verdict == "fail":
        reason = (
            f"{_sentences(decision.comparison, kind)} But nothing else than the workload has changed ({files}), so this"
            " says nothing of the program. To let it through, name the commit in changes.accepted, or set"
            " gate.workload_changes to pass; `workload.from` gives all commits the same workload."
        )
        return replace(known, verdict="not judged", reason=reason)
    if differs.kinds == ("workload",):
        return replace(known, reason=f"{decision.reason} Nothing but the workload has changed ({files}).")
    if not differs.kinds and decision.verdict == "fail":
        drift = f"Nothing that runs has changed ({files}): this is drift or a batch, not the program."
        return replace(known, reason=f"{decision.reason} {drift}")
    return known


def told_with_tests(decision: Decision, tests: DifferentTests | None, kind: str | None) -> Decision:
    """The decision, knowing what differs between the tests of the two sides; None where they are the same.

    What other tests need is not judged, be it more or less: it says nothing of the program.
    """
    if decision.comparison is None or tests is None:
        return decision
    known = replace(decision, tests=tests)
    words = tests_in_words(tests)
    if tests.unknown is not None or decision.verdict not in ("pass", "fail"):
        return replace(known, reason=f"{decision.reason} Note: {words}.")
    reason = (
        f"{_sentences(decision.comparison, kind)} But the two sides are {words}. `workload.tests: common` runs the same"
        " tests on both, `workload.from` gives both the same; gate.workload_changes: pass lets it through."
    )
    return replace(known, verdict="not judged", reason=reason)


def _files(differs: Differences) -> str:
    """The first files that differ, and how many more."""
    paths = [path for files in differs.files for path in files.files]
    more = len(paths) - NAMED_FILES + sum(files.unlisted for files in differs.files)
    named = ", ".join(one_line(path, LONGEST_PATH) for path in paths[:NAMED_FILES])
    return f"{named} and {more:,} more" if more > 0 else named or "no file differs"


def _last_accepted(readings: CleanReadings, accepted: Sequence[int], head: int) -> int | None:
    """The position of the last commit up to the head whose change is accepted, be it by one without readings."""
    firsts = (
        next((position for position, row in enumerate(readings.commits) if row.order >= order), None)
        for order in accepted
    )
    return max((position for position in firsts if position is not None and position <= head), default=None)


def _sides(part: PartResult, base: int | None, oldest: int, first: int, head: int) -> Sides | None:
    """The commits of both sides, transient excursions left out; None where one side has none in this part.

    The level before goes back to `oldest` at most, to the last change that surely lies before `first`, and over no more
    than `WINDOW` commits. The level of the head goes back to the last change after that.
    """
    away = {position for change in part.changes if change.kind == "transient" for position in change.after}
    away -= {head, base}
    index = {position: index for index, position in enumerate(part.linked.commit.tolist()) if position not in away}
    lasting = [change for change in part.changes if change.kind == "persistent"]
    since = max((change.position for change in lasting if first <= change.position <= head), default=first)
    after = [index[position] for position in index if since <= position <= head]
    level_since = max((newest for change in lasting if (newest := change.location[-1][1]) < first), default=0)
    before = [index[position] for position in index if max(level_since, oldest) <= position < first][-WINDOW:]
    if base is not None:
        before = [index[position] for position in index if position == base]
    return Sides(part, before, after) if before and head in index else None


def _judged(sides: Sides, readings: CleanReadings, settings: ChangeSettings) -> Decision:
    difference = difference_of(sides)
    low, high = difference.interval()
    relative, least = math.expm1(difference.difference), settings.least_change
    verdict: Verdict = "fail" if low > 0 and relative >= least else "pass" if high < least else "undecided"
    if not _is_repeated(sides):
        verdict = "undecided"
    comparison = _comparison(sides, difference, readings, settings, verdict)
    limit = f"An increase of {100 * least:.3g}% or more (changes.least_change)"
    consequence = {
        "fail": f"{limit} fails: fix it, or name the commit in changes.accepted.",
        "pass": f"{limit} is ruled out.",
        "undecided": f"{limit} is neither shown nor ruled out.",
    }
    return Decision(verdict, f"{_sentences(comparison, readings.kind)} {consequence[verdict]}", comparison)


def _is_repeated(sides: Sides) -> bool:
    """Whether each side has a commit with several readings."""
    readings = sides.part.linked.readings
    return all(readings[list(side)].max() > 1 for side in (sides.base, sides.head))


def _comparison(
    sides: Sides, difference: Difference, readings: CleanReadings, settings: ChangeSettings, verdict: Verdict
) -> GateComparison:
    positions = sides.part.linked.commit.tolist()
    base, head = ([positions[index] for index in side] for side in (sides.base, sides.head))
    low, high = difference.interval()
    return GateComparison(
        base=tuple(readings.commits[position].commit for position in base),
        head=tuple(readings.commits[position].commit for position in head),
        relative_change=math.expm1(difference.difference),
        ci_low=low,
        ci_high=high,
        decidable_change=decidable(difference),
        runs=sides.runs,
        runs_needed=runs_to_decide(difference, sides, settings) if verdict == "undecided" else sides.runs,
        commits_between=readings.commits_between(base[-1], head[-1]),
        measured_between=head[-1] - base[-1],
        assumed_build_difference=sides.part.assumed_build_difference,
        repeated=_is_repeated(sides),
    )


def _sentences(comparison: GateComparison, kind: str | None) -> str:
    estimated = ", estimated from CPU time" if kind == "estimated" else ""
    sentences = [
        f"{_span(comparison.head)} {_use(comparison.head)} {compared_phrase(comparison.relative_change)}"
        f" {_span(comparison.base)} (95% interval {comparison.ci_low:+.1%} to {comparison.ci_high:+.1%}{estimated})."
    ]
    commits, measured = comparison.commits_between, comparison.measured_between
    if commits is not None and measured is not None and commits > measured:
        sentences.append(
            f"After {comparison.base[-1][:10]}, up to {comparison.head[-1][:10]}: {counted(commits, 'commit')},"
            f" {measured:,} of them measured."
        )
    if comparison.assumed_build_difference is not None:
        sentences.append(
            "With so few commits, this assumes that builds of the same source differ by at most"
            f" {comparison.assumed_build_difference:.1%}."
        )
    return " ".join(sentences)


def _use(shas: Sequence[str]) -> str:
    return "uses" if len(shas) == 1 else "use"


def _span(shas: Sequence[str]) -> str:
    return shas[0][:10] if len(shas) == 1 else f"the {len(shas)} commits {shas[0][:10]} to {shas[-1][:10]}"


def what_is_needed(comparison: GateComparison, planned: Rounds | None) -> str:
    """What would make an undecided gate decide."""
    if not comparison.repeated:
        return (
            "One reading says nothing of how far readings of one commit lie apart: set measure.rounds or"
            " measure.repeats to 2 or more and run again."
        )
    if comparison.runs_needed is None:
        return (
            "More runs would hardly decide that, since builds of the same source differ too: these readings decide"
            f" about {comparison.decidable_change:.1%} or more. Raise changes.least_change or gate.newest."
        )
    more = counted(comparison.runs_needed - comparison.runs, "more run")
    needed = f"About {more} of each commit would decide that"
    if planned is None:
        return f"{needed}."
    rounds = max(planned.rounds + 1, math.ceil(comparison.runs_needed / planned.repeats))
    return f"{needed}: set measure.rounds to {rounds} and run again."
