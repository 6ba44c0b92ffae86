"""In which order JDKs are tried, and the one JDK of a whole study."""

from pathlib import Path

from ergit.java.jdks import Jdk
from ergit.java.policy import Policy, candidates, one_for_all
from ergit.java.requirement import JdkRange, Requirement
from ergit.java.versions import parsed_range


def jdk(release: int, *found: str, home: str = "jdk") -> Jdk:
    return Jdk(Path(f"/{home}"), release, f"{release}.0.1" if release > 8 else f"1.{release}.0_1", None, found)


def tried(requirement: Requirement, *releases: int, policy: Policy = "asked") -> list[int]:
    """The releases of the JDKs to try, of these that are here."""
    found = candidates(lambda _version: requirement, [jdk(release) for release in releases], policy, None)
    return [each.release for each in found]


def compiled_for(release: int | None, newest: int | None = None, oldest: int | None = None) -> Requirement:
    return Requirement(release, "pom.xml", None, newest=newest, newest_in="pom.xml", oldest=oldest)


def accepting(release: int | None, text: str) -> Requirement:
    return Requirement(release, "pom.xml", None, ranges=(JdkRange(parsed_range(text), "pom.xml: enforcer"),))


def test_the_very_release_is_tried_before_newer_ones() -> None:
    assert tried(compiled_for(17), 25, 21, 17, 11) == [17, 21, 25]


def test_else_the_nearest_newer_one_is_tried_first() -> None:
    assert tried(compiled_for(17), 25, 21, 8) == [21, 25]


def test_of_two_of_one_release_the_first_is_taken() -> None:
    twice = [jdk(17, home="b"), jdk(17, home="a")]
    assert candidates(lambda _version: compiled_for(17), twice, "asked", None) == [jdk(17, home="b")]


def test_a_jdk_that_has_dropped_the_release_is_not_tried() -> None:
    assert tried(compiled_for(6), 12, 17) == []
    assert tried(compiled_for(7), 21, 17) == [17]


def test_an_older_jdk_is_not_tried() -> None:
    assert tried(compiled_for(21), 11, 17) == []


def test_tests_for_a_newer_release_ask_for_a_newer_jdk() -> None:
    assert tried(compiled_for(17, newest=25), 17, 21, 25) == [25, 21, 17]


def test_modules_for_an_old_release_ask_for_a_jdk_that_still_compiles_it() -> None:
    assert tried(compiled_for(8, newest=8, oldest=6), 17, 11, 25) == [11, 17, 25]


def test_a_range_of_the_enforcer_comes_before_the_nearest_release() -> None:
    assert tried(accepting(17, "[21,)"), 17, 21, 25) == [21, 25, 17]
    assert tried(accepting(8, "[17,22)"), 25, 21, 17, 11, 8) == [17, 21, 25, 11, 8]


def test_the_jdk_that_a_file_names_comes_first_whatever_the_build_files_say() -> None:
    named = Requirement(8, "pom.xml", None, jdk=17, jdk_in=".java-version")
    assert tried(named, 8, 11, 17, 21) == [17, 21, 11, 8]
    assert tried(Requirement(6, "pom.xml", None, jdk=17, jdk_in=".java-version"), 17, 25) == [17]


def test_without_a_wish_the_default_comes_first_then_older_ones_then_newer_ones() -> None:
    nothing = Requirement(None, None, "there is no pom.xml")
    here = [jdk(25), jdk(17, "JAVA_HOME"), jdk(21), jdk(11), jdk(8)]
    found = candidates(lambda _version: nothing, here, "asked", None)
    assert [each.release for each in found] == [17, 11, 8, 21, 25]


def test_a_default_that_the_build_tool_refuses_is_tried_last() -> None:
    assert tried(accepting(None, "[1.8,12)"), 17, 11, 8) == [11, 8, 17]


def test_a_list_gives_the_order_and_no_others() -> None:
    assert tried(compiled_for(8), 8, 11, 17, 21, policy=(17, 11)) == [17, 11]
    assert tried(compiled_for(17), 8, 11, 17, 21, policy=(11, 17)) == [17]
    assert tried(compiled_for(17), 8, 25, policy=(11, 17)) == []


def test_under_one_there_is_one_candidate_or_none() -> None:
    here = [jdk(8), jdk(17), jdk(25)]
    assert candidates(lambda _version: compiled_for(8), here, "one", jdk(17)) == [jdk(17)]
    assert candidates(lambda _version: compiled_for(25), here, "one", jdk(17)) == []
    assert candidates(lambda _version: compiled_for(8), [], "one", None) == []


def test_needs_that_depend_on_the_jdk_are_asked_under_each() -> None:
    """A profile for JDK 9 and newer compiles for 9; older ones have its tests for 25 switched on."""

    def under(version: str) -> Requirement:
        return compiled_for(8, newest=25) if version.startswith("1.") else compiled_for(9)

    found = candidates(under, [jdk(8), jdk(17), jdk(25)], "asked", None)
    assert [each.release for each in found] == [17, 25, 8]


def test_one_jdk_is_the_one_that_most_commits_build_with() -> None:
    here = [jdk(8), jdk(17), jdk(25)]
    old, middle, new = compiled_for(7), compiled_for(17), compiled_for(25)
    assert one_for_all([(lambda _version: old, 3), (lambda _version: middle, 2)], here) == jdk(17)  # compiles both
    wishes = [(lambda _version: old, 9), (lambda _version: middle, 2), (lambda _version: new, 3)]
    assert one_for_all(wishes, here) == jdk(17)  # 11 of 14; JDK 8 only 9
    assert one_for_all([(lambda _version: new, 3), (lambda _version: middle, 2)], here) == jdk(25)


def test_of_equal_jdks_the_one_is_that_which_most_commits_ask_for_then_the_oldest() -> None:
    here = [jdk(25), jdk(21), jdk(17), jdk(11)]
    eight, seventeen = compiled_for(8), compiled_for(17)
    assert one_for_all([(lambda _version: eight, 1)], here) == jdk(11)
    assert one_for_all([(lambda _version: seventeen, 5), (lambda _version: eight, 9)], here) == jdk(17)


def test_where_nothing_is_asked_for_the_one_is_the_default() -> None:
    nothing = Requirement(None, None, "there is no pom.xml")
    here = [jdk(8), jdk(17, "PATH"), jdk(25)]
    assert one_for_all([(lambda _version: nothing, 4)], here) == jdk(17, "PATH")
    assert one_for_all([(lambda _version: compiled_for(25), 4)], [jdk(8), jdk(17, "PATH")]) == jdk(17, "PATH")
    assert one_for_all([(lambda _version: nothing, 4)], []) is None
