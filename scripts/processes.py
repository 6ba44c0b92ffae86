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
from dataclasses import dataclass, field
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
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Window(Protocol):
    """What is opened as the very last thing before a command starts and closed as the first after it ended."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


@dataclass(frozen=True)
class Outcome:
    """How a command ended. `failed` is an exit code other than 0, the end by a signal, or a folder that is not there."""

    status: Literal["ok", "failed", "timeout"]
    exit_code: int | None
    signal: int | None
    started: str  # ISO 8601, UTC, microseconds
    duration_seconds: float  # from before the first spawn to after the last wait4
    cpu_seconds: float  # user and system, of all processes of the command
    left_behind: tuple[str, ...]  # names of processes that outlived the command and were killed
    loops: int  # how often the command was run; fewer than asked for where a run did not end well


class NoWindow:
    """A window for commands that nobody measures."""

    def start(self) -> None:
        """Reads nothing."""

    def stop(self) -> None:
        """Reads nothing."""


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
        ErgitError: there is no bash, or this machine cannot start processes.
    """
    shell = shutil.which("bash")
    if shell is None:
        raise ErgitError("There is no bash on PATH, and it runs the commands of the config. Install the package `bash`.")
    started = datetime.now(UTC)
    if not directory.is_dir():
        return _outcome(started, _Report(status=0, loops=0), loops, in_time=True, cpu_seconds=0.0, left_behind=())
    request = _Request(directory, (shell, "-c", command), environment, loops)
    window = window or NoWindow()
    with fresh_cgroup(find_cgroup()) as cgroup, _launched(request, log, cgroup) as running, _no_garbage_collection():
        started = datetime.now(UTC)
        window.start()
        running.go()
        in_time = running.ends_within(timeout_seconds)
        if not in_time:
            running.stop()
        window.stop()
        report = running.report()
        cpu_seconds = running.cpu_seconds(report)
        left_behind = running.clear()
    return _outcome(started, report, loops, in_time=in_time, cpu_seconds=cpu_seconds, left_behind=left_behind)


def die_with_parent() -> None:
    """From now on this program ends when the process that started it does, and takes its commands along.

    SIGTERM (which the kernel sends when the parent's thread is gone, prctl(2)), SIGINT and SIGHUP become an orderly exit with 128
    plus the signal's number, once.
    """
    for number in ENDING_SIGNALS:
        signal.signal(number, _exit_once)
    _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(frozen=True)
class _Request:
    directory: Path
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    loops: int

    def encoded(self, killer: str) -> bytes:
        environment = {os.fsencode(name): os.fsencode(value) for name, value in self.environment.items()}
        arguments = [os.fsencode(argument) for argument in self.arguments]
        content = marshal.dumps((os.fsencode(self.directory), arguments, environment, RESET_SIGNALS, self.loops, killer))
        return len(content).to_bytes(8, "big") + content


@dataclass(frozen=True)
class _Report:
    status: int  # as of wait4
    cpu_seconds: float = 0.0  # of what was waited for
    duration_seconds: float = 0.0
    loops: int = 1
    launcher_cpu_seconds: float = 0.0


@dataclass
class _Running:
    """A launcher, the pipes to and from it, and the processes below it."""

    pid: int
    words: int
    reports: int
    cgroup: Cgroup | None
    strangers: frozenset[int]  # children of this process that have nothing to do with the command
    began: float = 0.0
    raw: bytes = b""
    lost: _Report | None = None  # what is known of the command when it killed the launcher
    shell: int | None = field(default=None)
    launcher_is_gone: bool = False

    def go(self) -> None:
        self.began = time.monotonic()
        os.write(self.words, launcher.GO)

    def ends_within(self, seconds: float) -> bool:
        """Waits for the report; also for the command itself, when it has killed the launcher."""
        deadline = self.began + seconds
        if not _is_readable(self.reports, seconds):
            return False
        self.raw = os.read(self.reports, 4096)
        return bool(self.raw) or self._adopted_ends_before(deadline)

    def stop(self) -> None:
        """Ends the command and all it started: SIGTERM, a moment, SIGKILL."""
        if not self.launcher_is_gone:
            os.write(self.words, launcher.STOP)
        self._signal(signal.SIGTERM)
        if not self._ends_soon(GRACE_SECONDS):
            self._kill()
            self._ends_soon(DYING_SECONDS)
    def report(self) -> _Report: ...
