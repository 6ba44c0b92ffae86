"""Running a shell command as a whole: in a session and cgroup of its own, with a time limit on all that it started."""

import ctypes
import gc
import marshal
import os
import select
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Literal, Protocol

from scripts import launcher, trees
from scripts.cgroups import Cgroup, fresh_cgroup, own_cgroup
from scripts.errors import ErgitError

GRACE_SECONDS = 2.0  # between SIGTERM and SIGKILL
SETTLE_SECONDS = 0.1  # for processes that are on their way out when the command ends
DYING_SECONDS = 10.0  # SIGKILL takes effect within this, but for a process that hangs in the kernel
PR_SET_PDEATHSIG = 1  # prctl(2)
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
RESET_SIGNALS = tuple(
    int(number) for number in (*ENDING_SIGNALS, signal.SIGQUIT, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTSTP)
)
ROOT = Path(__file__).parent.parent


class Window(Protocol):
    """What is opened as the very last thing before a command starts and closed as the first after it ended."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


@dataclass(frozen=True)
class Outcome:
    """How a command ended. `failed` is an exit code other than 0, or the end by a signal that was not ours."""

    status: Literal["ok", "failed", "timeout"]
    exit_code: int | None
    signal: int | None
    started: str  # ISO 8601, UTC, microseconds
    duration_seconds: float  # from before the first spawn to after the last wait4
    cpu_seconds: float  # user and system, of all processes of the command
    left_behind: tuple[str, ...]  # names of processes that outlived the command and were killed
    loops: int  # how often the command was run; fewer than asked for where a run did not end well


def run(
    command: str,
    *,
    directory: Path,
    environment: Mapping[str, str],
    timeout_seconds: float,
    log: Path,
    window: Window | None = None,
    loops: int = 1,
    find_cgroup: Callable[[], Path | None] = own_cgroup,
) -> Outcome:
    """Runs `bash -c command` `loops` times, one after the other, in one window, with no input and its output added to `log`.

    The time limit holds for all repetitions together and for every process they started. What outlives the command is given a
    moment to end, then killed and named. The command's parent is a process of its own, so that `kill $PPID` harms nobody. One
    command at a time in a process.

    Raises:
        ErgitError: there is no bash, or no process can be started.
    """
    shell = shutil.which("bash")
    if shell is None:
        raise ErgitError("There is no bash on PATH, and commands of the config are run by it. Install the package bash.")
    request = _Request(directory, (shell, "-c", command), environment, loops)
    with log.open("ab") as output, fresh_cgroup(find_cgroup()) as cgroup, _launched(request, output, cgroup) as running:
        started = datetime.now(UTC)
        collecting = gc.isenabled()
        gc.disable()
        if window is not None:
            window.start()
        running.go()
        in_time = running.ends_within(timeout_seconds)
        if not in_time:
            running.terminate()
        report = running.report()
        if window is not None:
            window.stop()
        if collecting:
            gc.enable()
        cpu_seconds = running.cpu_seconds(report)
        left_behind = running.finish()
    status: Literal["ok", "failed", "timeout"] = "ok" if report.status == 0 and report.loops == loops else "failed"
    code = os.waitstatus_to_exitcode(report.status)
    return Outcome(
        status=status if in_time else "timeout",
        exit_code=code if code >= 0 else None,
        signal=-code if code < 0 else None,
        started=started.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        duration_seconds=report.duration_seconds,
        cpu_seconds=cpu_seconds,
        left_behind=left_behind,
        loops=report.loops,
    )


def die_with_parent() -> None:
    """From now on this program ends when the process that started it does, and takes its commands along.

    SIGTERM (sent by the kernel when the parent's thread is gone, prctl(2)), SIGINT and SIGHUP become an orderly exit with 128 plus
    the signal's number, once.
    """
    for number in ENDING_SIGNALS:
        signal.signal(number, _exit_once)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)


def _exit_once(number: int, _frame: FrameType | None) -> None:
    for ending in ENDING_SIGNALS:
        signal.signal(ending, signal.SIG_IGN)
    sys.exit(128 + number)


@dataclass(frozen=True)
class _Request:
    directory: Path
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    loops: int

    def encoded(self, killer: str) -> bytes:
        environment = {os.fsencode(name): os.fsencode(value) for name, value in self.environment.items()}
        arguments = [os.fsencode(argument) for argument in self.arguments]
        content = marshal.dumps(
            (os.fsencode(self.directory), arguments, environment, RESET_SIGNALS, self.loops, killer)
        )
        return len(content).to_bytes(8, "big") + content


@dataclass(frozen=True)
class _Report:
    status: int  # as of wait4
    cpu_seconds: float  # of what was waited for
    duration_seconds: float
    loops: int
    launcher_cpu_seconds: float


@contextmanager
def _launched(request: _Request, output: IO[bytes], cgroup: Cgroup | None) -> Iterator["_Running"]:
    """A launcher that waits for the word; at the end of the block it and all below it are gone, whatever happened."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    before = frozenset(trees.children(os.getpid()))
    words_read, words = os.pipe()
    reports, reports_write = os.pipe()
    code = "from scripts.launcher import main; main()"
    try:
        pid = os.posix_spawn(
            sys.executable,
            [sys.executable, "-S", "-E", "-B", "-c", f"import sys; sys.path[0] = {str(ROOT)!r}; {code}"],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, words_read, launcher.REQUEST + SPARE),
            ],
            setsid=True,
            setsigmask=RESET_SIGNALS,
        )
