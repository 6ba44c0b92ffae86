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
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Literal, Protocol

from ergit.errors import ErgitError
from ergit.processes import launcher, trees
from ergit.processes.cgroups import Cgroup, fresh_cgroup, own_cgroup

GRACE_SECONDS = 2.0  # between SIGTERM and SIGKILL
SETTLE_SECONDS = 0.1  # for processes that are on their way out when the command ends
WATCH_SECONDS = 0.05  # between checks of the log of a command whose output is limited
DYING_SECONDS = 10.0  # SIGKILL takes effect within this, but for a process that hangs in the kernel
PR_SET_PDEATHSIG = 1  # prctl(2)
ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
RESET_SIGNALS = tuple(
    int(number) for number in (*ENDING_SIGNALS, signal.SIGQUIT, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTSTP)
)
ROOT = Path(__file__).parents[2]
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Window(Protocol):
    """What is opened as the very last thing before a command starts and closed as the first after it ended."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


@dataclass(frozen=True)
class Outcome:
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
    find_cgroup: Callable[[], Path | None] = own_cgroup,
) -> Outcome:
    """Runs `bash -c command`, `loops` times in one window, without input, its output added to `log`.

    The time limit holds for all repetitions together and for every process they started. What outlives the command
    is given a moment to end, then killed and named. A directory that leads out of `inside` (a path without links)
    counts as missing: an earlier command may have put a link in its place. The command's parent is a process of its
    own, so that `kill $PPID` harms nobody. One command at a time in a process.

    Raises:
        ErgitError: there is no bash, or this machine cannot start processes.
    """
    started = datetime.now(UTC)
    if not _is_usable(directory, inside):
        return _not_started(started, loops)
    request = _Request(directory, (_shell(), "-c", command), environment, loops)
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
        left_behind, still_running = running.settle()
        unfinished = max(0.0, running.cpu_seconds(report) - cpu_seconds)
        running.clear()
    outcome = _outcome(started, report, loops, in_time=in_time, cpu_seconds=cpu_seconds, left_behind=left_behind)
    return replace(outcome, unfinished_cpu_seconds=unfinished, still_running=still_running)


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
    find_cgroup: Callable[[], Path | None] = own_cgroup,
) -> Iterator[tuple[Outcome, Leftover | None]]:
    """Runs `bash -c command` once as `run` does, but what outlives it goes on until the end of the block.

    A command that fails, takes too long, or adds more than so many bytes to the log leaves nothing. The command may be
    followed by others, `run` included, while this block is open.

    Raises:
        ErgitError: there is no bash, or this machine cannot start processes.
    """
    started = datetime.now(UTC)
    if not _is_usable(directory, inside):
        yield _not_started(started, 1), None
        return
    request = _Request(directory, (_shell(), "-c", command), environment, 1)
    most = most_output_bytes + _size(log)
    with fresh_cgroup(find_cgroup()) as cgroup, _launched(request, log, cgroup) as running:
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
    return _outcome(started, _Report(status=0, loops=0), loops, in_time=True, cpu_seconds=0.0, left_behind=())


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
    if outcome.status == "timeout":
        return f"{what} took longer than {timeout_seconds:g} s"
    if outcome.signal is not None:
        known = outcome.signal in set(signal.Signals)
        return f"{what} was killed by {signal.Signals(outcome.signal).name if known else f'signal {outcome.signal}'}"
    if outcome.exit_code is None:
        return f"{what} could not be started: its folder is not there in this commit, or leads out of it"
    if outcome.exit_code:
        return f"{what} ended with status {outcome.exit_code}"
    return f"{what} killed its parent and so stopped after {outcome.loops} of {loops} repetitions"


def die_with_parent() -> None:
    """From now on this program ends when the process that started it does, and takes its commands along.

    SIGTERM (which the kernel sends when the parent's thread is gone, prctl(2)), SIGINT and SIGHUP become an orderly
    exit with 128 plus the signal's number, once.
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
        content = marshal.dumps(
            (os.fsencode(self.directory), arguments, environment, RESET_SIGNALS, self.loops, killer)
        )
        return len(content).to_bytes(8, "big") + content


@dataclass(frozen=True)
class _Report:
    status: int  # as of wait4
    cpu_seconds: float = 0.0  # of what was waited for
    duration_seconds: float = 0.0
    loops: int = 1
    launcher_cpu_seconds: float = 0.0


class _Running:
    """A launcher with the pipes to and from it, and the processes below it."""

    def __init__(
        self, pid: int, words: int, reports: int, cgroup: Cgroup | None, others: frozenset[int] = frozenset()
    ) -> None:
        self._launcher: int | None = pid  # None when it is gone
        self._others = others  # what was there before: launchers of commands that have left something running
        self._words = words
        self._reports = reports
        self._cgroup = cgroup
        self._raw = b""  # the report as it came
        self._shell: int | None = None  # the command itself, where it killed the launcher and so became our child
        self._launcher_status = 0
        self._began = self._ended = 0.0
        self._cpu_seconds_before = 0.0  # of the cgroup: what the launcher needed to get ready

    def prepare(self, request: _Request) -> None:
        """Hands over the request and waits until the launcher is ready for the word."""
        if self._cgroup is not None and self._launcher is not None and not self._cgroup.takes(self._launcher):
            self._cgroup = None
        _write_all(self._words, request.encoded(str(self._cgroup.killer) if self._cgroup else ""))
        if os.read(self._reports, 1) != launcher.READY:
            raise ErgitError(f"No command can be started in {request.directory}: its launcher ended, see above.")
        self._cpu_seconds_before = self._cgroup.cpu_seconds() if self._cgroup else 0.0

    def go(self) -> None:
        """Says the word: the command starts."""
        self._began = time.monotonic()
        os.write(self._words, launcher.GO)

    def ends_within(self, seconds: float) -> bool:
        """Whether the command ends within that time from now; returns as soon as it does."""
        deadline = time.monotonic() + seconds
        if self._launcher is not None:
            if not _is_readable(self._reports, seconds):
                return False
            self._raw = os.read(self._reports, 4096)
            if not self._raw:
                self._adopt()
        ended = self._shell is None or _ends_within(self._shell, deadline - time.monotonic())
        self._ended = time.monotonic()
        return ended

    def stop(self) -> None:
        """Ends the command and all it started: SIGTERM, a moment, SIGKILL."""
        if self._launcher is not None:
            os.write(self._words, launcher.STOP)
        self._signal(signal.SIGTERM)
        if self.ends_within(GRACE_SECONDS):
            return
        self._kill()
        if not self.ends_within(GRACE_SECONDS) and self._launcher is not None:
            trees.send(self._launcher, signal.SIGKILL)  # the command had stopped it
            self.ends_within(DYING_SECONDS)

    def report(self) -> _Report:
        """What became of the command that has ended."""
        if self._raw:
            return _Report(*marshal.loads(self._raw))
        if self._shell is None:
            return _Report(self._launcher_status, loops=0)
        _, status, usage = os.wait4(self._shell, 0)
        return _Report(status, usage.ru_utime + usage.ru_stime, self._ended - self._began)

    def cpu_seconds(self, report: _Report) -> float:
        """User and system time of all processes of the command.

        Without a cgroup: what was waited for, and what the processes that are still there or were never waited for
        used until now, to the clock tick (10 ms).
        """
        if self._cgroup is not None:
            return max(0.0, self._cgroup.cpu_seconds() - self._cpu_seconds_before - report.launcher_cpu_seconds)
        return report.cpu_seconds + sum(trees.cpu_ticks(pid) for pid in self._below()) / TICKS_PER_SECOND

    def settle(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The names of the processes that outlived the command by a moment, and of those that work then.

        One works that was on a processor or waited for a disk in at least half of the samples; in fewer, it may be one
        that rests and was just woken up.
        """
        deadline = time.monotonic() + SETTLE_SECONDS
        samples, working = 0, dict[int, int]()
        while (alive := self._alive()) and time.monotonic() < deadline:
            samples += 1
            for pid in alive:
                working[pid] = working.get(pid, 0) + trees.is_working(pid)
            time.sleep(SETTLE_SECONDS / 20)
        still_running = [pid for pid in alive if 2 * working.get(pid, 0) >= max(samples, 1)]
        return tuple(sorted(map(trees.name, alive))), tuple(sorted(map(trees.name, still_running)))

    def clear(self) -> None:
        """Ends the processes that outlived the command."""
        if not self._alive():
            return
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        while self._alive() and time.monotonic() < deadline:
            time.sleep(SETTLE_SECONDS / 5)

    def end(self) -> None:
        """Kills whatever of it is still there, the launcher too, and takes note of its end."""
        if self._cgroup is not None:
            self._cgroup.kill()
        self._kill()
        if self._launcher is not None:
            trees.send(self._launcher, signal.SIGKILL)
            os.waitpid(self._launcher, 0)
            self._launcher = None
        for pid in self._orphans():
            if not trees.is_alive(pid):
                os.waitpid(pid, 0)

    def _adopt(self) -> None:
        """Finds the command's shell, the leader of its session, among our children: the launcher has been killed."""
        _, self._launcher_status = os.waitpid(self._launcher or 0, 0)
        self._launcher = None
        self._shell = next((pid for pid in self._orphans() if trees.session(pid) == pid), None)

    def _below(self) -> list[int]:
        """The processes of the command, zombies too."""
        if self._launcher is not None:
            return trees.with_descendants(trees.children(self._launcher))
        return trees.with_descendants(self._orphans())

    def _orphans(self) -> list[int]:
        """Processes of the command that this process has adopted."""
        return [pid for pid in trees.orphans(os.getpid()) if pid not in self._others]

    def _alive(self) -> set[int]:
        found = {pid for pid in self._below() if trees.is_alive(pid)}
        return (found | self._cgroup.members() if self._cgroup else found) - {self._launcher}

    def _signal(self, number: int) -> None:
        for pid in self._alive():
            trees.send(pid, number)

    def _kill(self) -> None:
        """Kills all but the launcher, and those that are born meanwhile; a process that hangs in the kernel stays."""
        deadline = time.monotonic() + DYING_SECONDS
        while self._alive() and time.monotonic() < deadline:
            self._signal(signal.SIGKILL)
            time.sleep(0.001)


@dataclass(frozen=True)
class _Left:
    """A `Leftover`: the processes of a command that has ended."""

    running: _Running
    report: _Report

    def cpu_seconds(self) -> float:
        return self.running.cpu_seconds(self.report)


@contextmanager
def _launched(request: _Request, log: Path, cgroup: Cgroup | None) -> Iterator[_Running]:
    """A launcher that is ready for the word; after the block it and all below it are gone, whatever happened."""
    _prctl(launcher.PR_SET_CHILD_SUBREAPER, 1)
    with ExitStack() as here:
        with ExitStack() as there:
            words_end, words = _pipe(there, here)
            reports, reports_end = _pipe(here, there)
            output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
            there.callback(os.close, output)
            others = frozenset(trees.orphans(os.getpid()))
            pid = _spawn_launcher(words_end, reports_end, output)
        running = _Running(pid, words, reports, cgroup, others)
        here.callback(running.end)
        running.prepare(request)
        yield running


def _spawn_launcher(*ends: int) -> int:
    code = f"import sys; sys.path[0] = {str(ROOT)!r}; from ergit.processes.launcher import main; main{ends}"
    return os.posix_spawn(
        sys.executable,
        [sys.executable, "-S", "-E", "-c", code],
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, end, end) for end in ends],  # onto itself: handed down to the program
        setsid=True,
        setsigmask=RESET_SIGNALS,
    )


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
    started: datetime, report: _Report, loops: int, *, in_time: bool, cpu_seconds: float, left_behind: tuple[str, ...]
) -> Outcome:
    ended_well = report.status == 0 and report.loops == loops
    code = os.waitstatus_to_exitcode(report.status)
    return Outcome(
        status=("ok" if ended_well else "failed") if in_time else "timeout",
        exit_code=code if code >= 0 and report.loops else None,
        signal=-code if code < 0 else None,
        started=started.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        duration_seconds=report.duration_seconds,
        cpu_seconds=cpu_seconds,
        left_behind=left_behind,
        loops=report.loops,
    )


def _pipe(reading: ExitStack, writing: ExitStack) -> tuple[int, int]:
    ends = os.pipe()
    reading.callback(os.close, ends[0])
    writing.callback(os.close, ends[1])
    return ends


def _write_all(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


def _is_readable(descriptor: int, seconds: float) -> bool:
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    return bool(poller.poll(max(0.0, seconds) * 1000))


def _ends_within(pid: int, seconds: float) -> bool:
    process = os.pidfd_open(pid)
    try:
        return _is_readable(process, seconds)
    finally:
        os.close(process)


def _exit_once(number: int, _frame: FrameType | None) -> None:
    for ending in ENDING_SIGNALS:
        signal.signal(ending, signal.SIG_IGN)
    sys.exit(128 + number)


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
