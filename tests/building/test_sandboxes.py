"""What the settings of a study mount into the sandbox of a commit."""

from pathlib import Path

import pytest

from ergit.building.sandboxes import building_sandbox, measuring_sandbox, named_paths
from ergit.config.settings import (
    BuildSettings,
    JavaSettings,
    JobSettings,
    MeasureSettings,
    RepositorySettings,
    SandboxSettings,
)
from ergit.errors import ErgitError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The study's folder, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("results/mirror.git/objects", "home/.cargo", "tools"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


def settings(sandbox: SandboxSettings, java: JavaSettings | None = None, **files: str) -> JobSettings:
    """The settings of a study with this sandbox."""
    return JobSettings(
        repository=RepositorySettings(url="none"),
        java=java,
        build=BuildSettings(),
        workload=None,
        measure=MeasureSettings(),
        sandbox=sandbox,
        files={name.replace("__", "."): value for name, value in files.items()},
    )


def test_without_the_key_there_is_none(folder: Path) -> None:
    assert building_sandbox(settings(SandboxSettings()), folder / "tree") is None
    assert measuring_sandbox(settings(SandboxSettings()), folder / "tree") is None


@pytest.mark.parametrize(("network", "expected"), [("build", (True, False)), ("never", (False, False))])
def test_only_builds_have_a_network_and_only_where_the_config_says_so(
    folder: Path, network: str, expected: tuple[bool, bool]
) -> None:
    given = settings(SandboxSettings(enabled=True, network=network))  # type: ignore[arg-type]
    made = [building_sandbox(given, folder / "a/tree"), measuring_sandbox(given, folder / "a/tree")]
    assert tuple(sandbox.has_network for sandbox in made if sandbox) == expected


def test_the_private_folder_lies_beside_the_tree(folder: Path) -> None:
    made = building_sandbox(settings(SandboxSettings(enabled=True)), folder / "a/tree")
    assert made is not None
    assert (made.tree, made.private) == (folder / "a/tree", folder / "a/tree.private")


def test_the_studys_files_the_mirrors_objects_and_named_paths_are_there(folder: Path) -> None:
    (folder / "bench.jar").write_text("")
    given = SandboxSettings(enabled=True, read=("~/.cargo",), write=("tools",))
    made = building_sandbox(
        settings(given, bench__jar="hash", gone__jar="hash"), folder / "a/tree", folder / "exchange"
    )
    assert made is not None
    assert set(made.read) == {folder / "home/.cargo", folder / "bench.jar", folder / "results/mirror.git/objects"}
    assert made.write == (folder / "tools", folder / "exchange")


def test_every_jdk_is_there_where_the_study_needs_one(folder: Path) -> None:
    javac = folder / "home/.jdks/17/bin/javac"
    javac.parent.mkdir(parents=True)
    javac.write_text("")
    javac.chmod(0o755)
    (folder / "home/.jdks/17/release").write_text('JAVA_VERSION="17.0.1"\n')
    given = SandboxSettings(enabled=True)
    with_java = building_sandbox(settings(given, JavaSettings()), folder / "a/tree")
    without = building_sandbox(settings(given), folder / "a/tree")
    assert with_java is not None
    assert without is not None
    assert folder / "home/.jdks/17" in set(with_java.read) - set(without.read)


def test_a_path_that_is_not_there_is_an_error_that_names_the_key(folder: Path) -> None:
    with pytest.raises(ErgitError, match=r"^sandbox\.write: there is no '~/\.gradle'\."):
        named_paths(SandboxSettings(enabled=True, write=("~/.gradle",)), folder / "results")


@pytest.mark.parametrize("name", [".", "results", "results/mirror.git", "/", "link"])
def test_a_path_that_would_open_the_results_is_refused(folder: Path, name: str) -> None:
    (folder / "link").symlink_to(folder)
    with pytest.raises(ErgitError, match=r"^sandbox\.read: '.*' would open the study's results"):
        named_paths(SandboxSettings(enabled=True, read=(name,)), folder / "results")
