"""The rule `java`: a commit of a real mirror in, the record out."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from ergit.config.handover import PREFIX, ROOT
from ergit.config.settings import (
    BuildSettings,
    Fingerprints,
    JavaSettings,
    JobSettings,
    MeasureSettings,
    RepositorySettings,
)
from ergit.errors import ErgitError
from ergit.git.blobs import files_in
from ergit.java.asked import asked_of
from ergit.java.choose import choice, not_wanted
from ergit.java.finders import FINDERS
from ergit.java.jdks import Jdk, installed, searched
from ergit.java.trees import KnownTree
from ergit.records.java import ChosenJdk, JavaRecord, read_java
from tests.fakes.jdks import make_jdk, surroundings
from tests.fakes.repositories import Repository
from tests.fakes.trees import FilesOf

COMMIT = "0" * 40


def pom(release: str) -> str:
    return f"<project><properties><maven.compiler.release>{release}</maven.compiler.release></properties></project>"


def chosen(settings: JavaSettings, tree: KnownTree, jdks: list[Jdk]) -> JavaRecord:
    return choice(COMMIT, asked_of(tree, settings, None, jdks, None), jdks)


def release_of(record: JavaRecord) -> int | None:
    return None if record.chosen is None else record.chosen.release


@pytest.fixture
def three_jdks(tmp_path: Path) -> list[Jdk]:
    """JDK 11 (PATH), 17 and 21."""
    for release in (17, 21):
        make_jdk(tmp_path / f"usr/lib/jvm/{release}", f"{release}.0.1", vendor="Acme")
    path = str(make_jdk(tmp_path / "eleven", "11.0.1") / "bin")
    return installed(FINDERS, surroundings(tmp_path, PATH=path))


def test_each_commit_gets_the_jdk_its_own_pom_asks_for(
    repository: Repository, three_jdks: list[Jdk], tmp_path: Path
) -> None:
    old = repository.commit("old", pom__xml=pom("11"))
    new = repository.commit("new", pom__xml=pom("17"))
    seventeen = ChosenJdk(home=str(tmp_path / "usr/lib/jvm/17"), release=17, version="17.0.1", vendor="Acme")
    newer = ChosenJdk(home=str(tmp_path / "usr/lib/jvm/21"), release=21, version="21.0.1", vendor="Acme")
    with files_in(repository.path / ".git") as files:
        assert release_of(chosen(JavaSettings(), files.tree_of(old), three_jdks)) == 11
        assert chosen(JavaSettings(), files.tree_of(new), three_jdks) == JavaRecord(
            commit=COMMIT,
            status="ok",
            wanted=17,
            wanted_from="pom.xml: maven.compiler.release",
            chosen=seventeen,
            reason="exactly the release asked for, found by /usr/lib/jvm",
            candidates=(seventeen, newer),
        )


def test_a_newer_jdk_is_taken_and_said(three_jdks: list[Jdk]) -> None:
    found = chosen(JavaSettings(release=18), FilesOf(), three_jdks)
    assert (found.wanted, found.wanted_from, release_of(found)) == (18, "config: java.release", 21)
    assert found.reason == (
        "no JDK 18 is here; this is the nearest newer one that compiles for it, found by /usr/lib/jvm"
    )


def test_the_config_wins_over_the_pom(three_jdks: list[Jdk]) -> None:
    assert chosen(JavaSettings(release=21), FilesOf(pom__xml=pom("11")), three_jdks).wanted == 21


def test_the_pom_is_looked_for_in_the_configs_directory(three_jdks: list[Jdk]) -> None:
    files = FilesOf(pom__xml=pom("11"), core_in_pom__xml=pom("17"))
    assert chosen(JavaSettings(directory="./core/"), files, three_jdks).wanted == 17


def test_where_nothing_is_asked_for_the_default_jdk_is_taken_and_the_reason_given(three_jdks: list[Jdk]) -> None:
    found = chosen(JavaSettings(), FilesOf(), three_jdks)
    assert (found.status, found.wanted, release_of(found)) == ("ok", None, 11)
    assert (
        found.reason
        == "the JDK of PATH, since nothing asks for a release: there is no pom.xml, build.gradle or build.xml"
    )


def test_no_jdk_able_to_compile_the_release_is_recorded_with_the_fix(three_jdks: list[Jdk]) -> None:
    found = chosen(JavaSettings(), FilesOf(pom__xml=pom("25")), three_jdks)
    assert (found.status, found.wanted, found.chosen) == ("none", 25, None)
    assert "no JDK here compiles Java 25, which pom.xml: maven.compiler.release asks for" in found.reason
    assert "apt install openjdk-25-jdk" in found.reason
    assert "java.search" in found.reason


def test_no_jdk_at_all_is_recorded_with_the_fix() -> None:
    found = chosen(JavaSettings(), FilesOf(), [])
    assert found.status == "none"
    assert found.reason.startswith("no JDK (with javac) was found: install JDK 17")


def test_no_jdk_is_wanted_where_the_config_says_null() -> None:
    found = not_wanted(COMMIT)
    assert (found.status, found.wanted, found.chosen) == ("not-wanted", None, None)


def test_a_configured_folder_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ErgitError, match=r"java\.search: there is no folder '/no/such/folder'"):
        searched(["/no/such/folder"])


def run(
    repository: Repository, commit: str, java: JavaSettings | None, output: Path, home: Path
) -> subprocess.CompletedProcess[str]:
    """The rule's shell line, with an environment that knows no JDK but those of the home folder."""
    command = [sys.executable, "-P", "-m", "ergit.java.choose", "--mirror", str(repository.path / ".git")]
    settings = JobSettings(
        repository=RepositorySettings(url="x"),
        java=java,
        build=BuildSettings(),
        workload=None,
        measure=MeasureSettings(),
        fingerprints=Fingerprints(java="asked"),
    )
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": ROOT,
        "HOME": str(home),
        "JAVA_HOME": str(home / "jdk"),
        f"{PREFIX}1": msgspec.json.encode(settings).decode(),
    }
    arguments = [*command, "--commit", commit, "--settings", f"{PREFIX}1", "--output", str(output)]
    return subprocess.run(arguments, env=environment, cwd=output.parent, capture_output=True, text=True)


def test_the_program_writes_the_record(repository: Repository, tmp_path: Path) -> None:
    commit = repository.commit("one", README__md="no pom")
    make_jdk(tmp_path / "jdk", "17.0.15", vendor="Acme")
    result = run(repository, commit, JavaSettings(), tmp_path / "record.json", tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    here = ChosenJdk(home=str(tmp_path / "jdk"), release=17, version="17.0.15", vendor="Acme")
    found = read_java(tmp_path / "record.json")
    assert msgspec.structs.replace(found, candidates=found.candidates[:1]) == JavaRecord(
        schema="ergit.java/1",
        commit=commit,
        status="ok",
        wanted=None,
        wanted_from=None,
        chosen=here,
        candidates=(here,),
        reason="the JDK of JAVA_HOME, since nothing asks for a release: there is no pom.xml, build.gradle or build.xml",
        fingerprint="asked",
    )


def test_a_commit_without_a_jdk_is_a_result_and_not_a_failure(repository: Repository, tmp_path: Path) -> None:
    commit = repository.commit("one", pom__xml=pom("99"))
    result = run(repository, commit, JavaSettings(), tmp_path / "record.json", tmp_path)
    assert result.returncode == 0
    assert read_java(tmp_path / "record.json").status == "none"


def test_an_error_is_one_sentence_without_a_traceback_and_leaves_no_record(
    repository: Repository, tmp_path: Path
) -> None:
    repository.commit("one")
    result = run(repository, "0" * 40, JavaSettings(), tmp_path / "record.json", tmp_path)
    assert result.returncode == 1
    assert result.stderr.startswith("ergit: ")
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "record.json").exists()
