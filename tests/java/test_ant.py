"""What an Ant build asks for: literal build files in, literal answers out."""

import pytest

from ergit.java.ant import required_by_ant
from ergit.java.requirement import Requirement
from tests.fakes.ant_builds import ANT_CASES, AntCase
from tests.fakes.trees import FilesOf


def read(files: dict[str, str], directory: str = ".") -> Requirement:
    found = required_by_ant(FilesOf(files), directory)
    assert found is not None
    return found


@pytest.mark.parametrize("case", ANT_CASES.values(), ids=ANT_CASES)
def test_each_kind_of_build_is_read(case: AntCase) -> None:
    found = read(case.files)
    assert (found.release, found.newest or found.release) == (case.release, case.newest)


def test_the_place_is_named() -> None:
    files = {"java/build.xml": '<project><target><javac target="1.6"/></target></project>'}
    assert read(files, "java") == Requirement(6, "java/build.xml: javac target", None)


def test_without_a_build_file_ant_is_not_asked() -> None:
    assert required_by_ant(FilesOf(pom__xml="<project/>"), ".") is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("<project/>", "build.xml names no Java release that can be read"),
        ('<project><javac target="${unknown}"/></project>', "build.xml names no Java release that can be read"),
        ("<project>", "build.xml is not well-formed XML: no element found: line 1, column 9"),
        (
            '<!DOCTYPE project [<!ENTITY c SYSTEM "file:c.xml">]><project>&c;</project>',
            "build.xml declares the entity c; entities of a file's own are not read",
        ),
    ],
)
def test_what_says_nothing_is_a_reason(text: str, problem: str) -> None:
    assert read({"build.xml": text}).problem == problem


def test_files_that_import_each_other_are_read_once() -> None:
    files = {
        "build.xml": '<project><import file="a.xml"/><target><javac target="${v}"/></target></project>',
        "a.xml": '<project><import file="build.xml"/><property name="v" value="9"/></project>',
    }
    assert read(files).release == 9
