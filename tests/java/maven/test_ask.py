"""Maven is asked once for each set of poms, all in one JVM; where it cannot be asked, ergit's own reading stands."""

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from ergit.java.asked import of_poms
from ergit.java.jdks import Jdk, jdks_here
from ergit.java.maven.ask import Maven, MavenAnswers, maven_here
from tests.fakes.needs import needs_maven
from tests.fakes.poms import child, modules, pom, profile, profiles, release
from tests.fakes.trees import FilesOf

VERSIONS = ["17.0.15", "25.0.3"]
ELEVEN = FilesOf({"pom.xml": pom(release("11"))})


def counting_java(java: Path, folder: Path) -> tuple[Path, Path]:
    """A `java` that notes each of its starts in a file, and that file."""
    starts = folder / "starts"
    program = folder / "java"
    program.write_text(f'#!/bin/sh\necho start >> {starts}\nexec {java} "$@"\n')
    program.chmod(0o755)
    return program, starts


@needs_maven
def test_all_sets_of_poms_take_one_jvm_and_a_known_one_none(tmp_path: Path) -> None:
    maven = maven_here(os.environ, jdks_here(()))
    assert maven is not None
    java, starts = counting_java(maven.java, tmp_path)
    answers = MavenAnswers(tmp_path / "answers", replace(maven, java=java), None)
    trees = [FilesOf({"pom.xml": pom(release(str(number)))}) for number in range(8, 18)]
    for tree in [*trees, *trees]:
        of_poms(tree, "pom.xml", VERSIONS, answers)
    assert answers.ask() == 10
    assert [of_poms(tree, "pom.xml", VERSIONS, answers)("17.0.15").release for tree in trees] == list(range(8, 18))
    assert (answers.ask(), starts.read_text().count("start")) == (0, 1)


@needs_maven
def test_mavens_answer_counts_before_ergits_own_reading(tmp_path: Path) -> None:
    maven = maven_here(os.environ, jdks_here(()))
    answers = MavenAnswers(tmp_path, maven, None)
    doubled = FilesOf({"pom.xml": pom(release("\n<!-- x --><![CDATA[1]]>\n"))})  # Maven 3.8.7 reads it as 11
    of_poms(doubled, "pom.xml", VERSIONS, answers)
    answers.ask()
    assert of_poms(doubled, "pom.xml", VERSIONS, None)("17.0.15").release == 1
    assert of_poms(doubled, "pom.xml", VERSIONS, answers)("17.0.15").release in (1, 11)  # as that Maven has it


@needs_maven
def test_poms_that_depend_on_the_jdk_are_asked_of_under_each(tmp_path: Path) -> None:
    answers = MavenAnswers(tmp_path, maven_here(os.environ, jdks_here(())), None)
    tree = FilesOf({"pom.xml": pom(release("17") + profiles(profile("new", "<jdk>[21,)</jdk>", release("21"))))})
    of_poms(tree, "pom.xml", VERSIONS, answers)
    answers.ask()
    under = of_poms(tree, "pom.xml", VERSIONS, answers)
    assert [under(version).release for version in VERSIONS] == [17, 21]


@needs_maven
def test_nothing_of_a_commit_runs_and_nothing_outside_of_it_is_read(tmp_path: Path) -> None:
    """An extension of the build, which Maven would load, and modules that lead out of the tree."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/pom.xml").write_text(pom(release("25"), name="outside"))
    coordinates = "<groupId>g</groupId><artifactId>x</artifactId><version>1</version>"
    extension = f"<extensions><extension>{coordinates}</extension></extensions>"
    files = {
        ".mvn/extensions.xml": extension,
        "pom.xml": pom(modules(f"../../../../../../..{tmp_path}/outside", "m") + release("17")),
        "m/pom.xml": child(f"<build>{extension}</build>"),
    }
    answers = MavenAnswers(tmp_path / "answers", maven_here(os.environ, jdks_here(())), None)
    of_poms(FilesOf(files), "pom.xml", VERSIONS, answers)
    answers.ask()
    under = of_poms(FilesOf(files), "pom.xml", VERSIONS, answers)
    assert (under("17.0.15").release, under("17.0.15").newest, answers.questions) == (17, None, {})


@needs_maven
def test_a_pom_that_maven_finds_wrong_is_read_by_ergit(tmp_path: Path) -> None:
    answers = MavenAnswers(tmp_path, maven_here(os.environ, jdks_here(())), None)
    tree = FilesOf({"pom.xml": "<project><groupId>g</groupId><unknown/>" + release("11") + "</project>"})
    of_poms(tree, "pom.xml", VERSIONS, answers)
    assert answers.ask() == 1
    assert of_poms(tree, "pom.xml", VERSIONS, answers)("17.0.15").release == 11


@pytest.mark.parametrize("script", ["exit 1", "kill -9 $$", "exit 0"])
def test_a_java_that_does_not_work_is_said_and_ergits_reading_stands(
    tmp_path: Path, script: str, capsys: pytest.CaptureFixture[str]
) -> None:
    java = tmp_path / "java"
    java.write_text(f"#!/bin/sh\necho no >&2\n{script}\n")
    java.chmod(0o755)
    answers = MavenAnswers(tmp_path / "answers", Maven("3.8.7", tmp_path, java), None)
    of_poms(ELEVEN, "pom.xml", VERSIONS, answers)
    assert answers.ask() == 0
    assert "Maven could not be asked, so ergit reads the poms" in capsys.readouterr().err
    assert of_poms(ELEVEN, "pom.xml", VERSIONS, answers)("17.0.15").release == 11


def test_without_maven_or_a_newer_jdk_there_is_none(tmp_path: Path) -> None:
    eight = Jdk(tmp_path / "8", 8, "1.8.0_402", None, ("PATH",))
    assert maven_here({"PATH": str(tmp_path)}, jdks_here(())) is None
    assert maven_here(os.environ, [eight]) is None
    assert maven_here({"PATH": str(tmp_path), "MAVEN_HOME": str(tmp_path)}, jdks_here(())) is None
