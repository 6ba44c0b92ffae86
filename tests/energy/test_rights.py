"""What gives the right to read, where the kernel, a container or a script stands in the way."""

import platform
from pathlib import Path

import pytest

from ergit.energy import rights
from ergit.energy.rights import at_level, give, is_in_user_namespace, real_perf, start_with_perfmon
from tests.fakes.another_user import another_user

PERFMON = (
    "sudo setpriv --reuid=$USER --regid=$(id -g) --init-groups --inh-caps=-all,+perfmon --ambient-caps=-all,+perfmon "
    "env HOME=$HOME PATH=$PATH snakemake …"
)


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    (tmp_path / "self").mkdir()
    (tmp_path / "sys/kernel").mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize(
    ("level", "reason", "first"),
    [
        ("2", ": kernel.perf_event_paranoid is 2, which takes CAP_PERFMON", ""),
        (
            "3",
            ": kernel.perf_event_paranoid is 3, which takes CAP_SYS_ADMIN, since it ignores CAP_PERFMON",
            "sudo sysctl -w kernel.perf_event_paranoid=2 && ",
        ),
        ("0", "", ""),
    ],
)
def test_a_level_at_which_the_kernel_ignores_the_capability_is_lowered_first(proc, level, reason, first):
    (proc / "sys/kernel/perf_event_paranoid").write_text(f"{level}\n")
    assert at_level(proc) == reason
    assert start_with_perfmon(proc) == f"Start the study so: {first}{PERFMON}"


@pytest.mark.parametrize(
    ("mapping", "is_container"), [("0 0 4294967295", False), ("0 1000 1\n1 100000 65536", True), ("", False)]
)
def test_in_a_container_that_maps_users_the_right_is_given_on_the_machine_itself(proc, mapping, is_container):
    (proc / "self/uid_map").write_text(f"{mapping}\n")
    command = "sudo $(command -v ergit) prepare apply --rights powercap"
    assert is_in_user_namespace(proc) is is_container
    assert give("powercap", proc) == f"{rights.IN_CONTAINER if is_container else ''}{command}"


def test_the_perf_that_a_script_starts_is_found_and_a_script_alone_is_none(tmp_path):
    script = tmp_path / "perf"
    script.write_text("#!/bin/sh\n")
    assert real_perf(script) is None
    program = tmp_path / f"perf_{'.'.join(platform.release().split('.')[:2])}"
    program.write_bytes(b"\x7fELF program")
    assert real_perf(script) == program
    program.chmod(0)
    with another_user(tmp_path):
        assert real_perf(script) == program
    program.chmod(0o755)
    link = tmp_path / "link"
    link.symlink_to(program)
    assert real_perf(link) == program
