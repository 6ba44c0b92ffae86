"""In which order JDKs are tried for a commit, and the one JDK for as many commits of a study as possible."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from ergit.java.jdks import Jdk, default
from ergit.java.requirement import Requirement, RequirementUnder, asked_jdk

Policy = Literal["asked", "one"] | tuple[int, ...]

Wanted = tuple[RequirementUnder, int]
"""What a number of commits ask for, all the same, and how many they are."""


def candidates(under: RequirementUnder, jdks: Sequence[Jdk], policy: Policy, one: Jdk | None) -> list[Jdk]:
    """The JDKs to try for a commit, the best first; none where no JDK compiles its main classes.

    Under `asked` it is the JDK that the commit asks for, then those that compile all of it, the nearest newer one
    first, then those that compile its main classes only. Under `one` it is that JDK, and under a list the first of each
    release of the list, as far as they compile the main classes.

    Args:
        under: what the commit asks for, by the version of the JDK that builds it.
        jdks: those of this machine, in the order of precedence; of several of a release the first counts.
        policy: the config's `java.policy`.
        one: the JDK of the whole study, where the policy is `one`.
    """
    if policy == "one":
        return _able(under, [] if one is None else [one])
    first: dict[int, Jdk] = {}
    for jdk in jdks:
        first.setdefault(jdk.release, jdk)
    if not isinstance(policy, str):
        return _able(under, [first[release] for release in dict.fromkeys(policy) if release in first])
    asked, preferred = asked_jdk(under, jdks), default(jdks)
    if asked is None and preferred is not None:
        first[preferred.release] = preferred
    return sorted(_able(under, first.values()), key=_order(under, asked, preferred))


def one_for_all(wanted: Iterable[Wanted], jdks: Sequence[Jdk]) -> Jdk | None:
    """The JDK that compiles all of most commits; None without any.

    Of equal ones it is the one that compiles the main classes of most, then the one that most would get under `asked`,
    then the oldest, which has dropped the least.
    """
    all_of, main_of, first_of = Counter[Jdk](), Counter[Jdk](), Counter[Jdk]()
    for under, commits in wanted:
        able = candidates(under, jdks, "asked", None)
        for jdk in able:
            main_of[jdk] += commits
            all_of[jdk] += commits if under(jdk.version).suits(jdk.release, jdk.version) else 0
        if able:
            first_of[able[0]] += commits
    return max(main_of, key=lambda jdk: (all_of[jdk], main_of[jdk], first_of[jdk], -jdk.release), default=default(jdks))


def _able(under: RequirementUnder, jdks: Iterable[Jdk]) -> list[Jdk]:
    return [jdk for jdk in jdks if under(jdk.version).is_compiled_by(jdk.release)]


def _order(
    under: RequirementUnder, asked: tuple[int, str] | None, preferred: Jdk | None
) -> Callable[[Jdk], tuple[int, bool, bool, int]]:
    """The key by which candidates are sorted."""

    def key(jdk: Jdk) -> tuple[int, bool, bool, int]:
        requirement: Requirement = under(jdk.version)
        unsuitable = 0 if requirement.jdk == jdk.release else 1 + (not requirement.suits(jdk.release, jdk.version))
        if asked is not None:
            return unsuitable, False, jdk.release < asked[0], abs(jdk.release - asked[0])
        here = jdk.release if preferred is None else preferred.release
        return unsuitable, jdk is not preferred, jdk.release > here, abs(jdk.release - here)

    return key
