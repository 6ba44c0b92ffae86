"""What a Gradle build asks for: literal scripts in, literal answers out."""

import pytest

from ergit.java.gradle import required_by_gradle
from ergit.java.requirement import Requirement
from tests.fakes.gradle_builds import GROOVY, READ_ONLY, GradleCase
from tests.fakes.trees import FilesOf


def read(files: dict[str, str], directory: str = ".") -> Requirement:
    found = required_by_gradle(FilesOf(files), directory)
    assert found is not None
    return found


@pytest.mark.parametrize("case", [*GROOVY.values(), *READ_ONLY.values()], ids=[*GROOVY, *READ_ONLY])
def test_each_kind_of_build_is_read(case: GradleCase) -> None:
    found = read(case.files)
    assert (found.release, found.newest or found.release) == (case.release, case.newest)
    assert (found.problem is None) == (case.release is not None)


def test_the_place_is_named() -> None:
    files = {"build.gradle": "", "settings.gradle": "include 'core'", "core/build.gradle": "sourceCompatibility = 17"}
    assert read(files) == Requirement(17, "core/build.gradle: sourceCompatibility", None)


def test_the_build_may_lie_in_a_folder() -> None:
    files = {"java/build.gradle": "sourceCompatibility = level\n", "java/gradle.properties": "level: 11"}
    assert read(files, "./java/").stated_in == "java/build.gradle: sourceCompatibility"


def test_without_a_script_gradle_is_not_asked() -> None:
    assert required_by_gradle(FilesOf(pom__xml="<project/>"), ".") is None


def test_a_script_that_says_nothing_is_a_reason() -> None:
    assert read({"build.gradle": "task hello {}"}).problem == "build.gradle names no Java release that can be read"


def test_a_toolchain_asks_for_that_jdk_also_where_the_release_is_older() -> None:
    script = "java { toolchain { languageVersion = JavaLanguageVersion.of(21) } }\ncompileJava.options.release = 8\n"
    found = read({"build.gradle": script})
    assert found.nearest() == (21, "build.gradle: toolchain")
    assert [found.suits(release, str(release)) for release in (17, 21, 25)] == [False, True, False]


@pytest.mark.parametrize(
    ("version", "able"),
    [
        ("2.14.1", (8,)),
        ("4.10.3", (8, 9, 10)),
        ("5.0", (8, 9, 10, 11)),
        ("7.3-rc-1", (8, 9, 10, 11, 17)),
        ("8.5", (8, 9, 10, 11, 17, 21)),
        ("9.1.0", (17, 21, 25)),
    ],
)
def test_gradle_itself_runs_on_some_jdks_only(version: str, able: tuple[int, ...]) -> None:
    wrapper = f"distributionUrl=https\\://services.gradle.org/distributions/gradle-{version}-bin.zip\n"
    found = read({"build.gradle": "sourceCompatibility = 1.8", "gradle/wrapper/gradle-wrapper.properties": wrapper})
    versions = {8: "1.8.0_402", 9: "9", 10: "10.0.2", 11: "11.0.22", 17: "17.0.15", 21: "21.0.1", 25: "25.0.3"}
    assert tuple(release for release, text in versions.items() if found.suits(release, text)) == able


@pytest.mark.parametrize(
    "script", ["{" * 10_000, "}" * 100, "'" * 9_999, "/*" * 5_000, "include '" * 999, "a = b\nb = a\n"]
)
def test_a_broken_script_is_harmless(script: str) -> None:
    assert read({"build.gradle": script, "settings.gradle": script}).release is None


def test_properties_in_a_circle_are_harmless() -> None:
    assert read({"build.gradle": "def a = b\ndef b = a\nsourceCompatibility = a\n"}).release is None
