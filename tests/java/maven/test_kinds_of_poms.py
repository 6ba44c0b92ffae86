"""Every kind of Maven project: what it asks for, as ergit reads it and as Maven's own model builder has it."""

import pytest

from ergit.java.maven.reader import required_by_poms
from ergit.java.requirement import RequirementUnder, asked_jdk
from tests.fakes.poms import POM_CASES, PomCase
from tests.fakes.trees import FilesOf

BUILDING = {17: "17.0.15", 25: "25.0.3"}


def answer(under: RequirementUnder) -> tuple[int | None, int | None, tuple[int, ...]]:
    """The release that JDK 17 compiles for, the JDK that is asked for, and which of JDK 17 and 25 do all."""
    asked = asked_jdk(under, [])
    able = tuple(release for release, version in BUILDING.items() if under(version).suits(release, version))
    return under(BUILDING[17]).release, None if asked is None else asked[0], able


@pytest.mark.parametrize("case", POM_CASES.values(), ids=POM_CASES)
def test_a_project_is_read_as_maven_reads_it(case: PomCase) -> None:
    tree = FilesOf(case.files)
    release, asked, able = answer(lambda version: required_by_poms(tree, "pom.xml", version, None)[0])
    assert (release, asked) == (case.release, case.asked)
    assert case.builds in (None, able)
