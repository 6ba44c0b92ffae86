"""The section Summary: what was studied, the verdict, how small a change can be seen, and what makes that doubtful."""

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from ergit.importing.files import sentences
from ergit.records.changes import ChangeResult
from ergit.records.imported import SOURCE
from ergit.reports.context import assumption_sentence
from ergit.reports.differences import kinds_phrase
from ergit.reports.html.markdown import inline
from ergit.reports.html.section import Section
from ergit.reports.html.study import ReportStudy
from ergit.reports.summary import accepted_line, equal_neighbours, facts, limits
from ergit.reports.undone import undone
from ergit.text import counted, detectable_phrase, markdown_line

DOUBT_FLAGGED = 0.1  # of the readings
DOUBT_FAILED = 0.1  # of the commits
REASON = 160  # characters of the most frequent reason


@dataclass(frozen=True)
class Figure:
    """One number that the study comes down to, and what it is."""

    number: str
    words: str


@dataclass(frozen=True)
class Link:
    """A change that the verdict names, by its place on the page."""

    id: str
    text: str


@dataclass(frozen=True)
class Content:
    """What the template shows; sentences are HTML."""

    verdict: Markup
    largest: Markup | None
    link: Link | None
    figures: tuple[Figure, ...]
    facts: tuple[Markup, ...]
    limits: tuple[Markup, ...]
    doubts: tuple[Markup, ...]


def section(study: ReportStudy) -> Section:
    """The section of a study."""
    told = list(facts(study.table, study.history))
    doubts = [*(fact for fact in told if fact.startswith("**")), *_doubts(study)]
    told = [fact for fact in told if not fact.startswith("**")]
    if study.imported is not None:
        told += sentences(study.imported)
    largest = max(study.changes.changes, key=_size, default=None)
    return Section(
        name="summary",
        title="Summary",
        template="first.html",
        content=Content(
            verdict=inline(_verdict(study)),
            largest=None if largest is None else inline(_largest(largest, study)),
            link=None if largest is None else Link(largest.commit, f"Why this one is believed: {largest.commit[:10]}"),
            figures=tuple(_figures(study)),
            facts=tuple(map(inline, told)),
            limits=tuple(map(inline, [*_limits(study), *map(accepted_line, study.context.accepted)])),
            doubts=tuple(map(inline, doubts)),
        ),
    )


def _size(change: ChangeResult) -> tuple[bool, float]:
    """Changes that last come first, then the larger ones; a half counts as much as a double."""
    ratio = 1 + change.relative_change
    return change.kind == "persistent", max(ratio, 1 / ratio) if ratio > 0 else float("inf")


def _verdict(study: ReportStudy) -> str:
    """What the study says in one sentence."""
    record = study.changes
    if not study.table["clean"].any():
        flagged = int((study.table["status"] == "ok").sum())
        if flagged == 0:
            return "**No commit could be measured**, so nothing is known of its energy."
        return f"**No reading is clean**, so no change can be found: all {flagged:,} are flagged."
    measured = record.study.measured_commits
    if measured < 2:
        return "**One commit was measured**, so there is nothing to compare it with."
    if not record.changes:
        smallest = record.study.minimum_detectable_change
        if smallest is None:
            return "**No change was found**, but too few commits have clean readings for one to be seen."
        return (
            f"**No change was found**; one of {smallest:.1%} or more at a median commit would probably have been seen."
        )
    lasting = [change for change in record.changes if change.kind == "persistent"]
    up = sum(change.relative_change > 0 for change in lasting)
    told = (
        [f"**The energy changed at {counted(len(lasting), 'commit')}**"]
        if lasting
        else ["**The energy did not change for good**"]
    )
    if lasting:
        told.append(f": it grew at {up:,} and fell at {len(lasting) - up:,}")
    passing = len(record.changes) - len(lasting)
    if passing:
        told.append(f"; {counted(passing, 'excursion')} went away again")
    return "".join(told) + "."


def _largest(change: ChangeResult, study: ReportStudy) -> str:
    """The largest change, and what differs there."""
    context = study.contexts.get((change.commit, change.kind))
    subject = f" (“{markdown_line(context.subject, 80)}”)" if context else ""
    differs = context.differs if context else None
    touched = "" if differs is None else f" What differs there: {kinds_phrase(differs.kinds)}."
    before, after = (f"{joules:.4g} J" for joules in (change.joules_before, change.joules_after))
    pair = undone(study.changes.changes).get(change.commit) if change.kind == "persistent" else None
    back = "" if pair is None else f" **{pair.in_words(change.commit)}**"
    return (
        f"The largest is **{change.relative_change:+.1%}** (95% interval {change.ci_low:+.1%} to {change.ci_high:+.1%},"
        f" from {before} to {after}) at {change.commit[:10]}{subject}.{touched}{back}"
    )


def _limits(study: ReportStudy) -> Iterator[str]:
    """How small a change can be seen; what the intervals assume is among the doubts."""
    assumption = assumption_sentence(study.changes.study)
    yield from (line for line in limits(study.table, study.changes.study) if line != assumption)


def _figures(study: ReportStudy) -> Iterator[Figure]:
    facts_of = study.changes.study
    yield Figure(
        f"{study.table.loc[study.table['clean'], 'commit'].nunique():,}",
        f"of {counted(len(study.commits), 'commit')} with clean readings",
    )
    yield Figure(f"{int(study.table['clean'].sum()):,}", "clean readings")
    yield Figure(f"{len(study.changes.changes):,}", "change" if len(study.changes.changes) == 1 else "changes")
    if facts_of.minimum_detectable_change is not None:
        smallest = detectable_phrase(facts_of.minimum_detectable_change)
        yield Figure(smallest, "is the smallest change that would probably be seen")


def _doubts(study: ReportStudy) -> Iterator[str]:
    """What speaks against the readings or against what is concluded from them, each in a sentence."""
    table, record = study.table, study.changes
    assumption = assumption_sentence(record.study)
    if assumption is not None:
        yield assumption
    taken = int((table["status"] == "ok").sum())
    flagged = taken - int(table["clean"].sum())
    if taken and flagged / taken > DOUBT_FLAGGED:
        yield f"**{flagged:,} of {counted(taken, 'reading')} are flagged** and do not count: Validity says why."
    failed = table.loc[table["status"] != "ok", "commit"].nunique()
    if failed and failed / max(len(study.commits), 1) > DOUBT_FAILED:
        why = "Validity says why."
        if study.failures:
            most = study.failures[0]
            why = f"Most often ({counted(most.commits, 'commit')}): {markdown_line(most.reason, REASON)}"
        yield f"**{failed:,} of {counted(len(study.commits), 'commit')} failed** at least once. {why}"
    parts = len(record.study.parts)
    if parts > 1:
        yield (
            f"**{parts} parts of the history cannot be compared**: too few commits were measured in the sessions of two"
            " of them, so a step from one to the next is not reported."
        )
    if taken and (table.loc[table["status"] == "ok", "source"] == SOURCE).all():
        yield "The readings are **another tool's**: their conditions (temperature, load, frequency) are not known here."
    mixed = sum("workload" in one.differs.kinds for one in study.context.changes if one.differs is not None)
    if mixed:
        touch = "touches" if mixed == 1 else "touch"
        yield (
            f"**{mixed:,} of {counted(len(record.changes), 'change')} {touch} the workload**"
            " (tests or benchmark), so what was measured changed there, and not only the program."
        )
    yield from (line for line in equal_neighbours(record, study.context) if line.startswith("**"))
