"""What was kept of a build comes back as it was, or the one who is at fault is named."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ergit.building.artifacts import copy_tree, damage_of, pack, unpack
from ergit.building.removal import remove_tree
from ergit.errors import CommitError, ErgitError
from tests.fakes.another_user import another_user
from tests.fakes.cpu_time import cpu_seconds
from tests.fakes.hostile import DEEP
from tests.fakes.needs import needs_root


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """An empty folder to be packed."""
    folder = tmp_path / "tree"
    folder.mkdir()
    return folder


def again(tmp_path: Path, tree: Path, *keep: str) -> Path:
    """The folder that a packed tree is unpacked into."""
    pack(tmp_path / "a.tar.gz", tree, keep or (".",))
    (tmp_path / "again").mkdir()
    unpack(tmp_path / "a.tar.gz", tmp_path / "again")
    return tmp_path / "again"


@pytest.mark.parametrize("killed", ["tar", "gzip"])
def test_a_tool_that_is_killed_is_no_failure_of_the_commit(
    tmp_path: Path, tree: Path, monkeypatch: pytest.MonkeyPatch, killed: str
) -> None:
    (tree / "file").write_text("text")
    pack(tmp_path / "a.tar.gz", tree, ["."])
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / killed).write_text("#!/bin/sh\nkill -9 $$\n")
    (programs / killed).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    for work in (pack, lambda *_: unpack(tmp_path / "a.tar.gz", tree)):
        with pytest.raises(ErgitError, match=r"`(tar|gzip)` was killed while it worked for ergit") as raised:
            work(tmp_path / "b.tar.gz", tree, ["."])
        assert not isinstance(raised.value, CommitError)
    assert not (tmp_path / "b.tar.gz").exists()


@pytest.mark.parametrize("name", ["-rf", "--help", "new\nline", "\udcff", "a b", "C:x", "@x", "ä" * 127])
def test_odd_names_travel(tmp_path: Path, tree: Path, name: str) -> None:
    (tree / name).write_text("text")
    assert (again(tmp_path, tree) / name).read_text() == "text"


def test_odd_names_can_be_kept_by_name_and_nothing_else_is(tmp_path: Path, tree: Path) -> None:
    for name in ("-x", "other"):
        (tree / name).touch()
    assert os.listdir(again(tmp_path, tree, "-x")) == ["-x"]  # noqa: PTH208


@pytest.mark.parametrize("seconds", [-1, -86_400 * 365, 0, 4_102_444_800])
def test_times_before_1970_and_far_ahead_travel(tmp_path: Path, tree: Path, seconds: int) -> None:
    (tree / "file").touch()
    os.utime(tree / "file", (seconds, seconds))
    assert (again(tmp_path, tree) / "file").stat().st_mtime == seconds


def test_links_pipes_and_rights_travel(tmp_path: Path, tree: Path) -> None:
    (tree / "program").touch(0o755)
    (tree / "hard").hardlink_to(tree / "program")
    (tree / "dangling").symlink_to("nowhere")
    os.mkfifo(tree / "pipe")
    found = again(tmp_path, tree)
    assert (found / "hard").samefile(found / "program")
    assert os.access(found / "program", os.X_OK)
    assert (found / "dangling").readlink() == Path("nowhere")
    assert (found / "pipe").is_fifo()


def test_a_file_of_holes_is_packed_at_once_and_takes_no_room(tmp_path: Path, tree: Path) -> None:
    with (tree / "holes").open("wb") as file:
        file.write(b"begin")
        file.seek(2_000_000_000)
        file.write(b"end")
    began = cpu_seconds()
    found = again(tmp_path, tree) / "holes"
    assert cpu_seconds() - began < 2
    assert found.stat().st_size == 2_000_000_003
    assert found.stat().st_blocks * 512 < 1_000_000
    copy = tmp_path / "copy"
    copy.mkdir()
    copy_tree(tree, copy)
    assert (copy / "holes").stat().st_blocks * 512 < 1_000_000


def test_a_build_does_not_see_the_mark_that_snakemake_leaves_in_the_checkout(tmp_path: Path, tree: Path) -> None:
    before = sorted(path.name for path in tree.iterdir())
    (tree / ".snakemake_timestamp").touch()
    copy = tmp_path / "copy"
    copy.mkdir()
    copy_tree(tree, copy)
    assert sorted(path.name for path in copy.iterdir()) == before
    assert (tree / ".snakemake_timestamp").exists()


def test_paths_that_no_program_could_make_again_are_the_commits_failure(tmp_path: Path, tree: Path) -> None:
    subprocess.run(["bash", "-c", DEEP], cwd=tree, check=True)
    (tree / "fine").touch()
    with pytest.raises(CommitError, match=r"made a path that is longer than 40\d\d bytes"):
        pack(tmp_path / "a.tar.gz", tree, ["."])
    assert os.listdir(tmp_path) == ["tree"]  # noqa: PTH208
    pack(tmp_path / "a.tar.gz", tree, ["fine"])
    remove_tree(tree)  # which pytest cannot


def test_what_may_not_be_read_is_the_commits_failure(tmp_path: Path, tree: Path) -> None:
    (tree / "secret").touch(0)
    (tmp_path / "results").mkdir()
    (tmp_path / "results").chmod(0o777)
    with another_user(tmp_path), pytest.raises(CommitError) as failure:
        pack(tmp_path / "results/a.tar.gz", tree, ["."])
    assert str(failure.value) == (
        "what the build made cannot be packed: tar: ./secret: Cannot open: Permission denied tar: Exiting with failure"
        " status due to previous errors"
    )


def test_a_kept_path_that_is_not_there_is_the_commits_failure(tmp_path: Path, tree: Path) -> None:
    with pytest.raises(CommitError, match="cannot be packed: tar: gone: Cannot stat"):
        pack(tmp_path / "a.tar.gz", tree, ["gone"])


def test_no_tree_is_an_empty_artifact(tmp_path: Path) -> None:
    pack(tmp_path / "a.tar.gz", None, [])
    (tmp_path / "again").mkdir()
    unpack(tmp_path / "a.tar.gz", tmp_path / "again")
    assert list((tmp_path / "again").iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    """A file system of 2 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", folder], capture_output=True).returncode:
        pytest.skip("no right to mount here")
    return folder


@needs_root
def test_a_full_disk_is_the_machines_fault(tmp_path: Path, tree: Path, small_disk: Path) -> None:
    (tree / "noise").write_bytes(os.urandom(3_000_000))
    try:
        with pytest.raises(ErgitError, match=r"Nothing can be written in .*: No space left on device\. Free some room"):
            pack(small_disk / "a.tar.gz", tree, ["."])
        assert list(small_disk.iterdir()) == []
        pack(tmp_path / "a.tar.gz", tree, ["."])
        (small_disk / "build").mkdir()
        with pytest.raises(ErgitError, match="Nothing can be written in"):
            unpack(tmp_path / "a.tar.gz", small_disk / "build")
        with pytest.raises(ErgitError, match="Nothing can be written in"):
            copy_tree(tree, small_disk / "build")
    finally:
        subprocess.run(["umount", small_disk], check=True)


def only_these_tools(folder: Path, *tools: str) -> str:
    """A PATH with links to these tools alone."""
    folder.mkdir()
    for tool in tools:
        (folder / tool).symlink_to(shutil.which(tool) or "")
    return str(folder)


def test_a_missing_tool_is_the_machines_fault(tmp_path: Path, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", only_these_tools(tmp_path / "bin", "tar", "find"))
    with pytest.raises(ErgitError, match=r"^There is no gzip on PATH.*Install the package `gzip`\.$"):
        pack(tmp_path / "a.tar.gz", tree, ["."])
    monkeypatch.setenv("PATH", only_these_tools(tmp_path / "none"))
    with pytest.raises(ErgitError, match=r"^There is no tar on PATH"):
        pack(tmp_path / "a.tar.gz", None, [])


def test_a_tar_of_another_kind_is_the_machines_fault(
    tmp_path: Path, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Path(only_these_tools(tmp_path / "bin", "gzip", "find", "sh")) / "tar"
    other.write_text("#!/bin/sh\necho 'unrecognized option' >&2; exit 1\n")
    other.chmod(0o755)
    monkeypatch.setenv("PATH", str(other.parent))
    with pytest.raises(ErgitError, match=r"^Builds are kept by GNU tar, and the `tar` on PATH is another one"):
        pack(tmp_path / "a.tar.gz", tree, ["."])


def test_a_folder_that_may_not_be_written_to_is_the_machines_fault(tmp_path: Path, tree: Path) -> None:
    (tmp_path / "results").mkdir(0o555)
    with another_user(tmp_path), pytest.raises(ErgitError, match=r"a\.tar\.gz cannot be written: Permission denied"):
        pack(tmp_path / "results/a.tar.gz", tree, ["."])


def test_a_damaged_artifact_is_the_machines_fault(tmp_path: Path, tree: Path) -> None:
    (tree / "noise").write_bytes(os.urandom(100_000))
    artifact = tmp_path / "a.tar.gz"
    pack(artifact, tree, ["."])
    assert damage_of(artifact) is None
    os.truncate(artifact, 50_000)
    (tmp_path / "again").mkdir()
    with pytest.raises(ErgitError, match=r"a\.tar\.gz is damaged: gzip: .*unexpected end of file.*Remove it"):
        unpack(artifact, tmp_path / "again")


def test_what_cannot_be_unpacked_though_it_is_whole_is_the_commits_failure(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(b"x" * 10_000)
    subprocess.run(["gzip", tmp_path / "a.tar"], check=True)
    (tmp_path / "again").mkdir()
    with pytest.raises(CommitError, match="cannot be unpacked: tar: This does not look like a tar archive"):
        unpack(tmp_path / "a.tar.gz", tmp_path / "again")
