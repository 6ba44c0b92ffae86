"""The distribution of the energy: the readings of each commit, with their range, quartiles and median."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ergit.records.commits import CommitRow
from ergit.reports.figures.contents import Joules, SessionReadings, columns, gather
from ergit.reports.figures.legend import FAINT, INK, marked, session_handles, session_styles
from ergit.reports.figures.page import STYLE, lay_out, positions_per_inch

DOTTED_COMMITS = 60  # up to here there is room for a dot a reading


@style.context(STYLE)
def distribution(table: pd.DataFrame, commits: Sequence[CommitRow], domain: str = "package") -> Figure:
    """The clean readings of each commit, flagged ones hollow; of many commits only boxes and flagged readings.

    `table` is results/energy.csv, `commits` are those of results/commits.tsv, `domain` the one whose energy is drawn.

    Raises:
        ErgitError: the table holds both measured and estimated energy.
    """
    contents = gather(table, commits, domain)
    dotted = len(contents.commits) <= DOTTED_COMMITS
    handles = [
        *session_handles(contents, "clean readings in order" if dotted else "clean readings"),
        Patch(color=FAINT, alpha=0.5, label="their middle half, median and range"),
    ]
    if contents.flagged:
        handles.append(marked("flagged reading (triangle: beyond the axis)", "o", INK, "white"))
    page = lay_out(contents, "Readings of each commit", handles)
    if contents.kind is None:
        return page.figure
    for session, colour, _ in session_styles(contents):
        _draw_boxes(page.panel, contents.of(session), colour, 72 / positions_per_inch(contents))
    page.panel.set_ylim(page.panel.get_ylim())  # flagged readings don't stretch the axis
    for session, colour, mark in session_styles(contents):
        for readings in contents.of(session):
            x, y, clean = _spread(readings), readings.joules, readings.clean
            if dotted:
                page.panel.plot(x[clean], y[clean], mark, color=colour, markersize=2)
            _draw_flagged(page.panel, x[~clean], y[~clean], colour)
    return page.figure


def _spread(readings: SessionReadings) -> Joules:
    """The positions of the readings, from left to right as they were taken."""
    count = len(readings.joules)
    return readings.centre + 0.9 * readings.width * ((np.arange(count) + 0.5) / count - 0.5)


def _draw_boxes(axes: Axes, found: Sequence[SessionReadings], colour: str, points: float) -> None:
    """A box for each commit with clean readings, in an axis with so many `points` between two commits."""
    boxes = [
        (readings.centre, readings.width, *np.quantile(readings.joules[readings.clean], [0, 0.25, 0.5, 0.75, 1]))
        for readings in found
        if readings.clean.any()
    ]
    centre, width, lowest, low, middle, high, highest = columns(boxes, 7)
    axes.vlines(centre, lowest, highest, colors=colour, linewidth=0.6, alpha=0.5)
    axes.vlines(centre, low, high, colors=colour, linewidth=points * width, alpha=0.3)
    axes.hlines(middle, centre - width / 2, centre + width / 2, colors=colour, linewidth=1.2)


def _draw_flagged(axes: Axes, x: Joules, y: Joules, colour: str) -> None:
    """Hollow marks; what lies beyond the axis is drawn at its edge as a triangle that points there."""
    low, high = axes.get_ylim()
    for mark, here in (("o", (y >= low) & (y <= high)), ("^", y > high), ("v", y < low)):
        if here.any():
            inside = np.clip(y[here], low, high)
            axes.plot(x[here], inside, mark, color=colour, markersize=3, markerfacecolor="white", clip_on=False)
