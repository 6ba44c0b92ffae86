"""The section Changes: a table of all changes, and for each the evidence why it is believed and what lies in it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ergit.analysis.tests import tests_in_words
from ergit.records.changes import ChangeResult
from ergit.records.context import ChangeContext, ChangedFile, Differences, FileKind, KindFiles
from ergit.reports.context import location_sentence
from ergit.reports.differences import WORDS, dependency_text, kinds_phrase
from ergit.reports.html.evidence import Evidence, drawn, evidence_of, words
from ergit.reports.html.evidence_charts import charts
from ergit.reports.html.section import Section
from ergit.reports.html.study import ReportStudy
from ergit.reports.undone import Undone, undone
from ergit.text import counted, one_line
from ergit.urls import public_url

MOST_FILES = 12  # that the evidence names of a kind, and of all
MOST_METHODS = 12

CLASSES = {  # what a change may be, each in one of the first five; the others may also hold
    "program-alone": "the program, not the workload",
    "workload-alone": "the workload, not the program",
    "program-and-workload": "both the program and the workload",
    "around": "neither, but build, dependencies or JDK",
    "nothing": "nothing that runs",
    "build": "the build, whatever else",
    "dependencies": "dependencies, whatever else",
    "jdk": "the JDK, whatever else",
    "unknown": "not recorded",
}


@dataclass(frozen=True)
class FilesOfKind:
    """The files of one kind that a change touches, those that are named, and how many are not."""

    kind: str
    files: tuple[str, ...]
    unlisted: int


@dataclass(frozen=True)
class ChangeRow:
    """One change: its row in the table, and the text of its evidence.

    `id` is the commit's SHA, which links to it; the second change of a commit has its kind added. `facts` are
    sentences, `has_charts` says whether there are readings to draw, `undone` whether it undoes
    another change or is undone.
    """

    id: str
    change: ChangeResult
    context: ChangeContext | None
    subject: str
    author: str
    date: str
    link: str | None
    classes: tuple[str, ...]
    differs: str
    facts: tuple[str, ...]
    touched: tuple[FilesOfKind, ...]
    dependencies: tuple[str, ...]
    methods: tuple[str, ...]
    files: tuple[ChangedFile, ...]
    files_unlisted: int
    has_charts: bool
    undone: str | None


@dataclass(frozen=True)
class Content:
    """All changes in the order of the history; `why_none` says why there are none, `in_words` sums them up."""

    rows: tuple[ChangeRow, ...]
    classes: tuple[tuple[str, str, int], ...]
    in_words: str
    why_none: str | None


def section(study: ReportStudy) -> Section:
    """The section of a study."""
    evidence = evidence_of(study)
    rows = tuple(_rows(study, evidence))
    counts = [(name, text, sum(name in row.classes for row in rows)) for name, text in CLASSES.items()]
    content = Content(
        rows=rows,
        classes=tuple(entry for entry in counts if entry[2]),
        in_words=_in_words(rows),
        why_none=None if rows else _why_none(study),
    )
    return Section(
        name="changes",
        title="Changes",
        template="changes.html",
        content=content,
        charts=charts(has_times=study.has_times) if evidence else (),
        data=[_client_data(row.id, found) for row, found in _paired(rows, evidence)],
        script="changes.js",
    )


def _rows(study: ReportStudy, evidence: Sequence[Evidence]) -> Iterator[ChangeRow]:
    history = {row.commit: row for row in study.history}
    with_charts = {(one.change.commit, one.change.kind) for one in evidence}
    seen: set[str] = set()
    pairs, why_no_cause = undone(study.changes.changes), _why_no_cause(study)
    for change in sorted(study.changes.changes, key=lambda change: change.order):
        context = study.contexts.get((change.commit, change.kind))
        row = history[change.commit]
        differs = context.differs if context else None
        pair = pairs.get(change.commit) if change.kind == "persistent" else None
        yield ChangeRow(
            id=change.commit if change.commit not in seen else f"{change.commit}-{change.kind}",
            change=change,
            context=context,
            subject=one_line(row.subject),
            author=one_line(row.author),
            date=row.date[:10],
            link=public_url(context.link) if context and context.link else None,
            classes=classes_of(differs),
            differs="not recorded" if differs is None else kinds_phrase(differs.kinds),
            facts=tuple(_facts(change, context, pair, why_no_cause)),
            touched=tuple(_of_kind(files) for files in differs.files) if differs else (),
            dependencies=_listed(map(dependency_text, differs.dependencies), differs.dependencies_unlisted)
            if differs
            else (),
            methods=_methods(differs) if differs else (),
            files=context.files.largest[:MOST_FILES] if context else (),
            files_unlisted=max(0, context.files.count - MOST_FILES) if context else 0,
            has_charts=(change.commit, change.kind) in with_charts,
            undone=None if pair is None else "is undone" if pair.first is change else "undoes the last",
        )
        seen.add(change.commit)


def _paired(rows: Sequence[ChangeRow], evidence: Sequence[Evidence]) -> Iterator[tuple[ChangeRow, Evidence]]:
    by_change = {(one.change.commit, one.change.kind): one for one in evidence}
    for row in rows:
        found = by_change.get((row.change.commit, row.change.kind))
        if found is not None:
            yield row, found


def classes_of(differs: Differences | None) -> tuple[str, ...]:
    """The names of `CLASSES` that a change with these differences has."""
    if differs is None:
        return ("unknown",)
    kinds = set(differs.kinds)
    if not kinds or differs.same is not None:
        first = "nothing"
    elif {"program", "workload"} <= kinds:
        first = "program-and-workload"
    elif "program" in kinds:
        first = "program-alone"
    elif "workload" in kinds:
        first = "workload-alone"
    else:
        first = "around"
    return first, *(kind for kind in ("build", "dependencies", "jdk") if kind in kinds)


def _in_words(rows: Sequence[ChangeRow]) -> str:
    """How many changes go up and down, and whether the program or its workload changed there."""
    up = sum(row.change.direction == "increase" for row in rows)
    split = [
        f"{counted(count, 'touches', 'touch')} {text}"
        for name, text in list(CLASSES.items())[:5]
        if (count := sum(name in row.classes for row in rows))
    ]
    told = f"{counted(up, 'increase')} and {counted(len(rows) - up, 'decrease')}."
    return f"{told} By what the commits touch: {', '.join(split)}." if split else told


def _why_none(study: ReportStudy) -> str:
    """Why the study has no change: none was found, or nothing could be compared."""
    if study.table["clean"].any():
        smallest = study.changes.study.minimum_detectable_change
        seen = (
            "too few commits have clean readings for one to be seen"
            if smallest is None
            else (f"at the median commit one of {smallest:.1%} or more would probably have been seen")
        )
        return f"No change was found; {seen}."
    flagged = int((study.table["status"] == "ok").sum())
    if flagged:
        return f"No reading is clean, so no change can be found: all {flagged:,} are flagged (see Validity)."
    return "No commit could be measured, so no change can be found. What failed stands under Validity."


def _why_no_cause(study: ReportStudy) -> str:
    """Why it may not be known whether time or power changed."""
    if study.changes.kind == "estimated":
        return "the energy is an estimate from CPU time"
    if study.readings["duration_seconds"].isna().all():
        return "durations were not recorded"
    return "the two sides were measured in different sessions"


def _facts(
    change: ChangeResult, context: ChangeContext | None, pair: Undone | None, why_no_cause: str
) -> Iterator[str]:
    """What is known of a change, a sentence each."""
    if change.kind == "transient":
        yield "The energy was different at these commits alone, and then as before."
    if pair is not None:
        yield pair.in_words(change.commit)
    location = location_sentence(change)
    if location is None:
        yield "It lies in this commit: the one before it was measured too."
    else:
        yield f"It lies {location}."
    yield (
        f"From {change.joules_before:.4g} to {change.joules_after:.4g} J for a run: the median of the commits after it,"
        " and that without the change; levels are robust means."
    )
    if context is None:
        return
    if context.mostly is not None:
        grew = {"time": "The time changed", "power": "The power changed", "both": "Time and power changed"}
        yield f"{grew[context.mostly]}: time {context.duration_change:+.1%}, power {context.power_change:+.1%}."
    else:
        yield f"Whether time or power changed is not known: {why_no_cause}."
    if context.java and context.java.before != context.java.after:
        yield f"The JDK changed from {one_line(context.java.before)} to {one_line(context.java.after)}."
    if context.tests is not None:
        words_of_tests = tests_in_words(context.tests)
        yield f"{words_of_tests[0].upper()}{words_of_tests[1:]}."
    if context.differs is not None:
        yield from _differences(change, context.differs)
    if context.tags:
        yield f"Words in the messages: {', '.join(map(one_line, context.tags))}."
    if context.accepted_as is not None:
        yield f"Accepted as {one_line(context.accepted_as)}."


def _differences(change: ChangeResult, differs: Differences) -> Iterator[str]:
    several = len(differs.commits) > 1
    yield f"{'These commits touch' if several else 'The commit touches'} {kinds_phrase(differs.kinds)}."
    if differs.same is not None:
        why = "the builds are the same" if differs.same == "build" else "all files that may run are the same"
        yield f"An observed false alarm: {why}, so this is drift or a batch, not the program."
    own = next((found for found in differs.commits if found.commit == change.commit), None)
    if several and own is not None:
        yield f"{change.commit[:10]} itself touches {kinds_phrase(own.kinds)}."


def _of_kind(files: KindFiles) -> FilesOfKind:
    shown = files.files[:MOST_FILES]
    return FilesOfKind(
        _kind_words(files.kind), tuple(map(one_line, shown)), len(files.files) - len(shown) + files.unlisted
    )


def _methods(differs: Differences) -> tuple[str, ...]:
    """The methods: those of the program come first, and those of other files say of which."""
    shown = [
        one_line(method.name)
        + ("" if method.happened == "changed" else f" ({method.happened})")
        + ("" if method.kind == "program" else f", {_kind_words(method.kind)}")
        for method in differs.methods[:MOST_METHODS]
    ]
    return _listed(shown, len(differs.methods) - len(shown) + differs.methods_unlisted)


def _kind_words(kind: FileKind) -> str:
    return "files that do not run" if kind == "ignore" else WORDS[kind]


def _listed(names: Iterable[str], unlisted: int) -> tuple[str, ...]:
    return (*names, *([f"and {unlisted:,} more"] if unlisted else []))


def _client_data(identifier: str, evidence: Evidence) -> dict[str, object]:
    """What the page's script needs to draw the evidence of a change."""
    change = evidence.change
    return {
        "id": identifier,
        "before": evidence.before.positions,
        "after": evidence.after.positions,
        "factors": [[host, session, factor] for (host, session), factor in evidence.factors.items()],
        "conditions": evidence.session[1] if evidence.spans_sessions else None,
        "interval": [100 * change.ci_low, 100 * change.relative_change, 100 * change.ci_high],
        "columns": drawn(evidence),
        "words": words(evidence),
    }
