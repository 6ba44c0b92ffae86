"""The build dir is one's own, the same for build and reading, and gone afterwards, whatever a commit did to it."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ergit.building.build_dir import build_dir_of, locked_build_dir
from ergit.building.removal import mounts_in, remove_tree
from ergit.errors import CommitError, ErgitError
from tests.fakes.another_user import another_user
from tests.fakes.hostile import DEEP
from tests.fakes.needs import needs_root

COMMIT = "0123456789abcdef0123456789abcdef01234567"
ROOT = Path(__file__).parents[2]
OTHER = "1123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder for temporary files; what is immutable or mounted there is freed afterwards."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    subprocess.run(["chattr", "-R", "-f", "-i", str(folder)], capture_output=True)


def sh(command: str, folder: Path) -> None:
    """What a commit does in its build dir."""
    subprocess.run(["bash", "-c", command], cwd=folder, check=True, capture_output=True)


def test_the_folder_is_of_one_length_and_no_other_commit_is_in_the_folder_above_it(temporary: Path) -> None:
    home = temporary / f"ergit-{os.getuid()}"
    assert build_dir_of(COMMIT) == home / "01234567/89abcde"
    assert build_dir_of(OTHER).parent != build_dir_of(COMMIT).parent
    assert len(str(build_dir_of(COMMIT))) == len(str(home / COMMIT[:16]))


@pytest.mark.parametrize("form", ["own", "0.1.0"])
def test_it_is_empty_at_first_and_gone_at_the_end(temporary: Path, form: str) -> None:
    home = temporary / f"ergit-{os.getuid()}"
    path = build_dir_of(COMMIT) if form == "own" else home / COMMIT[:16]
    path.mkdir(parents=True)
    (path / "left").touch()
    with locked_build_dir(path):
        assert list(path.iterdir()) == []
        (path / "made").touch()
    assert list(home.iterdir()) == []


def test_a_study_of_another_temporary_folder_leaves_nothing_either(tmp_path: Path) -> None:
    path = tmp_path / f"other/ergit-{os.getuid()}/01234567/89abcde"
    with locked_build_dir(path):
        assert path.is_dir()
    assert list(path.parents[1].iterdir()) == []


@pytest.mark.parametrize(
    "deed",
    [
        DEEP,
        "mkdir -p a/b; touch a/b/c; chmod 000 a/b a",
        "rm -rf ../*",
        "rm -rf ../../* ../.. || true",
        "rm -rf ../../*.lock",
        "rm -f ../../*.lock; mkdir -p ../../01234567.lock/d",
        "cd ..; rm -rf ./*; ln -s /etc 89abcde",
        "cd ..; rm -rf ./*; touch 89abcde",
        "touch -- -rf '--help' $'new\\nline' $'\\xff'",
    ],
)
def test_whatever_a_commit_does_there_the_folder_is_gone_and_made_anew(temporary: Path, deed: str) -> None:
    path = build_dir_of(COMMIT)
    for _ in range(2):
        with locked_build_dir(path):
            assert list(path.iterdir()) == []
            sh(deed, path)
        left = [each.name for each in temporary.rglob("*") if "01234567.lock" not in each.parts]
        assert left in ([path.parents[1].name], [])
    assert Path("/etc/passwd").exists()


@needs_root
@pytest.mark.parametrize(
    "deed",
    ["touch a; chattr +i a", "mkdir -p a/b; chattr +i a/b a .", "chattr +i ..", "touch ../x; chattr +i ../x ../.."],
)
def test_what_was_made_immutable_is_removed(temporary: Path, deed: str) -> None:
    probe = temporary / "probe"
    probe.touch()
    if subprocess.run(["chattr", "+i", probe], capture_output=True).returncode:
        pytest.skip("no right to set attributes of files here")
    subprocess.run(["chattr", "-i", probe], check=True)
    probe.unlink()
    path = build_dir_of(COMMIT)
    for _ in range(2):
        with locked_build_dir(path):
            sh(deed, path)
    with locked_build_dir(build_dir_of(OTHER)):
        pass
    assert not list(temporary.rglob("*-*/*"))


@pytest.fixture
def mounted_folder(tmp_path: Path) -> Path:
    """A folder outside with a file in it, and the right to mount it."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "precious").touch()
    if subprocess.run(["mount", "--bind", folder, folder], capture_output=True).returncode:
        pytest.skip("no right to mount here")
    subprocess.run(["umount", folder], check=True)
    return folder


@pytest.mark.parametrize("at", [".", "a", "a b/ä"])
def test_what_was_mounted_there_is_detached_and_never_emptied(mounted_folder: Path, at: str) -> None:
    path = build_dir_of(COMMIT)
    with locked_build_dir(path):
        (path / at).mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "--bind", mounted_folder, path / at], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "none", path / at], check=True)
        assert mounts_in(path) == [path / at, path / at]
    assert not path.exists()
    assert (mounted_folder / "precious").exists()


def test_what_cannot_be_removed_is_said_and_the_next_time_the_commits_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ergit.building.build_dir.remove_tree", lambda _path: "it stays")
    with (
        pytest.raises(CommitError, match=r"left in .*89abcde what cannot be removed: it stays"),
        locked_build_dir(build_dir_of(COMMIT)),
    ):
        pass


def test_what_was_done_stays_when_the_folder_cannot_be_removed_at_the_end(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = build_dir_of(COMMIT)
    with locked_build_dir(path):
        monkeypatch.setattr("ergit.building.build_dir.remove_tree", lambda _path: "it stays")
    assert capfd.readouterr().err == f"ergit: something is left in {path}: it stays. Remove it by hand.\n"


def test_a_folder_of_somebody_elses_is_refused(temporary: Path) -> None:
    (temporary / "real").mkdir()
    build_dir_of(COMMIT).parents[1].symlink_to(temporary / "real")
    with pytest.raises(ErgitError, match="is not yours"), locked_build_dir(build_dir_of(COMMIT)):
        pass


def test_a_folder_that_cannot_be_made_is_the_machines_fault(tmp_path: Path, temporary: Path) -> None:
    temporary.chmod(0o555)
    with (
        another_user(tmp_path),
        pytest.raises(ErgitError, match=r"cannot be made: Permission denied\. Make room, or set TMPDIR"),
        locked_build_dir(build_dir_of(COMMIT)),
    ):
        pass


def test_a_link_in_the_place_of_the_lock_is_not_followed(tmp_path: Path) -> None:
    path = build_dir_of(COMMIT)
    path.parents[1].mkdir()
    precious = tmp_path / "precious"
    precious.write_text("text")
    path.parent.with_name("01234567.lock").symlink_to(precious)
    with locked_build_dir(path):
        pass
    assert precious.read_text() == "text"


SECOND = """
import sys, tempfile
from pathlib import Path
from ergit.building.build_dir import build_dir_of, locked_build_dir
tempfile.tempdir = sys.argv[1]
with locked_build_dir(build_dir_of(sys.argv[2])):
    Path(sys.argv[3]).touch()
"""


def test_two_processes_take_turns_and_the_second_says_that_it_waits(tmp_path: Path, temporary: Path) -> None:
    note = tmp_path / "note"
    command = [sys.executable, "-c", SECOND, str(temporary), COMMIT, str(note)]
    with locked_build_dir(build_dir_of(COMMIT)):
        second = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        assert second.stderr is not None
        assert second.stderr.readline().startswith("ergit: waits for another process that works in")
        time.sleep(0.3)  # in which one that does not wait would make it
        assert not note.exists()
    assert (second.communicate()[1], second.returncode) == ("", 0)
    assert note.exists()


def test_a_folder_that_is_not_there_is_removed_already(tmp_path: Path) -> None:
    assert remove_tree(tmp_path / "gone") is None
