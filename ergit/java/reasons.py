"""Why a commit gets its JDK, or none, in words, and how a JDK that is missing is installed."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ergit.java.jdks import Jdk, default, release_to_install
from ergit.java.policy import Policy
from ergit.java.requirement import Requirement, RequirementUnder, asked_jdk

RELEASE_FOR_ANY = 17  # to install where a commit asks for none
LONGEST_QUESTION_SECONDS = 20.0
ENVIRONMENTS = Path(__file__).parents[2] / "envs"
PACKAGES = (
    (("apt-cache", "policy"), r"Candidate: (?!\(none\))", "openjdk-{}-jdk", "sudo apt install {}"),
    (("dnf", "-q", "info"), "Name *:", "java-{}-openjdk-devel", "sudo dnf install {}"),
)
"""What tells whether there is a package, what it prints then, the name of a JDK's package, and what installs it."""


def why_this_one(under: RequirementUnder, jdks: Sequence[Jdk], jdk: Jdk, policy: Policy) -> str:
    """Why a JDK was chosen.

    Args:
        under: what the commit asks for, by the version of the JDK.
        jdks: those of this machine.
        jdk: the chosen one.
        policy: the config's `java.policy`.
    """
    requirement, asked = under(jdk.version), asked_jdk(under, jdks)
    seen = f"found by {jdk.found[0]}"
    if policy != "asked":
        which = "the JDK of the whole study (java.policy: one)" if policy == "one" else "the first of java.policy"
        return f"{which}, {seen}" + _what_it_lacks(requirement, asked, jdk)
    if asked is None:
        return f"{_why_without_wish(requirement, jdks, jdk)}, since nothing asks for a release" + (
            f": {requirement.problem}" if requirement.problem else ""
        )
    if asked[0] == jdk.release:
        return f"exactly the release asked for, {seen}"
    if not requirement.suits(jdk.release, jdk.version):
        return f"the JDK here that comes nearest, {seen}{_what_it_lacks(requirement, asked, jdk)}"
    direction = "newer" if jdk.release > asked[0] else "older"
    return f"no JDK {asked[0]} is here; this is the nearest {direction} one that compiles for it, {seen}"


def _why_without_wish(requirement: Requirement, jdks: Sequence[Jdk], jdk: Jdk) -> str:
    if jdk != default(jdks) and requirement.ranges:
        return f"the nearest JDK that {requirement.ranges[0].stated_in} accepts, found by {jdk.found[0]}"
    origin = next((origin for origin in ("JAVA_HOME", "PATH") if origin in jdk.found), None)
    return (
        f"the JDK of {origin}" if origin else f"the newest long-term JDK, or else the newest, found by {jdk.found[0]}"
    )


def _what_it_lacks(requirement: Requirement, asked: tuple[int, str] | None, jdk: Jdk) -> str:
    """What of a commit a JDK does not do; empty where it does all, and is the one that a file names."""
    if not requirement.suits(jdk.release, jdk.version):
        outside = next((part for part in requirement.ranges if not part.range.holds(jdk.version)), None)
        if outside is not None:
            return f"; but {outside.stated_in} asks for JDK {outside.range.text}"
        return f"; but it does not compile all: {requirement.newest_in} is for Java {requirement.newest}"
    if asked is not None and requirement.jdk is not None and requirement.jdk != jdk.release:
        return f"; {asked[1]} asks for JDK {asked[0]}, which is not taken"
    return ""


def what_is_missing(under: RequirementUnder, jdks: Sequence[Jdk], policy: Policy, one: Jdk | None) -> str:
    """Why there is no JDK for a commit, and how to get one."""
    asked = asked_jdk(under, jdks)
    release = release_to_install(asked[0] if asked else RELEASE_FOR_ANY)
    fix = (
        f"install JDK {release} (for example `apt install openjdk-{release}-jdk`, or from https://adoptium.net),"
        " or name the folder of one in java.search"
    )
    if not jdks:
        return f"no JDK (with javac) was found: {fix}"
    if asked is None:
        return f"none of the JDKs of java.policy is here: {fix}"
    wish = f"Java {asked[0]}, which {asked[1]} asks for"
    here = ", ".join(f"{jdk.version} in {jdk.home}" for jdk in jdks)
    if policy == "one" and one is not None:
        return f"JDK {one.version}, that of the whole study (java.policy: one), does not compile {wish}"
    if not isinstance(policy, str):
        listed = ", ".join(map(str, policy))
        return f"no JDK of java.policy ({listed}) that is here compiles {wish} (here are {here})"
    return f"no JDK here compiles {wish} (here are {here}): {fix}, or set java.release to build for another release"


def ways_to_install(wanted: int) -> tuple[str, ...]:
    """Commands and places of which any one gives a JDK that compiles for a release, the shortest first.

    A package is named where the list of packages has it: few distributions have all JDKs.
    """
    release = release_to_install(wanted)
    ways = []
    for question, answer, package, command in PACKAGES:
        name = package.format(release)
        if shutil.which(question[0]) and re.search(answer, _printed_by([*question, name])):
            ways.append(command.format(name))
    environment = ENVIRONMENTS / f"jdk-{release}.yaml"
    if environment.exists():
        ways.append(f"conda env create --file {environment}")
    return (*ways, f"https://adoptium.net/temurin/releases/?version={release}")


def _printed_by(command: Sequence[str]) -> str:
    """What a command prints; nothing where it does not work."""
    try:
        done = subprocess.run(
            command,
            env={**os.environ, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LONGEST_QUESTION_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout
