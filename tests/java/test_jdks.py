"""Which JDKs are found and taken, on folders that look like JDKs."""

from pathlib import Path

import pytest

from ergit.java import finders
from ergit.java.finders import FINDERS
from ergit.java.jdks import Jdk, compiles, default, feature_release, installed, release_to_install
from tests.fakes.another_user import another_user
from tests.fakes.jdks import make_jdk, of_server, surroundings


def jdk(release: int, *found: str, home: str = "jdk") -> Jdk:
    return Jdk(Path(f"/{home}"), release, f"{release}.0.1", None, found)


def test_every_place_is_searched_in_the_order_of_precedence(tmp_path: Path) -> None:
    make_jdk(tmp_path / "opt/jdk-25", "25.0.3")
    make_jdk(tmp_path / "home/.jdks/corretto-19", "19.0.2")
    make_jdk(tmp_path / "home/.sdkman/candidates/java/21.0.1-tem", "21.0.1")
    make_jdk(tmp_path / "usr/lib/jvm/b", "11.0.22")
    make_jdk(tmp_path / "usr/lib/jvm/a", "1.8.0_402")
    on_path = make_jdk(tmp_path / "somewhere", "16.0.1") / "bin"
    java_home = make_jdk(tmp_path / "mine", "17.0.15", vendor="Debian")
    configured = make_jdk(tmp_path / "configured/jdk-14", "14.0.2").parent
    single = make_jdk(tmp_path / "single", "13")
    machine = surroundings(tmp_path, configured, single, JAVA_HOME=str(java_home), PATH=f"/nowhere::{on_path}")
    found = installed(FINDERS, machine)
    assert [(each.release, each.version, each.found) for each in found] == [
        (14, "14.0.2", ("java.search",)),
        (13, "13", ("java.search",)),
        (17, "17.0.15", ("JAVA_HOME",)),
        (16, "16.0.1", ("PATH",)),
        (8, "1.8.0_402", ("/usr/lib/jvm",)),
        (11, "11.0.22", ("/usr/lib/jvm",)),
        (21, "21.0.1", ("SDKMAN",)),
        (19, "19.0.2", ("~/.jdks",)),
        (25, "25.0.3", ("/opt",)),
    ]
    assert found[2] == Jdk(java_home, 17, "17.0.15", "Debian", ("JAVA_HOME",))


def test_a_further_finder_needs_no_other_change(tmp_path: Path) -> None:
    make_jdk(tmp_path / "srv/jdks/zulu-8", "1.8.0_402")
    make_jdk(tmp_path / "opt/jdk-25", "25.0.3")
    found = installed((of_server, *FINDERS), surroundings(tmp_path))
    assert [(each.release, each.found) for each in found] == [(8, ("the server's",)), (25, ("/opt",))]


def test_no_finder_is_named_outside_its_list() -> None:
    names = [finder.__name__ for finder in FINDERS]
    package = Path(finders.__file__).parents[1]
    others = [path for path in package.rglob("*.py") if path != Path(finders.__file__)]
    assert [path for path in others for name in names if name in path.read_text(encoding="utf-8")] == []


def test_a_jdk_with_many_names_is_found_once_with_all_its_places(tmp_path: Path) -> None:
    real = make_jdk(tmp_path / "usr/lib/jvm/java-17-openjdk", "17.0.15")
    (tmp_path / "usr/lib/jvm/java-1.17.0").symlink_to("java-17-openjdk")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/javac").symlink_to(real / "bin/javac")
    machine = surroundings(tmp_path, PATH=str(tmp_path / "bin"), JAVA_HOME=str(tmp_path / "usr/lib/jvm/java-1.17.0"))
    found = installed(FINDERS, machine)
    assert found == [Jdk(real, 17, "17.0.15", None, ("JAVA_HOME", "PATH", "/usr/lib/jvm"))]


def test_a_runtime_without_a_compiler_is_no_jdk(tmp_path: Path) -> None:
    (make_jdk(tmp_path / "usr/lib/jvm/jre", "17.0.15") / "bin/javac").unlink()
    (tmp_path / "usr/lib/jvm/loop").symlink_to("loop")
    (tmp_path / "usr/lib/jvm/note.txt").write_text("not a folder")
    assert installed(FINDERS, surroundings(tmp_path)) == []


def test_a_java_home_that_is_gone_is_passed_over(tmp_path: Path) -> None:
    assert installed(FINDERS, surroundings(tmp_path, JAVA_HOME=str(tmp_path / "gone"))) == []


def test_without_a_release_file_java_itself_is_asked(tmp_path: Path) -> None:
    make_jdk(tmp_path / "opt/old", None, prints='java version "1.6.0_45"')
    assert [(each.release, each.version) for each in installed(FINDERS, surroundings(tmp_path))] == [(6, "1.6.0_45")]


@pytest.mark.parametrize("prints", [None, "Segmentation fault", 'version "nonsense"'])
def test_a_jdk_without_a_readable_version_is_left_out(tmp_path: Path, prints: str | None) -> None:
    make_jdk(tmp_path / "opt/broken", None, prints=prints)
    assert installed(FINDERS, surroundings(tmp_path)) == []


def test_a_folder_that_may_not_be_read_is_passed_over(tmp_path: Path) -> None:
    make_jdk(tmp_path / "opt/hidden/jdk", "17").parent.chmod(0)
    with another_user(tmp_path):
        assert installed(FINDERS, surroundings(tmp_path, tmp_path / "opt/hidden")) == []
    (tmp_path / "opt/hidden").chmod(0o755)


@pytest.mark.parametrize(
    ("version", "release"), [("1.8.0_402", 8), ("17.0.15", 17), ("9", 9), ("26-ea", 26), ("11.0.22+7", 11), ("", None)]
)
def test_the_feature_release_is_the_first_number_that_means_something(version: str, release: int | None) -> None:
    assert feature_release(version) == release


@pytest.mark.parametrize(
    ("release", "wanted", "answer"),
    [
        (8, 5, True),
        (9, 5, False),
        (11, 6, True),
        (12, 6, False),
        (19, 7, True),
        (20, 7, False),
        (25, 8, True),
        (17, 21, False),
    ],
)
def test_a_compiler_knows_some_older_releases_and_no_newer_one(release: int, wanted: int, answer: bool) -> None:
    assert compiles(release, wanted) is answer


def test_the_default_is_java_homes_then_paths_then_the_newest_long_term_one_then_the_newest() -> None:
    others = [jdk(22, "/opt"), jdk(21, "/opt"), jdk(17, "/opt")]
    assert default([*others, jdk(11, "PATH"), jdk(8, "java.search", "JAVA_HOME")]) == jdk(8, "java.search", "JAVA_HOME")
    assert default([*others, jdk(11, "PATH")]) == jdk(11, "PATH")
    assert default(others) == jdk(21, "/opt")
    assert default([jdk(22, "/opt"), jdk(23, "/opt")]) == jdk(23, "/opt")
    assert default([]) is None


@pytest.mark.parametrize(("wanted", "release"), [(5, 8), (7, 8), (8, 8), (12, 17), (17, 17), (25, 25), (26, 26)])
def test_the_jdk_to_install_is_one_with_long_support(wanted: int, release: int) -> None:
    assert release_to_install(wanted) == release
