"""Running a shell command as a whole: in a session and cgroup of its own, with a time limit on all that it started."""

import gc
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from ergit.errors import ErgitError
from ergit.processes.cgroups import fresh_cgroup, own_cgroup
from ergit.processes.running import LauncherReport, LauncherRequest, RunningCommand, launched
from ergit.processes.sandbox import Sandbox
from ergit.text import iso_time

WATCH_SECONDS = 0.05  # between checks of the log of a command whose output is limited
NO_NETWORK = "no network in the sandbox"
KILLERS = (signal.SIGILL, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM)


class Window(Protocol):
    """What is opened as the very last thing before a command starts and closed as the first after it ended."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


class Outcome(NamedTuple):
    """How a command ended; `failed`: with another exit code than 0, by a signal, or its folder is not there."""

    status: Literal["ok", "failed", "timeout"]
    exit_code: int | None
    signal: int | None
    started: str  # ISO 8601, UTC, microseconds
    duration_seconds: float  # from before the first spawn to after the last wait4
    cpu_seconds: float  # user and system, of all processes of the command
    left_behind: tuple[str, ...]  # names of processes that outlived the command and were killed
    loops: int  # how often the command was run; fewer than asked for where a run did not end well
    unfinished_cpu_seconds: float = 0.0  # what its processes used after its end, until they ended or were killed
    still_running: tuple[str, ...] = ()  # names of those left behind that did not rest, as an idle daemon does
    was_refused_network: bool = False  # whether it tried to reach the network from a sandbox that has none
    output_start: int = 0  # where in the log what it printed begins, in bytes


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
    inside: Path = Path("/"),
    window: Window | None = None,
    loops: int = 1,
    sandbox: Sandbox | None = None,
    find_cgroup: Callable[[], Path | None] = own_cgroup,
) -> Outcome:
    """Runs `bash -c command`, `loops` times in one window, without input, its output added to `log`.

    The time limit holds for all repetitions together and for every process they started. What outlives the command
    is given a moment to end, then killed and named. A directory that leads out of `inside` (a path without links)
    counts as missing: an earlier command may have put a link in its place. The command's parent is a process of its
    own, so that `kill $PPID` harms nobody. One command at a time in a process. In a `sandbox` it sees what that holds.

    Raises:
        ErgitError: there is no bash, or this machine cannot start processes, or make the sandbox.
    """
    started = datetime.now(UTC)
    if not _is_usable(directory, inside):
        return _not_started(started, loops)
    request = LauncherRequest(directory, (_shell(), "-c", command), environment, loops)
    window, output_start = window or NoWindow(), _size(log)
    cgroups = fresh_cgroup(find_cgroup())
    with cgroups as cgroup, launched(request, log, cgroup, sandbox) as running, _no_garbage_collection():
        started = datetime.now(UTC)
        window.start()
        running.go()
        in_time = running.ends_within(timeout_seconds)
        if not in_time:
            running.stop()
        window.stop()
        report = running.report()
        cpu_seconds = running.cpu_seconds(report)
        left_behind, still_running = running.settle()
        unfinished = max(0.0, running.cpu_seconds(report) - cpu_seconds)
        refused = running.was_refused_the_network()
        running.clear()
    outcome = _outcome(started, report, loops, in_time=in_time, cpu_seconds=cpu_seconds, left_behind=left_behind)
    return outcome._replace(
        unfinished_cpu_seconds=unfinished,
        still_running=still_running,
        was_refused_network=refused,
        output_start=output_start,
    )


class Leftover(Protocol):
    """What a command has left running."""

    def cpu_seconds(self) -> float:
        """User and system time of it and of the command, until now."""


@contextmanager
def run_and_leave(
    command: str,
    *,
    directory: Path,
    environment: Mapping[str, str],
    timeout_seconds: float,
    most_output_bytes: int,
    log: Path,
    inside: Path = Path("/"),
    sandbox: Sandbox | None = None,
    find_cgroup: Callable[[], Path | None] = own_cgroup,
) -> Iterator[tuple[Outcome, Leftover | None]]:
    """Runs `bash -c command` once as `run` does, but what outlives it goes on until the end of the block.

    A command that fails, takes too long, or adds more than so many bytes to the log leaves nothing. The command may be
    followed by others, `run` included, while this block is open.

    Raises:
        ErgitError: there is no bash, or this machine cannot start processes, or make the sandbox.
    """
    started = datetime.now(UTC)
    if not _is_usable(directory, inside):
        yield _not_started(started, 1), None
        return
    request = LauncherRequest(directory, (_shell(), "-c", command), environment, 1)
    most = most_output_bytes + _size(log)
    with fresh_cgroup(find_cgroup()) as cgroup, launched(request, log, cgroup, sandbox) as running:
        started = datetime.now(UTC)
        running.go()
        deadline = time.monotonic() + timeout_seconds
        has_ended, in_time, is_short = False, True, True
        while not has_ended and in_time and is_short:
            has_ended = running.ends_within(min(WATCH_SECONDS, max(0.0, deadline - time.monotonic())))
            in_time = has_ended or time.monotonic() < deadline
            is_short = _size(log) <= most
        if not has_ended:
            running.stop()
        report = running.report()
        left_behind, _ = running.settle()
        cpu_seconds = running.cpu_seconds(report)
        outcome = _outcome(started, report, 1, in_time=in_time, cpu_seconds=cpu_seconds, left_behind=left_behind)
        outcome = outcome._replace(was_refused_network=running.was_refused_the_network())
        if not left_behind or outcome.status != "ok" or not is_short:
            running.clear()
            running.end()
            yield outcome, None
        else:
            yield outcome, _Left(running, report)
            running.clear()


def _size(log: Path) -> int:
    """The size of the log in bytes; 0 where there is none, since the command may have removed it."""
    try:
        return log.stat().st_size
    except FileNotFoundError:
        return 0


def _shell() -> str:
    """The bash that runs commands.

    Raises:
        ErgitError: there is none.
    """
    shell = shutil.which("bash")
    if shell is None:
        raise ErgitError(
            "There is no bash on PATH, and it runs the commands of the config. Install the package `bash`."
        )
    return shell


def _not_started(started: datetime, loops: int) -> Outcome:
    return _outcome(started, LauncherReport(status=0, loops=0), loops, in_time=True, cpu_seconds=0.0, left_behind=())


def _is_usable(directory: Path, inside: Path) -> bool:
    """Whether a command can be run in the directory, and it lies inside the other."""
    try:
        return (
            directory.is_dir()
            and directory.resolve().is_relative_to(inside)
            and os.access(directory, os.X_OK, effective_ids=True)
        )
    except (OSError, RuntimeError):  # a folder above it may not be entered, or links lead in a circle
        return False


def failure_reason(what: str, outcome: Outcome, timeout_seconds: float, loops: int = 1) -> str | None:
    """Why the command does not count as done, in a few words; None where it does. `what` names it."""
    if outcome.status == "ok":
        return None
    end = f"{what} {_ending(outcome, timeout_seconds, loops)}"
    return f"{end} (it tried to reach the network: {NO_NETWORK})" if outcome.was_refused_network else end


def _name_of(number: int) -> str:
    return signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"


def _ending(outcome: Outcome, timeout_seconds: float, loops: int) -> str:
    if outcome.status == "timeout":
        return f"took longer than {timeout_seconds:g} s"
    if outcome.signal is not None:
        return f"was killed by {_name_of(outcome.signal)}"
    if outcome.exit_code is None:
        return "could not be started: its folder is not there in this commit, or leads out of it"
    if outcome.exit_code:
        killer = outcome.exit_code - 128  # as a shell tells of its programs
        told = f", as where a program is killed by {_name_of(killer)}" if killer in KILLERS else ""
        return f"ended with status {outcome.exit_code}{told}"
    return f"killed its parent and so stopped after {outcome.loops} of {loops} repetitions"


class _Left(NamedTuple):
    """A `Leftover`: the processes of a command that has ended."""

    running: RunningCommand
    report: LauncherReport

    def cpu_seconds(self) -> float:
        return self.running.cpu_seconds(self.report)


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _outcome(
    started: datetime,
    report: LauncherReport,
    loops: int,
    *,
    in_time: bool,
    cpu_seconds: float,
    left_behind: tuple[str, ...],
) -> Outcome:
    ended_well = report.status == 0 and report.loops == loops
    code = os.waitstatus_to_exitcode(report.status)
    return Outcome(
        status=("ok" if ended_well else "failed") if in_time else "timeout",
        exit_code=code if code >= 0 and report.loops else None,
        signal=-code if code < 0 else None,
        started=iso_time(started),
        duration_seconds=report.duration_seconds,
        cpu_seconds=cpu_seconds,
        left_behind=left_behind,
        loops=report.loops,
    )
