"""What a commit needs of its JDK: the releases that it is compiled for, and the JDKs that its build accepts."""

import re
from collections.abc import Callable, Sequence

from msgspec import Struct

from ergit.java.jdks import LONG_TERM_RELEASES, Jdk, compiles
from ergit.java.versions import VersionRange

NEWEST_KNOWN = 40  # a range that only JDKs beyond it are in is taken for one that none is in


class JdkRange(Struct, frozen=True):
    """The JDKs that a part of the build accepts (Maven's enforcer, a toolchain, Gradle itself), and where it stands."""

    range: VersionRange
    stated_in: str


class Requirement(Struct, frozen=True):
    """What a commit asks for.

    `release` is the number (1.8 is 8) that the main classes are compiled for, and `stated_in` says where it stands
    ("pom.xml: maven.compiler.release"). Both are None where nothing is asked for; `problem` then says why. `newest` and
    `oldest` are of all that is compiled, tests and further executions too. `jdk` is the JDK that a version file names.
    """

    release: int | None
    stated_in: str | None
    problem: str | None
    newest: int | None = None
    newest_in: str | None = None
    oldest: int | None = None
    ranges: tuple[JdkRange, ...] = ()
    jdk: int | None = None
    jdk_in: str | None = None

    def asks_for_nothing(self) -> bool:
        """Whether neither a release nor a JDK is asked for."""
        return self.release is None and self.newest is None and not self.ranges and self.jdk is None

    def is_compiled_by(self, jdk_release: int) -> bool:
        """Whether a JDK compiles the main classes, or is the very one that the commit names."""
        return self.release is None or compiles(jdk_release, self.release) or jdk_release == self.jdk

    def suits(self, jdk_release: int, version: str) -> bool:
        """Whether a JDK compiles all classes and is in all ranges."""
        compiled = {self.release, self.newest, self.oldest} - {None}
        return all(compiles(jdk_release, release) for release in compiled if release is not None) and all(
            accepted.range.holds(version) for accepted in self.ranges
        )

    def nearest(self) -> tuple[int, str] | None:
        """The release of the JDK that is asked for, and where that stands; None where nothing is asked for.

        It is the one that a version file names, else the first that compiles everything and is in all ranges.
        """
        if self.jdk is not None:
            return self.jdk, self.jdk_in or ""
        newest = max((release for release in (self.release, self.newest) if release is not None), default=None)
        if newest is None:
            return None
        stated_in = (self.stated_in if newest == self.release else self.newest_in) or ""
        if all(accepted.range.holds(version_of(newest)) for accepted in self.ranges):
            return newest, stated_in
        later = range(newest + 1, NEWEST_KNOWN + 1)
        fitting = next((release for release in later if self.suits(release, version_of(release))), None)
        if fitting is None:
            return newest, stated_in
        before = version_of(fitting - 1)
        return fitting, next((part.stated_in for part in self.ranges if not part.range.holds(before)), stated_in)


RequirementUnder = Callable[[str], Requirement]
"""What a commit asks for when a JDK of that version ("17.0.15") builds it: profiles of a pom may depend on it."""


def version_of(release: int) -> str:
    """The version of the first JDK of a release, as the JDK itself writes it: "1.8.0", "17"."""
    return f"1.{release}.0" if release < 9 else str(release)


def asked_jdk(under: RequirementUnder, jdks: Sequence[Jdk]) -> tuple[int, str] | None:
    """The release of the JDK that a commit asks for, whether or not it is here, and where that stands.

    Of a commit whose needs depend on the JDK it is the first for which these needs hold.
    """
    versions = {release: version_of(release) for release in LONG_TERM_RELEASES} | {
        jdk.release: jdk.version for jdk in reversed(jdks)
    }
    for release in sorted(versions):
        requirement = under(versions[release])
        if requirement.suits(release, versions[release]):
            return requirement.nearest()
    return under(versions[max(versions)]).nearest()


def number_in(name: str) -> int | None:
    """The feature release in the name of a JDK: 17 of "17.0.15-tem" and "22.3.r17-grl", 8 of "temurin-1.8.0_402"."""
    found = re.search(r"(?:\.r|java)([1-9][0-9]?)(?![0-9])", name) or re.search(
        r"(?<![\w.])(?:1\.)?([1-9][0-9]?)(?![0-9])", name
    )
    return int(found[1]) if found else None
