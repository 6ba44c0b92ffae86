"""The section Validity: what speaks for and against the readings, and what was not recorded."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ergit.records.changes import SessionOffset
from ergit.records.commits import reused_from
from ergit.records.energy_table import times
from ergit.records.failures import FailureRow
from ergit.records.noise import NoiseRecord, read_noise
from ergit.records.readings import read_readings
from ergit.reports.distributions import BRIDGE_95, residual_sums
from ergit.reports.flags import FlagRow, flag_rows
from ergit.reports.html.section import Chart, Section
from ergit.reports.html.study import ReportStudy
from ergit.reports.html.validity_charts import CONDITIONS, aa_chart, conditions_chart, drift_chart, residuals_chart
from ergit.text import counted

LISTED_REASONS = 30
DRIFT_BINS = 150
LEAST_OF_BIN = 5  # readings


@dataclass(frozen=True)
class SessionRow:
    """One session: when it began and ended, what was read, and what it adds to the energy (None: not linked)."""

    host: str
    session: str
    first: str | None
    last: str | None
    readings: int
    clean: int
    commits: int
    offset: SessionOffset | None


@dataclass(frozen=True)
class Condition:
    """One condition of the machine: what was recorded of it in words, its chart; or why there is none."""

    title: str
    words: str
    chart: str | None


@dataclass(frozen=True)
class Content:
    """What the template shows; each `None` is a part that the study has nothing of, with its reason beside it."""

    verdict: tuple[str, ...]
    flags: tuple[FlagRow, ...]
    can_be_judged_again: bool
    repeated: tuple[str, ...]
    conditions: tuple[Condition, ...]
    drift: str | None
    equal: tuple[str, ...]
    noise: NoiseRecord | None
    noise_facts: tuple[str, ...]
    residuals: str | None
    failures: tuple[FailureRow, ...]
    failures_unlisted: int
    failed_commits: int
    unmeasured: str | None
    sessions: tuple[SessionRow, ...]
    sessions_in_words: str


def section(study: ReportStudy) -> Section:
    """The section of a study."""
    flags, again = flag_rows(
        study.table, study.results / "readings", None if study.imported else study.settings.measure
    )
    conditions = tuple(_conditions(study))
    noise = _noise(study)
    charts: list[Chart] = [
        conditions_chart(name) for name in CONDITIONS if any(one.chart == name for one in conditions)
    ]
    drift = _drift(study)
    if drift is not None:
        charts.append(drift_chart(drift))
    equal = _equal_pairs(study)
    if equal is not None:
        charts.append(aa_chart(equal))
    sums = _residual_columns(study)
    if sums is not None:
        charts.append(residuals_chart(sums))
    sessions = tuple(_sessions(study))
    content = Content(
        verdict=tuple(_verdict(study, flags)),
        flags=tuple(flags),
        can_be_judged_again=again,
        repeated=tuple(_repeated(study.table)),
        conditions=conditions,
        drift=None if drift is None else _drift_words(drift),
        equal=tuple(_equal_words(study)),
        noise=noise,
        noise_facts=() if noise is None else tuple(_noise_facts(noise)),
        residuals=None if sums is None else _residual_words(study),
        failures=study.failures[:LISTED_REASONS],
        failures_unlisted=max(0, len(study.failures) - LISTED_REASONS),
        failed_commits=int(study.table.loc[study.table["status"] != "ok", "commit"].nunique()),
        unmeasured=_unmeasured(study),
        sessions=sessions,
        sessions_in_words=_sessions_in_words(sessions),
    )
    return Section(
        name="validity",
        title="Validity",
        template="validity.html",
        content=content,
        charts=tuple(charts),
        data={name: CONDITIONS[name].columns for name in CONDITIONS if any(one.chart == name for one in conditions)},
        script="validity.js",
    )


def _verdict(study: ReportStudy, flags: list[FlagRow]) -> Iterator[str]:
    """Whether the readings can be trusted, in a few sentences."""
    ok = study.table["status"] == "ok"
    taken, clean = int(ok.sum()), int(study.table["clean"].sum())
    if taken == 0:
        yield "No reading was taken: every commit failed before, for the reasons below."
        return
    if clean == taken:
        yield f"All {taken:,} readings are clean: none is flagged by what would disqualify it."
    else:
        share = clean / taken
        yield f"{clean:,} of {taken:,} readings are clean ({share:.1%}); the others are flagged and count for nothing."
    if study.changes.kind == "estimated":
        yield "The energy is an estimate from CPU time, not a measurement: what does not use the CPU is not seen."
    if study.imported is not None:
        yield (
            "The readings were imported. What the machine did meanwhile (temperature, load, frequency, time) was not in"
            " the files, so nobody can check it here."
        )
    equal = study.context.equal
    if equal is not None and equal.pairs:
        differ = "none is" if equal.differ == 0 else "1 is" if equal.differ == 1 else f"{equal.differ:,} are"
        yield (f"Of {counted(equal.pairs, 'pair')} of neighbours that are the same program, {differ} called different.")
    stretches = residual_sums(study.changes)
    if stretches:
        leaving = sum(stretch.leaves for stretch in stretches)
        yield (
            f"{leaving} of {counted(len(stretches), 'level')} between two changes"
            f" {'moves' if leaving == 1 else 'move'} more than noise would: a small change there may be drift."
            if leaving
            else "No level between two changes moves more than noise would."
        )
    alarms = len(study.changes.false_alarms)
    if alarms:
        yield f"{counted(alarms, 'level changes', 'levels change')} between identical trees: drift, or a batch."
    worst = [row.named for row in flags if row.disqualifies]
    if worst:
        yield f"Flags that disqualify: {', '.join(worst)}."


def _repeated(table: pd.DataFrame) -> Iterator[str]:
    """How many readings were taken again, and what came of it."""
    again = table[table["attempt"] > 1]
    if again.empty:
        yield "No reading was taken again."
        return
    slots = again.drop_duplicates(["commit", "round", "repeat"])
    last = table.sort_values("attempt", kind="stable").drop_duplicates(["commit", "round", "repeat"], keep="last")
    ended = last[last["attempt"] > 1]
    reading = table.groupby(["commit", "host", "session", "round", "repeat"], dropna=False)["attempt"]
    raised = int((table["clean"] & (table["attempt"] < reading.transform("max"))).sum())  # a limit was raised later
    earlier = f"; {raised:,} of them are clean by the present limits" if raised else ", and flagged"
    yield (
        f"{counted(len(slots), 'reading')} had to be taken again, {counted(len(again), 'time')} in all;"
        f" {int(ended['clean'].sum()):,} ended clean. The earlier attempts are kept{earlier}."
    )


def _conditions(study: ReportStudy) -> Iterator[Condition]:
    """Each condition with its range, or why it is not known."""
    rows, missing = study.conditions, _why_missing(study)
    for name, condition in CONDITIONS.items():
        known = [(words, rows[column].dropna()) for column, words in condition.columns.items() if len(rows)]
        told = [
            f"{words}: median {values.median():.3g}, from {values.min():.3g} to {values.max():.3g} {condition.unit}"
            for words, values in known
            if len(values)
        ]
        if told:
            total = len(rows) - min(len(values) for _, values in known if len(values))
            gap = f" Not recorded for {counted(total, 'reading')}." if total else ""
            yield Condition(condition.title, f"{'; '.join(told)}.{gap}", name)
        else:
            why = next((missing[field] for field in condition.fields if field in missing), None)
            reason = (
                "imported readings have no record of it"
                if study.imported is not None
                else why or ("nothing was measured" if rows.empty else "the record names no reason")
            )
            yield Condition(condition.title, f"Not recorded: {reason}.", None)


def _why_missing(study: ReportStudy) -> Mapping[str, str]:
    """The reasons why conditions were not recorded, from the newest record that has a window."""
    for commit, number in study.conditions[["commit", "round"]].iloc[::-1].itertuples(index=False):
        record = read_readings(study.results / "readings" / commit / f"{number}.json")
        for reading in record.readings:
            if reading.conditions is not None:
                return reading.conditions.missing
    return {}


def _drift(study: ReportStudy) -> dict[str, list[float]] | None:
    """Clean readings in the order taken, each against its commit's median, in percent: quartiles of so many at a time.

    None where it is not known when they were taken, or where there are too few.
    """
    clean = study.readings[study.readings["clean"]]
    if clean.empty or not study.has_times:
        return None
    medians = clean.groupby(["commit", "session"])[study.judged].transform("median")
    relative = (100 * (clean[study.judged] / medians - 1)).iloc[np.argsort(times(clean["started"]).to_numpy())]
    bins = min(DRIFT_BINS, len(relative) // LEAST_OF_BIN)
    if bins < 2:
        return None
    groups = np.array_split(relative.to_numpy(dtype=np.float64), bins)
    ends = np.cumsum([len(group) for group in groups])
    quartiles = [np.quantile(group, [0.25, 0.5, 0.75]) for group in groups]
    return {
        "number": [float(end) for end in ends],
        "low": [round(float(one[0]), 4) for one in quartiles],
        "median": [round(float(one[1]), 4) for one in quartiles],
        "high": [round(float(one[2]), 4) for one in quartiles],
    }


def _drift_words(drift: Mapping[str, list[float]]) -> str:
    highest, lowest = max(drift["median"]), min(drift["median"])
    return (
        f"Readings against the median of their commit and session, in the order taken: the middle of"
        f" {drift['number'][0]:.0f} at a time moves between {lowest:+.2f}% and {highest:+.2f}%. Rounds interleave the"
        " commits, so drift hits all alike; what moves here is the machine."
    )


def _equal_pairs(study: ReportStudy) -> dict[str, list[object]] | None:
    """The differences of neighbours between which nothing that runs differs, smallest first, in percent."""
    equal = study.context.equal
    wanted = set(equal.commits) if equal is not None else set()
    found = [one for one in study.changes.commits if one.commit in wanted and one.shift is not None]
    shifts = sorted(
        ((one.shift, one.commit) for one in found if one.shift is not None), key=lambda pair: pair[0].relative
    )
    if not shifts:
        return None
    return {
        "number": list(range(1, len(shifts) + 1)),
        "commit": [commit[:10] for _, commit in shifts],
        "against": [shift.against[:10] for shift, _ in shifts],
        "difference": [round(100 * shift.relative, 3) for shift, _ in shifts],
        "low": [round(100 * shift.ci_low, 3) for shift, _ in shifts],
        "high": [round(100 * shift.ci_high, 3) for shift, _ in shifts],
    }


def _equal_words(study: ReportStudy) -> Iterator[str]:
    equal = study.context.equal
    if equal is None or equal.median_difference is None or equal.largest_usual_difference is None:
        yield (
            "No two measured neighbours are known to be the same program in two builds, so this history does not show"
            " how far equal programs differ."
        )
        return
    most = f" (median), by no more than {equal.largest_usual_difference:.1%} in 95 of 100"
    yield (
        f"{counted(equal.pairs, 'pair')} of neighbours {'is' if equal.pairs == 1 else 'are'} the same program in two"
        f" builds. Their energy differs by {equal.median_difference:.1%}{'' if equal.pairs == 1 else most}: that is"
        " noise, drift and batches."
    )
    yield (
        f"The test of neighbours calls {equal.differ:,} of these pairs different; at a false discovery rate of"
        f" {study.changes.study.false_discovery_rate:.0%} few or none should be."
    )
    if equal.false_alarms:
        names = ", ".join(sha[:10] for sha in equal.false_alarms)
        yield f"Changes that lie between such neighbours alone, so false alarms: {names}."


def _noise(study: ReportStudy) -> NoiseRecord | None:
    """The noise floor, where the study has measured it."""
    path = study.results / "noise.json"
    return read_noise(path) if path.exists() else None


def _noise_facts(noise: NoiseRecord) -> Iterator[str]:
    yield (
        f"Commit {noise.commit[:10]} was measured against itself: {counted(noise.builds, 'build')},"
        f" {counted(noise.readings, 'clean reading')}, median {noise.median_joules:.4g} J, session {noise.session}."
    )
    if noise.run_spread is not None:
        yield f"From reading to reading: {noise.run_spread:.2%} (relative standard deviation)."
    yield f"From round to round, in addition: {noise.round_spread:.2%}."
    yield (
        "Between builds of the same source: not measured, as there is one build."
        if noise.build_spread is None
        else f"Between builds of the same source, in addition: {noise.build_spread:.2%}."
    )
    yield (
        "Taken as if each job were another commit, it shows no change, as expected."
        if noise.changes_reported == 0
        else f"Taken as if each job were another commit, it shows {counted(noise.changes_reported, 'change')} where"
        " there is none: the machine is not steady."
    )


def _residual_columns(study: ReportStudy) -> dict[str, list[object]] | None:
    """The sums of residuals of each stretch, with a gap after it; those that leave the band in their own column."""
    columns: dict[str, list[object]] = {name: [] for name in ("position", "commit", "within", "beyond")}
    for stretch in residual_sums(study.changes):
        column, other = ("beyond", "within") if stretch.leaves else ("within", "beyond")
        shas = [study.changes.commits[int(position)].commit for position in stretch.positions]
        columns["position"] += [study.positions.get(sha) for sha in shas] + [None]
        columns["commit"] += [sha[:10] for sha in shas] + [None]
        columns[column] += [round(float(value), 3) for value in stretch.sums] + [None]
        columns[other] += [None] * (len(shas) + 1)
    return columns if columns["position"] else None


def _residual_words(study: ReportStudy) -> str:
    stretches = residual_sums(study.changes)
    leaving = [stretch for stretch in stretches if stretch.leaves]
    if not leaving:
        return f"No stretch between two changes leaves the band of ±{BRIDGE_95}; noise alone leaves it in 5 of 100."
    ends = [
        f"{study.changes.commits[int(one.positions[0])].commit[:10]} to"
        f" {study.changes.commits[int(one.positions[-1])].commit[:10]}"
        for one in leaving[:5]
    ]
    return (
        f"{len(leaving)} of {counted(len(stretches), 'stretch', 'stretches')} between two changes"
        f" {'leaves' if len(leaving) == 1 else 'leave'} the band of ±{BRIDGE_95} ({'; '.join(ends)}"
        f"{'; …' if len(leaving) > 5 else ''}); noise alone leaves it in 5 of 100. There the level drifted, or holds a"
        " change too small or too gradual to be reported."
    )


def _unmeasured(study: ReportStudy) -> str | None:
    """How many chosen commits have neither a reading nor a failure, and why; None where each has one."""
    known = set(study.table["commit"])
    without = sum(row.commit not in known and reused_from(row) is None for row in study.commits)
    if without == 0:
        return None
    why = "are not in the imported files" if study.imported is not None else "were not measured yet"
    return f"{without:,} of {counted(len(study.commits), 'commit')} {why}."


def _sessions(study: ReportStudy) -> Iterator[SessionRow]:
    """The sessions in the order of their first readings."""
    offsets = {(one.host, one.session): one for part in study.changes.study.parts for one in part.sessions}
    rows = study.readings.assign(host=study.readings["host"].fillna(""), session=study.readings["session"].fillna(""))
    for (host, session), group in rows.groupby(["host", "session"], sort=False):
        started = group["started"].dropna()
        yield SessionRow(
            host=str(host),
            session=str(session),
            first=_minute(started.min()) if len(started) else None,
            last=_minute(started.max()) if len(started) else None,
            readings=len(group),
            clean=int(group["clean"].sum()),
            commits=int(group["commit"].nunique()),
            offset=offsets.get((str(host), str(session))),
        )


def _minute(started: str) -> str:
    return started[:16].replace("T", " ")


def _sessions_in_words(sessions: tuple[SessionRow, ...]) -> str:
    if not sessions:
        return "No session has a reading."
    if len(sessions) == 1:
        return "All readings are of one session: one host, between one boot and the next, under the same conditions."
    return (
        f"The readings are of {len(sessions)} sessions. They are compared within a session, or where commits that were"
        " measured in both link two of them; what a session adds is estimated from these commits and taken out."
    )
