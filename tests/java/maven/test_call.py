"""How Maven is called in a tree: the options in .mvn."""

import pytest

from ergit.java.maven.call import call_in, definitions_in, options_in, profiles_in, system_of_jvm
from tests.fakes.trees import FilesOf


@pytest.mark.parametrize(
    ("words", "defined"),
    [
        (["-Da=1", "-Db", "-B"], {"a": "1", "b": "true"}),
        (["-D", "a=1=2", "--define", "b=2", "--define=c=3"], {"a": "1=2", "b": "2", "c": "3"}),
        (["-Da=1", "-Da=2"], {"a": "2"}),
        (["-D"], {}),
    ],
)
def test_properties_are_defined_in_each_spelling(words: list[str], defined: dict[str, str]) -> None:
    assert definitions_in(words) == defined


@pytest.mark.parametrize(
    ("words", "profiles"),
    [
        (["-Pa,!b", "-q"], ["a", "!b"]),
        (["-P", "a, -b", "--activate-profiles=+c,?d"], ["a", "-b", "c", "d"]),
        (["-P"], []),
    ],
)
def test_profiles_are_named_in_each_spelling(words: list[str], profiles: list[str]) -> None:
    assert profiles_in(words) == profiles


def test_the_options_lie_in_the_folder_or_above_it() -> None:
    tree = FilesOf({".mvn/maven.config": "-Dx=top", "a/.mvn/jvm.config": "-Xmx1g", "a/b/pom.xml": ""})
    assert options_in(tree, ".", "maven.config") == ["-Dx=top"]
    assert options_in(tree, "other/folder", "maven.config") == ["-Dx=top"]
    assert options_in(tree, "a/b", "maven.config") == []  # the nearest .mvn counts, which has none
    assert options_in(tree, "a/b", "jvm.config") == ["-Xmx1g"]


def test_comments_and_quotes_in_the_options() -> None:
    tree = FilesOf({".mvn/maven.config": '# -Dx=1\n-Dy="a b"\n -T 4\n'})
    assert options_in(tree, ".", "maven.config") == ["-Dy=a b", "-T", "4"]
    assert options_in(FilesOf({".mvn/maven.config": "-Dx='open"}), ".", "maven.config") == ["-Dx='open"]


def test_a_profile_that_is_switched_off_is_not_on() -> None:
    call = call_in(FilesOf({".mvn/maven.config": "-Pa,!b,-c"}), ".", "17", None)
    assert (call.on, call.off) == (frozenset({"a"}), frozenset({"b", "c"}))


@pytest.mark.parametrize(("version", "short"), [("1.8.0_402", "1.8"), ("17.0.15", "17"), ("26-ea", "26"), ("9", "9")])
def test_the_jvm_names_its_version_in_two_ways(version: str, short: str) -> None:
    system = system_of_jvm(version)
    assert (system["java.version"], system["java.specification.version"]) == (version, short)


def test_only_what_is_asked_of_the_jdk_makes_a_reading_depend_on_it() -> None:
    call = call_in(FilesOf(), ".", "17", None)
    assert (call.system_property("os.name") is not None, call.depends_on_jdk) == (True, False)
    assert (call.system_property("java.home"), call.depends_on_jdk) == (None, True)
