"""What a commit asks for: the config, then the files that name a JDK, then Maven's, Gradle's and Ant's."""

from collections.abc import Sequence

from msgspec.structs import replace

from ergit.config.settings import JavaSettings
from ergit.java.finders import home_of_user
from ergit.java.jdks import LONG_TERM_RELEASES, Jdk
from ergit.java.maven.ask import MavenAnswers
from ergit.java.requirement import Requirement, RequirementUnder, version_of
from ergit.java.trees import KnownTree, NotedTree, below
from ergit.java.version_files import named_jdk

BUILD_FILES = "pom.xml, build.gradle or build.xml"


def asked_of(
    tree: KnownTree, settings: JavaSettings, release: int | None, jdks: Sequence[Jdk], maven: MavenAnswers | None
) -> RequirementUnder:
    """What a commit asks for, by the version of the JDK that builds it.

    Args:
        tree: the files of the commit.
        settings: the config's `java`.
        release: the release that `java.releases` sets for this commit, if any.
        jdks: those of this machine.
        maven: what Maven itself has answered; it notes what it is to be asked.
    """
    if release is not None:
        return _always(Requirement(release, "config: java.releases", None))
    if settings.release is not None:
        return _always(Requirement(settings.release, "config: java.release", None))
    under = of_build_files(tree, settings.directory, versions_in_question(jdks), maven)
    named = named_jdk(tree, settings.directory)
    if named is None:
        return under
    return lambda version: replace(under(version), jdk=named[0], jdk_in=named[1])


def versions_in_question(jdks: Sequence[Jdk]) -> list[str]:
    """The versions of the JDKs that may build a commit: those of this machine, and each with long support."""
    return list(dict.fromkeys([*(jdk.version for jdk in jdks), *map(version_of, LONG_TERM_RELEASES)]))


def of_build_files(
    tree: KnownTree, directory: str, versions: Sequence[str], maven: MavenAnswers | None
) -> RequirementUnder:
    """What the build files in a directory ask for: Maven's, else Gradle's, else Ant's."""
    pom = below(directory, "pom.xml")
    problems = []
    if pom is not None and tree.has(pom):
        under = of_poms(tree, pom, versions, maven)
        found = [under(version) for version in versions]
        if not all(requirement.asks_for_nothing() for requirement in found):
            return under
        problems.append(found[0].problem)
    from ergit.java.ant import required_by_ant  # slow to load, and of no use to Maven's projects
    from ergit.java.gradle import required_by_gradle

    for read in (required_by_gradle, required_by_ant):
        requirement = read(tree, directory)
        if requirement is not None and not requirement.asks_for_nothing():
            return _always(requirement)
        problems += [] if requirement is None else [requirement.problem]
    where = "" if directory == "." else f" in {directory}"
    return _always(Requirement(None, None, problems[0] if problems else f"there is no {BUILD_FILES}{where}"))


def of_poms(tree: KnownTree, pom: str, versions: Sequence[str], maven: MavenAnswers | None) -> RequirementUnder:
    """What a Maven project asks for: Maven's own answer where there is one, else as ergit reads the poms."""
    from ergit.java.maven.reader import required_by_poms  # slow to load

    noted = NotedTree(tree)
    found: dict[str, Requirement] = {}
    depends = True
    for version in versions:
        found[version], depends = required_by_poms(noted, pom, version, home_of_user())
        if not depends:
            break
    if maven is not None:
        for version, read in found.items():
            own = maven.requirement(tree, pom, noted.asked, versions, version, depends)
            found[version] = read if own is None else own
    return found.__getitem__ if depends else _always(found[versions[0]])


def _always(requirement: Requirement) -> RequirementUnder:
    return lambda _version: requirement
