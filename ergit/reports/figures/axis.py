"""The axis of the values: linear or logarithmic, and broken where a few far values would press all else flat."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from ergit.analysis.detection.centres import NORMAL_MAD
from ergit.analysis.detection.significance import FloatArray
from ergit.reports.figures.sheet import INK

AxisKind = Literal["auto", "linear", "log"]
LOGARITHMIC_FROM = 4.0  # times the lowest level that the highest one is: on a linear axis, changes of low ones are flat
BROKEN_FROM = 2.5  # times the range of the levels and what is near them that the whole range is
NEAR_NOISE = 8.0  # standard deviations of a value around its level
NEAR_LEVELS = 0.25  # of the range of the levels
MARGIN = 0.06  # of a range, at both of its ends
LEAST_RANGE = 0.02  # of a value, where all are equal
WINDOW = 9  # commits whose median is a level, where no levels are known
Range = tuple[float, float]


@dataclass(frozen=True)
class Scale:
    """What the axis shows: the `main` range, and apart from it what lies far `below` and `above`, if anything does."""

    main: Range
    below: Range | None = None
    above: Range | None = None
    is_logarithmic: bool = False


def scale_for(values: FloatArray, levels: FloatArray, kind: AxisKind = "auto") -> Scale:
    """The axis for `values` (n,); `levels` (n,) has the level of each, NaN where it has none.

    The main range holds all levels and what is near them. A logarithmic axis is for values above 0 only.
    """
    if not len(values):
        return Scale((0.0, 1.0))
    known = levels[np.isfinite(levels)]
    known = known if len(known) else values
    positive = min(values.min(), known.min()) > 0
    is_log = bool(positive and (kind == "log" or (kind == "auto" and known.max() / known.min() >= LOGARITHMIC_FROM)))
    if not is_log:
        return _linear(values, levels, known)
    found = _linear(np.log(values), np.log(levels), np.log(known))
    main, below, above = (ends and (float(np.exp(ends[0])), float(np.exp(ends[1]))) for ends in _ranges(found))
    return Scale(main or found.main, below, above, is_logarithmic=True)


def running_medians(values: FloatArray) -> FloatArray:
    """The median of each value (n,) and its neighbours, `WINDOW` in all; beyond the ends, the last one stands again."""
    from scipy.ndimage import median_filter  # 0.1 s, which most figures need not wait for

    medians: FloatArray = median_filter(values, size=WINDOW, mode="nearest") if len(values) else values
    return medians


def _ranges(scale: Scale) -> tuple[Range | None, ...]:
    return scale.main, scale.below, scale.above


def _linear(values: FloatArray, levels: FloatArray, known: FloatArray) -> Scale:
    low, high = float(known.min()), float(known.max())
    away = np.abs(values - levels)
    away = away[np.isfinite(away)]
    noise = NORMAL_MAD * float(np.median(away)) if len(away) else 0.0
    reach = max(NEAR_LEVELS * (high - low), NEAR_NOISE * noise, LEAST_RANGE * abs(high))
    near = (values >= low - reach) & (values <= high + reach)
    low, high = min(low, values[near].min(initial=low)), max(high, values[near].max(initial=high))
    lowest, highest = min(low, values.min()), max(high, values.max())
    if highest - lowest < BROKEN_FROM * (high - low + 2 * LEAST_RANGE * abs(high)):
        return Scale(_padded(lowest, highest))
    below, above = values[values < low], values[values > high]
    return Scale(
        _padded(low, high),
        _padded(below.min(), below.max()) if len(below) else None,
        _padded(above.min(), above.max()) if len(above) else None,
    )


def _padded(low: float, high: float) -> Range:
    margin = MARGIN * (high - low) or LEAST_RANGE * abs(high) or 1.0
    return float(low - margin), float(high + margin)


@dataclass(frozen=True)
class Panels:
    """The panels of one axis, the main one first: each draws what lies in its range, and nothing else."""

    scale: Scale
    main: Axes
    apart: tuple[tuple[Axes, Range], ...] = ()

    def __iter__(self) -> Iterator[tuple[Axes, Range]]:
        yield self.main, self.scale.main
        yield from self.apart

    @property
    def top(self) -> Axes:
        """The highest one."""
        return max((axes for axes, _ in self), key=lambda axes: axes.get_position().y1)

    def set_up(self, label: str) -> None:
        """Gives each panel its range and ticks, and shows where the axis is broken."""
        for axes, ends in self:
            axes.set_yscale("log" if self.scale.is_logarithmic else "linear")
            axes.set_ylim(*ends)
            axes.set_xticks([])
            axes.grid(axis="y", color="#DDDDDD", linewidth=0.5, zorder=0)
            axes.set_axisbelow(True)
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}".replace("-", "−")))
            axes.yaxis.set_minor_formatter(NullFormatter())
            if axes is not self.main:
                axes.yaxis.set_minor_locator(NullLocator())
                axes.yaxis.set_major_locator(FixedLocator(_few_ticks(*ends)))
            elif self.scale.is_logarithmic:
                self._set_logarithmic_ticks()
        self.main.set_ylabel(f"{label}, log scale" if self.scale.is_logarithmic else label)
        marks: dict[str, Any] = {
            "marker": [(-1, -0.6), (1, 0.6)],
            "markersize": 6,
            "linestyle": "none",
            "color": INK,
            "clip_on": False,
        }
        for axes, (low, _) in self.apart:
            is_above = low > self.scale.main[0]
            for one, end in ((axes, 0.0 if is_above else 1.0), (self.main, 1.0 if is_above else 0.0)):
                one.plot([0], [end], transform=one.transAxes, **marks)

    def _set_logarithmic_ticks(self) -> None:
        low, high = self.scale.main
        axis = self.main.yaxis
        axis.set_minor_locator(NullLocator())
        if high / low >= 30:
            axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        else:
            axis.set_major_locator(FixedLocator(_round_ticks(low, high)))

    def points(self, x: FloatArray, y: FloatArray, mark: str, **settings: Any) -> None:
        """Marks at the points (n,) and (n,), a line between none of them."""
        for axes, (low, high) in self:
            there = (y >= low) & (y <= high)
            if there.any():
                axes.plot(x[there], y[there], mark, **settings)

    def spans(self, x: FloatArray, low: FloatArray, high: FloatArray, **settings: Any) -> None:
        """Vertical lines at `x` (n,) from `low` (n,) to `high` (n,)."""
        for axes, (least, most) in self:
            there = (high >= least) & (low <= most)
            if there.any():
                axes.vlines(x[there], low[there].clip(least, most), high[there].clip(least, most), **settings)

    def levels(self, y: FloatArray, begin: FloatArray, end: FloatArray, **settings: Any) -> None:
        """Horizontal lines at `y` (n,) from `begin` (n,) to `end` (n,)."""
        for axes, (low, high) in self:
            there = (y >= low) & (y <= high)
            if there.any():
                axes.hlines(y[there], begin[there], end[there], **settings)


def _few_ticks(low: float, high: float) -> list[float]:
    """Two round values within the range, or the middle of it where there is no room for two."""
    inside = [tick for tick in MaxNLocator(2, steps=[1, 2, 5, 10]).tick_values(low, high) if low <= tick <= high]
    return [inside[0], inside[-1]] if len(inside) > 1 else [float(f"{(low + high) / 2:.3g}")]


def _round_ticks(low: float, high: float) -> list[float]:
    """About six values within the range, 1, 1.5, 2, 3, 4, 5, 6 or 8 times a power of ten."""
    powers = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    ticks = [factor * power for power in powers for factor in (1, 1.5, 2, 3, 4, 5, 6, 8)]
    inside = [float(tick) for tick in ticks if low <= tick <= high]
    return inside if len(inside) >= 3 else [*MaxNLocator(5).tick_values(low, high)[1:-1]]
