"""What `ergit compare` found, in words."""

import re
from collections.abc import Iterator

from ergit.records.comparison import CommonDifference, ComparedPair, ComparisonRecord
from ergit.reports.context import what_intervals_assume
from ergit.text import compared_phrase, counted

SHOWN_PAIRS = 20


def page(comparison: ComparisonRecord) -> Iterator[str]:
    """The comparison for a person, line by line."""
    yield f"A: {_short(comparison.first)}"
    yield f"B: {_short(comparison.second)}"
    if comparison.kind == "estimated":
        yield "Energy estimated from CPU time, not measured."
    for obstacle in comparison.obstacles:
        yield f"cannot be compared: {obstacle}"
    for setting in comparison.other_settings:
        yield f"not measured in the same way: {setting}"
    yield from dict.fromkeys(sessions_sentence(pair) for pair in comparison.pairs)
    assumed = dict.fromkeys(pair.assumed_build_difference for pair in comparison.pairs)
    yield from (what_intervals_assume(difference) for difference in assumed if difference is not None)
    for common in comparison.common:
        seen = "differs" if common.differs else "no difference seen"
        yield f"over {counted(common.commits, 'commit')}, {relative_sentence(common)}, p = {common.p:.2g}: {seen}"
    by_evidence = sorted(comparison.pairs, key=lambda pair: pair.q)
    for pair in by_evidence[:SHOWN_PAIRS]:
        yield ""
        name = "" if pair.first != pair.second else f" {pair.first[:10]}"
        yield f"A{name}: median {pair.first_median_joules:.6g} J of {counted(pair.first_readings, 'reading')}"
        yield f"B{name}: median {pair.second_median_joules:.6g} J of {counted(pair.second_readings, 'reading')}"
        yield f"{relative_sentence(pair)}, q = {pair.q:.2g}"
        yield verdict_sentence(pair)
    if len(by_evidence) > SHOWN_PAIRS:
        differing = sum(pair.differs for pair in by_evidence)
        yield ""
        yield f"{differing} of {len(by_evidence)} commits differ; --json has all of them."


def _short(name: str) -> str:
    """The first digits of a SHA; a folder as it is."""
    return name[:10] if re.fullmatch("[0-9a-f]{40}", name) else name


def sessions_sentence(pair: ComparedPair) -> str:
    """In which sessions the two were measured, and what that means."""
    if pair.anchors == 0:
        return f"Both were measured in one session: {pair.first_sessions[0]}."
    sessions = f"A in {', '.join(pair.first_sessions)}; B in {', '.join(pair.second_sessions)}"
    measured = f"They were measured in different sessions ({sessions})"
    if pair.first_sessions == pair.second_sessions:
        measured = f"Both were measured in the same sessions ({', '.join(pair.first_sessions)})"
    if pair.anchors:
        linked = counted(pair.anchors, "commit that was", "commits that were")
        return f"{measured}, linked by {linked} measured in several of them."
    if pair.first_sessions == pair.second_sessions:
        return (
            f"{measured}, which each study links by its own commits: a difference may still come from the machine or"
            " its state, not from the program."
        )
    return (
        f"They were measured in different sessions that no commit links ({sessions}): a difference may come from the"
        " machine or its state, not from the program."
    )


def verdict_sentence(pair: ComparedPair) -> str:
    """The verdict on one pair."""
    if pair.differs:
        return "differs"
    return f"no difference of {pair.visible:.1%} or more was seen; a smaller one is possible"


def relative_sentence(found: ComparedPair | CommonDifference, first: str = "A", second: str = "B") -> str:
    """How much more or less the second uses, with the interval."""
    interval = f"(95% interval {found.ci_low:+.1%} to {found.ci_high:+.1%})"
    return f"{second} uses {compared_phrase(found.relative)} {first} {interval}"
