"""The embedded study: the same repository everywhere, and commits that do what their kind says."""

import os
import shutil
import subprocess
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from ergit.config.settings import JavaSettings
from ergit.errors import ErgitError
from ergit.git import demo
from ergit.git.demo import HISTORY, Edit, create, edited, trees
from ergit.java.choose import record_of

HEAD = "ee46a44956a640404a249f988c693434fc785802"


def git(repository: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "--git-dir", repository, *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study's repository."""
    path = tmp_path_factory.mktemp("study") / "demo.git"
    create(path)
    return path


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, subprocess.CompletedProcess[str]]]:
    """The class folder of each commit, and how its compiler ended."""
    if shutil.which("javac") is None:
        pytest.skip("no javac on PATH")
    results = []
    compiled_before: dict[frozenset[tuple[str, str]], tuple[Path, subprocess.CompletedProcess[str]]] = {}
    for number, files in enumerate(trees()):
        java = frozenset((path, text) for path, text in files.items() if path.endswith(".java"))
        if java in compiled_before:  # the commit changes other files
            results.append(compiled_before[java])
            continue
        folder = tmp_path_factory.mktemp(f"commit{number}")
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        sources = [str(folder / path) for path, _ in sorted(java)]
        quick = ["-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC", "-proc:none"]
        command = ["javac", *quick, "-d", str(folder / "target/classes"), *sources]
        result = subprocess.run(command, capture_output=True, text=True)
        compiled_before[java] = folder / "target/classes", result
        results.append(compiled_before[java])
    return results


def benchmark(classes: Path) -> tuple[int, float]:
    """Exit status and CPU seconds of the workload."""
    command = [
        "java",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        str(classes),
        "org.example.words.Benchmark",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime


def test_the_history_has_every_kind_of_commit() -> None:
    assert 11 <= len(HISTORY) <= 13
    assert Counter(commit.kind for commit in HISTORY) == {
        "start": 1,
        "neutral": 2,
        "documentation": 1,
        "regression": 2,
        "improvement": 1,
        "java release": 1,
        "breaks build": 1,
        "fixes build": 1,
        "breaks workload": 1,
        "fixes workload": 1,
    }


def test_the_repository_has_the_same_shas_on_every_machine(study: Path) -> None:
    assert git(study, "rev-parse", "main") == HEAD
    assert git(study, "symbolic-ref", "HEAD") == "refs/heads/main"
    assert git(study, "rev-parse", "--is-bare-repository") == "true"


def test_the_users_settings_change_nothing(study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"init.defaultBranch": "trunk", "core.autocrlf": "true", "commit.gpgSign": "true", "tag.gpgSign": "true"}
    for key, value in settings.items():
        subprocess.run(["git", "config", "--file", tmp_path / ".gitconfig", key, value], check=True)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / ".gitconfig"))
    monkeypatch.setenv("GIT_DEFAULT_HASH", "sha256")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_AUTHOR_NAME", "somebody")
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    create(tmp_path / "again.git")
    monkeypatch.delenv("GIT_DIR")
    assert git(tmp_path / "again.git", "show-ref") == git(study, "show-ref")


def test_subjects_and_tags_are_those_of_the_history(study: Path) -> None:
    subjects = git(study, "log", "--first-parent", "--reverse", "--format=%s", "main").splitlines()
    assert subjects == [commit.subject for commit in HISTORY]
    for commit in HISTORY:
        if commit.tag is not None:
            assert git(study, "log", "-1", "--format=%s", commit.tag) == commit.subject


def test_dates_rise_and_are_in_utc(study: Path) -> None:
    dates = [line.split() for line in git(study, "log", "--reverse", "--date=raw", "--format=%ad", "main").splitlines()]
    assert dates[0] == ["1709287200", "+0000"]
    assert all(earlier < later for earlier, later in pairwise(dates))
    assert {zone for _, zone in dates} == {"+0000"}


def test_each_commit_has_the_files_of_its_edits_and_the_repository_is_sound(study: Path) -> None:
    git(study, "fsck", "--strict")
    shas = git(study, "rev-list", "--reverse", "main").splitlines()
    for sha, files in zip(shas, trees(), strict=True):
        assert git(study, "ls-tree", "-r", "--name-only", sha).splitlines() == sorted(files)
        for path, text in files.items():
            assert git(study, "show", f"{sha}:{path}") == text.strip()


def test_each_commit_changes_what_its_kind_says() -> None:
    for before, (commit, after) in zip(trees(), list(zip(HISTORY, trees(), strict=True))[1:], strict=False):
        changed = {path for path in after if after[path] != before[path]}
        assert changed, commit.subject
        assert (changed == {"README.md"}) is (commit.kind == "documentation")
        assert ("pom.xml" in changed) is (commit.kind == "java release")


def test_an_edit_whose_text_is_not_there_exactly_once_is_an_error() -> None:
    assert edited({"a": "one two"}, Edit("a", "two", "three")) == {"a": "one three"}
    for files in ({"a": "one"}, {"a": "two two"}, {}):
        with pytest.raises(ValueError, match="instead of once"):
            edited(files, Edit("a", "two", "three"))


def test_what_lies_about_in_the_demo_folder_is_not_part_of_the_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(demo.SOURCES, tmp_path / "demo")
    (tmp_path / "demo/target/classes").mkdir(parents=True)
    (tmp_path / "demo/target/classes/Left.class").write_text("over")
    with_litter = tmp_path / "demo"
    before = next(trees())
    monkeypatch.setattr(demo, "SOURCES", with_litter)
    assert next(trees()) == before


def test_a_folder_with_something_in_it_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("all of it")
    with pytest.raises(ErgitError, match="is in the way"):
        create(tmp_path / "mine")
    assert (tmp_path / "mine/thesis.txt").read_text() == "all of it"


def test_a_folder_that_cannot_be_made_is_an_error_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ErgitError, match=r"cannot be made in .*/file/demo.git: Not a directory"):
        create(tmp_path / "file/demo.git")


def test_the_required_java_release_rises_from_8_to_11(study: Path) -> None:
    shas = git(study, "rev-list", "--reverse", "main").splitlines()
    wanted = [record_of(study, sha, JavaSettings()).wanted for sha in shas]
    rise = [commit.kind for commit in HISTORY].index("java release")
    assert wanted == [8] * rise + [11] * (len(HISTORY) - rise)


def test_only_the_broken_commit_does_not_compile(
    compiled: list[tuple[Path, subprocess.CompletedProcess[str]]],
) -> None:
    for commit, (_, result) in zip(HISTORY, compiled, strict=True):
        assert (result.returncode != 0) is (commit.kind == "breaks build"), result.stderr
        assert commit.kind != "breaks build" or "cannot find symbol" in result.stderr


def test_the_workload_fails_where_it_should_and_the_changes_show_in_its_cpu_time(
    compiled: list[tuple[Path, subprocess.CompletedProcess[str]]],
) -> None:
    least_seconds: dict[int, float] = {}  # of each stretch of commits between two real changes

    def changes_show() -> bool:
        first, slow, fixed, last = least_seconds.values()
        return slow > 1.15 * max(first, fixed) and last > 1.05 * fixed

    for number in range(8):  # the least of several is the same on a busy machine, sooner or later
        stretch = -1
        for commit, (classes, _) in zip(HISTORY, compiled, strict=True):
            begins = commit.kind in ("start", "regression", "improvement")
            stretch += begins
            if commit.kind == "breaks build" or (number > 0 and not begins):  # each once, each stretch several times
                continue
            status, cpu_seconds = benchmark(classes)
            assert status == (1 if commit.kind == "breaks workload" else 0), commit.subject
            if status == 0:
                least_seconds[stretch] = min(cpu_seconds, least_seconds.get(stretch, cpu_seconds))
        if changes_show():
            break
    assert changes_show(), least_seconds
