"""Which JDKs are found and taken, on folders that look like JDKs."""

from pathlib import Path

import pytest

from ergit.errors import ErgitError
from ergit.java import finders
from ergit.java.finders import FINDERS, Surroundings, home_of_user
from ergit.java.jdks import Jdk, compiles, default, feature_release, installed, release_to_install, searched
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


PLACES = {
    "usr/lib64/jvm/java-17": "/usr/lib64/jvm",
    "usr/java/jdk-17": "/usr/java",
    "usr/local/openjdk-17": "/usr/local/openjdk-17",
    "opt/java/openjdk": "/opt",
    "opt/hostedtoolcache/Java_Temurin-Hotspot_jdk/17.0.15-6/x64": "{root}/opt/hostedtoolcache",
    "home/.asdf/installs/java/temurin-17.0.15": "asdf",
    "home/.local/share/mise/installs/java/17": "mise",
    "home/.jenv/versions/17": "jenv",
    "home/.jabba/jdk/adopt@1.17": "jabba",
    "home/.gradle/jdks/eclipse_adoptium-17-amd64-linux": "Gradle's jdks",
    "home/.gradle/jdks/eclipse_adoptium-17-amd64-linux.2/jdk-17.0.15+6": "Gradle's jdks",
}


@pytest.mark.parametrize(("place", "found"), PLACES.items())
def test_a_jdk_is_found_in_each_place_where_people_have_them(tmp_path: Path, place: str, found: str) -> None:
    home = make_jdk(tmp_path / place, "17.0.15")
    expected = Jdk(home, 17, "17.0.15", None, (found.format(root=tmp_path),))
    assert installed(FINDERS, surroundings(tmp_path)) == [expected]


@pytest.mark.parametrize(
    "name", ["JAVA_HOME_17_X64", "JAVA_HOME_17_arm64", "JAVA_HOME_17_ARM64", "JDK17", "JDK_17_HOME"]
)
def test_the_variables_of_build_servers_are_known(tmp_path: Path, name: str) -> None:
    home = make_jdk(tmp_path / "cache/17", "17.0.15")
    found = installed(FINDERS, surroundings(tmp_path, **{name: str(home), "JAVA_HOME_OF_NOBODY": "/", "JDK11": ""}))
    assert found == [Jdk(home, 17, "17.0.15", None, (name,))]


@pytest.mark.parametrize(
    ("variable", "below"),
    [
        ("SDKMAN_DIR", "candidates/java/17"),
        ("ASDF_DATA_DIR", "installs/java/17"),
        ("MISE_DATA_DIR", "installs/java/17"),
        ("JENV_ROOT", "versions/17"),
        ("GRADLE_USER_HOME", "jdks/17"),
        ("RUNNER_TOOL_CACHE", "Java_Zulu_jdk/17/x64"),
        ("CONDA_PREFIX", "lib/jvm"),
    ],
)
def test_a_tool_that_was_moved_is_followed(tmp_path: Path, variable: str, below: str) -> None:
    home = make_jdk(tmp_path / "moved" / below, "17.0.15")
    found = installed(FINDERS, surroundings(tmp_path, **{variable: str(tmp_path / "moved")}))
    assert [each.home for each in found] == [home]


def test_a_shim_on_path_is_no_jdk_but_the_jdks_of_its_tool_are(tmp_path: Path) -> None:
    shims = tmp_path / "home/.asdf/shims"
    shims.mkdir(parents=True)
    for name in ("java", "javac"):
        (shims / name).write_text('#!/bin/sh\nexec asdf exec java "$@"\n')
        (shims / name).chmod(0o755)
    home = make_jdk(tmp_path / "home/.asdf/installs/java/zulu-8", "1.8.0_402")
    found = installed(FINDERS, surroundings(tmp_path, PATH=str(shims)))
    assert [(each.home, each.found) for each in found] == [(home, ("asdf",))]


def test_a_link_of_jenv_is_followed_to_the_jdk_itself(tmp_path: Path) -> None:
    home = make_jdk(tmp_path / "usr/lib/jvm/17", "17.0.15")
    (tmp_path / "home/.jenv/versions").mkdir(parents=True)
    for name in ("17", "17.0", "openjdk64-17.0.15"):
        (tmp_path / "home/.jenv/versions" / name).symlink_to(home)
    assert installed(FINDERS, surroundings(tmp_path)) == [Jdk(home, 17, "17.0.15", None, ("/usr/lib/jvm", "jenv"))]


def test_conda_tells_where_its_environments_are(tmp_path: Path) -> None:
    home = make_jdk(tmp_path / "envs/jdk-8/lib/jvm", "1.8.0_402")
    (tmp_path / "home/.conda").mkdir(parents=True)
    (tmp_path / "home/.conda/environments.txt").write_text(f"{tmp_path}/gone\n\n{tmp_path}/envs/jdk-8\n")
    assert installed(FINDERS, surroundings(tmp_path)) == [Jdk(home, 8, "1.8.0_402", None, ("conda",))]


def test_mavens_toolchains_are_read(tmp_path: Path) -> None:
    first, second = make_jdk(tmp_path / "one", "11.0.22"), make_jdk(tmp_path / "home/two", "17.0.15")
    (tmp_path / "home/.m2").mkdir()
    (tmp_path / "home/.m2/toolchains.xml").write_text(
        '<toolchains xmlns="http://maven.apache.org/TOOLCHAINS/1.1.0"><toolchain><type>jdk</type><configuration>'
        "<jdkHome>${env.ELEVEN}</jdkHome></configuration></toolchain><toolchain><configuration>"
        "<jdkHome> ${user.home}/two </jdkHome></configuration></toolchain></toolchains>"
    )
    found = installed(FINDERS, surroundings(tmp_path, ELEVEN=str(first)))
    assert [(each.home, each.found) for each in found] == [
        (first, ("~/.m2/toolchains.xml",)),
        (second, ("~/.m2/toolchains.xml",)),
    ]


def test_toolchains_that_are_no_xml_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "home/.m2").mkdir(parents=True)
    (tmp_path / "home/.m2/toolchains.xml").write_text("<toolchains>")
    assert installed(FINDERS, surroundings(tmp_path)) == []


def test_a_user_without_a_home_folder_finds_the_jdks_of_the_system(tmp_path: Path) -> None:
    make_jdk(tmp_path / "usr/lib/jvm/17", "17.0.15")
    make_jdk(tmp_path / "home/.jdks/21", "21.0.1")
    nobody = Surroundings((), {}, None, tmp_path)
    assert [each.release for each in installed(FINDERS, nobody)] == [17]


def test_a_user_without_home_and_without_an_entry_in_the_list_of_users_gets_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nobody(_path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", nobody)
    monkeypatch.setattr(Path, "home", lambda: nobody(Path()))
    assert home_of_user() is None
    with pytest.raises(ErgitError, match=r"java\.search: '~/jdks' begins with ~, but this user has no home folder"):
        searched(["~/jdks"])


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
