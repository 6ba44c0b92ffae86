"""What a command leaves running goes on beside further commands until it is no longer wanted."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ergit.processes import trees
from ergit.processes.cgroups import fresh_cgroup, own_cgroup
from ergit.processes.run import run, run_and_leave
from tests.fakes.shell import until_asleep

Find = Callable[[], Path | None]


def no_cgroup() -> None:
    """Where none can be made."""


def sleepers(seconds: str) -> list[int]:
    """The processes `sleep` below this one with that argument."""
    found = []
    for pid in trees.with_descendants([os.getpid()]):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") if trees.is_alive(pid) else []
        if words[:2] == [b"sleep", seconds.encode()]:
            found.append(pid)
    return found


@pytest.mark.parametrize("find", [own_cgroup, no_cgroup])
@pytest.mark.parametrize("command", ["true", "kill -9 $PPID", "sleep 7142 & disown", "sleep 60"])
def test_it_outlives_whatever_other_commands_do(tmp_path: Path, find: Find, command: str) -> None:
    log = tmp_path / "log"
    common = {"directory": tmp_path, "environment": dict(os.environ), "log": log, "find_cgroup": find}
    before = trees.children(os.getpid())
    left = f"sleep 7141 & {until_asleep('7141')}"
    with run_and_leave(left, timeout_seconds=60, most_output_bytes=1000, **common) as (outcome, leftover):
        assert (outcome.status, outcome.left_behind) == ("ok", ("sleep",))
        assert leftover is not None
        other = run(command, timeout_seconds=0.5 if command == "sleep 60" else 60, **common)
        assert "sleep" not in other.left_behind or "7142" in command
        assert (len(sleepers("7141")), sleepers("7142")) == (1, [])
    assert sleepers("7141") == []
    assert set(trees.children(os.getpid())) <= set(before)


@pytest.mark.parametrize("find", [own_cgroup, no_cgroup])
def test_its_cpu_time_can_be_read_while_it_runs(tmp_path: Path, find: Find) -> None:
    command = "python3 -c 'while True: pass' &"
    common = {"directory": tmp_path, "environment": dict(os.environ), "log": tmp_path / "log", "find_cgroup": find}
    with run_and_leave(command, timeout_seconds=60, most_output_bytes=1000, **common) as (_, leftover):
        assert leftover is not None
        before, began = leftover.cpu_seconds(), time.monotonic()
        while leftover.cpu_seconds() - before < 0.3:
            assert time.monotonic() - began < 120
            time.sleep(0.05)


@pytest.mark.parametrize(
    ("command", "status"), [("sleep 7143 & exit 3", "failed"), ("sleep 7143 & sleep 60", "timeout")]
)
def test_a_command_that_does_not_end_well_leaves_nothing(tmp_path: Path, command: str, status: str) -> None:
    common = {"directory": tmp_path, "environment": dict(os.environ), "log": tmp_path / "log"}
    with run_and_leave(command, timeout_seconds=0.5, most_output_bytes=1000, **common) as (outcome, leftover):
        assert (outcome.status, leftover) == (status, None)
        assert sleepers("7143") == []


def test_a_command_that_prints_for_ever_is_stopped(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"x" * 5000)  # what is there already does not count
    common = {"directory": tmp_path, "environment": dict(os.environ), "log": log}
    with run_and_leave("yes", timeout_seconds=60, most_output_bytes=1000, **common) as (outcome, leftover):
        assert (outcome.status, leftover) == ("failed", None)


def test_a_program_has_several_cgroups_at_a_time() -> None:
    parent = own_cgroup()
    if parent is None or not os.access(parent, os.W_OK):
        pytest.skip("no cgroup can be made here")
    with fresh_cgroup(parent) as one, fresh_cgroup(parent) as other:
        assert one is not None and other is not None
        assert one.path != other.path
    assert not one.path.exists()
    assert not other.path.exists()
