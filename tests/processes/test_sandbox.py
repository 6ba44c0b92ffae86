"""In a sandbox a command sees its tree and the tool chain; what goes wrong with the sandbox is no failure of it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ergit.errors import ErgitError
from ergit.processes.run import Outcome, failure_reason, run
from ergit.processes.sandbox import Sandbox, attempts_to_reach_the_network, kept_variables
from tests.fakes.needs import needs_bubblewrap, needs_root
from tests.fakes.waiting import wait_for

ROOT = Path(__file__).parents[2]
Runner = Callable[..., Outcome]

HARNESS = """
import os, sys
from pathlib import Path
from ergit.processes.parent import die_with_parent
from ergit.processes.run import run
from ergit.processes.sandbox import Sandbox
die_with_parent()
folder = Path(sys.argv[2])
sandbox = Sandbox(tree=folder / "tree", private=folder / "private")
print(run(sys.argv[1], directory=sandbox.tree, environment=dict(os.environ), timeout_seconds=60, log=folder / "log",
          sandbox=sandbox).status, flush=True)
"""


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    """A sandbox around an empty tree, without network."""
    (tmp_path / "tree").mkdir()
    return Sandbox(tree=tmp_path / "tree", private=tmp_path / "private")


@pytest.fixture
def runs(sandbox: Sandbox) -> Runner:
    """`run` in the sandbox, or in another one that is given."""

    def runs(command: str, given: Sandbox = sandbox) -> Outcome:
        return run(
            command,
            directory=given.tree,
            inside=given.tree,
            environment=dict(os.environ),
            timeout_seconds=60,
            log=given.tree.parent / "log",
            sandbox=given,
        )

    return runs


def printed(sandbox: Sandbox) -> str:
    """What commands in it have printed."""
    return (sandbox.tree.parent / "log").read_text()


def is_running(mark: str) -> bool:
    """Whether a program with this argument runs."""
    return any(mark.encode() in content(path) for path in Path("/proc").glob("[0-9]*/cmdline"))


def content(path: Path) -> bytes:
    """The content of a file that may go any time."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


@needs_bubblewrap
def test_the_tree_is_where_it_was_and_what_is_changed_there_stays(runs: Runner, sandbox: Sandbox) -> None:
    (sandbox.tree / "there").write_text("old")
    assert runs("pwd && cat there && echo new > there").status == "ok"
    assert printed(sandbox) == f"{sandbox.tree}\nold"
    assert (sandbox.tree / "there").read_text() == "new\n"


@needs_bubblewrap
def test_what_lies_beside_the_tree_is_not_there(runs: Runner, sandbox: Sandbox) -> None:
    (sandbox.tree.parent / "other").mkdir()
    runs("ls ..")
    assert printed(sandbox) == "tree\n"


@needs_bubblewrap
def test_home_and_tmp_are_empty_last_for_the_job_and_are_nobody_elses(runs: Runner, sandbox: Sandbox) -> None:
    runs("ls -A ~; echo mine > ~/mine && echo mine > /tmp/mine && echo mine > /var/tmp/yours")
    runs("cat ~/mine /tmp/mine /tmp/yours")
    assert printed(sandbox).endswith("mine\nmine\nmine\n")
    assert not Path("/tmp/mine").exists()
    assert not Path.home().joinpath("mine").exists()


@needs_bubblewrap
def test_the_system_cannot_be_written_to(runs: Runner) -> None:
    command = "! touch /usr/planted && ! touch /planted && ! touch /etc/planted && ! touch /sys/planted"
    assert runs(f"{command} && test ! -w /proc/sys/kernel/core_pattern -a ! -w /proc/sysrq-trigger").status == "ok"


@needs_bubblewrap
def test_named_paths_may_be_read_or_changed(runs: Runner, sandbox: Sandbox, tmp_path: Path) -> None:
    for name in ("read", "write"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("old")
    given = sandbox._replace(read=(tmp_path / "read",), write=(tmp_path / "write",))
    assert runs("cat ../read/file && ! touch ../read/new && echo new > ../write/file", given).status == "ok"
    assert [path.name for path in (tmp_path / "read").iterdir()] == ["file"]
    assert (tmp_path / "write/file").read_text() == "new\n"


@needs_bubblewrap
def test_only_this_user_is_in_the_accounts(runs: Runner, sandbox: Sandbox) -> None:
    runs("id -un; wc -l < /etc/passwd; ! test -e /etc/shadow && ! test -e /etc/ssl/private && echo none")
    name = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout
    assert printed(sandbox) == f"{name}2\nnone\n"


@needs_bubblewrap
def test_a_failure_for_want_of_the_network_says_so(runs: Runner) -> None:
    for attempt in ("exec 3<>/dev/tcp/192.0.2.7/80", "getent hosts example.org", "exec 3<>/dev/tcp/2001:db8::7/80"):
        outcome = runs(f"({attempt}) 2> /dev/null || exit 7")
        assert failure_reason("the workload", outcome, 20) == (
            "the workload ended with status 7 (it tried to reach the network: no network in the sandbox)"
        )


@needs_bubblewrap
def test_a_failure_of_another_kind_does_not_speak_of_the_network(runs: Runner) -> None:
    outcome = runs("getent hosts localhost $(hostname) && (exec 3<>/dev/tcp/127.0.0.1/9) 2> /dev/null || exit 7")
    assert failure_reason("the workload", outcome, 20) == "the workload ended with status 7"


@needs_bubblewrap
def test_a_server_on_this_machine_is_reached_by_who_started_it(runs: Runner) -> None:
    server = "/usr/bin/python3 -c 'import socket\ns = socket.create_server((\"127.0.0.1\", 4711)); s.accept()'"
    call = "for i in {1..900}; do (exec 3<>/dev/tcp/127.0.0.1/4711) 2> /dev/null && exit 0; sleep 0.05; done; exit 1"
    if not Path("/usr/bin/python3").exists():
        pytest.skip("needs a Python of the system")
    assert runs(f"{server} & {call}").status == "ok"


@needs_bubblewrap
def test_a_command_cannot_kill_what_waits_for_it(runs: Runner, sandbox: Sandbox) -> None:
    outcome = runs("kill -KILL 1; kill -KILL $PPID; echo still there")
    assert (outcome.status, printed(sandbox)) == ("ok", "still there\n")


@needs_bubblewrap
def test_nothing_in_it_survives_the_measuring_program(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    mark = f"{70000 + os.getpid()}.{time.monotonic_ns() % 1_000_000}"
    command = f"setsid sleep {mark} & trap '' TERM; sleep {mark}"
    program = subprocess.Popen(
        [sys.executable, "-c", HARNESS, command, str(tmp_path)], env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    wait_for(lambda: is_running(mark))
    program.send_signal(signal.SIGKILL)
    program.wait()
    wait_for(lambda: not is_running(mark) and not is_running(str(tmp_path)))


@needs_bubblewrap
def test_a_sandbox_that_is_killed_from_outside_is_reported_as_killed(runs: Runner) -> None:
    mark = f"{70000 + os.getpid()}.{time.monotonic_ns() % 1_000_000}"
    killer = f"""
import os, time
from pathlib import Path
while True:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes() == b"sleep\\x00{mark}\\x00":
                shell = (path.parent / "stat").read_text().split()[3]
                os.kill(int(Path("/proc", shell, "stat").read_text().split()[3]), 9)
                raise SystemExit
        except (FileNotFoundError, ProcessLookupError):
            pass
    time.sleep(0.01)
"""
    program = subprocess.Popen([sys.executable, "-c", killer])
    try:
        outcome = runs(f"sleep {mark}; true")
    finally:
        program.kill()
        program.wait()
    assert (outcome.status, outcome.signal, is_running(mark)) == ("failed", signal.SIGKILL, False)


def test_without_bubblewrap_nothing_is_run(runs: Runner, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    bash = shutil.which("bash")
    assert bash
    (sandbox.tree.parent / "bin").mkdir()
    (sandbox.tree.parent / "bin/bash").symlink_to(bash)
    monkeypatch.setenv("PATH", str(sandbox.tree.parent / "bin"))
    with pytest.raises(ErgitError, match=r"no bwrap on PATH.*apt install bubblewrap.*or turn the sandbox off"):
        runs("touch ran")
    assert list(sandbox.tree.iterdir()) == []


def test_a_sandbox_that_cannot_be_made_is_an_error_of_the_machine_in_bubblewraps_words(
    runs: Runner, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = sandbox.tree.parent / "bin/bwrap"
    refusing.parent.mkdir()
    refusing.write_text("#!/bin/sh\necho 'bwrap: No permissions to create a new namespace' >&2\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setenv("PATH", f"{refusing.parent}:{os.environ['PATH']}")
    with pytest.raises(ErgitError, match=r"\(bwrap: No permissions to create a new namespace\).*ergit doctor"):
        runs("touch ran")
    assert list(sandbox.tree.iterdir()) == []


@needs_bubblewrap
def test_a_path_that_went_away_is_an_error_of_the_machine(runs: Runner, sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(ErgitError, match=r"Can't find source path .*/gone"):
        runs("touch ran", sandbox._replace(read=(tmp_path / "gone",)))
    assert list(sandbox.tree.iterdir()) == []


@needs_bubblewrap
@needs_root
@pytest.mark.parametrize("more", [[], ["--inh-caps=-all,+perfmon", "--ambient-caps=-all,+perfmon"]])
def test_any_user_can_make_one_also_with_the_right_to_read_counters(more: list[str]) -> None:
    folder = Path(subprocess.run(["mktemp", "-d"], capture_output=True, text=True, check=True).stdout.strip())
    try:
        (folder / "tree").mkdir()
        for path in (folder, folder / "tree"):
            os.chown(path, 65534, 65534)
        shutil.copytree(ROOT / "ergit", folder / "ergit", ignore=shutil.ignore_patterns("__pycache__"))
        command = "grep -q 'CapEff:.*0000$' /proc/self/status && touch made"
        as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *more]
        program = subprocess.run(
            [*as_nobody, "/usr/bin/python3", "-c", HARNESS, command, str(folder)],
            env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "PYTHONPATH": str(folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (program.stdout, program.stderr) == ("ok\n", "")
        assert (folder / "tree/made").exists()
    finally:
        shutil.rmtree(folder)


def test_tokens_and_agents_of_the_environment_are_left_out() -> None:
    given = {"PATH": "/bin", "LC_ALL": "C", "HOME": "/h", "SSH_AUTH_SOCK": "/s", "GITHUB_TOKEN": "t", "LD_PRELOAD": "x"}
    assert kept_variables(given) == {"PATH": "/bin", "LC_ALL": "C", "HOME": "/h"}


def test_attempts_to_reach_the_network_are_those_of_both_protocols(tmp_path: Path) -> None:
    (tmp_path / "7/net").mkdir(parents=True)
    (tmp_path / "7/net/snmp").write_text("Ip: Forwarding OutNoRoutes\nIp: 1 3\nIcmp: InMsgs\nIcmp: 0\n")
    assert attempts_to_reach_the_network(7, tmp_path) == 3
    (tmp_path / "7/net/snmp6").write_text("Ip6InReceives \t0\nIp6OutNoRoutes  \t2\n")
    assert attempts_to_reach_the_network(7, tmp_path) == 5
    assert attempts_to_reach_the_network(8, tmp_path) == 0
