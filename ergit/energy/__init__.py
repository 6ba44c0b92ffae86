"""Energy sources, and the choice of the one that a study measures with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from ergit.config.settings import MeasureSettings
from ergit.energy.estimate import EstimateSource
from ergit.energy.perf import PerfSource, energy_events
from ergit.energy.pmu import PmuSource, read_type_and_cpus
from ergit.energy.powercap import PowercapSource
from ergit.energy.source import LIMIT_WATTS, Energy, Source, UnavailableError
from ergit.errors import ErgitError

__all__ = [
    "Availability",
    "Energy",
    "Roots",
    "Source",
    "UnavailableError",
    "choose",
    "probe",
]

MEASURING = ("pmu", "perf", "powercap")
"""Order of `auto`: the `power` PMU before powercap, since the kernel undoes its wraps itself.

Read directly before read by perf, which needs a second process and two exchanges with it in each window.
"""


@dataclass(frozen=True)
class Roots:
    """Where the kernel's files and perf are found."""

    powercap: Path = Path("/sys/class/powercap")
    event_sources: Path = Path("/sys/bus/event_source/devices")
    proc: Path = Path("/proc")
    perf: str = "perf"

    @classmethod
    def of(
        cls,
        settings: MeasureSettings,
        *,
        powercap: Path = Path("/sys/class/powercap"),
        event_sources: Path = Path("/sys/bus/event_source/devices"),
        proc: Path = Path("/proc"),
        perf: str = "perf",
    ) -> Self:
        """The powercap tree that the settings name, and the other places as given."""
        return cls(Path(settings.powercap) if settings.powercap else powercap, event_sources, proc, perf)


@dataclass(frozen=True)
class Availability:
    """Whether a source can be used here: what it would read or why it can't, and then the fix."""

    name: str
    kind: Literal["measured", "estimated"]
    available: bool
    reason: str
    fix: str | None


def choose(settings: MeasureSettings, roots: Roots = Roots(), limit_watts: float = LIMIT_WATTS) -> Source:
    """The open source that `measure` settings ask for, its `reason` saying why it was chosen.

    `settings` has `source`, `allow_estimate` and `watts_per_core`; `limit_watts` is the highest believable power of one
    package. With `auto` the first of pmu, perf and powercap that can be read is taken, and the estimate only if it is
    allowed. Any other `source` is taken or refused. Raises ErgitError with each source that was tried, why it can't be
    used, and the fix.
    """
    wanted = settings.source
    openers = openers_of(settings, roots, limit_watts)
    tried: list[UnavailableError] = []
    allowed = MEASURING + (("estimate",) if settings.allow_estimate else ())
    candidates = allowed if wanted == "auto" else (wanted,)
    for name in candidates:
        try:
            source = openers[name]()
        except UnavailableError as refusal:
            tried.append(refusal)
            continue
        source.reason = why_chosen(source, wanted, dict(zip(candidates, tried, strict=False)))
        return source
    refusals = in_words(dict(zip(candidates, tried, strict=True)))
    if wanted != "auto":
        raise ErgitError(f"measure.source is {wanted}, which cannot be read here. {refusals}")
    raise ErgitError(
        f"No energy counter can be read here. {refusals} "
        "Or set measure.allow_estimate: true to work with an estimate from CPU time, which is no measurement."
    )


def in_words(refusals: Mapping[str, UnavailableError]) -> str:
    """Why each source can't be used, then what to do, said once where it fixes several."""
    names_by_fix: dict[str, list[str]] = {}
    for name, refusal in refusals.items():
        names_by_fix.setdefault(refusal.fix, []).append(name)
    reasons = [f"{name}: {refusal.reason}." for name, refusal in refusals.items()]
    fixes = [f"To fix {' and '.join(names)}: {fix}." for fix, names in names_by_fix.items()]
    return " ".join(reasons + fixes)


def probe(settings: MeasureSettings, roots: Roots = Roots(), limit_watts: float = LIMIT_WATTS) -> list[Availability]:
    """What each source would do here, in the order in which `auto` tries them; each is opened and closed again.

    Only `watts_per_core` of `settings` is used. Raises ErgitError only where that is no power.
    """
    return [availability(name, opener) for name, opener in openers_of(settings, roots, limit_watts).items()]


def openers_of(settings: MeasureSettings, roots: Roots, limit_watts: float) -> dict[str, Callable[[], Source]]:
    """How to open each source, by name and in the order of `auto`; an opener raises UnavailableError."""
    power = roots.event_sources / "power"

    def open_perf() -> Source:
        events = energy_events(power, roots.proc)
        _, cpus = read_type_and_cpus(power, roots.proc)
        return PerfSource(events, program=roots.perf, packages=len(cpus), limit_watts=limit_watts)

    return {
        "pmu": lambda: PmuSource(power, proc=roots.proc, limit_watts=limit_watts),
        "perf": open_perf,
        "powercap": lambda: PowercapSource(roots.powercap, proc=roots.proc, limit_watts=limit_watts),
        "estimate": lambda: EstimateSource(settings.watts_per_core),
    }


def availability(name: str, opener: Callable[[], Source]) -> Availability:
    """What the source of that name would do here."""
    kind = EstimateSource.kind if name == EstimateSource.name else PowercapSource.kind
    try:
        with opener() as source:
            return Availability(name, kind, True, what_is_read(source), None)
    except UnavailableError as refusal:
        return Availability(name, kind, False, refusal.reason, refusal.fix)


def what_is_read(source: Source) -> str:
    """Domains of an open source, and those that were left out."""
    subject = "CPU time, in the place of" if source.kind == EstimateSource.kind else "counters of"
    return "; ".join((f"{subject} {', '.join(source.domains)}", *source.notes))


def why_chosen(source: Source, wanted: str, tried: Mapping[str, UnavailableError]) -> str:
    """The sentence that goes with every reading: why this source, what it reads, and which were tried before it."""
    cause = "the first that can be read" if wanted == "auto" else "asked for by measure.source"
    if source.kind == EstimateSource.kind and wanted == "auto":
        cause = "no counter can be read, and measure.allow_estimate is true"
    refusals = [f"{name} not: {refusal.reason}" for name, refusal in tried.items()]
    return "; ".join((f"{source.name}, {cause}: {what_is_read(source)}", *refusals))
