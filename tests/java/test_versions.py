"""Releases and ranges of versions, as Maven writes them."""

import pytest

from ergit.java.versions import VersionError, activates, exactly, parsed_range, release_number

EIGHT, NINE, SEVENTEEN, NEWER = "1.8.0_402", "9", "17.0.15", "25.0.3"


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("17", (SEVENTEEN, NEWER)),
        ("1.8", (EIGHT, NINE, SEVENTEEN, NEWER)),
        ("8", (EIGHT, NINE, SEVENTEEN, NEWER)),  # the enforcer's own exception
        ("[8,)", (NINE, SEVENTEEN, NEWER)),  # 1.8 is older than 8
        ("[1.8,9)", (EIGHT,)),
        ("[1.8,1.9),[17,)", (EIGHT, SEVENTEEN, NEWER)),
        ("(,17]", (EIGHT, NINE)),  # 17.0.15 is newer than 17
        ("[9]", (NINE,)),
        ("( 9 , 17.0.15 ]", (SEVENTEEN,)),
        ("[17,22)", (SEVENTEEN,)),
        ("(,)", (EIGHT, NINE, SEVENTEEN, NEWER)),
    ],
)
def test_a_range_holds_what_maven_says(text: str, inside: tuple[str, ...]) -> None:
    found = parsed_range(text)
    assert tuple(version for version in (EIGHT, NINE, SEVENTEEN, NEWER) if found.holds(version)) == inside


@pytest.mark.parametrize("text", ["", "[", "[17", "17,18)x", "latest", "[1,2],x"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(VersionError):
        parsed_range(text)


@pytest.mark.parametrize(("text", "inside"), [("1.8", (EIGHT,)), ("17", (SEVENTEEN,)), ("[9,18)", (NINE, SEVENTEEN))])
def test_a_toolchain_names_one_release_or_a_range(text: str, inside: tuple[str, ...]) -> None:
    assert tuple(version for version in (EIGHT, NINE, SEVENTEEN, NEWER) if exactly(text).holds(version)) == inside


@pytest.mark.parametrize(
    ("condition", "active"),
    [
        ("1.8", (EIGHT,)),
        ("17", (SEVENTEEN,)),
        ("!1.8", (NINE, SEVENTEEN, NEWER)),
        ("[9,)", (NINE, SEVENTEEN, NEWER)),
        ("(9,25)", (SEVENTEEN,)),
        ("[1.8,17.0.15]", (EIGHT, NINE, SEVENTEEN)),
        ("(,9]", (EIGHT, NINE)),
    ],
)
def test_a_profile_is_active_for_these_jdks(condition: str, active: tuple[str, ...]) -> None:
    assert tuple(version for version in (EIGHT, NINE, SEVENTEEN, NEWER) if activates(condition, version)) == active


@pytest.mark.parametrize("text", ["", "latest", "0", "1.", "100", "17 or 18"])
def test_what_is_no_release_is_refused(text: str) -> None:
    with pytest.raises(VersionError):
        release_number(text)
