"""The distribution of the energy: the readings of each commit, with their density, quartiles and median."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ergit.records.commits import CommitRow
from ergit.reports.distributions import density
from ergit.reports.figures.axis import AxisKind, Panels, running_medians, scale_for
from ergit.reports.figures.contents import Contents, SessionReadings, Values, columns, gather
from ergit.reports.figures.legend import marked, session_handles, session_styles
from ergit.reports.figures.page import lay_out, positions_per_inch
from ergit.reports.figures.sheet import FAINT, INK, SCREEN, Sheet, styled

VIOLINS_PER_INCH = 8.0  # commits of an inch, beyond which there are boxes
POINTS = 60  # of a density


@styled
def distribution(
    table: pd.DataFrame,
    commits: Sequence[CommitRow],
    quantity: str = "package",
    *,
    axis: AxisKind = "auto",
    sheet: Sheet = SCREEN,
) -> Figure:
    """The clean readings of each commit as a violin with its points, flagged ones hollow; of many commits only boxes.

    `table` is results/energy.csv, `commits` are those of results/commits.tsv, or some of them.

    Raises:
        ErgitError: the table holds both measured and estimated energy, or the sheet has no room.
    """
    contents = gather(table, commits, quantity)
    is_violin = positions_per_inch(contents, sheet) <= VIOLINS_PER_INCH
    page = lay_out(
        contents,
        sheet,
        "Readings of each commit",
        contents.quantity.label(contents.kind, is_short=not sheet.is_annotated),
        _handles(contents, sheet, is_violin=is_violin),
        scale_for(*_readings_and_levels(contents), axis),
    )
    if contents.kind is None:
        return page.figure
    for session, colour, mark in session_styles(contents):
        found = contents.of(session)
        if is_violin:
            _draw_violins(page.panels, found, colour)
            _draw_points(page.panels, found, colour, mark)
        _draw_boxes(page.panels, found, colour, 72 / positions_per_inch(contents, sheet), is_violin=is_violin)
        for readings in found:
            flagged = ~readings.clean
            _draw_flagged(page.panels, _spread(readings)[flagged], readings.values[flagged], colour)
    return page.figure


def _handles(contents: Contents, sheet: Sheet, *, is_violin: bool) -> list[Artist]:
    what = "clean readings in order" if is_violin else "clean readings"
    handles = session_handles(contents, sheet, sheet.either(what, "reading"))
    if is_violin:
        handles.append(Patch(color=FAINT, alpha=0.35, label="their density"))
        handles.append(Line2D([], [], color=INK, linewidth=1.2, label="median and middle half"))
    else:
        words = sheet.either("their middle half, median and range", "middle half, median, range")
        handles.append(Patch(color=FAINT, alpha=0.5, label=words))
    if contents.flagged:
        words = sheet.either("flagged reading (triangle: beyond the axis)", "flagged reading")
        handles.append(marked(words, "o", INK, "white"))
    return handles


def _readings_and_levels(contents: Contents) -> tuple[Values, Values]:
    """All clean readings, and the level of the commit of each: the running median of commits."""
    clean = [group.values[group.clean] for group in contents.readings if group.clean.any()]
    levels = running_medians(np.array([np.median(values) for values in clean]))
    counts = [len(values) for values in clean]
    return np.concatenate([*clean, np.empty(0)]), np.repeat(levels, counts) if clean else np.empty(0)


def _spread(readings: SessionReadings) -> Values:
    """The positions of the readings, from left to right as they were taken."""
    count = len(readings.values)
    return readings.centre + 0.8 * readings.width * ((np.arange(count) + 0.5) / count - 0.5)


def _draw_violins(panels: Panels, found: Sequence[SessionReadings], colour: str) -> None:
    """The density of the clean readings of each commit, all of the same width, from the lowest to the highest one."""
    for readings in found:
        values = readings.values[readings.clean]
        if not len(values):
            continue
        at = np.linspace(values.min(), values.max(), POINTS)
        dense = density(values, at)
        if dense is None:
            continue
        half = readings.width / 2 * dense / dense.max()
        for axes, (low, high) in panels:
            if values.max() >= low and values.min() <= high:
                axes.fill_betweenx(
                    at, readings.centre - half, readings.centre + half, color=colour, alpha=0.25, linewidth=0
                )


def _draw_points(panels: Panels, found: Sequence[SessionReadings], colour: str, mark: str) -> None:
    for readings in found:
        at, clean = _spread(readings), readings.clean
        panels.points(at[clean], readings.values[clean], mark, color=colour, markersize=1.8, mew=0)


def _draw_boxes(
    panels: Panels, found: Sequence[SessionReadings], colour: str, points: float, *, is_violin: bool
) -> None:
    """Median and quartiles of each commit, in an axis with so many `points` between two commits; and the range."""
    boxes = [
        (readings.centre, readings.width, *np.quantile(readings.values[readings.clean], [0, 0.25, 0.5, 0.75, 1]))
        for readings in found
        if readings.clean.any()
    ]
    centre, width, lowest, low, middle, high, highest = columns(boxes, 7)
    if is_violin:
        panels.spans(centre, low, high, colors=INK, linewidth=0.8, zorder=4)
        panels.levels(middle, centre - width / 4, centre + width / 4, colors=INK, linewidth=1.2, zorder=4)
        return
    panels.spans(centre, lowest, highest, colors=colour, linewidth=0.6, alpha=0.5)
    panels.spans(centre, low, high, colors=colour, linewidth=points * width, alpha=0.3)
    panels.levels(middle, centre - width / 2, centre + width / 2, colors=colour, linewidth=1.2)


def _draw_flagged(panels: Panels, x: Values, y: Values, colour: str) -> None:
    """Hollow marks; flagged readings stretch no axis: what no panel shows is a triangle at the edge, pointing there."""
    settings: dict[str, Any] = {"color": colour, "markersize": 3, "markerfacecolor": "white", "clip_on": False}
    shown = np.zeros(len(y), dtype=bool)
    for _, (low, high) in panels:
        shown |= (y >= low) & (y <= high)
    panels.points(x, y, "o", **settings)
    low, high = panels.scale.main
    for axes, mark, end, beyond in ((panels.main, "^", high, y > high), (panels.main, "v", low, y < low)):
        if (beyond & ~shown).any():
            axes.plot(x[beyond & ~shown], np.full(int((beyond & ~shown).sum()), end), mark, **settings)
