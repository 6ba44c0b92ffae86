"""Chooses the JDK of one commit: results/java/{commit}.json says what the commit asks for and what it gets."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from ergit.config.handover import received
from ergit.config.settings import JavaSettings
from ergit.disk import explain_write_error
from ergit.errors import exit_on_user_error
from ergit.git.blobs import files_in
from ergit.java.asked import asked_of
from ergit.java.jdks import Jdk, described, jdks_here
from ergit.java.maven.ask import maven_answers
from ergit.java.policy import Policy, candidates
from ergit.java.reasons import RELEASE_FOR_ANY, what_is_missing, why_this_one
from ergit.java.requirement import RequirementUnder, asked_jdk, version_of
from ergit.plugins.runs import begin
from ergit.records.java import JavaRecord, write_java
from ergit.records.jdks import read_jdks


def choice(
    commit: str, under: RequirementUnder, jdks: Sequence[Jdk], policy: Policy = "asked", one: Jdk | None = None
) -> JavaRecord:
    """The record of a commit: the wanted release, the JDKs to try and the reason.

    Args:
        commit: its SHA.
        under: what it asks for, by the version of the JDK that builds it.
        jdks: those of this machine, in the order of precedence.
        policy: the config's `java.policy`.
        one: the JDK of the whole study, where the policy is `one`.
    """
    able = candidates(under, jdks, policy, one)
    asked = asked_jdk(under, jdks)
    requirement = under(able[0].version if able else version_of(RELEASE_FOR_ANY))
    needed, needed_from = asked if asked and asked[0] != requirement.release else (None, None)
    return JavaRecord(
        commit=commit,
        status="ok" if able else "none",
        wanted=requirement.release,
        wanted_from=requirement.stated_in,
        chosen=described(able[0]) if able else None,
        reason=why_this_one(under, jdks, able[0], policy) if able else what_is_missing(under, jdks, policy, one),
        needed=needed,
        needed_from=needed_from,
        candidates=tuple(map(described, able)),
    )


def not_wanted(commit: str) -> JavaRecord:
    """The record of a commit where the commands need no JDK."""
    return JavaRecord(
        commit=commit,
        status="not-wanted",
        wanted=None,
        wanted_from=None,
        chosen=None,
        reason="the config says that no JDK is needed (java: null)",
    )


def record_of(mirror: Path, commit: str, settings: JavaSettings) -> JavaRecord:
    """The record of a commit of a mirror; jdks.json lies beside it where one JDK is for the whole study.

    Raises:
        ErgitError: the mirror has no such commit, java.search names no folder, or the JDK of the study is gone.
    """
    jdks = jdks_here(settings.search)
    release, one = None, None
    if settings.releases or settings.policy == "one":
        from ergit.java.study import jdk_of_study, releases_of_commits  # slow to load

        release = releases_of_commits(mirror, settings.releases).get(commit)
        chosen = read_jdks(mirror.with_name("jdks.json")).one if settings.policy == "one" else None
        one = None if chosen is None else jdk_of_study(chosen, jdks)
    maven = maven_answers(mirror.with_name("maven"), jdks)
    with files_in(mirror) as files:
        tree = files.tree_of(commit)
        under = asked_of(tree, settings, release, jdks, maven)
        if maven.ask():
            under = asked_of(tree, settings, release, jdks, maven)
    return choice(commit, under, jdks, settings.policy, one)


def main(arguments: Sequence[str] | None = None) -> None:
    """The program of rule `java`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", required=True, help="the environment variable that holds them")
    parser.add_argument("--mirror", type=Path, required=True, help="bare repository")
    parser.add_argument("--commit", required=True)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args(arguments)
    with exit_on_user_error(), explain_write_error(options.output):
        settings = received(options.settings)
        begin(settings)
        if settings.java is None:
            record = not_wanted(options.commit)
        else:
            record = record_of(options.mirror, options.commit, settings.java)
        write_java(options.output, replace(record, fingerprint=settings.fingerprints.java))


if __name__ == "__main__":
    main()
