"""The sums of the residuals (CUSUM): whether the levels between the changes hold, or the energy drifts within them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ergit.records.changes import ChangesRecord
from ergit.records.commits import CommitRow
from ergit.reports.distributions import BRIDGE_95, LEAST_OF_STRETCH, ResidualSums, residual_sums
from ergit.reports.figures.axis import Scale
from ergit.reports.figures.contents import gather
from ergit.reports.figures.page import lay_out
from ergit.reports.figures.sheet import FAINT, INK, SCREEN, Sheet, styled
from ergit.text import counted

INSIDE, LEAVES = "#0072B2", "#D55E00"
LABEL = "sum of residuals ÷ (σ √commits)"


@styled
def cusum(table: pd.DataFrame, commits: Sequence[CommitRow], record: ChangesRecord, *, sheet: Sheet = SCREEN) -> Figure:
    """The sums of the residuals of each stretch between two changes, and the bounds that noise alone seldom passes.

    `table` is results/energy.csv, `commits` are those of results/commits.tsv, or some of them.

    Raises:
        ErgitError: the table holds both measured and estimated energy, or the sheet has no room.
    """
    contents = gather(table, commits, record.study.judged)
    place = {
        number: contents.positions[one.commit]
        for number, one in enumerate(record.commits)
        if one.commit in contents.positions
    }
    paths = [
        (np.array([place[number] for number in one.positions.tolist() if number in place]), one)
        for one in residual_sums(record)
    ]
    shown = [(at, _of_places(one, place), one.leaves) for at, one in paths if len(at)]
    highest = max([BRIDGE_95, *(float(np.abs(sums).max()) for _, sums, _ in shown)])
    page = lay_out(
        contents, sheet, "Sums of residuals", LABEL, _handles(shown, sheet), Scale((-1.08 * highest, 1.08 * highest))
    )
    if contents.kind is None:
        return page.figure
    axes = page.panels.main
    if not shown:
        words = f"No stretch between two changes has {LEAST_OF_STRETCH} commits."
        axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", backgroundcolor="white")
    for bound in (-BRIDGE_95, BRIDGE_95):
        axes.axhline(bound, color=INK, linewidth=0.7, linestyle="--", zorder=1)
    axes.axhline(0, color=FAINT, linewidth=0.5, zorder=1)
    for change in record.changes:
        if change.kind == "persistent" and change.commit in contents.positions:
            axes.axvline(contents.positions[change.commit] - 0.5, color=FAINT, linewidth=0.4, zorder=0)
    for at, sums, leaves in shown:
        axes.plot(at, sums, color=LEAVES if leaves else INSIDE, linewidth=1.1, linestyle="-" if leaves else "-.")
    return page.figure


def _of_places(one: ResidualSums, place: dict[int, int]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    kept = [number in place for number in one.positions.tolist()]
    return one.sums[kept]


def _handles(shown: Sequence[tuple[object, object, bool]], sheet: Sheet) -> list[Artist]:
    left = sum(leaves for _, _, leaves in shown)
    found: list[Artist] = []
    looks: tuple[tuple[int, str, Any, str], ...] = (
        (len(shown) - left, INSIDE, "-.", "within the bounds"),
        (left, LEAVES, "-", "beyond: drift, or a change unfound"),
    )
    for count, colour, line, words in looks:
        if count:
            label = sheet.either(f"{counted(count, 'stretch', 'stretches')} between changes {words}", words)
            found.append(Line2D([], [], color=colour, linestyle=line, linewidth=1.1, label=label))
    bound = sheet.either(f"±{BRIDGE_95:g}: noise alone stays within in 95 of 100 stretches", "95% bounds")
    found.append(Line2D([], [], color=INK, linestyle="--", linewidth=0.7, label=bound))
    if sheet.is_annotated:
        words = f"change; stretches of {LEAST_OF_STRETCH} commits or more are shown"
        found.append(Line2D([], [], color=FAINT, linewidth=0.6, label=words))
    return found
