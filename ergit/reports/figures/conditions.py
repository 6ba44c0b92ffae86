"""The conditions of a study: temperature, frequency and what else ran, reading after reading as they were taken."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ergit.errors import ErgitError
from ergit.reports.figures.legend import marked
from ergit.reports.figures.page import begin, sides_of
from ergit.reports.figures.sheet import FAINT, INK, SCREEN, Sheet, styled
from ergit.text import counted

BEFORE, AFTER = "#56B4E9", "#D55E00"
GAP = 0.1  # between two panels, in inches
TICKS_PER_INCH = 1.0
LEAST_PANEL = 0.45


@dataclass(frozen=True)
class Strip:
    """One panel: its label, and the columns that it shows, each with its words and colour."""

    label: str
    series: tuple[tuple[str, str, str], ...]
    factor: float = 1.0


STRIPS = (
    Strip("CPU (°C)", (("celsius_before", "before", BEFORE), ("celsius_after", "after", AFTER))),
    Strip("clock (GHz)", (("megahertz_before", "before", BEFORE), ("megahertz_after", "after", AFTER)), 1e-3),
    Strip("others (cores)", (("foreign_cores", "during", INK),)),
    Strip("steal (cores)", (("steal_cores", "during", INK),)),
)


@styled
def conditions(seen: pd.DataFrame, *, sheet: Sheet = SCREEN) -> Figure:
    """The conditions of all readings, in the order in which they were taken, sessions shaded.

    `seen` is what `conditions_over_time` gives. What was never recorded has no panel.

    Raises:
        ErgitError: nothing was recorded, or the sheet has no room.
    """
    strips = [strip for strip in STRIPS if seen[[name for name, *_ in strip.series]].notna().any(axis=None)]
    if not strips:
        raise ErgitError(
            "No record of these readings has a temperature, a frequency or the load of others."
            " Imported readings have no such records."
        )
    sessions = list(dict.fromkeys(seen["session"].fillna("")))
    facts = " · ".join(
        (counted(len(seen), "reading"), f"{int((~seen['clean']).sum()):,} not clean", counted(len(sessions), "session"))
    )
    gaps = GAP * (len(strips) - 1)
    least = LEAST_PANEL * len(strips)
    page, top, height = begin(
        sheet, "Conditions of the readings", facts, _handles(strips, seen, len(sessions)), 0.5 + gaps, least
    )
    left, right = sides_of(sheet)
    left = min(left, 0.8)
    high = height / len(strips)
    at = np.arange(len(seen))
    size = float(np.interp(len(seen), [200, 5000], [2.5, 0.8]))
    for number, strip in enumerate(strips):
        axes = page.block(left, top + number * (high + GAP), sheet.width - left - right, high)
        _shade(axes, seen["session"].fillna(""), sessions)
        for name, _, colour in strip.series:
            values, clean = strip.factor * seen[name].to_numpy(float), seen["clean"].to_numpy(bool)
            axes.plot(at[clean], values[clean], "o", color=colour, markersize=size, mew=0)
            axes.plot(at[~clean], values[~clean], "o", color=colour, markersize=size + 1, mfc="white", mew=0.6)
        axes.set_ylabel(strip.label)
        axes.set_xlim(-0.02 * len(seen) - 0.5, 1.02 * len(seen) - 0.5)
        axes.grid(axis="y", color="#DDDDDD", linewidth=0.5)
        axes.set_axisbelow(True)
        axes.locator_params(axis="y", nbins=4)
        axes.set_xticks([])
    _name_times(axes, seen, sheet.width - left - right)
    axes.set_xlabel("readings, in the order of taking (UTC)")
    axes.spines["bottom"].set_visible(True)
    return page.figure


def _handles(strips: Sequence[Strip], seen: pd.DataFrame, sessions: int) -> list[Artist]:
    words = dict.fromkeys((word, colour) for strip in strips for _, word, colour in strip.series)
    handles = [marked(f"{word} the reading", "o", colour) for word, colour in words]
    if not seen["clean"].all():
        handles.append(marked("not clean", "o", INK, "white"))
    if sessions > 1:
        handles.append(Patch(color=FAINT, alpha=0.2, label="every other session"))
    return handles


def _shade(axes: Axes, session: "pd.Series[str]", sessions: Sequence[str]) -> None:
    """A shade behind every other session."""
    number = session.map({name: index for index, name in enumerate(sessions)}).to_numpy(int)
    starts = np.flatnonzero(np.diff(number, prepend=-1))
    for begin_at, end_at in zip(starts, [*starts[1:], len(number)], strict=True):
        if number[begin_at] % 2:
            axes.axvspan(begin_at - 0.5, end_at - 0.5, color=FAINT, alpha=0.2, linewidth=0, zorder=0)


def _name_times(axes: Axes, seen: pd.DataFrame, span: float) -> None:
    """When a few of the readings were taken; the day alone where the readings are of many."""
    count = min(len(seen), max(2, int(TICKS_PER_INCH * span)))
    places = np.floor((np.arange(count) + 0.5) / count * len(seen)).astype(int)
    days = (seen["started"].iloc[-1] - seen["started"].iloc[0]).days
    form = "%Y-%m-%d" if days > 5 else "%m-%d %H:%M"
    axes.set_xticks(places, [moment.strftime(form) for moment in seen["started"].iloc[places]])
