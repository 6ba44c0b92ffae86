"""Why a commit gets its JDK, or none, in words."""

from pathlib import Path

import pytest

from ergit.java import reasons
from ergit.java.choose import choice
from ergit.java.jdks import Jdk
from ergit.java.policy import Policy
from ergit.java.reasons import ways_to_install
from ergit.java.requirement import JdkRange, Requirement
from ergit.java.versions import parsed_range

HERE = [
    Jdk(Path("/jdk/17"), 17, "17.0.15", None, ("PATH",)),
    Jdk(Path("/jdk/11"), 11, "11.0.22", None, ("SDKMAN",)),
    Jdk(Path("/jdk/25"), 25, "25.0.3", None, ("/opt",)),
]


def reason(requirement: Requirement, policy: Policy = "asked", one: Jdk | None = None) -> str:
    return choice("c", lambda _version: requirement, HERE, policy, one).reason


def compiled_for(release: int, newest: int | None = None) -> Requirement:
    return Requirement(release, "pom.xml: release", None, newest=newest, newest_in="pom.xml: testRelease")


def accepting(release: int | None, text: str) -> Requirement:
    return Requirement(release, "pom.xml: release", None, ranges=(JdkRange(parsed_range(text), "pom.xml: enforcer"),))


@pytest.mark.parametrize(
    ("requirement", "words"),
    [
        (compiled_for(11), "exactly the release asked for, found by SDKMAN"),
        (compiled_for(8), "no JDK 8 is here; this is the nearest newer one that compiles for it, found by SDKMAN"),
        (compiled_for(11, newest=25), "exactly the release asked for, found by /opt"),
        (
            compiled_for(17, newest=26),
            "the JDK here that comes nearest, found by /opt; but it does not compile all:"
            " pom.xml: testRelease is for Java 26",
        ),
        (
            accepting(11, "[30,)"),
            "the JDK here that comes nearest, found by /opt; but pom.xml: enforcer asks for JDK [30,)",
        ),
        (
            Requirement(None, None, "no word of it", jdk=16, jdk_in=".java-version: 16"),
            "no JDK 16 is here; this is the nearest newer one that compiles for it, found by PATH",
        ),
        (
            Requirement(None, None, "no word of it", ranges=(JdkRange(parsed_range("[1.8,12)"), "Gradle 5.0"),)),
            "the nearest JDK that Gradle 5.0 accepts, found by SDKMAN, since nothing asks for a release: no word of it",
        ),
    ],
)
def test_the_reason_says_which_jdk_it_is_and_what_it_lacks(requirement: Requirement, words: str) -> None:
    assert reason(requirement) == words


def test_a_policy_is_named() -> None:
    assert reason(compiled_for(8), "one", HERE[0]) == "the JDK of the whole study (java.policy: one), found by PATH"
    assert reason(compiled_for(8), (11, 17)) == "the first of java.policy, found by SDKMAN"


def test_what_a_policy_loses_is_said() -> None:
    wish = "Java 25, which pom.xml: release asks for"
    assert reason(compiled_for(25), "one", HERE[0]) == (
        f"JDK 17.0.15, that of the whole study (java.policy: one), does not compile {wish}"
    )
    assert reason(compiled_for(25), (17, 8)).startswith(f"no JDK of java.policy (17, 8) that is here compiles {wish}")
    assert reason(Requirement(None, None, "silence"), (8,)).startswith("none of the JDKs of java.policy is here")


def test_a_jdk_is_installed_by_the_package_that_is_there_by_conda_or_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "jdk-8.yaml").touch()
    program = tmp_path / "apt-cache"
    program.write_text(
        "#!/bin/sh\ncase $2 in *-8-*) echo '  Candidate: 8u402';; *) echo '  Candidate: (none)';; esac\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(reasons, "ENVIRONMENTS", tmp_path)
    assert ways_to_install(7) == (
        "sudo apt install openjdk-8-jdk",
        f"conda env create --file {tmp_path}/jdk-8.yaml",
        "https://adoptium.net/temurin/releases/?version=8",
    )
    assert ways_to_install(11) == ("https://adoptium.net/temurin/releases/?version=11",)
