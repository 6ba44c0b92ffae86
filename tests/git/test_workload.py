"""The workload held fixed: the paths of one commit laid over the tree of every other."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ergit.config.settings import RepositorySettings, WorkloadSettings
from ergit.errors import ErgitError
from ergit.git.checkout import checkout
from ergit.git.workload import workload_record
from ergit.records.workload import WorkloadPath, WorkloadRecord, workload_mark, write_workload
from tests.fakes.needs import needs_lfs
from tests.fakes.repositories import Repository, mirrored


@pytest.fixture
def project(make_repository: Callable[[str], Repository]) -> Repository:
    """Commit one has tests/a and tests/old/x, the tag `tested` has tests/a/b, tests/c and a benchmark."""
    made = make_repository("project")
    write(made, {"program": "1", "tests/a": "of one", "tests/old/x": "of one"})
    made.commit("one")
    made.git("tag", "one")
    made.git("rm", "-r", "--quiet", "tests")
    write(made, {"program": "2", "tests/a/b": "of two", "tests/c": "of two", "bench/run": "of two", "bench*": "star"})
    made.commit("two")
    made.git("tag", "tested")
    made.git("branch", "moving")
    return made


def write(repository: Repository, files: dict[str, str]) -> None:
    """Writes files at any depth of the work tree."""
    for name, text in files.items():
        path = repository.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def workload(name: str, *paths: str) -> WorkloadSettings:
    return WorkloadSettings(command="true", source=name, paths=paths)


def files_of(tree: Path) -> dict[str, str]:
    """The files of a work tree, by their paths."""
    found = (path for path in tree.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {str(path.relative_to(tree)): path.read_text(encoding="utf-8") for path in found}


def laid_over(project: Repository, tree: Path, commit: str, settings: WorkloadSettings) -> dict[str, str]:
    """The files of the checkout of a commit with the workload of another."""
    mirror, _ = mirrored(project)
    record = workload_record(mirror, settings, None)
    checkout(mirror, project.git("rev-parse", commit), tree, RepositorySettings(url=str(project.path)), record)
    return files_of(tree)


def test_a_path_is_replaced_as_a_whole_and_the_rest_stays(project: Repository, tmp_path: Path) -> None:
    assert laid_over(project, tmp_path / "tree", "one", workload("tested", "tests/", "bench")) == {
        **{"program": "1", "tests/a/b": "of two", "tests/c": "of two", "bench/run": "of two"},
    }
    assert laid_over(project, tmp_path / "tree", "tested", workload("one", "tests")) == {
        **{"program": "2", "tests/a": "of one", "tests/old/x": "of one", "bench/run": "of two", "bench*": "star"},
    }


def test_the_commit_is_still_the_one_that_is_studied(project: Repository, tmp_path: Path) -> None:
    laid_over(project, tmp_path / "tree", "one", workload("tested", "tests"))
    assert Repository(tmp_path / "tree").git("rev-parse", "HEAD") == project.git("rev-parse", "one")


def test_a_path_is_a_name_and_no_pattern(project: Repository, tmp_path: Path) -> None:
    found = laid_over(project, tmp_path / "tree", "one", workload("tested", "bench*"))
    assert found["bench*"] == "star"
    assert "bench/run" not in found


def test_a_link_in_a_commit_leads_nowhere_else(project: Repository, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    project.git("rm", "-r", "--quiet", "tests")
    (project.path / "tests").symlink_to(tmp_path / "outside")
    project.commit("linked")
    found = laid_over(project, tmp_path / "tree", "HEAD", workload("tested", "tests"))
    assert found["tests/c"] == "of two"
    assert list((tmp_path / "outside").iterdir()) == []


def test_the_record_says_of_which_commit_what_is(project: Repository) -> None:
    mirror, _ = mirrored(project)
    record = workload_record(mirror, workload("tested", "tests", "bench/run"), None)
    assert record == WorkloadRecord(
        name="tested",
        commit=project.git("rev-parse", "tested"),
        paths=(
            WorkloadPath(path="tests", kind="tree", sha=project.git("rev-parse", "tested:tests")),
            WorkloadPath(path="bench/run", kind="blob", sha=project.git("rev-parse", "tested:bench/run")),
        ),
    )


def test_a_path_that_the_commit_lacks_is_an_error_that_names_both(project: Repository) -> None:
    mirror, _ = mirrored(project)
    with pytest.raises(ErgitError, match=r"workload\.paths: 'bench' is not in one \([0-9a-f]{10}\), of which workload"):
        workload_record(mirror, workload("one", "tests", "bench"), None)
    with pytest.raises(ErgitError, match=r"workload\.from: 'tsted' is no commit, tag or branch .* Did you mean tested"):
        workload_record(mirror, workload("tsted", "tests"), None)


def test_a_branch_that_moves_does_not_move_the_workload_of_a_study(
    project: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    mirror, _ = mirrored(project)
    first = workload_record(mirror, workload("moving", "tests"), None)
    write(project, {"tests/c": "of three"})
    three = project.commit("three")
    project.git("branch", "--force", "moving", "HEAD")
    mirrored(project)
    assert workload_record(mirror, workload("moving", "tests"), first) == first
    assert f"moving is {three[:10]} now. The study keeps the workload of {first.commit[:10]}" in capsys.readouterr().err
    assert workload_record(mirror, workload(three, "tests"), first).commit == three
    assert workload_record(mirror, workload("moving", "tests"), None).commit == three


def test_the_mark_of_builds_is_the_commit_and_not_its_name(project: Repository, tmp_path: Path) -> None:
    mirror, _ = mirrored(project)
    file = tmp_path / "workload.json"
    assert workload_mark(file, None) == ""
    assert workload_mark(file, "tested") == " workload unknown"
    for name in ("tested", "moving", project.git("rev-parse", "tested")):
        write_workload(file, workload_record(mirror, workload(name, "tests"), None))
        assert workload_mark(file, name) == f" workload {project.git('rev-parse', 'tested')}"
    assert workload_mark(file, "one") == " workload unknown"


@needs_lfs
def test_files_of_git_lfs_are_laid_over_with_their_content(project: Repository, tmp_path: Path) -> None:
    project.git("lfs", "install", "--local")
    project.git("lfs", "track", "*.bin")
    write(project, {"tests/large.bin": "large\n"})
    project.commit("large")
    mirror, _ = mirrored(project)
    record = workload_record(mirror, workload("main", "tests", ".gitattributes"), None)
    settings = RepositorySettings(url=str(project.path), lfs=True)
    checkout(mirror, project.git("rev-parse", "one"), tmp_path / "tree", settings, record)
    assert (tmp_path / "tree/tests/large.bin").read_text() == "large\n"


def test_a_submodule_is_laid_over_where_submodules_are_wanted(
    project: Repository, make_repository: Callable[[str], Repository], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, value in enumerate(("protocol.file.allow", "always")):
        monkeypatch.setenv(f"GIT_CONFIG_{('KEY', 'VALUE')[number]}_0", value)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    data = make_repository("data")
    data.commit("old data", data__txt="old")
    project.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", f"../{data.path.name}", "data")
    old = project.commit("with data")
    data.commit("new data", data__txt="new")
    project.git("-C", "data", "-c", "protocol.file.allow=always", "pull", "--quiet", "origin", "main")
    new = project.commit("newer data")
    mirror, _ = mirrored(project)
    for commit, source in ((old, new), (new, old)):
        record = workload_record(mirror, workload(source, "data"), None)
        assert record.paths[0].kind == "submodule"
        settings = RepositorySettings(url=str(project.path), submodules=True)
        checkout(mirror, commit, tmp_path / "tree", settings, record)
        assert (tmp_path / "tree/data/data.txt").read_text() == ("new" if source == new else "old")
