"""What differs by a change: real histories, every commit of a span counted."""

import zipfile
from itertools import pairwise
from pathlib import Path

import pytest

from ergit.building.artifacts import pack
from ergit.config.settings import InputSettings
from ergit.git.names import CommitNames
from ergit.git.runner import git_in
from ergit.inputs.contents import contents_of_artifact, contents_of_tree
from ergit.inputs.dependency_lists import listed_dependencies
from ergit.inputs.differences import READ_JAVA_FILES, differences
from ergit.inputs.equal import Builds, equal_pairs, with_jdks, with_resolved
from ergit.inputs.kinds import FileKinds
from ergit.inputs.reuse import ReuseSettings, reused, with_reuse
from ergit.records.build import BuildRecord, write_build
from ergit.records.commits import reused_from
from ergit.records.context import Differences, Kind
from ergit.records.java import ChosenJdk
from tests.fakes.repositories import Repository
from tests.fakes.tables import commit_row

POM = "<project><groupId>a</groupId><artifactId>b</artifactId><version>{}</version><dependencies><dependency>"
POM += (
    "<groupId>junit</groupId><artifactId>junit</artifactId><version>{}</version></dependency></dependencies></project>"
)


def commit(repository: Repository, subject: str, files: dict[str, str]) -> str:
    """A commit that writes these files, also in folders."""
    for path, text in files.items():
        (repository.path / path).parent.mkdir(parents=True, exist_ok=True)
        (repository.path / path).write_text(text, encoding="utf-8")
    return repository.commit(subject)


def told(repository: Repository, first: str, last: str, **patterns: tuple[str, ...]) -> Differences:
    """What the commits after the first up to the last touch."""
    with git_in(repository.path) as git:
        (found,) = differences(git, [(first, last)], FileKinds(InputSettings(**patterns)))
    return found


@pytest.mark.parametrize(
    ("files", "kinds"),
    [
        ({"src/main/java/A.java": "class A {}"}, ("program",)),
        ({"src/test/java/ATest.java": "class ATest {}"}, ("workload",)),
        ({"src/main/java/A.java": "class A {}", "src/test/java/ATest.java": ""}, ("program", "workload")),
        ({"pom.xml": POM.format("1", "5")}, ("dependencies",)),
        ({"pom.xml": POM.format("2", "4")}, ()),
        ({"pom.xml": "<project>"}, ("build",)),
        ({"README.md": "x", "docs/a.txt": "y"}, ()),
        ({"gradlew": "x"}, ("build",)),
        ({"src/main/java/B.java": "class B { /** more */ int b; }"}, ()),
        ({"src/main/java/B.java": "class B { long b; }"}, ("program",)),
    ],
)
def test_a_commit_touches_the_kinds_of_its_files(
    repository: Repository, files: dict[str, str], kinds: tuple[Kind, ...]
) -> None:
    start = {"pom.xml": POM.format("1", "4"), "src/main/java/B.java": "class B { int b; }"}
    first = commit(repository, "Start", start)
    last = commit(repository, "Next", files)
    found = told(repository, first, last)
    assert found.kinds == kinds
    assert {*found.without_effect, *(path for one in found.files for path in one.files)} == set(files)
    assert [(one.commit, one.kinds) for one in found.commits] == [(last, kinds)]


def test_a_file_that_is_changed_and_changed_back_counts_as_touched(repository: Repository) -> None:
    first = commit(repository, "Start", {"a.c": "1", "pom.xml": POM.format("1", "4")})
    commit(repository, "There", {"a.c": "2", "pom.xml": POM.format("1", "5")})
    last = commit(repository, "And back", {"a.c": "1", "pom.xml": POM.format("2", "4")})
    found = told(repository, first, last)
    assert found.kinds == ("program", "dependencies")
    assert [(one.name, one.versions) for one in found.dependencies] == [("junit:junit", ("4", "5", "4"))]
    assert [one.kinds for one in found.commits] == [("program", "dependencies")] * 2


def test_methods_are_named_and_their_number_is_bounded(repository: Repository) -> None:
    texts = {f"src/A{number}.java": f"class A{number} {{ int f() {{ return 1; }} }}" for number in range(60)}
    first = commit(repository, "Start", texts)
    last = commit(repository, "Next", {path: text.replace("1; }", "2; }") for path, text in texts.items()})
    found = told(repository, first, last)
    assert (found.methods[0].name, found.methods[0].happened, found.methods[0].kind) == ("A0.f()", "changed", "program")
    assert len(found.methods) + found.methods_unlisted == READ_JAVA_FILES
    assert found.methods_unread == 60 - READ_JAVA_FILES


def test_patterns_of_the_config_decide(repository: Repository) -> None:
    first = commit(repository, "Start", {})
    last = commit(repository, "Next", {"perf/a.c": "1", "notes.txt": "2"})
    assert told(repository, first, last).kinds == ("program",)
    assert told(repository, first, last, workload=("perf/",), ignore=("*.txt",)).kinds == ("workload",)


def built(
    folder: Path, sha: str, version: str, contents: str | None, dependencies: dict[str, str] | None = None
) -> None:
    """The record of a build with that JDK, that content and those dependencies."""
    record = BuildRecord(
        **{"commit": sha, "directory": "/b", "environment": {}, "cached": False, "commands": ()},
        **{"status": "ok", "reason": None, "contents": contents, "dependencies": dependencies or {}},
        java=ChosenJdk(home="/jdk", release=17, version=version, vendor=None),
    )
    folder.mkdir(exist_ok=True)
    write_build(folder / f"{sha}.json", record)


def test_nothing_that_runs_differs_where_files_or_builds_are_the_same_and_so_is_the_jdk(
    repository: Repository, tmp_path: Path
) -> None:
    shas = [
        commit(repository, name, files)
        for name, files in (
            *(("Start", {"a.c": "1"}), ("Docs", {"README.md": "x"}), ("Comment", {"a.c": "1 // x"})),
            *(("Other", {"a.c": "2"}), ("More docs", {"README.md": "y"})),
        )
    ]
    for sha, version, contents in zip(
        shas, ("17", "17", "17", "17", "21"), ("1:a", "1:a", "1:a", "1:b", "1:b"), strict=True
    ):
        built(tmp_path / "build", sha, version, contents)
    pairs = list(pairwise(shas))
    with git_in(repository.path) as git:
        kinds = FileKinds(InputSettings())
        assert equal_pairs(git, pairs, kinds, Builds(tmp_path / "build")) == ["files", "build", None, None]
        assert equal_pairs(git, pairs, kinds, Builds(tmp_path / "none")) == ["files", None, None, "files"]
        (found,) = differences(git, [(shas[2], shas[4])], kinds)
    assert found.kinds == ("program",)
    assert with_jdks(found, shas[2:], Builds(tmp_path / "build")).kinds == ("program", "jdk")


def test_builds_do_not_tell_whether_files_that_their_digest_leaves_out_differ(
    repository: Repository, tmp_path: Path
) -> None:
    shas = [
        commit(repository, name, {path: name})
        for name, path in (("Start", "a.c"), ("Input", "data/access.log"), ("Page", "page.md"))
    ]
    for sha in shas:
        built(tmp_path / "build", sha, "17", "1:a")
    with git_in(repository.path) as git:
        for program, found in (((), [None, "files"]), (("*.md",), [None, None])):
            kinds = FileKinds(InputSettings(program=program))
            assert equal_pairs(git, list(pairwise(shas)), kinds, Builds(tmp_path / "build")) == found


def test_versions_that_maven_resolved_otherwise_differ_though_no_file_does(
    repository: Repository, tmp_path: Path
) -> None:
    first, second = commit(repository, "Start", {"a.c": "1"}), commit(repository, "Docs", {"README.md": "x"})
    for sha, version in ((first, "1.0"), (second, "1.1")):
        (tmp_path / "tree/target").mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree/target/dependency-list.txt").write_text(f" org.a:b:jar:{version}:compile\n", encoding="utf-8")
        built(tmp_path / "build", sha, "17", "1:a", listed_dependencies(tmp_path / "tree"))
    builds, kinds = Builds(tmp_path / "build"), FileKinds(InputSettings())
    with git_in(repository.path) as git:
        assert equal_pairs(git, [(first, second)], kinds, builds) == [None]
        (found,) = differences(git, [(first, second)], kinds)
    whole = with_resolved(found, [first, second], builds)
    assert (found.kinds, whole.kinds) == ((), ("dependencies",))
    assert [(one.name, one.versions, one.resolved) for one in whole.dependencies] == [("org.a:b", ("1.0", "1.1"), True)]
    assert listed_dependencies(tmp_path / "none") == {}


def test_the_reason_of_a_commit_that_is_not_measured_names_the_one_that_is(repository: Repository) -> None:
    first, second = commit(repository, "Start", {"a.c": "1"}), commit(repository, "Docs", {"README.md": "x"})
    rows = [commit_row(number, commit=sha, reason="listed as v1, v2") for number, sha in enumerate((first, second))]
    found = with_reuse(repository.path, rows, ReuseSettings(inputs=InputSettings(reuse=True)))
    assert [reused_from(row) for row in found] == [None, first]
    assert CommitNames.of_table(found).resolve("v2", "compare") == second


def test_commits_with_equal_inputs_share_one_measurement(repository: Repository) -> None:
    shas = [commit(repository, "Start", {"a.c": "1", "run": "x"}), commit(repository, "Docs", {"README.md": "x"})]
    shas.append(commit(repository, "Change", {"a.c": "2"}))
    shas.append(commit(repository, "Revert", {"a.c": "1"}))
    (repository.path / "run").chmod(0o755)
    shas.append(repository.commit("Another mode"))
    with git_in(repository.path) as git:
        kinds = FileKinds(InputSettings())
        assert reused(git, shas, kinds) == {shas[1]: shas[0], shas[3]: shas[0]}
        assert reused(git, shas, kinds, {shas[1]: 11, shas[3]: 11}) == {shas[3]: shas[1]}
        assert reused(git, [], kinds) == {}


def test_what_was_kept_of_a_build_is_compared_without_times_and_own_versions(tmp_path: Path) -> None:
    def tree(name: str, version: str, year: int, code: bytes = b"\xca\xfe") -> Path:
        folder = tmp_path / name
        (folder / "target/classes").mkdir(parents=True)
        (folder / "target/classes/A.class").write_bytes(code)
        (folder / "README.md").write_text(name, encoding="utf-8")
        (folder / "pom.xml").write_text(POM.format(version, "4"), encoding="utf-8")
        with zipfile.ZipFile(folder / f"target/b-{version}.jar", "w") as jar:
            for entry, content in (
                ("META-INF/MANIFEST.MF", f"Manifest-Version: 1.0\r\nImplementation-Version: {version}\r\n"),
                ("META-INF/maven/a/b/pom.properties", version),
                ("A.class", code),
            ):
                jar.writestr(zipfile.ZipInfo(entry, (year, 1, 1, 0, 0, 0)), content)
        return folder

    first = contents_of_tree(tree("one", "1.0", 2020), ["."])
    assert first is not None
    assert first.startswith("1:")
    assert contents_of_tree(tree("two", "1.1-SNAPSHOT", 2024), ["."]) == first
    assert contents_of_tree(tree("three", "1.0", 2020, b"\xca\xff"), ["."]) != first
    assert contents_of_tree(tmp_path / "one", ["target/classes"]) != first
    assert contents_of_tree(tmp_path / "one", ["gone"]) is None


def test_the_artifact_of_an_older_build_gives_the_same_digest(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "bin").mkdir(parents=True)
    (tree / "bin/run").write_text("x", encoding="utf-8")
    (tree / "bin/run").chmod(0o755)
    (tree / "bin/link").symlink_to("run")
    pack(tmp_path / "a.tar.gz", tree, ["bin"])
    assert contents_of_artifact(tmp_path / "a.tar.gz") == contents_of_tree(tree, ["bin"])
    pack(tmp_path / "empty.tar.gz", None, [])
    assert contents_of_artifact(tmp_path / "empty.tar.gz") is None
    (tmp_path / "damaged.tar.gz").write_bytes(b"x")
    assert contents_of_artifact(tmp_path / "damaged.tar.gz") is None
