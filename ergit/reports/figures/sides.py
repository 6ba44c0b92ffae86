"""Two commits, or a few, beside each other: their readings, ECDF, Q-Q plot, and the shift from one to the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter

from ergit.analysis.readings import why_none_is_clean
from ergit.errors import ErgitError
from ergit.records.commits import CommitRow
from ergit.records.comparison import ComparedPair
from ergit.reports.distributions import bootstrap_shifts, density, ecdf, quantile_pairs
from ergit.reports.figures.contents import QUANTITIES, Quantity, Values, median_interval
from ergit.reports.figures.labels import plain
from ergit.reports.figures.legend import marked
from ergit.reports.figures.page import Page, begin, name_of, sides_of
from ergit.reports.figures.sheet import FAINT, INK, SCREEN, Sheet, styled
from ergit.text import counted

# Okabe and Ito's colours, with a mark and a line of their own, so that grey ones are told apart too.
LOOKS: tuple[tuple[str, str, Any], ...] = (
    ("#0072B2", "o", "-"),
    ("#D55E00", "s", "--"),
    ("#009E73", "^", "-."),
    ("#CC79A7", "D", ":"),
    ("#E69F00", "v", (0, (5, 1))),
    ("#56B4E9", "P", (0, (3, 1, 1, 1))),
    ("#000000", "X", (0, (1, 1))),
)
LEAST_READINGS = 3  # of each side, for a Q-Q plot or a bootstrap
POINTS = 120  # of a density
BINS = 60
SEED = 1


@dataclass(frozen=True)
class Side:
    """The clean readings (n,) of one commit in the order in which they were taken, and its name."""

    commit: CommitRow
    values: Values
    sessions: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its tag or short SHA, drawable."""
        return plain(name_of(self.commit), 20)


@dataclass(frozen=True)
class Sides:
    """The commits that are drawn; `kind` is measured or estimated."""

    sides: tuple[Side, ...]
    quantity: Quantity
    kind: str

    @property
    def title(self) -> str:
        """Which commits these are."""
        names = [side.name for side in self.sides]
        return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

    @property
    def facts(self) -> str:
        """How often each was read, and where."""
        counts = ", ".join(f"{len(side.values):,}" for side in self.sides)
        sessions = {session for side in self.sides for session in side.sessions}
        words = "measured" if self.kind == "measured" else "estimated from CPU time"
        return f"{words} · {counts} clean readings · {counted(len(sessions), 'session')}"

    @property
    def label(self) -> str:
        """The words at the axis of the values."""
        return self.quantity.label(self.kind)


def gather_sides(table: pd.DataFrame, commits: Sequence[CommitRow], quantity: str) -> Sides:
    """The clean readings of these commits in the table (results/energy.csv).

    Raises:
        ErgitError: a commit has no clean reading, or none of this quantity; the energy is measured and estimated.
    """
    drawn = QUANTITIES[quantity]
    found, kinds = [], set[str]()
    for commit in commits:
        rows = table[(table["commit"] == commit.commit) & table["clean"]].sort_values(
            ["started", "round"], kind="stable"
        )
        if not len(rows):
            why = why_none_is_clean(table, [commit.commit])
            raise ErgitError(f"{commit.commit[:10]} has no clean reading: {why}. Name a commit that has some.")
        values = rows[drawn.column].dropna()
        if not len(values):
            raise ErgitError(f"{commit.commit[:10]} has no reading of {quantity}. Name another --quantity.")
        kinds |= set(rows["kind"].dropna())
        sessions = tuple(sorted(set(rows["session"].dropna())))
        found.append(Side(commit, values.to_numpy(float), sessions))
    if len(kinds) > 1:
        raise ErgitError("The readings of these commits are measured and estimated energy, which share no axis.")
    return Sides(tuple(found), drawn, kinds.pop() if kinds else "measured")


@styled
def two_commits(sides: Sides, verdict: str = "", *, sheet: Sheet = SCREEN) -> Figure:
    """The readings of each commit: their density with points and median, and in the order in which they were taken.

    A slope in the order is drift. `verdict` is the sentence of `ergit compare`.

    Raises:
        ErgitError: the sheet has no room.
    """
    page, top, height = begin(sheet, f"Readings of {sides.title}", verdict or sides.facts, _handles(sides), 0.42)
    left, _ = sides_of(sheet)
    left = min(left, 0.8)
    gap = 0.12
    wide = (sheet.width - left - 0.12 - gap) * (0.4 if len(sides.sides) < 4 else 0.5)
    dense = page.block(left, top, wide, height)
    order = page.block(left + wide + gap, top, sheet.width - left - 0.12 - gap - wide, height, sharey=dense)
    for number, (side, (colour, mark, _)) in enumerate(zip(sides.sides, LOOKS, strict=False)):
        _draw_violin(dense, number, side.values, colour, mark)
        order.plot(np.arange(1, len(side.values) + 1), side.values, mark, color=colour, markersize=3, alpha=0.8, mew=0)
        order.axhline(float(np.median(side.values)), color=colour, linewidth=0.7, zorder=0)
    dense.set_xticks(range(len(sides.sides)), [side.name[:12] for side in sides.sides])
    dense.set_xlim(-0.6, len(sides.sides) - 0.4)
    dense.set_ylabel(sides.label)
    order.tick_params(labelleft=False)
    order.set_xlabel("reading, in the order of taking")
    for axes in (dense, order):
        _tidy(axes)
    return page.figure


@styled
def ecdf_figure(sides: Sides, *, sheet: Sheet = SCREEN) -> Figure:
    """The share of the readings of each commit that is no larger than a value.

    Raises:
        ErgitError: the sheet has no room.
    """
    page, axes = _one_panel(sheet, f"ECDF of the readings of {sides.title}", sides.facts, _lines(sides))
    for side, (colour, _, line) in zip(sides.sides, LOOKS, strict=False):
        at, share = ecdf(side.values)
        axes.step([at[0], *at], [0.0, *share], where="post", color=colour, linestyle=line, linewidth=1.2)
    axes.set(xlabel=sides.label, ylabel="share of the readings", ylim=(-0.02, 1.02))
    _tidy(axes)
    axes.spines["bottom"].set_visible(True)
    return page.figure


@styled
def qq_figure(sides: Sides, *, sheet: Sheet = SCREEN) -> Figure:
    """The quantiles of the second commit over those of the first; of one commit, over those of a normal distribution.

    Points beside the line, along it: a shift. Another slope: another spread. A bend: another shape.

    Raises:
        ErgitError: a side has too few readings, or the sheet has no room.
    """
    _refuse_few(sides)
    first, other = sides.sides[0], sides.sides[-1]
    if other is first:
        from scipy.stats import norm

        at = norm.ppf((np.arange(len(first.values)) + 0.5) / len(first.values))
        x, y = at * first.values.std(ddof=1) + first.values.mean(), np.sort(first.values)
        title, x_label = f"Q-Q plot of {first.name} against a normal distribution", "normal, of equal mean and spread"
    else:
        x, y = quantile_pairs(first.values, other.values)
        title, x_label = f"Q-Q plot of {sides.title}", f"{first.name}: {sides.label}"
    equal = Line2D([], [], color=FAINT, linestyle="--", label="where both are equal")
    points = marked(f"quantiles of {counted(len(x), 'reading')}", "o", LOOKS[0][0])
    page, axes = _one_panel(sheet, title, sides.facts, [points, equal])
    ends = min(x.min(), y.min()), max(x.max(), y.max())
    axes.plot(ends, ends, color=FAINT, linestyle="--", linewidth=1)
    axes.plot(x, y, "o", color=LOOKS[0][0], markersize=3, mew=0)
    axes.set(xlabel=x_label, ylabel=f"{other.name}: {sides.label}")
    _tidy(axes)
    axes.spines["bottom"].set_visible(True)
    return page.figure


@styled
def shift_figure(sides: Sides, pair: ComparedPair | None, seed: int = SEED, *, sheet: Sheet = SCREEN) -> Figure:
    """The bootstrap of the shift between two commits, and the interval of `ergit compare`, which knows builds too.

    `pair` is that comparison; None where the two cannot be compared.

    Raises:
        ErgitError: a side has too few readings, or the sheet has no room.
    """
    _refuse_few(sides)
    before, after = sides.sides
    shifts = bootstrap_shifts(before.values, after.values, seed)
    handles: list[Artist] = [Patch(color=LOOKS[0][0], alpha=0.4, label="shift of resampled medians: runs alone")]
    if pair is not None:
        handles.append(Line2D([], [], color=LOOKS[1][0], linewidth=2, label="95% interval of ergit: builds too"))
    page, axes = _one_panel(sheet, f"Shift from {before.name} to {after.name}", sides.facts, handles)
    counts, _, _ = axes.hist(shifts, bins=BINS, color=LOOKS[0][0], alpha=0.4)
    highest = float(np.max(counts))
    if pair is not None:
        axes.plot([pair.ci_low, pair.ci_high], [1.06 * highest] * 2, color=LOOKS[1][0], linewidth=2)
        axes.plot([pair.relative], [1.06 * highest], "D", color=LOOKS[1][0], markersize=4)
    axes.axvline(0, color=INK, linewidth=0.7)
    axes.set(
        xlabel=f"relative shift of the {sides.quantity.noun.lower()}", ylabel="resamples", ylim=(0, 1.14 * highest)
    )
    _tidy(axes)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _percent(value)))
    axes.spines["bottom"].set_visible(True)
    return page.figure


def _one_panel(sheet: Sheet, title: str, facts: str, handles: Sequence[Artist]) -> tuple[Page, Axes]:
    page, top, height = begin(sheet, title, facts, handles, 0.48)
    left = 0.8 if sheet.is_annotated else 0.62
    return page, page.block(left, top, sheet.width - left - 0.15, height)


def _handles(sides: Sides) -> list[Artist]:
    handles = [
        marked(f"{side.name}, {counted(len(side.values), 'reading')}", mark, colour)
        for side, (colour, mark, _) in zip(sides.sides, LOOKS, strict=False)
    ]
    words = "median, and its 95% interval" if any(median_interval(side.values) for side in sides.sides) else "median"
    return [*handles, Line2D([], [], color=INK, linewidth=1.2, label=words)]


def _lines(sides: Sides) -> list[Artist]:
    return [
        Line2D([], [], color=colour, linestyle=line, label=f"{side.name}, {counted(len(side.values), 'reading')}")
        for side, (colour, _, line) in zip(sides.sides, LOOKS, strict=False)
    ]


def _draw_violin(axes: Axes, at: int, values: Values, colour: str, mark: str) -> None:
    """The density on both sides of `at`, a dot a reading in its order, the median and its interval."""
    places = np.linspace(values.min(), values.max(), POINTS)
    dense = density(values, places)
    if dense is not None:
        half = 0.42 * dense / dense.max()
        axes.fill_betweenx(places, at - half, at + half, color=colour, alpha=0.25, linewidth=0)
    spread = at + 0.5 * ((np.arange(len(values)) + 0.5) / len(values) - 0.5)
    axes.plot(spread, values, mark, color=colour, markersize=2.2, mew=0)
    axes.hlines(float(np.median(values)), at - 0.3, at + 0.3, colors=INK, linewidth=1.2)
    interval = median_interval(values)
    if interval is not None:
        axes.vlines(at, *interval, colors=INK, linewidth=1.2)


def _tidy(axes: Axes) -> None:
    axes.grid(color="#DDDDDD", linewidth=0.5)
    axes.set_axisbelow(True)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_tick_params(length=2)


def _percent(share: float) -> str:
    return "0%" if share == 0 else f"{100 * share:+.10g}%".replace("-", "−")


def _refuse_few(sides: Sides) -> None:
    for side in sides.sides:
        if len(side.values) < LEAST_READINGS:
            raise ErgitError(
                f"{side.commit.commit[:10]} has {counted(len(side.values), 'clean reading')}, too few for this figure:"
                f" it needs {LEAST_READINGS}."
            )
