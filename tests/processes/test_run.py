"""Commands are run whole, timed out whole, ended whole; and whatever they do, they harm nobody else."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ergit.errors import ErgitError
from ergit.processes import launcher, running, trees
from ergit.processes import run as processes
from ergit.processes.cgroups import fresh_cgroup, own_cgroup
from ergit.processes.parent import prctl
from ergit.processes.run import Outcome, run
from ergit.processes.running import RunningCommand, StartedLauncher
from ergit.processes.sandbox import Sandbox
from tests.fakes.another_user import another_user
from tests.fakes.needs import needs_bubblewrap, needs_root
from tests.fakes.shell import until_asleep
from tests.fakes.waiting import wait_for

ROOT = Path(__file__).parents[2]
Runner = Callable[..., Outcome]

HARNESS = """
import os, sys
from pathlib import Path
from ergit.processes.parent import die_with_parent
from ergit.processes.run import run
die_with_parent()
run(sys.argv[1], directory=Path("/"), environment=dict(os.environ), timeout_seconds=60, log=Path(sys.argv[2]))
"""

STUBBORN = (
    "trap '' TERM; sleep {mark} & (setsid sleep {mark} &); (trap '' TERM; exec sleep {mark}) & wait; sleep {mark}"
)


@pytest.fixture(params=["cgroup", "subreaper", pytest.param("sandbox", marks=needs_bubblewrap)])
def runner(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Runner:
    """`run` in a temporary folder, with a cgroup of its own and without one, and in a sandbox."""
    monkeypatch.setattr(running, "GRACE_SECONDS", 0.2)
    with fresh_cgroup(own_cgroup()) as usable:
        if request.param == "cgroup" and usable is None:
            pytest.skip("no cgroup can be made here")

    def runs(command: str, **others: Any) -> Outcome:
        defaults: dict[str, Any] = {
            "directory": tmp_path,
            "environment": dict(os.environ),
            "timeout_seconds": 20.0,
            "log": tmp_path / "log",
            "find_cgroup": (lambda: None) if request.param == "subreaper" else own_cgroup,
        }
        if request.param == "sandbox":
            private = tmp_path_factory.mktemp("private")
            defaults["sandbox"] = Sandbox(tree=tmp_path, private=private, read=(Path(sys.prefix),))
        return run(command, **(defaults | others))

    return runs


@pytest.fixture
def mark() -> str:
    """A number of seconds that no other process sleeps, to find those that do."""
    return f"{1000 + os.getpid()}.{time.monotonic_ns() % 1_000_000_000}"


def sleepers(mark: str) -> list[int]:
    """The processes with this number among their arguments."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                arguments = (entry / "cmdline").read_bytes().split(b"\0")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if mark.encode() in arguments:
                found.append(int(entry.name))
    return found


class Recorder:
    """A window that notes when it is opened and closed."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def start(self) -> None:
        """Notes the beginning."""
        self.calls.append("start")

    def stop(self) -> None:
        """Notes the end."""
        self.calls.append("stop")


def test_both_sides_of_an_and_are_run(runner: Runner, tmp_path: Path) -> None:
    outcome = runner("echo one && echo two")
    assert (outcome.status, outcome.exit_code, outcome.signal) == ("ok", 0, None)
    assert (tmp_path / "log").read_text() == "one\ntwo\n"


def test_an_exit_status_is_as_it_was(runner: Runner) -> None:
    outcome = runner("exit 37")
    assert (outcome.status, outcome.exit_code, outcome.signal) == ("failed", 37, None)


def test_the_end_by_a_signal_is_reported(runner: Runner) -> None:
    outcome = runner("kill -SEGV $$")
    assert (outcome.status, outcome.exit_code, outcome.signal) == ("failed", None, signal.SIGSEGV)


def test_a_command_that_hangs_is_ended_with_all_it_started(runner: Runner, mark: str) -> None:
    outcome = runner(f"sleep {mark} | sleep {mark}", timeout_seconds=0.3)
    assert outcome.status == "timeout"
    assert 0.2 <= outcome.duration_seconds < 60  # of the 1,000 s and more that it would sleep
    assert sleepers(mark) == []


def test_a_command_that_ignores_sigterm_dies(runner: Runner, mark: str) -> None:
    outcome = runner(STUBBORN.format(mark=mark), timeout_seconds=0.3)
    assert outcome.status == "timeout"
    assert sleepers(mark) == []


def test_no_repetition_starts_after_the_time_limit(runner: Runner, tmp_path: Path) -> None:
    outcome = runner("trap 'exit 0' TERM; echo run; sleep 9 & wait", timeout_seconds=0.3, loops=3)
    assert outcome.status == "timeout"
    assert (tmp_path / "log").read_text() in ("run\n", "")  # nothing where the machine is too busy to begin in time


def test_a_daemon_that_outlives_the_command_is_killed_and_named(runner: Runner, mark: str) -> None:
    outcome = runner(f"(setsid sleep {mark} &) ; sleep {mark} & {until_asleep(mark, 2)}")
    assert outcome.status == "ok"  # within the time limit, so that nothing waited for them
    assert outcome.left_behind == ("sleep", "sleep")
    assert sleepers(mark) == []


def test_a_process_that_is_about_to_end_is_not_called_left_behind(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "SETTLE_SECONDS", 10.0)  # a busy machine takes longer to start and end one
    assert runner("sleep 0.02 & true").left_behind == ()


def test_a_command_that_kills_its_parent_is_followed_to_its_end(runner: Runner) -> None:
    outcome = runner("kill -KILL $PPID; sleep 0.1; exit 5")
    assert (outcome.status, outcome.exit_code, outcome.left_behind) == ("failed", 5, ())
    assert outcome.duration_seconds >= 0.1


KILLED_LAUNCHER = """
import os, sys, time
ready = int(sys.argv[1])
if os.fork() == 0:  # the command on its way: no leader of its session yet
    os.write(ready, b"r")
    os.close(ready)
    time.sleep(0.05)
    os.setsid()
    time.sleep(0.1)
    os._exit(7)
time.sleep(60)
"""


def test_a_launcher_that_is_killed_while_it_starts_the_command_is_no_end_of_the_command() -> None:
    prctl(launcher.PR_SET_CHILD_SUBREAPER, 1)
    (reports, reports_end), (words_end, words) = os.pipe(), os.pipe()
    os.set_inheritable(reports_end, True)
    program = [sys.executable, "-c", KILLED_LAUNCHER, str(reports_end)]
    others = frozenset(trees.orphans(os.getpid()))  # what other tests have left to this process
    pid = os.posix_spawn(program[0], program, os.environ, setsid=True)
    command = RunningCommand(StartedLauncher(pid, pid), words, reports, None, others)
    try:
        assert os.read(reports, 1) == b"r"
        os.close(reports_end)
        os.kill(pid, signal.SIGKILL)
        assert command.ends_within(20)
        assert os.waitstatus_to_exitcode(command.report().status) == 7
    finally:
        command.end()
        for descriptor in (reports, words_end, words):
            os.close(descriptor)


def test_a_launcher_that_is_killed_before_it_starts_the_command_is_no_failure_of_the_command() -> None:
    (reports, reports_end), (words_end, words) = os.pipe(), os.pipe()
    program = [sys.executable, "-c", "import time; time.sleep(60)"]
    others = frozenset(trees.orphans(os.getpid()))  # what other tests have left to this process
    pid = os.posix_spawn(program[0], program, os.environ, setsid=True)
    command = RunningCommand(StartedLauncher(pid, pid), words, reports, None, others)
    try:
        os.close(reports_end)
        os.kill(pid, signal.SIGKILL)
        assert command.ends_within(20)
        with pytest.raises(ErgitError, match="launcher was killed, before the command began"):
            command.report()
    finally:
        command.end()
        for descriptor in (reports, words_end, words):
            os.close(descriptor)


def test_a_command_that_kills_its_parent_and_hangs_is_timed_out(runner: Runner, mark: str) -> None:
    assert runner(f"kill -KILL $PPID; sleep {mark}", timeout_seconds=0.3).status == "timeout"
    assert sleepers(mark) == []


@pytest.mark.parametrize("runner", ["cgroup", "subreaper"], indirect=True)
def test_a_command_that_kills_its_parent_cannot_be_repeated(runner: Runner) -> None:
    outcome = runner("kill -KILL $PPID", loops=3)
    assert (outcome.status, outcome.exit_code, outcome.loops) == ("failed", 0, 1)


def test_a_command_that_stops_its_parent_is_timed_out(runner: Runner, mark: str) -> None:
    assert runner(f"kill -STOP $PPID; sleep {mark}", timeout_seconds=0.3).status == "timeout"
    assert sleepers(mark) == []


def test_output_of_any_size_reaches_the_log(runner: Runner, tmp_path: Path) -> None:
    assert runner("head -c 50000000 /dev/zero").status == "ok"
    assert (tmp_path / "log").stat().st_size == 50_000_000


def test_output_that_is_no_text_reaches_the_log(runner: Runner, tmp_path: Path) -> None:
    assert runner(r"printf '\xff\xfe\x00'; printf '\xc3' >&2").status == "ok"
    assert (tmp_path / "log").read_bytes() == b"\xff\xfe\x00\xc3"


def test_output_is_added_to_what_is_in_the_log(runner: Runner, tmp_path: Path) -> None:
    runner("echo one")
    runner("echo two")
    assert (tmp_path / "log").read_text() == "one\ntwo\n"


def test_a_full_disk_under_the_log_is_the_commands_own_trouble(runner: Runner) -> None:
    outcome = runner("echo much", log=Path("/dev/full"))
    assert (outcome.status, outcome.exit_code) == ("failed", 1)


def test_there_is_no_input_and_no_signal_is_held_back_or_ignored(runner: Runner, tmp_path: Path) -> None:
    assert runner("cat; grep -E 'SigBlk|SigIgn' /proc/self/status").status == "ok"
    masks = [int(line.split()[1], 16) for line in (tmp_path / "log").read_text().splitlines()]
    assert [mask & 0x7FFFFFFF for mask in masks] == [0, 0]  # the signals with a name


def test_no_file_of_the_program_is_handed_down(runner: Runner, tmp_path: Path) -> None:
    inherited = subprocess.run(["ls", "/proc/self/fd"], close_fds=False, capture_output=True, text=True, check=True)
    assert runner("ls /proc/self/fd").status == "ok"
    assert set((tmp_path / "log").read_text().split()) <= set(inherited.stdout.split())


@needs_root
def test_the_right_to_read_counters_is_not_handed_down(tmp_path: Path) -> None:
    if shutil.which("setpriv") is None:
        pytest.skip("needs setpriv (Debian: util-linux)")
    tmp_path.chmod(0o777)
    for parent in list(tmp_path.parents)[:-2]:
        parent.chmod(0o755)
    rights = "+net_raw,+sys_admin,+dac_read_search"
    as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    raised = [*as_nobody, f"--inh-caps={rights}", f"--ambient-caps={rights}"]
    command = ["grep ^Cap /proc/self/status; grep ^Cap /proc/$PPID/status", str(tmp_path / "log")]
    program = [*raised, sys.executable, "-P", "-c", HARNESS, *command]
    subprocess.run(program, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True)
    lines = [line.split() for line in (tmp_path / "log").read_text().splitlines()]
    own, launchers = dict(lines[:5]), dict(lines[5:])
    nothing = "0000000000000000"
    assert (own["CapInh:"], own["CapPrm:"], own["CapEff:"], own["CapAmb:"]) == (nothing,) * 4
    assert (launchers["CapInh:"], launchers["CapAmb:"]) == (nothing, nothing)


def test_the_launcher_imports_little_since_it_is_started_for_each_command() -> None:
    program = f"import sys; sys.path[0] = {str(ROOT)!r}; from ergit.processes import launcher; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-S", "-E", "-c", program], capture_output=True, text=True, check=True)
    imported = set(done.stdout.split())
    assert {name for name in imported if name.startswith("ergit")} == {
        *("ergit", "ergit.processes", "ergit.processes.launcher", "ergit.processes.trees"),
    }
    assert imported.isdisjoint({"pathlib", "subprocess", "msgspec", "re", "enum", "typing", "dataclasses", "signal"})


def test_the_environment_is_the_given_one(runner: Runner, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "NAME": "ä \udcff\n="}
    assert runner('printf "%s" "$NAME" "$HOME" "$LC_CTYPE"', environment=environment).status == "ok"
    assert (tmp_path / "log").read_bytes() == b"\xc3\xa4 \xff\n="


def test_a_folder_that_is_not_there_is_a_failure_of_the_command(runner: Runner, tmp_path: Path) -> None:
    recorder = Recorder()
    outcome = runner("true", directory=tmp_path / "absent", window=recorder)
    assert (outcome.status, outcome.exit_code, outcome.signal, outcome.loops) == ("failed", None, None, 0)
    assert recorder.calls == []


def test_a_folder_that_may_not_be_entered_is_a_failure_of_the_command(tmp_path: Path) -> None:
    (tmp_path / "open/closed/inner").mkdir(parents=True)
    (tmp_path / "open/loop").symlink_to("loop")
    (tmp_path / "open/closed").chmod(0)
    (tmp_path / "log").touch()
    with another_user(tmp_path):
        for directory in ("open/closed", "open/closed/inner", "open/loop"):
            assert not processes._is_usable(tmp_path / directory, tmp_path)
        assert processes._is_usable(tmp_path / "open", tmp_path)
    (tmp_path / "open/closed").chmod(0o755)


def test_the_window_is_opened_once_around_all_repetitions(runner: Runner, tmp_path: Path) -> None:
    recorder = Recorder()
    outcome = runner("echo run", loops=3, window=recorder)
    assert recorder.calls == ["start", "stop"]
    assert outcome.loops == 3
    assert (tmp_path / "log").read_text() == "run\nrun\nrun\n"


class Companion(Recorder):
    """A window with a program of its own, as `perf stat` is one."""

    def start(self) -> None:
        """Starts it."""
        self.program = subprocess.Popen(["sleep", "60"])

    def stop(self) -> None:
        """Notes whether it still runs, and ends it."""
        self.calls.append("alive" if self.program.poll() is None else "gone")
        self.program.kill()
        self.program.wait()


@pytest.mark.parametrize("command", ["true", "kill -KILL $PPID; sleep 0.05", "sleep 60"])
def test_a_program_of_the_window_is_left_alone(runner: Runner, command: str) -> None:
    companion = Companion()
    outcome = runner(command, window=companion, timeout_seconds=0.5)
    assert companion.calls == ["alive"]
    assert outcome.left_behind == ()


def test_repetitions_end_with_the_first_failure(runner: Runner, tmp_path: Path) -> None:
    outcome = runner("echo run; exit 2", loops=3)
    assert (outcome.status, outcome.exit_code, outcome.loops) == ("failed", 2, 1)
    assert (tmp_path / "log").read_text() == "run\n"


def test_cpu_time_is_that_of_all_processes_also_of_those_nobody_waited_for(runner: Runner) -> None:
    work = f"{sys.executable} -S -E -c 'import time\nwhile time.process_time() < 0.3: pass'"
    outcome = runner(f"(({work}; touch done) &) ; {work}; until [ -e done ]; do sleep 0.1; done")
    assert 0.57 < outcome.cpu_seconds < 1.1  # what they do, to the clock tick, and what it takes to start them


def test_cpu_time_of_a_command_that_sleeps_is_next_to_nothing(runner: Runner) -> None:
    assert runner("sleep 0.5").cpu_seconds < 0.25


def test_no_cgroup_is_left(runner: Runner, mark: str) -> None:
    runner(f"(setsid sleep {mark} &) ; true")
    parent = own_cgroup()
    assert parent is None or not list(parent.glob(f"ergit-{os.getpid()}"))


def test_cgroups_of_programs_that_were_killed_are_swept_up() -> None:
    parent = own_cgroup()
    if parent is None or not os.access(parent, os.W_OK):
        pytest.skip("no cgroup can be made here")
    left = parent / "ergit-999999999"
    (left / "below").mkdir(parents=True)
    with fresh_cgroup(parent):
        assert not left.exists()


def test_where_no_cgroup_can_be_made_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for parent in (None, tmp_path / "file", tmp_path):
        with fresh_cgroup(parent) as cgroup:
            assert cgroup is None


def test_children_are_the_same_by_either_file_of_the_kernel() -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        assert child.pid in trees.children(os.getpid())
        wait_for(lambda: sorted(trees.children(os.getpid())) == sorted(trees.children_by_stat(os.getpid())))
        child.kill()


def test_a_name_with_brackets_and_blanks_is_read_whole(tmp_path: Path) -> None:
    program = tmp_path / "a) b (c"
    program.symlink_to(shutil.which("sleep") or "")
    with subprocess.Popen([program, "60"]) as child:
        wait_for(lambda: trees.name(child.pid) == "a) b (c")
        child.kill()


def test_a_process_that_is_gone_has_nothing() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    assert (trees.children(gone.pid), trees.stat(gone.pid), trees.cpu_ticks(gone.pid)) == ([], None, 0)
    trees.send(gone.pid, signal.SIGKILL)


def start_harness(mark: str, log: Path, *before: str) -> subprocess.Popen[bytes]:
    """A program that runs a command which resists, once the command runs."""
    command = [*before, sys.executable, "-c", HARNESS, STUBBORN.format(mark=mark), str(log)]
    harness = subprocess.Popen(command, cwd=ROOT)
    wait_for(lambda: len(sleepers(mark)) == 3)
    return harness


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_the_program_ends_the_command_too(number: signal.Signals, mark: str, tmp_path: Path) -> None:
    harness = start_harness(mark, tmp_path / "log")
    harness.send_signal(number)
    assert harness.wait(60) == 128 + number
    assert sleepers(mark) == []


def test_nothing_survives_the_program_being_killed(mark: str, tmp_path: Path) -> None:
    harness = start_harness(mark, tmp_path / "log")
    harness.kill()
    harness.wait()
    wait_for(lambda: not sleepers(mark))


def test_nothing_survives_the_programs_parent_being_killed(mark: str, tmp_path: Path) -> None:
    shell = start_harness(mark, tmp_path / "log", "bash", "-c", '"$@" & wait', "bash")
    shell.kill()
    shell.wait()
    wait_for(lambda: not sleepers(mark))
