"""The JDK that a project's version file names, and what it means beside the build files."""

import pytest

from ergit.config.settings import JavaSettings
from ergit.java.asked import asked_of
from ergit.java.choose import choice
from ergit.java.requirement import number_in
from ergit.java.version_files import named_jdk
from tests.fakes.trees import FilesOf


@pytest.mark.parametrize(
    ("name", "release"),
    [
        *(("17.0.15-tem", 17), ("8.0.402-zulu", 8), ("22.3.r17-grl", 17), ("21.0.1.fx-librca", 21), ("1.8", 8)),
        *(("temurin-17.0.5+8", 17), ("openjdk64-1.8.0.402", 8), ("zulu-8.48.0.53", 8), ("graalvm-22.3.0+java17", 17)),
        *(("corretto-17.0.1.12.1", 17), ("adoptopenjdk-11.0.11+9", 11), ("25", 25), ("system", None), ("lts", None)),
    ],
)
def test_the_release_is_read_in_the_name_of_a_jdk(name: str, release: int | None) -> None:
    assert number_in(name) == release


@pytest.mark.parametrize(
    ("files", "named"),
    [
        ({".sdkmanrc": "# with Maven\nmaven=3.9.6\njava=17.0.15-tem # LTS\n"}, (17, ".sdkmanrc: 17.0.15-tem")),
        ({".java-version": "\n1.8\n"}, (8, ".java-version: 1.8")),
        ({".tool-versions": "nodejs 20.1.0\njava temurin-11.0.2 17\n"}, (11, ".tool-versions: temurin-11.0.2")),
        ({".sdkmanrc": "java=11.0.2-open", ".java-version": "17"}, (11, ".sdkmanrc: 11.0.2-open")),
        ({".sdkmanrc": "gradle=8.5", ".java-version": "17"}, (17, ".java-version: 17")),
        ({".java-version": "system"}, None),
        ({".java-version": b"\xff\xfe"}, None),
        ({}, None),
    ],
)
def test_the_files_are_asked_in_their_order(files: dict[str, str | bytes], named: tuple[int, str] | None) -> None:
    assert named_jdk(FilesOf(files), ".") == named


def test_a_file_beside_the_build_files_comes_before_that_of_the_root() -> None:
    tree = FilesOf({"core/.java-version": "11", ".java-version": "17"})
    assert named_jdk(tree, "core") == (11, "core/.java-version: 11")
    assert named_jdk(tree, "other") == (17, ".java-version: 17")


def test_a_named_jdk_is_asked_for_and_the_classes_stay_for_the_release_of_the_build_files() -> None:
    pom = "<project><properties><maven.compiler.release>8</maven.compiler.release></properties></project>"
    record = choice("c", asked_of(FilesOf({"pom.xml": pom, ".java-version": "17"}), JavaSettings(), None, [], None), [])
    assert (record.wanted, record.wanted_from) == (8, "pom.xml: maven.compiler.release")
    assert (record.needed, record.needed_from) == (17, ".java-version: 17")


def test_the_config_comes_before_all_files() -> None:
    tree = FilesOf({".java-version": "17"})
    record = choice("c", asked_of(tree, JavaSettings(release=11), None, [], None), [])
    assert (record.wanted, record.wanted_from, record.needed) == (11, "config: java.release", None)
    of_range = choice("c", asked_of(tree, JavaSettings(release=11), 8, [], None), [])
    assert (of_range.wanted, of_range.wanted_from) == (8, "config: java.releases")


def test_gradle_is_asked_where_maven_says_nothing_and_ant_after_it() -> None:
    files = {"pom.xml": "<project/>", "build.gradle": "sourceCompatibility = 11"}
    ant = {"build.gradle": "", "build.xml": '<project><target><javac release="9"/></target></project>'}
    silent = {"pom.xml": "<project/>", "build.gradle": ""}
    for each, release, stated in (
        (files, 11, "build.gradle: sourceCompatibility"),
        (ant, 9, "build.xml: javac release"),
        (silent, None, None),
    ):
        requirement = asked_of(FilesOf(each), JavaSettings(), None, [], None)("17")
        assert (requirement.release, requirement.stated_in) == (release, stated)


def test_a_pom_that_is_silent_under_some_jdks_only_is_still_maven() -> None:
    condition = "<activation><jdk>[9,)</jdk></activation>"
    profile = f"<profile>{condition}<properties><java.version>17</java.version></properties></profile>"
    files = {
        "pom.xml": f"<project><profiles>{profile}</profiles></project>",
        "build.gradle": "sourceCompatibility = 11",
    }
    under = asked_of(FilesOf(files), JavaSettings(), None, [], None)
    assert (under("1.8.0").release, under("17").release) == (None, 17)
