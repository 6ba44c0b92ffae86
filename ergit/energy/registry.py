"""The energy sources that there are: the only module that names them all.

A new source is one class (`ergit.energy.source.Source`), a function here that opens it, a line in `SOURCES`, and its
name among those that `measure.source` may have.
"""

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from ergit.config.settings import MeasureSettings
from ergit.energy.estimate import EstimateSource
from ergit.energy.perf import PerfSource, energy_events, packages_added_up
from ergit.energy.pmu import PmuSource
from ergit.energy.powercap import PowercapSource
from ergit.energy.roots import Roots
from ergit.energy.source import Source
from ergit.records.readings import DOMAINS

Opener = Callable[[MeasureSettings, Roots, float], Source]
"""Opens a source by the settings, where the roots say, with the highest believable power of a package in watts.

It raises UnavailableError where the source cannot be used.
"""


class SourceEntry(Struct, frozen=True):
    """A source that a study can ask for by its name."""

    name: str
    kind: Literal["measured", "estimated"]
    open: Opener


def open_pmu(settings: MeasureSettings, roots: Roots, limit_watts: float) -> Source:
    """The kernel's `power` PMU, read directly."""
    return PmuSource(
        roots.power,
        proc=roots.proc,
        cpu_files=roots.cpu_files,
        judged=settings.judged,
        domains=settings.domains or DOMAINS,
        limit_watts=limit_watts,
    )


def open_perf(settings: MeasureSettings, roots: Roots, limit_watts: float) -> Source:
    """The same PMU, read by perf."""
    return PerfSource(
        energy_events(roots.power, roots.proc, settings.judged),
        program=roots.perf,
        packages=packages_added_up(roots.power, roots.proc, settings.judged, roots.cpu_files),
        proc=roots.proc,
        judged=settings.judged,
        domains=settings.domains or DOMAINS,
        limit_watts=limit_watts,
    )


def open_powercap(settings: MeasureSettings, roots: Roots, limit_watts: float) -> Source:
    """The powercap tree."""
    return PowercapSource(
        roots.powercap,
        proc=roots.proc,
        judged=settings.judged,
        domains=settings.domains or DOMAINS,
        limit_watts=limit_watts,
    )


def open_estimate(settings: MeasureSettings, roots: Roots, limit_watts: float) -> Source:  # noqa: ARG001
    """CPU time instead of a counter."""
    return EstimateSource(settings.watts_per_core, judged=settings.judged)


SOURCES = (
    SourceEntry("pmu", "measured", open_pmu),
    SourceEntry("perf", "measured", open_perf),
    SourceEntry("powercap", "measured", open_powercap),
    SourceEntry("estimate", "estimated", open_estimate),
)
"""In the order of `auto`: the `power` PMU before powercap, since the kernel undoes its wraps itself.

Read directly before read by perf, which needs a second process and two exchanges with it in each window.
"""
