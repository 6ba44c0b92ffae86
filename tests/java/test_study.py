"""What all commits of a study ask for, in one process, and the list that is printed."""

from pathlib import Path

import pytest

from ergit.config.settings import JavaSettings, ReleaseOfCommits
from ergit.errors import ErgitError
from ergit.git.blobs import files_in
from ergit.java import reasons
from ergit.java.jdks import Jdk, described
from ergit.java.maven.ask import MavenAnswers
from ergit.java.requirement import RequirementUnder
from ergit.java.study import jdk_of_study, needs_of, printed, record_of, releases_of_commits
from ergit.records.jdks import JdksRecord
from tests.fakes.repositories import Repository


def jdk(release: int, home: str = "/jdk", version: str | None = None) -> Jdk:
    return Jdk(Path(home) / str(release), release, version or f"{release}.0.1", "Acme", ("PATH",))


def pom(release: str) -> str:
    return f"<project><properties><maven.compiler.release>{release}</maven.compiler.release></properties></project>"


def without_maven(folder: Path) -> MavenAnswers:
    return MavenAnswers(folder / "maven", None, None)


@pytest.fixture(autouse=True)
def no_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """No command that installs software: the list is the same on every machine."""
    monkeypatch.setattr(reasons, "PACKAGES", ())
    monkeypatch.setattr(reasons, "ENVIRONMENTS", Path("/envs"))


def needs(repository: Repository, tmp_path: Path, commits: list[str]) -> dict[str, RequirementUnder]:
    with files_in(repository.path / ".git") as files:
        return needs_of(files, commits, JavaSettings(), {}, [jdk(17)], without_maven(tmp_path))


def asked(repository: Repository, tmp_path: Path, *jdks: Jdk, policy: str = "asked") -> JdksRecord:
    """The record of all commits of a repository."""
    commits = repository.git("rev-list", "--reverse", "HEAD").split()
    settings = JavaSettings(policy="one" if policy == "one" else "asked")
    with files_in(repository.path / ".git") as files:
        found = needs_of(files, commits, settings, {}, jdks, without_maven(tmp_path))
    return record_of(found, settings, {}, jdks, None)


def test_commits_are_grouped_by_what_they_ask_for_and_what_is_missing_comes_first(
    repository: Repository, tmp_path: Path
) -> None:
    repository.commit("one", pom__xml=pom("17"))
    repository.commit("two", text="x")
    repository.commit("three", pom__xml=pom("8"))
    last = repository.commit("four", pom__xml=pom("25"))
    record = asked(repository, tmp_path, jdk(17))
    assert [(row.release, row.commits, row.chosen and row.chosen.release) for row in record.asked] == [
        (8, 1, 17),
        (25, 1, None),
        (17, 2, 17),
    ]
    assert record.without_jdk == (last,)
    assert printed(record) == (
        "JDKs that the commits ask for:\n"
        "  1 commit asks for JDK 8, which is not here: built with 17.0.1 in /jdk/17\n"
        "      pom.xml: maven.compiler.release\n"
        "      install: https://adoptium.net/temurin/releases/?version=8\n"
        "  1 commit asks for JDK 25, which is not here: NOT BUILT\n"
        "      pom.xml: maven.compiler.release\n"
        "      install: https://adoptium.net/temurin/releases/?version=25\n"
        "  2 commits ask for JDK 17: built with 17.0.1 in /jdk/17\n"
        "      pom.xml: maven.compiler.release\n"
        "  1 commit cannot be built with the JDKs that are here.\n"
    )


def test_without_any_jdk_one_is_to_be_installed(repository: Repository, tmp_path: Path) -> None:
    repository.commit("one", text="x")
    record = asked(repository, tmp_path)
    assert printed(record).splitlines()[1:4] == [
        "  1 commit asks for no certain JDK, and none is here: NOT BUILT",
        "      there is no pom.xml, build.gradle or build.xml",
        "      install: https://adoptium.net/temurin/releases/?version=17",
    ]


def test_the_one_jdk_is_recorded_with_the_commits_that_it_loses(repository: Repository, tmp_path: Path) -> None:
    lost = repository.commit("one", pom__xml=pom("25"))
    for number in range(2):
        repository.commit("more", pom__xml=pom("17"), text=str(number))
    record = asked(repository, tmp_path, jdk(25), jdk(17), policy="one")
    assert (record.one, record.without_jdk) == (described(jdk(25)), ())  # it compiles all
    record = asked(repository, tmp_path, jdk(17), policy="one")
    assert (record.one, record.without_jdk) == (described(jdk(17)), (lost,))
    assert printed(record).startswith(
        "JDKs that the commits ask for; all are built with 17.0.1 in /jdk/17 (java.policy"
    )


def test_equal_files_are_read_once(repository: Repository, tmp_path: Path) -> None:
    for number in range(3):
        repository.commit(f"one {number}", text=str(number), pom__xml=pom("11"))
    changed = repository.commit("other", pom__xml=pom("17"))
    back = repository.commit("back", pom__xml=pom("11"))
    commits = repository.git("rev-list", "--reverse", "HEAD").split()
    found = needs(repository, tmp_path, commits)
    assert len({id(under) for under in found.values()}) == 2
    assert (found[changed]("17").release, found[back]("17").release) == (17, 11)


def test_a_module_that_changes_is_read_again(repository: Repository, tmp_path: Path) -> None:
    (repository.path / "m").mkdir()
    top = "<project><packaging>pom</packaging><modules><module>m</module></modules></project>"
    commits = [repository.commit("one", pom__xml=top, **{"m/pom__xml": pom("8")})]
    commits.append(repository.commit("two", **{"m/pom__xml": pom("11")}))
    found = needs(repository, tmp_path, commits)
    assert [found[commit]("17").release for commit in commits] == [8, 11]


def test_a_version_file_that_comes_later_is_seen(repository: Repository, tmp_path: Path) -> None:
    commits = [repository.commit("one", pom__xml=pom("8"))]
    commits.append(repository.commit("two", **{"__java-version": "17"}))
    found = needs(repository, tmp_path, commits)
    assert [found[commit]("17").jdk for commit in commits] == [None, 17]


def test_a_pom_that_is_a_link_is_followed(repository: Repository, tmp_path: Path) -> None:
    (repository.path / "pom.xml").symlink_to("real.xml")
    commit = repository.commit("one", real__xml=pom("11"))
    found = needs(repository, tmp_path, [commit])[commit]("17")
    assert (found.release, found.stated_in) == (11, "pom.xml: maven.compiler.release")


def test_releases_are_set_for_names_ranges_and_lists_and_the_last_one_counts(repository: Repository) -> None:
    first, second, third = (repository.commit(name) for name in ("a", "b", "c"))
    repository.git("tag", "v2", second)
    rows = [
        ReleaseOfCommits(commits=f"{first}..main", release=8),
        ReleaseOfCommits(commits=("v2", first), release=11),
    ]
    assert releases_of_commits(repository.path / ".git", rows) == {first: 11, second: 11, third: 8}
    with pytest.raises(ErgitError, match=r"java\.releases\[0\]\.commits: .*nowhere"):
        releases_of_commits(repository.path / ".git", [ReleaseOfCommits(commits="nowhere", release=8)])


def test_the_jdk_of_the_study_is_found_again_by_its_version_or_missed() -> None:
    earlier = described(jdk(17, "/old"))
    assert jdk_of_study(earlier, [jdk(17, "/new"), jdk(17, "/old")]) == jdk(17, "/old")
    assert jdk_of_study(earlier, [jdk(17, "/new")]) == jdk(17, "/new")
    with pytest.raises(ErgitError, match=r"JDK 17\.0\.1 \(/old/17\), that of this study, is not here any more"):
        jdk_of_study(earlier, [jdk(17, "/new", "17.0.2"), jdk(25)])
