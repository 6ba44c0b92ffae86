"""The disk itself is asked whether there is room."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ergit.disk import FOLDERS_OF_SNAKEMAKE, explain_write_error, refuse_full_disk, refuse_unwritable, write_problem
from ergit.errors import ErgitError
from tests.fakes.another_user import another_user


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MB and 20 files."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m,nr_inodes=20", "none", folder]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no right to mount here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_where_there_is_room_nothing_is_said_and_nothing_left(tmp_path: Path) -> None:
    refuse_full_disk([tmp_path, tmp_path / "not/there"])
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_blocks_is_full(small_disk: Path) -> None:
    assert write_problem(small_disk) is None
    (small_disk / "big").write_bytes(b"x" * 3_500_000)
    with pytest.raises(
        ErgitError, match=r"Nothing can be written in .*/gone: No space left on device\. Free some room"
    ):
        refuse_full_disk([small_disk / "gone"])


def test_a_disk_without_inodes_is_full(small_disk: Path) -> None:
    for number in range(19):
        (small_disk / str(number)).touch()
    assert write_problem(small_disk) == "No space left on device"


def test_a_read_only_disk_takes_nothing(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    assert write_problem(small_disk) == "Read-only file system"


def test_a_folder_that_may_not_be_written_to_tells_nothing_about_the_disk(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir(0o555)
    with another_user(tmp_path):
        assert write_problem(tmp_path / "mine") is None


@pytest.mark.parametrize("name", ["locks", "metadata", "incomplete"])
def test_a_folder_in_which_snakemake_can_note_nothing_is_refused_before_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in FOLDERS_OF_SNAKEMAKE:
        folder.mkdir(exist_ok=True)
        folder.chmod(0o777)
    Path(".snakemake", name).chmod(0o555)
    with another_user(tmp_path), pytest.raises(ErgitError, match=f"written in .*/.snakemake/{name}: this user may not"):
        refuse_unwritable(FOLDERS_OF_SNAKEMAKE)


def test_an_error_of_writing_is_put_into_words(tmp_path: Path) -> None:
    with (
        pytest.raises(ErgitError, match=r"x\.json was not written: No space left on device \(/dev/full\)\. Free some"),
        explain_write_error(tmp_path / "x.json"),
    ):
        raise OSError(28, "No space left on device", "/dev/full")


def test_another_error_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), explain_write_error(tmp_path / "x.json"):
        (tmp_path / "gone").read_text()
