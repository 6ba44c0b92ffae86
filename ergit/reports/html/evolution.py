"""The section Evolution: each commit's median with its interval, the levels, the changes, and what is missing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle, pairwise

import numpy as np
import pandas as pd

from ergit.records.changes import ChangeResult
from ergit.reports.figures.contents import CONFIDENCE, QUANTITIES, Contents, Quantity, gather, median_interval
from ergit.reports.figures.legend import session_names
from ergit.reports.html.evolution_chart import History, Levels, MarkedChange, evolution_chart
from ergit.reports.html.section import Chart, Section
from ergit.reports.html.study import ReportStudy
from ergit.reports.html.theme import DOWN, SESSIONS, TRANSIENT, UP
from ergit.text import counted

MARKERS = ("circle", "square", "triangle")
LISTED_SESSIONS = 12  # as many as colours and marks tell apart
MOST_BANDS = 60  # sessions that take turns more often are not shaded
EXCURSION = 0.1  # a median that is farther from its level than this does not set the height of the chart
NAMED_PARTS = 6  # of commits that can be compared; more have no row each


@dataclass(frozen=True)
class LegendEntry:
    """One kind of mark in words; `colour` is the colour's name in the style sheet, `mark` its form."""

    mark: str
    colour: str
    words: str


@dataclass(frozen=True)
class Content:
    """What the template shows; `labels` are the columns that can be drawn with their words, the judged one first."""

    why_empty: str | None
    labels: Mapping[str, str] = field(default_factory=dict)
    legend: tuple[LegendEntry, ...] = ()
    rows: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def section(study: ReportStudy) -> Section:
    """The section of a study; without a clean reading it says why there is no chart."""
    contents = gather(study.table, study.history, study.changes.study.judged)
    clean = study.readings[study.readings["clean"]].sort_values(["position", "session"], kind="stable")
    if clean.empty:
        content = Content(why_empty=_why_empty(contents))
        return Section(name="evolution", title="Evolution", template="evolution.html", content=content)
    quantities = tuple(
        sorted(
            (each for each in QUANTITIES.values() if clean[each.column].notna().any()),
            key=lambda each: each.column != study.judged,
        )
    )
    labels = {each.column: each.label(contents.kind) for each in quantities}
    bands = _bands(contents)
    history = History(
        commits=len(study.commits),
        label=quantities[0].label(contents.kind),
        medians=_medians(study, contents, clean, quantities),
        levels=_levels(study),
        changes=tuple(_marked(change, study) for change in study.changes.changes),
        bands=bands,
        rows=_rows(study, contents),
    )
    model, source = evolution_chart(history)
    chart = Chart(
        name="evolution",
        title=f"{quantities[0].noun} of each commit over the history",
        description=_description(study, contents),
        model=model,
        source=source,
        columns=_headings(labels),
    )
    return Section(
        name="evolution",
        title="Evolution",
        template="evolution.html",
        content=Content(
            why_empty=None,
            labels=labels,
            legend=tuple(_legend(study, contents, history)),
            rows=tuple(history.rows),
            notes=tuple(_notes(study)),
        ),
        charts=(chart,),
        data={
            "labels": labels,
            "levels": levels_by_position(study),
            "rows": history.rows,
            "sessions": dict(zip(contents.sessions, session_names(contents.sessions), strict=True)),
        },
        script="evolution.js",
    )


def _medians(
    study: ReportStudy, contents: Contents, clean: pd.DataFrame, quantities: Sequence[Quantity]
) -> Mapping[str, Sequence[object]]:
    """A row a commit and session: where it stands, the median of each quantity and its interval, and how it is drawn.

    An interval of too few readings is NaN. `clean` are the clean readings, by position and session.
    """
    centres = {(round(group.centre), group.session): group.centre for group in contents.readings}
    side = {study.positions.get(one.commit) for one in study.changes.side}
    levels = levels_by_position(study)
    colours = dict(zip(contents.sessions, cycle(SESSIONS), strict=False))
    markers = dict(zip(contents.sessions, cycle(MARKERS), strict=False))
    groups = clean.groupby(["position", "session"], sort=True)
    sizes = groups.size().reset_index(name="readings")
    keys = [(int(row[0]), str(row[1])) for row in sizes.itertuples(index=False, name=None)]
    ends = np.cumsum(sizes["readings"].to_numpy())[:-1]
    found: dict[str, Sequence[object]] = {
        "x": [centres[key] for key in keys],
        "position": [position for position, _ in keys],
        "session": [session for _, session in keys],
        "readings": sizes["readings"].tolist(),
        "colour": [colours[session].light for _, session in keys],
        "marker": [markers[session] for _, session in keys],
        "fill": [0.0 if position in side else 1.0 for position, _ in keys],
    }
    for quantity in quantities:
        parts = [part[~np.isnan(part)] for part in np.split(clean[quantity.column].to_numpy(float), ends)]
        intervals = [median_interval(part) or (np.nan, np.nan) for part in parts]
        found[quantity.column] = [float(np.median(part)) if len(part) else np.nan for part in parts]
        found[f"{quantity.column}_low"] = [low for low, _ in intervals]
        found[f"{quantity.column}_high"] = [high for _, high in intervals]
    judged = zip(keys, found[study.judged], strict=True)
    found["level"] = [levels.get(position) for position, _ in keys]
    found["excursion"] = [position in side or _is_far(joules, levels.get(position)) for (position, _), joules in judged]
    return found


def _is_far(joules: object, level: float | None) -> bool:
    return level is not None and isinstance(joules, float) and abs(joules / level - 1) > EXCURSION


def levels_by_position(study: ReportStudy) -> dict[int, float]:
    """The level at each chosen commit that has one, in joules, oldest first."""
    return {
        study.positions[one.commit]: one.level_joules
        for one in study.changes.commits
        if one.level_joules is not None and one.commit in study.positions
    }


def _levels(study: ReportStudy) -> Levels:
    """The stretches of one level: from which position to which, and the joules."""
    first: list[float] = []
    last: list[float] = []
    joules: list[float] = []
    for position, level in levels_by_position(study).items():
        if joules and joules[-1] == level:
            last[-1] = position + 0.5
        else:
            first.append(position - 0.5)
            last.append(position + 0.5)
            joules.append(level)
    return Levels(first, last, joules)


def _marked(change: ChangeResult, study: ReportStudy) -> MarkedChange:
    """A change where it is drawn: at the change point before its commit, or at the commit if it went away again."""
    position = study.positions[change.commit]
    possible = [position, *(study.positions[sha] for sha in change.location if sha in study.positions)]
    is_transient = change.kind == "transient"
    return MarkedChange(
        position=position,
        x=position if is_transient else position - 0.5,
        span=(min(possible) - 0.5, max(possible) + 0.5),
        sha=change.commit,
        colour=TRANSIENT if is_transient else UP if change.relative_change > 0 else DOWN,
        points_up=change.relative_change > 0,
        relative=change.relative_change,
        label=f"{change.relative_change:+.1%}",
        words=(
            f"{change.relative_change:+.1%} ({change.ci_low:+.1%} to {change.ci_high:+.1%}),"
            f" {'an excursion' if is_transient else 'the level changes'} here"
        ),
        low=change.joules_before * (1 + change.ci_low),
        high=change.joules_before * (1 + change.ci_high),
    )


def _bands(contents: Contents) -> tuple[tuple[float, float], ...]:
    """Every other stretch of commits that were measured in one session, from position to position.

    A commit measured in several belongs to the one with the most readings. None where there is one session, or where
    sessions take turns too often to tell stretches apart.
    """
    main: dict[int, tuple[int, str]] = {}
    for group in contents.readings:
        position = round(group.centre)
        main[position] = max(main.get(position, (0, "")), (len(group.values), group.session))
    changes = [later - 0.5 for earlier, later in pairwise(sorted(main)) if main[earlier][1] != main[later][1]]
    if not changes or len(changes) > MOST_BANDS:
        return ()
    edges = [*changes, len(contents.commits) - 0.5]
    return tuple(zip(edges[::2], edges[1::2], strict=False))


def _rows(study: ReportStudy, contents: Contents) -> dict[str, list[int]]:
    """What is said of commits below the chart, a row each, with the positions of these commits."""
    facts = study.changes
    flagged = study.readings.loc[~study.readings["clean"], "position"].unique().tolist()
    further = {
        "with a flagged reading": sorted(map(int, flagged)),
        "beside the main line": [study.positions[one.commit] for one in facts.side if one.commit in study.positions],
    }
    parts: dict[str, list[int]] = {}
    if 1 < len(facts.study.parts) <= NAMED_PARTS:
        for one in facts.commits:
            if one.part is not None and one.commit in study.positions:
                parts.setdefault(f"comparable part {one.part + 1}", []).append(study.positions[one.commit])
    found = {**contents.outcomes, **further, **dict(sorted(parts.items()))}
    return {words: positions for words, positions in found.items() if positions}


def _legend(study: ReportStudy, contents: Contents, history: History) -> Iterator[LegendEntry]:
    """An entry for all that is drawn, and for nothing else."""
    if len(contents.sessions) > LISTED_SESSIONS:
        words = f"median of a commit's clean readings; the {len(contents.sessions)} sessions differ in colour or mark"
        yield LegendEntry("circle", "session-0", words)
    else:
        names = session_names(contents.sessions)
        for number, name in enumerate(names):
            words = f"median of clean readings, session {name}" if len(names) > 1 else "median of clean readings"
            yield LegendEntry(MARKERS[number % len(MARKERS)], f"session-{number % len(SESSIONS)}", words)
    if any(value == value for value in history.medians[f"{study.judged}_low"]):
        yield LegendEntry("bar", "faint", f"its {CONFIDENCE:.0%} interval, from 6 readings on")
    if study.changes.side:
        yield LegendEntry("ring", "session-0", "hollow: a commit beside the main line")
    if history.levels.joules:
        yield LegendEntry("line", "ink", "level between changes")
    for words, colour, name in (
        ("increase", UP, "up"),
        ("decrease", DOWN, "down"),
        ("excursion", TRANSIENT, "transient"),
    ):
        count = sum(change.colour == colour for change in history.changes)
        if count:
            yield LegendEntry("stroke", name, counted(count, words))
    if history.changes:
        yield LegendEntry("whisker", "ink", "95% interval of a change")
    if history.bands:
        yield LegendEntry("band", "panel", "shaded: every other session")


def _notes(study: ReportStudy) -> Iterator[str]:
    """What was not measured between the commits that are drawn, and which of them cannot be compared."""
    orders = [row.order for row in study.commits]
    gaps = [later - earlier - 1 for earlier, later in pairwise(orders) if later - earlier > 1]
    if gaps:
        lie, were = ("lies", "was") if sum(gaps) == 1 else ("lie", "were")
        yield (
            f"{counted(sum(gaps), 'commit')} of this history {lie} between those drawn and {were} not chosen,"
            f" {max(gaps):,} at most between two neighbours. A change may lie in any of them; each change says in how"
            " many."
        )
    parts = len(study.changes.study.parts)
    if parts > 1:
        yield (
            f"The commits are in {parts} parts: no commit that was measured in the sessions of several links them. A"
            " step from one part to the next can be the machine's; none is reported as a change."
        )


def _headings(labels: Mapping[str, str]) -> Mapping[str, str]:
    """The columns of the medians as a file or a table names them."""
    found = {"sha": "commit", "date": "date", "subject": "subject", "session": "session", "readings": "clean readings"}
    for name, label in labels.items():
        found |= {name: f"median {label}", f"{name}_low": "95% interval, low end", f"{name}_high": "high end"}
    return found | {"level": "level (J)"}


def _description(study: ReportStudy, contents: Contents) -> str:
    """The chart in words."""
    levels = [one.level_joules for one in study.changes.commits if one.level_joules is not None]
    found = study.changes.changes
    span = f" The level is {levels[0]:.4g} J at the first and {levels[-1]:.4g} J at the last commit." if levels else ""
    return (
        f"{counted(len(contents.commits), 'commit')} from left to right, oldest first, with the median of their clean"
        f" readings.{span} {counted(len(found), 'change')} {'is' if len(found) == 1 else 'are'} marked; the section"
        " Changes lists them. “Show as table” gives all numbers."
    )


def _why_empty(contents: Contents) -> str:
    flagged = sum(len(group.values) for group in contents.readings)
    if flagged:
        return f"There is nothing to draw: no reading is clean, all {flagged:,} are flagged."
    return "There is nothing to draw: no commit has a reading."
