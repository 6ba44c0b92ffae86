"""The choice of the source that a study measures with, and what each source would do on this machine."""

import contextlib
import os
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from ergit.config.settings import MeasureSettings
from ergit.energy.combined import CombinedSource
from ergit.energy.registry import SOURCES, SourceEntry
from ergit.energy.roots import KERNEL_ROOTS, Roots
from ergit.energy.source import LIMIT_WATTS, NoRightError, OtherDomainError, Source, UnavailableError
from ergit.errors import ErgitError
from ergit.records.readings import DOMAINS

OPTION = "ERGIT_ESTIMATE_OPTION"
"""Names the option by which the command that runs a study allows an estimate; not set where its config alone does."""

LEAST_RIGHT_FIRST = ("powercap", "perf", "pmu")
"""Sources by the right that they take: files of energy alone, a program that counts for a group, counting itself."""


class Availability(Struct, frozen=True):
    """Whether a source can be used here: what it would read or why it can't, and then the fix.

    `is_asked_for`: whether the settings may lead to it.
    """

    name: str
    kind: Literal["measured", "estimated"]
    available: bool
    reason: str
    fix: str | None
    is_asked_for: bool = False


def choose(
    settings: MeasureSettings,
    roots: Roots = KERNEL_ROOTS,
    limit_watts: float = LIMIT_WATTS,
    sources: Sequence[SourceEntry] = SOURCES,
) -> Source:
    """The open source that the settings ask for, its `reason` saying why it was chosen.

    `limit_watts` is the highest believable power of one package. With `auto` the first source that counts the judged
    domain is taken, and the estimate only if it is allowed. Any other `source` is taken or refused.

    Raises:
        ErgitError: each source that was tried, why it can't be used, and the fix.
    """
    tried: dict[str, UnavailableError] = {}
    for entry in candidates(settings, sources):
        try:
            source = open_and_try_out(entry, settings, roots, limit_watts)
        except UnavailableError as refusal:
            tried[entry.name] = refusal
            continue
        source.reason = why_chosen(source, settings, tried)
        return source
    what = "No energy counter can be read here."
    if settings.source != "auto":
        what = f"measure.source is {' and '.join(tried)}, which cannot be read here."
    raise ErgitError(" ".join(filter(None, (what, in_words(with_least_right(tried)), way_out(settings)))))


def probe(
    settings: MeasureSettings,
    roots: Roots = KERNEL_ROOTS,
    limit_watts: float = LIMIT_WATTS,
    sources: Sequence[SourceEntry] = SOURCES,
) -> list[Availability]:
    """What each source would do here, in the order in which `auto` tries them; each is opened, tried and closed again.

    A combination that the settings ask for comes first.

    Raises:
        ErgitError: `watts_per_core` is no power.
    """
    asked = candidates(settings, sources)
    found: dict[str, Availability] = {}
    refusals: dict[str, UnavailableError] = {}
    for entry in (*(entry for entry in asked if entry not in sources), *sources):
        try:
            with open_and_try_out(entry, settings, roots, limit_watts) as source:
                reason = what_is_read(source)
        except UnavailableError as refusal:
            refusals[entry.name] = refusal
            reason = refusal.reason
        found[entry.name] = Availability(
            entry.name, entry.kind, entry.name not in refusals, reason, None, entry in asked
        )
    asked_for = {name: refusal for name, refusal in refusals.items() if found[name].is_asked_for}
    fixes = {name: refusal.fix for name, refusal in (refusals | with_least_right(asked_for)).items()}
    return [replace(each, fix=fixes.get(each.name)) for each in found.values()]


def candidates(settings: MeasureSettings, sources: Sequence[SourceEntry] = SOURCES) -> list[SourceEntry]:
    """The sources that the settings may lead to, in the order in which they are tried."""
    wanted = settings.source
    if wanted == "auto":
        return [entry for entry in sources if entry.kind == "measured" or settings.allow_estimate]
    by_name = {entry.name: entry for entry in sources}
    if isinstance(wanted, str):
        return [by_name[wanted]]
    return [combination([by_name[name] for name in dict.fromkeys(wanted)])]


def combination(entries: Sequence[SourceEntry]) -> SourceEntry:
    """The entry of several sources that are read as one."""

    def open_all(settings: MeasureSettings, roots: Roots, limit_watts: float) -> Source:
        with contextlib.ExitStack() as opened:
            parts = [opened.enter_context(open_part(entry, settings, roots, limit_watts)) for entry in entries]
            opened.pop_all()  # the combination closes them
        return CombinedSource(parts, judged=settings.judged)

    return SourceEntry("+".join(entry.name for entry in entries), "measured", open_all)


def open_part(entry: SourceEntry, settings: MeasureSettings, roots: Roots, limit_watts: float) -> Source:
    """A source of a combination, which need not count the judged domain if another one does.

    Raises UnavailableError where it counts neither that domain nor another one that is read.
    """
    try:
        return entry.open(settings, roots, limit_watts)
    except UnavailableError as refusal:
        other = refusal.domain if isinstance(refusal, OtherDomainError) else "package"
        if other in (settings.domains or DOMAINS):
            with contextlib.suppress(UnavailableError):
                return entry.open(replace(settings, judged=other), roots, limit_watts)
        raise with_reason(refusal, f"{entry.name}: {refusal.reason}") from refusal


def open_and_try_out(entry: SourceEntry, settings: MeasureSettings, roots: Roots, limit_watts: float) -> Source:
    """The open source, after it has counted a moment of work; raises UnavailableError where it cannot.

    Where it shows another domain than the judged one, that one is tried, so that nobody is told to judge by a counter
    that cannot be read.
    """
    try:
        source = entry.open(settings, roots, limit_watts)
    except OtherDomainError as refusal:
        other = replace(settings, judged=refusal.domain, domains=None)
        try:
            open_and_try_out(entry, other, roots, limit_watts).close()
        except UnavailableError as unread:
            raise with_reason(unread, f"{refusal.reason}; {refusal.domain}: {unread.reason}") from unread
        raise
    try:
        source.try_out()
    except BaseException:
        source.close()
        raise
    return source


def with_reason(refusal: UnavailableError, reason: str) -> UnavailableError:
    """A refusal of the same kind, for another reason."""
    return (NoRightError if isinstance(refusal, NoRightError) else UnavailableError)(reason, refusal.fix)


def with_least_right(refusals: Mapping[str, UnavailableError]) -> dict[str, UnavailableError]:
    """The refusals, those for want of a right with one fix: that of the source that takes the least right.

    Where another source counts another domain without any, no right is missing but to judge by that.
    """
    lacking = [name for name in LEAST_RIGHT_FIRST if isinstance(refusals.get(name), NoRightError)]
    others = [refusal.fix for refusal in refusals.values() if isinstance(refusal, OtherDomainError)]
    fix = next(iter([*others, *(refusals[name].fix for name in lacking)]), "")
    return {
        name: NoRightError(refusal.reason, fix) if name in lacking else refusal for name, refusal in refusals.items()
    }


def way_out(settings: MeasureSettings, environment: Mapping[str, str] = os.environ) -> str:
    """How to work without a counter; empty where the settings allow it already."""
    if settings.allow_estimate and settings.source == "auto":
        return ""
    if settings.source == "auto" and OPTION in environment:
        return f"Or add {environment[OPTION]} to work with an estimate from CPU time, which is no measurement."
    keys = [
        *(["measure.source: auto"] if settings.source != "auto" else []),
        *([] if settings.allow_estimate else ["measure.allow_estimate: true"]),
    ]
    return f"Or set {' and '.join(keys)} to work with an estimate from CPU time, which is no measurement."


def in_words(refusals: Mapping[str, UnavailableError]) -> str:
    """Why each source can't be used, then what to do: each reason and each fix once, with the sources it is of."""
    names_by_reason: dict[str, list[str]] = {}
    names_by_fix: dict[str, list[str]] = {}
    for name, refusal in refusals.items():
        names_by_reason.setdefault(refusal.reason, []).append(name)
        names_by_fix.setdefault(refusal.fix, []).append(name)
    reasons = [f"{' and '.join(names)}: {reason}." for reason, names in names_by_reason.items()]
    fixes = [f"To fix {' and '.join(names)}: {fix}." for fix, names in names_by_fix.items()]
    return " ".join(reasons + fixes)


def what_is_read(source: Source) -> str:
    """Domains of an open source, and what was left out."""
    subject = "CPU time, in place of" if source.kind == "estimated" else "counters of"
    return "; ".join((f"{subject} {', '.join(source.domains)}", *source.notes))


def why_chosen(source: Source, settings: MeasureSettings, tried: Mapping[str, UnavailableError]) -> str:
    """The sentence that goes with every reading: why this source, what it reads, and which were tried before it."""
    cause = "the first that can be read" if settings.source == "auto" else "asked for by measure.source"
    if source.kind == "estimated" and settings.source == "auto":
        cause = "no counter can be read, and measure.allow_estimate is true"
    refusals = [f"{name} not: {refusal.reason}" for name, refusal in tried.items()]
    return "; ".join((f"{source.name}, {cause}: {what_is_read(source)}", *refusals))
