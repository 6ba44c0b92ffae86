# ruff: noqa: PTH123
"""The process between the measuring program and the command: a command that kills its parent hits this one only.

It is started before the energy window, waits for one word, runs the command and reports. When the measuring program
disappears, whatever the reason, it kills all that the command started. It imports little (no pathlib): it is
started anew for each command.
"""

import ctypes
import marshal
import os
import resource
import select
import time

from ergit.processes.trees import KILL, kill_below, send

READY, GO, STOP = b"r", b"g", b"s"
PR_SET_CHILD_SUBREAPER = 36  # prctl(2): orphans below this process become its children
PR_SET_DUMPABLE = 4  # prctl(2): at 0, other processes of the same user cannot look into this one, nor at its files
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4  # prctl(2)
CAPABILITY_VERSION_3 = 0x20080522  # capget(2): two triples of 32 bits, (effective, permitted, inheritable)


def main(words: int, reports: int, output: int) -> None:
    """Reads one request, says that it is ready, waits for the word, runs the command, reports, waits for its own end.

    All three are file descriptors. The request is a marshalled (directory, arguments, environment, signals to
    reset, loops, file that kills the cgroup or ""), its length before it in eight bytes. The report is a marshalled
    (wait status, CPU seconds of what was waited for, seconds, repetitions, own CPU seconds).
    """
    for descriptor in (words, reports, output):
        os.set_inheritable(descriptor, False)
    request = _request(words)
    if not request:
        return
    directory, arguments, environment, signals, loops, killer = marshal.loads(request)
    os.chdir(directory)
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)  # a command could else write a report of its own
    _keep_rights_to_itself(libc)
    poller = select.poll()
    poller.register(words, select.POLLIN)
    silent = os.open(os.devnull, os.O_WRONLY)
    rehearsal = _spawn([arguments[0], b"-c", b":"], {}, silent, signals)  # the first of all spawns is the slowest
    _was_stopped(rehearsal, words, poller, killer)
    os.wait4(rehearsal, 0)
    os.write(reports, READY)
    if os.read(words, 1) != GO:
        return
    before = resource.getrusage(resource.RUSAGE_SELF)
    status, done, cpu_seconds, stopped = 0, 0, 0.0, False
    began = time.monotonic()
    while done < loops and status == 0 and not stopped:
        pid = _spawn(arguments, environment, output, signals)
        stopped = _was_stopped(pid, words, poller, killer)
        _, status, usage = os.wait4(pid, 0)
        cpu_seconds += usage.ru_utime + usage.ru_stime
        done += 1
    seconds = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    own_seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    os.write(reports, marshal.dumps((status, cpu_seconds, seconds, done, own_seconds)))
    while os.read(words, 1):
        pass  # a word to stop that crossed the report
    _end_all(killer)


def _keep_rights_to_itself(libc: ctypes.CDLL) -> None:
    """Hands no capability of this process down to commands: the right to read energy counters is ergit's own.

    Root's rights are root's, whoever runs as root (capabilities(7)).
    """
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)()
    if libc.capget(header, sets) == 0:
        sets[2] = sets[5] = 0
        libc.capset(header, sets)


def _spawn(arguments: list[bytes], environment: dict[bytes, bytes], output: int, signals: tuple[int, ...]) -> int:
    """A process in its own session, without input, `output` for its output and errors, no signal held back."""
    return os.posix_spawn(
        arguments[0],
        arguments,
        environment,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, output, 1),
            (os.POSIX_SPAWN_DUP2, output, 2),
        ],
        setsid=True,
        setsigmask=(),
        setsigdef=signals,
    )


def _request(words: int) -> bytes:
    """The request as it was sent; empty when the caller is gone."""
    size = int.from_bytes(os.read(words, 8), "big")
    request = b""
    while len(request) < size:
        part = os.read(words, size - len(request))
        if not part:
            return b""
        request += part
    return request


def _was_stopped(pid: int, words: int, poller: select.poll, killer: str) -> bool:
    """Waits for the end of the process; whether the caller has meanwhile asked for no further repetition."""
    process = os.pidfd_open(pid)
    poller.register(process, select.POLLIN)
    stopped = ended = False
    while not ended:
        ready = {descriptor for descriptor, _ in poller.poll()}
        ended = process in ready
        if words in ready:
            if os.read(words, 1) != STOP:
                _end_all(killer)
            stopped = True
    poller.unregister(process)
    os.close(process)
    return stopped


def _end_all(killer: str) -> None:
    """Kills all that the command started, and this process: the caller is gone."""
    if killer:
        with open(killer, "w") as file:
            file.write("1")
    kill_below(os.getpid())
    send(os.getpid(), KILL)
    os._exit(1)  # the first process of a sandbox cannot kill itself
