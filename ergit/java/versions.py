"""Versions and ranges of versions, as Maven writes and compares them: "1.8", "[17,22)", "(,1.7],[9,)"."""

import re
from itertools import zip_longest

from msgspec import Struct

RELEASE = re.compile(r"(?:1\.)?([1-9][0-9]?)(?:[._][0-9]+)*(?:[-+].*)?")
INTERVAL = re.compile(r"(?P<open>[\[(])(?P<inside>[^\[\]()]*)(?P<close>[\])])\s*,?\s*")
TOKENS_OF_PROFILE = 3


class VersionError(Exception):
    """Why a text is no release, or no range of versions."""


def release_number(text: str) -> int:
    """The feature release of "17", "1.8", "1.8.0_402" or "11.0"; raises VersionError for anything else."""
    match = RELEASE.fullmatch(text.strip())
    if match is None:
        raise VersionError(f"“{text[:40]}” is no Java release")
    return int(match[1])


def numbers(version: str) -> tuple[int, ...]:
    """The numbers of a version in their order; words in it ("-ea") do not count."""
    return tuple(int(number[:9]) for number in re.findall("[0-9]+", version.partition("+")[0]))


def compared(left: str, right: str) -> int:
    """Below, equal to or above 0, as the left version is older than the right one, the same, or newer."""
    for one, other in zip_longest(numbers(left), numbers(right), fillvalue=0):
        if one != other:
            return -1 if one < other else 1
    return 0


class Interval(Struct, frozen=True):
    """From `lowest` to `highest`, "" where it is open; whether the ends themselves are in it."""

    lowest: str
    highest: str
    with_lowest: bool
    with_highest: bool

    def holds(self, version: str) -> bool:
        """Whether a version is in it."""
        if self.lowest:
            below = compared(version, self.lowest)
            if below < 0 or (below == 0 and not self.with_lowest):
                return False
        if self.highest:
            above = compared(version, self.highest)
            if above > 0 or (above == 0 and not self.with_highest):
                return False
        return True


class VersionRange(Struct, frozen=True):
    """Several intervals; `text` is how the range was written."""

    text: str
    intervals: tuple[Interval, ...]

    def holds(self, version: str) -> bool:
        """Whether a version is in one of the intervals."""
        return any(interval.holds(version) for interval in self.intervals)


def parsed_range(text: str) -> VersionRange:
    """The range that a text stands for; a version alone means that one or a newer one, as Maven's enforcer has it.

    Raises:
        VersionError: it is no range.
    """
    text = text.strip()
    if not text.startswith(("[", "(")):
        lowest = "1.8" if text == "8" else text  # the enforcer's own exception (requireJavaVersion)
        if not re.fullmatch(r"[0-9][\w.+-]*", lowest):
            raise VersionError(f"“{text[:40]}” is no version")
        return VersionRange(text, (Interval(lowest, "", with_lowest=True, with_highest=False),))
    intervals = []
    position = 0
    while position < len(text):
        match = INTERVAL.match(text, position)
        if match is None:
            raise VersionError(f"“{text[:40]}” is no range of versions")
        lowest, comma, highest = (part.strip() for part in match["inside"].partition(","))
        intervals.append(
            Interval(lowest, highest if comma else lowest, match["open"] == "[", match["close"] == "]")  # [17] is 17
        )
        position = match.end()
    return VersionRange(text, tuple(intervals))


def exactly(text: str) -> VersionRange:
    """The JDKs of one feature release ("17", "1.8"), or those of a range, as a toolchain asks for them.

    Raises:
        VersionError: it is neither.
    """
    if text.strip().startswith(("[", "(")):
        return parsed_range(text)
    release = release_number(text)
    first, beyond = (f"1.{number}" if number < 9 else str(number) for number in (release, release + 1))
    return VersionRange(text.strip(), (Interval(first, beyond, with_lowest=True, with_highest=False),))


def activates(condition: str, version: str) -> bool:
    """Whether the `<jdk>` of a profile's activation holds for a JDK: "17", "!1.8", "[9,)".

    Like Maven (JdkVersionProfileActivator) a range looks at three numbers, and a version is a beginning of the other.
    """
    condition = condition.strip()
    if condition.startswith("!"):
        return not version.startswith(condition[1:])
    if not condition.startswith(("[", "(")):
        return version.startswith(condition)
    lowest, _, highest = condition[1:].partition(",")
    here = _three(version)
    low, high = lowest.strip(" ])"), highest.strip(" ])")
    if low:
        if here < _three(low) or (here == _three(low) and not condition.startswith("[")):
            return False
        if here == _three(low):
            return True
    return not high or here < _three(high) or (here == _three(high) and condition.endswith("]"))


def _three(version: str) -> tuple[int, ...]:
    found = numbers(version)[:TOKENS_OF_PROFILE]
    return found + (0,) * (TOKENS_OF_PROFILE - len(found))
