"""One program at a time measures on a machine, whoever started it."""

import fcntl
import os
import stat
import threading
import time
from pathlib import Path

import pytest

from ergit.errors import ErgitError
from ergit.locks import is_locked
from ergit.machine.lock import lock_path, measuring_lock


def test_the_second_waits_and_names_the_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "lock"
    path.write_text("process 4711 of user 1000, since long ago\n")
    with path.open() as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        release = threading.Timer(0.2, fcntl.flock, (other, fcntl.LOCK_UN))
        began: list[float] = []

        def on_wait(_: str) -> None:
            began.append(time.monotonic())
            release.start()

        with measuring_lock(path, on_wait):
            assert time.monotonic() - began[0] > 0.1
            assert f"process {os.getpid()} of user {os.getuid()}, since 2" in path.read_text()
        release.join()
    assert capsys.readouterr().err == (
        f"ergit: waits for process 4711 of user 1000, since long ago, which is measuring on this machine ({path})\n"
    )


def test_every_user_may_take_the_lock(tmp_path: Path) -> None:
    with measuring_lock(tmp_path / "lock"):
        assert stat.S_IMODE((tmp_path / "lock").stat().st_mode) == 0o666


def test_the_lock_holds_on_a_full_disk_too() -> None:
    with measuring_lock(Path("/dev/full")), Path("/dev/full").open() as other:
        assert is_locked(other.fileno())


def test_the_lock_is_free_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), measuring_lock(tmp_path / "lock"):
        raise ZeroDivisionError
    with measuring_lock(tmp_path / "lock"):
        pass


def test_a_link_with_the_name_of_the_lock_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ErgitError, match="cannot be opened"), measuring_lock(tmp_path / "lock"):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_the_lock_lies_where_everybody_may_write(tmp_path: Path) -> None:
    closed, opened = tmp_path / "closed", tmp_path / "opened"
    closed.mkdir(mode=0o755)
    opened.mkdir()
    opened.chmod(0o1777)
    assert lock_path([tmp_path / "absent", closed, opened]).parent == opened


def test_a_machine_without_such_a_folder_is_an_error_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(ErgitError, match="chmod 1777 /tmp"):
        lock_path([tmp_path])
