"""What is said of a comparison: in words, and as JSON."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from ergit.analysis.comparison import Common, Pair

SCHEMA = "ergit.comparison/1"
SHOWN_PAIRS = 20


@dataclass(frozen=True)
class Comparison:
    """The outcome: pairs, what they have in common, and each reason why something cannot be compared."""

    first: str
    second: str
    kind: str | None
    pairs: list[Pair]
    common: list[Common]
    obstacles: list[str]


def page(comparison: Comparison) -> Iterator[str]:
    """The comparison for a person, line by line."""
    yield f"A: {comparison.first}"
    yield f"B: {comparison.second}"
    if comparison.kind == "estimated":
        yield "The energy is estimated from CPU time, not measured."
    for obstacle in comparison.obstacles:
        yield f"cannot be compared: {obstacle}"
    yield from dict.fromkeys(sessions_sentence(pair) for pair in comparison.pairs)
    for common in comparison.common:
        seen = "differs" if common.differs else "no difference seen"
        yield f"B against A, {common.commits} commits: {_relative(common)}, p = {common.p:.2g}: {seen}"
    largest = sorted(comparison.pairs, key=lambda pair: pair.q)
    for pair in largest[:SHOWN_PAIRS]:
        yield ""
        name = "" if pair.first != pair.second else f" {pair.first[:10]}"
        yield f"A{name}: median {pair.first_median_joules:.6g} J of {pair.first_readings} readings"
        yield f"B{name}: median {pair.second_median_joules:.6g} J of {pair.second_readings} readings"
        yield f"B against A: {_relative(pair)}, q = {pair.q:.2g}"
        yield verdict_sentence(pair)
    if len(largest) > SHOWN_PAIRS:
        differing = sum(pair.differs for pair in largest)
        yield ""
        yield f"{differing} of {len(largest)} commits differ; --json has all of them."


def sessions_sentence(pair: Pair) -> str:
    """In which sessions the two were measured, and what that means."""
    if pair.anchors == 0:
        return f"Both were measured in one session: {pair.first_sessions[0]}."
    where = f"A in {', '.join(pair.first_sessions)}; B in {', '.join(pair.second_sessions)}"
    if pair.anchors:
        return f"Across sessions ({where}), which {pair.anchors} commits measured in several of them link together."
    return (
        f"Across sessions that nothing ties together ({where}): a difference may be the machine's or its state's,"
        " not the program's."
    )


def verdict_sentence(pair: Pair) -> str:
    """The verdict on one pair."""
    if pair.differs:
        return "differs"
    return f"no difference seen of at least {pair.visible:.1%} (a smaller one may be there)"


def _relative(found: Pair | Common) -> str:
    return f"{found.relative:+.2%} (95 % interval {found.ci_low:+.2%} to {found.ci_high:+.2%})"


def to_json(comparison: Comparison) -> str:
    """The comparison as JSON."""
    content: dict[str, Any] = {"schema": SCHEMA} | asdict(comparison)
    return json.dumps(content, indent=1, allow_nan=False)
