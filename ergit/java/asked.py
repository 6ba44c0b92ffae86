"""What a commit asks for: the config, then the files that name a JDK, then Maven's, Gradle's and Ant's."""

from collections.abc import Sequence
from dataclasses import replace

from ergit.config.settings import JavaSettings
from ergit.java.finders import home_of_user
from ergit.java.jdks import LONG_TERM_RELEASES, Jdk
from ergit.java.maven.reader import required_by_poms
from ergit.java.requirement import Requirement, RequirementUnder, version_of
from ergit.java.trees import Tree, below
from ergit.java.version_files import named_jdk

Reading = tuple[Requirement, bool]
"""What build files ask for, and whether they may ask for something else under another JDK."""


def asked_of(tree: Tree, settings: JavaSettings, release: int | None, jdks: Sequence[Jdk]) -> RequirementUnder:
    """What a commit asks for, by the version of the JDK that builds it.

    Args:
        tree: the files of the commit.
        settings: the config's `java`.
        release: the release that `java.releases` sets for this commit, if any.
        jdks: those of this machine.
    """
    if release is not None:
        return _always(Requirement(release, "config: java.releases", None))
    if settings.release is not None:
        return _always(Requirement(settings.release, "config: java.release", None))
    found: dict[str, Requirement] = {}
    for version in versions_in_question(jdks):
        found[version], depends = with_named_jdk(tree, settings.directory, of_build_files(tree, settings, version))
        if not depends:
            return _always(found[version])
    return found.__getitem__


def versions_in_question(jdks: Sequence[Jdk]) -> list[str]:
    """The versions of the JDKs that may build a commit: those of this machine, and each with long support."""
    return list(dict.fromkeys([*(jdk.version for jdk in jdks), *map(version_of, LONG_TERM_RELEASES)]))


def of_build_files(tree: Tree, settings: JavaSettings, version: str) -> Reading:
    """What the build files ask for under a JDK of that version."""
    return required_by_poms(tree, below(settings.directory, "pom.xml") or "pom.xml", version, home_of_user())


def with_named_jdk(tree: Tree, directory: str, reading: Reading) -> Reading:
    """The same with the JDK that a file names, which comes before what the build files ask for."""
    requirement, depends = reading
    named = named_jdk(tree, directory)
    return (replace(requirement, jdk=named[0], jdk_in=named[1]) if named else requirement), depends


def _always(requirement: Requirement) -> RequirementUnder:
    return lambda _version: requirement
