"""What builds download is kept for the study, and what a commit installs is its own."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from ergit.building.artifacts import unpack
from ergit.building.build import BuildJob, build
from ergit.building.build_dir import build_dir_of, locked_build_dir
from ergit.building.dependencies import INSIDE, LIST, Dependencies
from ergit.config.settings import BuildSettings
from ergit.errors import CommitError, ErgitError
from ergit.inputs.contents import contents_of_tree
from ergit.processes.environment import child_environment
from ergit.records.java import JavaRecord
from tests.fakes.needs import needs_maven

JAR, ORIGINS = "junit/junit/4.13/junit.jar", "junit/junit/4.13/_remote.repositories"
OWN, OWN_ORIGINS, OWN_INDEX = (
    f"org/example/core/{name}" for name in ("1/core.jar", "1/_remote.repositories", "maven-metadata-local.xml")
)


@pytest.fixture
def dependencies(tmp_path: Path) -> Dependencies:
    """Those of a commit whose builds use Maven."""
    return Dependencies(["maven"], tmp_path / "cache", tmp_path / "tree")


def download(repository: Path, content: str = "jar") -> None:
    """Leaves there what Maven leaves when it downloads an artifact."""
    write(repository, {JAR: content, ORIGINS: "junit.jar>central=\n", f"{JAR}.lastUpdated": "1"})


def install(repository: Path, content: str) -> None:
    """Leaves there what Maven leaves when it installs an artifact that a commit has made."""
    write(repository, {OWN: content, OWN_ORIGINS: "#\ncore.jar>=\n", OWN_INDEX: content})


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def contents(folder: Path) -> dict[str, str]:
    """All files below the folder."""
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_what_is_downloaded_is_the_studys_and_what_is_installed_the_commits(dependencies: Dependencies) -> None:
    local, cache = dependencies.build_dir / INSIDE / "maven", dependencies.cache / "maven"
    dependencies.lend()
    download(local)
    install(local, "one")
    as_built = contents(local)
    dependencies.take_in()
    assert contents(cache) == {JAR: "jar", ORIGINS: "junit.jar>central=\n"}
    assert {OWN, OWN_ORIGINS, OWN_INDEX} < contents(local).keys()
    assert JAR not in contents(local)
    dependencies.give_back()
    assert contents(local) == as_built


def test_two_commits_that_install_one_version_do_not_meet(dependencies: Dependencies, tmp_path: Path) -> None:
    other = Dependencies(["maven"], dependencies.cache, tmp_path / "other")
    for one, content in ((dependencies, "one"), (other, "two")):
        one.lend()
        install(one.build_dir / INSIDE / "maven", content)
        one.take_in()
    for one, content in ((dependencies, "one"), (other, "two")):
        one.give_back()
        assert contents(one.build_dir / INSIDE / "maven")[OWN] == content


def test_the_first_download_counts_and_the_next_build_finds_it(dependencies: Dependencies, tmp_path: Path) -> None:
    other = Dependencies(["maven"], dependencies.cache, tmp_path / "other")
    dependencies.lend()
    other.lend()
    for one, content in ((dependencies, "first"), (other, "second")):
        download(one.build_dir / INSIDE / "maven", content)
        one.take_in()
    third = Dependencies(["maven"], dependencies.cache, tmp_path / "third")
    third.lend()
    assert contents(third.build_dir / INSIDE / "maven") == {JAR: "first", ORIGINS: "junit.jar>central=\n"}


def test_a_release_that_the_commit_installs_over_a_downloaded_one_is_its_own(dependencies: Dependencies) -> None:
    write(dependencies.cache / "maven", {OWN: "downloaded", OWN_ORIGINS: "core.jar>central=\n"})
    dependencies.lend()
    install(dependencies.build_dir / INSIDE / "maven", "built")
    dependencies.take_in()
    dependencies.give_back()
    assert contents(dependencies.cache / "maven")[OWN] == "downloaded"
    assert contents(dependencies.build_dir / INSIDE / "maven")[OWN] == "built"


def test_links_that_a_build_leaves_lead_nowhere(dependencies: Dependencies, tmp_path: Path) -> None:
    local = dependencies.build_dir / INSIDE / "maven"
    write(tmp_path / "secret", {"key": "mine"})
    dependencies.lend()
    download(local)
    (local / "junit/key").symlink_to(tmp_path / "secret/key")
    (local / "com").symlink_to(tmp_path / "secret")
    dependencies.take_in()
    assert contents(dependencies.cache / "maven") == {JAR: "jar", ORIGINS: "junit.jar>central=\n"}
    assert contents(tmp_path / "secret") == {"key": "mine"}
    shutil.rmtree(local, ignore_errors=True)
    local.symlink_to(tmp_path / "secret")
    with pytest.raises(CommitError, match=r"put a link in the place of \.git/ergit-dependencies/maven"):
        dependencies.take_in()
    assert contents(tmp_path / "secret") == {"key": "mine"}


def test_another_module_that_is_installed_is_another_content_of_the_build(dependencies: Dependencies) -> None:
    found = []
    for content, times in (("one", "1"), ("one", "2"), ("two", "3")):
        install(dependencies.build_dir / INSIDE / "maven", content)
        write(dependencies.build_dir / INSIDE / "maven", {OWN_ORIGINS: f"#{times}\ncore.jar>=\n", OWN_INDEX: times})
        found.append(contents_of_tree(dependencies.build_dir, dependencies.kept(["pom"])))
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize("listed", ["../../../secret/key", "/etc/passwd"])
def test_a_list_that_ergit_has_not_written_is_refused(dependencies: Dependencies, listed: str) -> None:
    write(dependencies.build_dir / INSIDE, {LIST: f"{listed}\n"})
    with pytest.raises(CommitError, match="which is ergit's own"):
        dependencies.give_back()
    dependencies.take_in()
    assert not (dependencies.build_dir / INSIDE).exists()


def test_what_is_gone_from_the_cache_is_an_error_that_names_it(dependencies: Dependencies) -> None:
    dependencies.lend()
    download(dependencies.build_dir / INSIDE / "maven")
    dependencies.take_in()
    shutil.rmtree(dependencies.cache)
    with pytest.raises(ErgitError, match=r"cache/maven/junit/.* is gone, and the commit was built with it\. Put"):
        dependencies.give_back()


def test_an_artifact_holds_what_is_the_commits_own_once(dependencies: Dependencies) -> None:
    assert dependencies.kept(["target"]) == []
    dependencies.lend()
    download(dependencies.build_dir / INSIDE / "maven")
    dependencies.take_in()
    assert dependencies.kept(["target"]) == [".git/ergit-dependencies"]
    assert dependencies.kept(["."]) == dependencies.kept(["./.git/"]) == []


def test_the_tools_find_the_cache_by_their_variables(
    dependencies: Dependencies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAVEN_OPTS", "-Xmx1g")
    option = f"-Dmaven.repo.local={tmp_path}/tree/.git/ergit-dependencies/maven"
    assert dependencies.variables({"X": "y"}) == {"X": "y", "MAVEN_OPTS": f"{option} -Xmx1g"}
    given = dependencies.variables({"MAVEN_OPTS": "-Xmx2g"})
    assert given == {"MAVEN_OPTS": f"{option} -Xmx2g"}
    assert dependencies.variables(given) == given
    others = Dependencies(["gradle", "pip", "npm", "cargo", "go"], tmp_path, tmp_path / "tree")
    assert others.variables({"CARGO_HOME": "/mine"}) == {
        "GRADLE_USER_HOME": f"{tmp_path}/gradle",
        "PIP_CACHE_DIR": f"{tmp_path}/pip",
        "npm_config_cache": f"{tmp_path}/npm",
        "CARGO_HOME": "/mine",
        "GOMODCACHE": f"{tmp_path}/go",
    }
    assert Dependencies([], tmp_path, tmp_path).variables({}) == {}


def test_a_path_that_maven_does_not_take_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ErgitError, match="has a blank"):
        Dependencies(["maven"], tmp_path, tmp_path / "a tree").variables({})


POM = """\
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>org.example</groupId><artifactId>core</artifactId><version>1-SNAPSHOT</version><packaging>pom</packaging>
</project>
"""


@needs_maven
def test_what_maven_has_built_with_the_network_it_finds_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    commit = "0123456789abcdef0123456789abcdef01234567"
    write(tmp_path / "checkout", {"pom.xml": POM})
    settings = BuildSettings(commands=("mvn -q -B install",), keep=("pom.xml",), dependencies=("maven",))
    job = BuildJob(
        commit=commit,
        java=JavaRecord(commit=commit, status="not-wanted", wanted=None, wanted_from=None, chosen=None, reason=""),
        checkout=tmp_path / "checkout",
        artifact=tmp_path / "a.tar.gz",
        settings=settings,
        fingerprint="f",
        log=tmp_path / "log",
        dependencies=Dependencies(settings.dependencies, tmp_path / "cache", build_dir_of(commit)),
    )
    record = build(job)
    assert record.status == "ok", job.log.read_text()
    cache = tmp_path / "cache/maven/org"
    assert list(cache.glob("apache/maven/plugins/maven-install-plugin/*/*.jar"))
    assert not (cache / "example").exists()
    assert job.artifact.stat().st_size < 20_000
    tree = build_dir_of(commit)
    with locked_build_dir(tree):
        unpack(job.artifact, tree)
        job.dependencies.give_back()
        offline = ["unshare", "--net", "--map-root-user", "mvn", "-o", "-q", "-B", "install"]
        environment = child_environment(record.environment)
        done = subprocess.run(offline, cwd=tree, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
