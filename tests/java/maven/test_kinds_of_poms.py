"""Every kind of Maven project: what it asks for, as ergit reads it and as Maven's own model builder has it."""

import os
from pathlib import Path

import pytest

from ergit.java.asked import of_poms
from ergit.java.jdks import jdks_here
from ergit.java.maven.ask import MavenAnswers, maven_here
from ergit.java.maven.call import local_repository
from ergit.java.maven.reader import required_by_poms
from ergit.java.requirement import RequirementUnder, asked_jdk
from tests.fakes.needs import SHARED, needs_maven, needs_shared
from tests.fakes.poms import POM_CASES, Files, PomCase
from tests.fakes.trees import FilesOf

BUILDING = {17: "17.0.15", 25: "25.0.3"}
VERSIONS = [*BUILDING.values(), "1.8.0", "11", "17", "21", "25"]
SHARED_CASES = {  # the JDK that is asked for, and the release of the main classes, by the pom in ../shared/cases
    "pom-active-by-default-off/pom.xml": (17, 17),
    "pom-aggregator/pom.xml": (8, 8),
    "pom-child-empties-release/m/pom.xml": (17, 17),
    "pom-enforcer/pom.xml": (21, 17),
    "pom-gbk/pom.xml": (17, 17),
    "pom-inherited-false/m/pom.xml": (17, 17),
    "pom-latin1-bytes/pom.xml": (17, 17),
    "pom-multi-executions/pom.xml": (25, 17),
    "pom-other-execution-older/pom.xml": (25, 25),
    "pom-test-release/pom.xml": (25, 17),
}


def answer(under: RequirementUnder) -> tuple[int | None, int | None, tuple[int, ...]]:
    """The release that JDK 17 compiles for, the JDK that is asked for, and which of JDK 17 and 25 do all."""
    asked = asked_jdk(under, [])
    able = tuple(release for release, version in BUILDING.items() if under(version).suits(release, version))
    return under(BUILDING[17]).release, None if asked is None else asked[0], able


def read(files: Files, path: str = "pom.xml") -> RequirementUnder:
    """What the poms ask for, as ergit reads them."""
    tree = FilesOf(files)
    return lambda version: required_by_poms(tree, path, version, None)[0]


@pytest.fixture(scope="module")
def asked_maven(tmp_path_factory: pytest.TempPathFactory) -> MavenAnswers:
    """Maven's answers to all kinds, by one JVM."""
    answers = MavenAnswers(tmp_path_factory.mktemp("answers"), maven_here(os.environ, jdks_here(())), None)
    for case in POM_CASES.values():
        of_poms(FilesOf(case.files), "pom.xml", VERSIONS, answers)
    assert answers.ask() == len(POM_CASES)
    return answers


@pytest.mark.parametrize("case", POM_CASES.values(), ids=POM_CASES)
def test_a_project_is_read_as_maven_reads_it(case: PomCase) -> None:
    release, asked, able = answer(read(case.files))
    assert (release, asked) == (case.release, case.asked)
    assert case.builds in (None, able)


@needs_maven
@pytest.mark.parametrize("case", POM_CASES.values(), ids=POM_CASES)
def test_mavens_own_model_builder_says_the_same(case: PomCase, asked_maven: MavenAnswers) -> None:
    release, asked, able = answer(of_poms(FilesOf(case.files), "pom.xml", VERSIONS, asked_maven))
    assert (release, asked) == (case.release, case.asked)
    assert case.builds in (None, able)
    assert not asked_maven.questions  # it was Maven's answer


@needs_shared
@pytest.mark.parametrize("path", SHARED_CASES)
def test_a_shared_case_is_read_as_maven_reads_it(path: str) -> None:
    folder, _, pom = path.partition("/")
    root = SHARED / "cases" / folder
    files = {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()}
    release, asked, _ = answer(read(files, pom))
    assert (asked, release) == SHARED_CASES[path]


def test_all_shared_cases_are_there() -> None:
    there = {path.name for path in (SHARED / "cases").glob("pom-*")}
    assert there <= {path.partition("/")[0] for path in SHARED_CASES}


def test_a_parent_comes_out_of_the_local_repository(tmp_path: Path) -> None:
    parent = tmp_path / ".m2/repository/org/example/top/3/top-3.pom"
    parent.parent.mkdir(parents=True)
    parent.write_text("<project><properties><maven.compiler.release>11</maven.compiler.release></properties></project>")
    above = "<groupId>org.example</groupId><artifactId>top</artifactId><version>3</version><relativePath/>"
    tree = FilesOf({"pom.xml": f"<project><parent>{above}</parent></project>"})
    found = required_by_poms(tree, "pom.xml", "17", tmp_path)[0]
    assert (found.release, found.stated_in) == (11, "org.example:top:3: maven.compiler.release")
    elsewhere = {
        "pom.xml": f"<project><parent>{above}</parent></project>",
        ".mvn/maven.config": f"-Dmaven.repo.local={tmp_path}",
    }
    assert required_by_poms(FilesOf(elsewhere), "pom.xml", "17", tmp_path)[0].release is None


def test_the_settings_may_name_another_local_repository(tmp_path: Path) -> None:
    (tmp_path / ".m2").mkdir()
    settings = (
        '<settings xmlns="http://maven.apache.org/SETTINGS/1.0.0"><localRepository>{}</localRepository></settings>'
    )
    for written, expected in (
        ("/srv/m2", Path("/srv/m2")),
        ("${user.home}/m2", tmp_path / "m2"),
        ("", tmp_path / ".m2/repository"),
        ("${env.NOBODY}", tmp_path / ".m2/repository"),
    ):
        (tmp_path / ".m2/settings.xml").write_text(settings.format(written))
        assert local_repository({}, tmp_path) == expected
    assert local_repository({"maven.repo.local": "/x"}, tmp_path) == Path("/x")
    assert local_repository({}, None) is None
