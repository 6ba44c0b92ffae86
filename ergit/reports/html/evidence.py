"""Why a change is believed: the readings of both sides, their distributions, and how far chance would move it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ergit.analysis.detection.observations import IntArray
from ergit.analysis.detection.significance import FloatArray
from ergit.records.changes import ChangeResult, ChangesRecord, ComparablePart
from ergit.records.energy_table import times
from ergit.reports.distributions import density, ecdf, quantile_pairs
from ergit.reports.html.study import ReportStudy
from ergit.text import counted

RESAMPLES = 2_000
BUILDS_REDRAWN = 100  # medians that are drawn of each commit, from which the resamples draw
BINS = 40
DRAWN_POINTS = 150  # of a curve, more are not told apart
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Side:
    """The readings of one side of a change in joules: one array (n,) a commit, oldest first, none of them empty.

    `positions` are those of the commits on the page. `taken` has when each reading began, in seconds since 1970, in
    the same shape; None where that was not recorded.
    """

    positions: tuple[int, ...]
    joules: tuple[FloatArray, ...]
    taken: tuple[FloatArray, ...] | None

    @property
    def all(self) -> FloatArray:
        """The readings (n,) of all commits."""
        return np.concatenate(self.joules)


@dataclass(frozen=True)
class Evidence:
    """The two sides of a change under the same conditions, and what the report draws of them.

    `factors` bring the joules of each session, by host and name, to the conditions of `session`, the one in which the
    side after was read most often; they come from the anchors, and are 1 where all was read in one session. Readings of
    other sessions are not comparable and not among the sides. `shifts` (n,) are relative: 0.05 is 5% more.
    """

    change: ChangeResult
    before: Side
    after: Side
    factors: Mapping[tuple[str, str], float]
    session: tuple[str, str]
    shifts: FloatArray
    seed: int

    @property
    def spans_sessions(self) -> bool:
        """Whether readings had to be brought to the conditions of another session."""
        return len(set(self.factors.values())) > 1


@dataclass(frozen=True)
class _Readings:
    """All clean readings (n,), those of a commit together; `names` are the sessions, by host and name."""

    joules: FloatArray
    session: IntArray
    taken: FloatArray | None
    names: list[tuple[str, str]]
    rows: Mapping[int | None, slice]

    @classmethod
    def of(cls, study: ReportStudy) -> "_Readings":
        clean = study.readings[study.readings["clean"]].sort_values("position", kind="stable")
        sessions, names = pd.factorize(pd.MultiIndex.from_frame(clean[["host", "session"]].fillna("")))
        positions, first = np.unique(clean["position"].to_numpy(dtype=np.int64), return_index=True)
        ends = [*first.tolist(), len(clean)][1:]
        return cls(
            joules=clean[study.judged].to_numpy(dtype=np.float64),
            session=sessions.astype(np.int64),
            taken=times(clean["started"]).astype("int64").to_numpy() / 1e6 if study.has_times and len(clean) else None,
            names=[(str(host), str(session)) for host, session in names],
            rows={
                position: slice(start, end)
                for position, start, end in zip(positions.tolist(), first.tolist(), ends, strict=True)
            },
        )


def evidence_of(study: ReportStudy) -> list[Evidence]:
    """The evidence of each change, in the order of the record; a change without readings is left out."""
    seed, readings = study.settings.measure.seed, _Readings.of(study)
    found = (_evidence(change, study, readings, seed) for change in study.changes.changes)
    return [evidence for evidence in found if evidence is not None]


def _evidence(change: ChangeResult, study: ReportStudy, readings: _Readings, seed: int) -> Evidence | None:
    part = part_of(change, study.changes)
    if part is None:
        return None
    offsets = {(one.host, one.session): one.relative for one in part.sessions}
    sides = [
        [study.positions[sha] for sha in side if study.positions.get(sha) in readings.rows] for side in sides_of(change)
    ]
    of_sessions = [
        np.concatenate([readings.session[readings.rows[position]] for position in side]) if side else np.empty(0, int)
        for side in sides
    ]
    linked = np.array([name in offsets for name in readings.names], dtype=bool)
    if not all(linked[numbers].any() for numbers in of_sessions):
        return None
    home = readings.names[int(np.bincount(of_sessions[1][linked[of_sessions[1]]]).argmax())]
    used = [readings.names[number] for number in np.unique(np.concatenate(of_sessions)) if linked[number]]
    factors = {name: (1 + offsets[home]) / (1 + offsets[name]) for name in used}
    scales = np.array([factors.get(name, math.nan) for name in readings.names])
    before, after = (_side(side, readings, scales) for side in sides)
    return Evidence(change, before, after, factors, home, bootstrap(before.joules, after.joules, seed), seed)


def sides_of(change: ChangeResult) -> tuple[Sequence[str], Sequence[str]]:
    """The commits that were compared; of an older record the two neighbours of the change."""
    if change.compared_before and change.compared_after:
        return change.compared_before, change.compared_after
    return (change.after,) if change.after else (), (change.commit,)


def part_of(change: ChangeResult, record: ChangesRecord) -> ComparablePart | None:
    """The comparable part in which the commit of a change lies."""
    number = next((commit.part for commit in record.commits if commit.commit == change.commit), None)
    return None if number is None else record.study.parts[number]


def _side(positions: Sequence[int], readings: _Readings, scales: FloatArray) -> Side:
    """The readings of the commits at these positions; `scales` are the factors of the sessions, NaN for none."""
    there, joules, taken = [], [], []
    for position in positions:
        rows = readings.rows[position]
        values = readings.joules[rows] * scales[readings.session[rows]]
        kept = ~np.isnan(values)
        if kept.any():
            there.append(position)
            joules.append(values[kept])
            if readings.taken is not None:
                taken.append(readings.taken[rows][kept])
    return Side(tuple(there), tuple(joules), None if readings.taken is None else tuple(taken))


def bootstrap(
    before: Sequence[FloatArray], after: Sequence[FloatArray], seed: int, resamples: int = RESAMPLES
) -> FloatArray:
    """The relative differences (`resamples`,) of resampled `after` to `before`, one array of readings a commit.

    A resample draws as many commits of a side as it has, and for each of them one of `BUILDS_REDRAWN` medians of its
    redrawn readings; the side is the geometric mean of these, as levels are means of log joules. So it has the spread
    between builds as well as that between runs (two-stage bootstrap: Davison and Hinkley 1997, Bootstrap Methods and
    their Application, section 3.8).
    """
    random = np.random.default_rng(seed)
    sides = []
    for commits in (before, after):
        medians = np.stack(
            [
                np.median(values[random.integers(len(values), size=(BUILDS_REDRAWN, len(values)))], axis=1)
                for values in commits
            ]
        )
        shape = (resamples, len(commits))
        drawn = medians[random.integers(len(commits), size=shape), random.integers(BUILDS_REDRAWN, size=shape)]
        sides.append(np.log(drawn).mean(axis=1))
    shifts: FloatArray = np.expm1(sides[1] - sides[0])
    return shifts


def spread_evenly(values: FloatArray, most: int = DRAWN_POINTS) -> FloatArray:
    """At most so many of the values (n,), evenly spaced, the first and the last among them."""
    if len(values) <= most:
        return values
    return values[np.linspace(0, len(values) - 1, most).round().astype(np.int64)]


def drawn(evidence: Evidence) -> dict[str, dict[str, list[float]]]:
    """The columns of each chart's source, by the chart's name; numbers rounded to what can be seen."""
    before, after = evidence.before.all, evidence.after.all
    at = np.linspace(min(before.min(), after.min()), max(before.max(), after.max()), 80)
    columns: dict[str, dict[str, list[float]]] = {"density": {"joules": _rounded(at)}}
    for name, values in (("before", before), ("after", after)):
        shape = density(values, at)
        columns["density"][name] = [] if shape is None else _rounded(shape / shape.max(), 3)
        joules, share = ecdf(values)
        columns[f"ecdf-{name}"] = {
            "joules": _rounded(spread_evenly(joules)),
            "share": _rounded(spread_evenly(share), 4),
        }
    pairs = quantile_pairs(before, after)
    columns["quantiles"] = {"before": _rounded(spread_evenly(pairs[0])), "after": _rounded(spread_evenly(pairs[1]))}
    counts, edges = np.histogram(evidence.shifts, BINS)
    columns["bootstrap"] = {
        "low": _rounded(edges[:-1] * 100),
        "high": _rounded(edges[1:] * 100),
        "resamples": counts.tolist(),
    }
    return columns


def _rounded(values: FloatArray, digits: int = 6) -> list[float]:
    """The values with so many significant digits."""
    return [float(f"{value:.{digits}g}") for value in values.tolist()]


def words(evidence: Evidence) -> dict[str, str]:
    """What each chart of the evidence shows, in a sentence or two, by the chart's name."""
    return {
        "distribution": f"{_side_words('Before', evidence.before)} {_side_words('After', evidence.after)}",
        "ecdf": _overlap(evidence),
        "quantiles": _quantiles(evidence),
        "bootstrap": _bootstrap_words(evidence),
        "order": _order_words(evidence),
    }


def _side_words(name: str, side: Side) -> str:
    low, middle, high = np.quantile(side.all, [0.25, 0.5, 0.75])
    of = counted(len(side.joules), "commit")
    return (
        f"{name}: {counted(len(side.all), 'reading')} of {of}, median {middle:.4g} J, the middle half from {low:.4g} to"
        f" {high:.4g} J."
    )


def _overlap(evidence: Evidence) -> str:
    middle = np.median(evidence.before.all)
    above = float((evidence.after.all > middle).mean())
    return (
        f"{above:.0%} of the readings after are above the median of those before ({middle:.4g} J); with no change about"
        " 50% would be."
    )


def _quantiles(evidence: Evidence) -> str:
    at = [0.1, 0.5, 0.9]
    sides = [np.quantile(side.all, at) for side in (evidence.before, evidence.after)]
    shifts = [f"{share:.0%}: {after / before - 1:+.1%}" for share, before, after in zip(at, *sides, strict=True)]
    return (
        "Quantiles of the readings after against those before; on the line they are alike. Difference at the quantile"
        f" {', '.join(shifts)}. Alike at all: the whole distribution moved."
    )


def _bootstrap_words(evidence: Evidence) -> str:
    low, high = np.quantile(evidence.shifts, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    change = evidence.change
    few = min(len(evidence.before.joules), len(evidence.after.joules))
    caution = (
        f" With {counted(few, 'commit')} on a side, resamples hardly show how far builds differ." if few < 5 else ""
    )
    return (
        f"95 of 100 of {len(evidence.shifts):,} resamples (seed {evidence.seed}) of commits and their readings lie from"
        f" {low:+.1%} to {high:+.1%}. The interval that counts is {change.ci_low:+.1%} to {change.ci_high:+.1%}: it"
        f" also has drift, and the noise of the whole study.{caution}"
    )


def _order_words(evidence: Evidence) -> str:
    if evidence.before.taken is None or evidence.after.taken is None:
        return (
            "When these readings were taken was not recorded, so they stand in the order of the history, those of a"
            " commit in the order of the table: drift over time cannot be seen here."
        )
    halves = [_halves(evidence.before), _halves(evidence.after)]
    told = [
        f"{name} the change, the later half of the readings is {drift:+.1%} off the earlier half"
        for name, drift in zip(("before", "after"), halves, strict=True)
        if drift is not None
    ]
    return (
        f"The readings in the order in which they were taken. Each against its commit's median: {'; '.join(told)}."
        if told
        else "The readings in the order in which they were taken; too few to see drift."
    )


def _halves(side: Side) -> float | None:
    """The median of the later half of the readings, each relative to its commit's median, less that of the earlier."""
    relative = np.concatenate([values / np.median(values) for values in side.joules])
    if side.taken is None or len(relative) < 4:
        return None
    ordered = relative[np.argsort(np.concatenate(side.taken), kind="stable")]
    half = len(ordered) // 2
    return float(np.median(ordered[half:]) - np.median(ordered[:half]))
