"""A command while it runs: the launcher that started it, all processes below it, and how they are ended."""

import json
import marshal
import os
import select
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from ergit.errors import ErgitError
from ergit.processes import launcher, trees
from ergit.processes.cgroups import Cgroup
from ergit.processes.parent import ENDING_SIGNALS, prctl
from ergit.processes.sandbox import Sandbox, attempts_to_reach_the_network
from ergit.text import one_line

GRACE_SECONDS = 2.0  # between SIGTERM and SIGKILL
BEGINNING_SECONDS = 3.0  # within this a command that was just started is the leader of its session
SETTLE_SECONDS = 0.1  # for processes that are on their way out when the command ends
DYING_SECONDS = 10.0  # SIGKILL takes effect within this, but for a process that hangs in the kernel
LOST = (
    "A command's launcher was killed, before the command began or as it ended, and by nothing that the command started."
    " Is there too little memory (`sudo dmesg | tail`)? Nothing was recorded; run the same command again."
)
RESET_SIGNALS = tuple(
    int(number) for number in (*ENDING_SIGNALS, signal.SIGQUIT, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTSTP)
)
ROOT = Path(__file__).parents[2]
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
SHOWN_CHARACTERS = 300  # of what bwrap prints


class LauncherRequest(NamedTuple):
    """What the launcher is asked to run, and how often."""

    directory: Path
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    loops: int

    def encoded(self, killer: str) -> bytes:
        """The request as `launcher.main` reads it; `killer` is the file that kills the cgroup, or empty."""
        environment = {os.fsencode(name): os.fsencode(value) for name, value in self.environment.items()}
        arguments = [os.fsencode(argument) for argument in self.arguments]
        content = marshal.dumps(
            (os.fsencode(self.directory), arguments, environment, RESET_SIGNALS, self.loops, killer)
        )
        return len(content).to_bytes(8, "big") + content


class LauncherReport(NamedTuple):
    """What the launcher reports when the command has ended, or what is known without it."""

    status: int  # as of wait4
    cpu_seconds: float = 0.0  # of what was waited for
    duration_seconds: float = 0.0
    loops: int = 1
    launcher_cpu_seconds: float = 0.0


class StartedLauncher(NamedTuple):
    """A launcher that was started. In a sandbox it is the child of `child`, which is bwrap and waits for it."""

    pid: int
    child: int
    sandbox: Sandbox | None = None
    messages: int | None = None  # a file of what bwrap and the launcher in it print

    def wait(self) -> int:
        """The wait status of the launcher, when it has ended."""
        _, status = os.waitpid(self.child, 0)
        code = os.waitstatus_to_exitcode(status)
        return code - 128 if self.child != self.pid and code > 128 else status  # as bwrap tells of a signal

    def refusal(self, directory: Path) -> ErgitError:
        """Why no command can be started by it: the machine is at fault, not the command."""
        if self.messages is None:
            return ErgitError(f"No command can be started in {directory}: its launcher ended, see above.")
        printed = one_line(os.pread(self.messages, 4096, 0).decode(errors="replace"), SHOWN_CHARACTERS)
        return ErgitError(
            f"sandbox.enabled: no sandbox can be made for {directory} ({printed or 'bwrap prints nothing'}). `ergit"
            " doctor` says what is missing. Nothing is run without it."
        )


class RunningCommand:
    """A launcher with the pipes to and from it, and the processes below it."""

    def __init__(
        self,
        started: StartedLauncher,
        words: int,
        reports: int,
        cgroup: Cgroup | None,
        others: frozenset[int] = frozenset(),
    ) -> None:
        self._started = started
        self._launcher: int | None = started.pid  # None when it is gone
        self._others = others  # what was there before: launchers of commands that have left something running
        self._words = words
        self._reports = reports
        self._cgroup = cgroup
        self._raw = b""  # the report as it came
        self._shell: int | None = None  # the command itself, where it killed the launcher and so became our child
        self._launcher_status = 0
        self._is_being_stopped = self._is_lost = False  # lost: the launcher is gone, and with it all that it knew
        self._began = self._ended = 0.0
        self._cpu_seconds_before = 0.0  # of the cgroup: what the launcher needed to get ready

    def prepare(self, request: LauncherRequest) -> None:
        """Hands over the request and waits until the launcher is ready for the word."""
        if self._cgroup is not None and self._launcher is not None and not self._cgroup.takes(self._launcher):
            self._cgroup = None
        within = self._cgroup if self._started.sandbox is None else None  # in a sandbox its file is not there
        try:
            _write_all(self._words, request.encoded(str(within.killer) if within else ""))
            answer = os.read(self._reports, 1)
        except BrokenPipeError:
            answer = b""
        if answer != launcher.READY:
            raise self._started.refusal(request.directory)
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
        self._is_being_stopped = True
        if self._launcher is not None:
            os.write(self._words, launcher.STOP)
        self._signal(signal.SIGTERM)
        if self.ends_within(GRACE_SECONDS):
            return
        self._kill()
        if not self.ends_within(GRACE_SECONDS) and self._launcher is not None:
            trees.send(self._launcher, signal.SIGKILL)  # the command had stopped it
            self.ends_within(DYING_SECONDS)

    def report(self) -> LauncherReport:
        """What became of the command that has ended.

        Raises:
            ErgitError: nobody knows: the launcher was killed, and nothing is there of the command that could do it.
        """
        if self._is_lost:
            raise ErgitError(LOST)
        if self._raw:
            return LauncherReport(*marshal.loads(self._raw))
        if self._shell is None:
            return LauncherReport(self._launcher_status, loops=0)
        _, status, usage = os.wait4(self._shell, 0)
        return LauncherReport(status, usage.ru_utime + usage.ru_stime, self._ended - self._began)

    def cpu_seconds(self, report: LauncherReport) -> float:
        """User and system time of all processes of the command.

        Without a cgroup: what was waited for, and what the processes that are still there or were never waited for
        used until now, to the clock tick (10 ms).
        """
        if self._cgroup is not None:
            return max(0.0, self._cgroup.cpu_seconds() - self._cpu_seconds_before - report.launcher_cpu_seconds)
        return report.cpu_seconds + sum(trees.cpu_ticks(pid) for pid in self._below()) / TICKS_PER_SECOND

    def was_refused_the_network(self) -> bool:
        """Whether something in the sandbox tried to reach the network until now, and the sandbox has none."""
        sandbox = self._started.sandbox
        if sandbox is None or sandbox.has_network or self._launcher is None:
            return False
        return attempts_to_reach_the_network(self._launcher) > 0

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
            self._started.wait()
            self._launcher = None
        for pid in self._orphans():
            if not trees.is_alive(pid):
                os.waitpid(pid, 0)

    def _adopt(self) -> None:
        """Finds the command's shell, the leader of its session, among our children: the launcher has been killed.

        It may have been killed while it started the shell, which is no leader for a moment then. In a sandbox all ends
        with the launcher, its first process.
        """
        self._launcher_status = self._started.wait()
        self._launcher = None
        deadline = time.monotonic() + BEGINNING_SECONDS
        orphans = self._orphans()
        while self._shell is None and orphans and time.monotonic() < deadline:
            self._shell = next((pid for pid in orphans if trees.session(pid) == pid), None)
            time.sleep(0.0 if self._shell else 0.001)
            orphans = self._orphans()
        self._is_lost = not (self._is_being_stopped or orphans or self._started.sandbox)

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


@contextmanager
def launched(
    request: LauncherRequest, log: Path, cgroup: Cgroup | None, sandbox: Sandbox | None = None
) -> Iterator[RunningCommand]:
    """A launcher that is ready for the word; after the block it and all below it are gone, whatever happened.

    In a sandbox the launcher is its first process: what makes the sandbox is done before the word, and ends with it.
    """
    prctl(launcher.PR_SET_CHILD_SUBREAPER, 1)
    with ExitStack() as here:
        with ExitStack() as there:
            words_end, words = _pipe(there, here)
            reports, reports_end = _pipe(here, there)
            output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
            there.callback(os.close, output)
            others = frozenset(trees.orphans(os.getpid()))
            ends = (words_end, reports_end, output)
            if sandbox is None:
                started = _start_launcher(*ends)
            else:
                messages = os.memfd_create("ergit")
                here.callback(os.close, messages)
                started = _start_in_sandbox(sandbox, messages, *ends)
        running = RunningCommand(started, words, reports, cgroup, others)
        here.callback(running.end)
        running.prepare(request)
        yield running


def _start_launcher(*ends: int) -> StartedLauncher:
    pid = _spawn([sys.executable, *_program(ends)], os.environ, ends)
    return StartedLauncher(pid, pid)


def _start_in_sandbox(sandbox: Sandbox, messages: int, *ends: int) -> StartedLauncher:
    """The launcher as the first process of a new sandbox.

    Its Python is the one that a virtual environment is made of: it needs none of the packages.

    Raises:
        ErgitError: there is no bwrap, or it cannot even begin to make a sandbox here; says why in its words.
    """
    python = os.path.realpath(sys.executable)
    needed = (Path(sys.base_prefix), Path(__file__).parent)
    with ExitStack() as opened, ExitStack() as there:
        told, info = _pipe(opened, there)
        words, descriptors = opened.enter_context(sandbox.command([python, *_program(ends)], info, needed))
        child = _spawn(words, {}, [*ends, *descriptors], errors=messages)
        there.close()
        answer = b""
        while not answer.endswith(b"}\n") and (part := os.read(told, 4096)):
            answer += part
    started = StartedLauncher(
        json.loads(answer)["child-pid"] if answer.endswith(b"}\n") else 0, child, sandbox, messages
    )
    if started.pid == 0:
        started.wait()
        raise started.refusal(sandbox.tree)
    return started


def _program(ends: Sequence[int]) -> list[str]:
    """The words after Python's own that start the launcher."""
    code = f"import sys; sys.path[0] = {str(ROOT)!r}; from ergit.processes.launcher import main; main{tuple(ends)}"
    return ["-S", "-E", "-c", code]


def _spawn(words: list[str], environment: Mapping[str, str], ends: Sequence[int], errors: int = 2) -> int:
    """A process in a session of its own, which these descriptors are handed down to."""
    return os.posix_spawn(
        words[0],
        words,
        environment,
        file_actions=[
            *((os.POSIX_SPAWN_DUP2, end, end) for end in ends),  # onto itself: handed down to the program
            (os.POSIX_SPAWN_DUP2, errors, 2),
        ],
        setsid=True,
        setsigmask=RESET_SIGNALS,
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
