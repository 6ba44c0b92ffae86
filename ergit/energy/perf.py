"""Energy counters through the stock program `perf stat`, which is told when a window begins and when it ends."""

import contextlib
import grp
import os
import re
import select
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from ergit.energy.events import CPU_FILES, die_of, events_shown, read_type_and_cpus
from ergit.energy.rights import at_level, give, real_perf
from ergit.energy.source import (
    LIMIT_WATTS,
    CounterResult,
    Energy,
    NoRightError,
    NotCountedError,
    Source,
    UnavailableError,
    add_up,
    implausible,
    left_out_by_settings,
    limit_of,
    refuse_other_length,
    stands_still,
)
from ergit.records.readings import DOMAINS, Counter, Raw
from ergit.text import one_line

PATIENCE_SECONDS = 30.0
"""How long perf may take for an answer; it is usually a matter of 0.1 ms, and of 20 ms when it starts.

An emulated machine on a busy host took more than 10 s to start it.
"""

TRIAL_SECONDS = 0.01

MISSING = "Install perf 6.0 or newer (Debian: apt-get install linux-perf; Ubuntu: linux-tools-$(uname -r))"
UNABLE = "Try perf stat -a -j -e power/energy-pkg/ -- sleep 1 by hand, or choose the source pmu or powercap"


class PerfCount(msgspec.Struct, frozen=True, kw_only=True):
    """One line of perf's JSON: the value as text, its unit, and in how much of the window it was counted.

    `running_nanoseconds` is how long it was counted, added up over the processors that it was counted on.
    """

    event: str
    value: str = msgspec.field(name="counter-value")
    unit: str
    running_percent: float = msgspec.field(name="pcnt-running")
    running_nanoseconds: int = msgspec.field(name="event-runtime")


class Exchange(NamedTuple):
    """The clock's seconds before an order to perf and after its answer."""

    began: float
    ended: float


def parse(output: str) -> dict[str, PerfCount]:
    """Counts by event from what `perf stat -j` wrote; raises ValueError, with the line, for anything else.

    Source: linux/tools/perf/util/stat-display.c. The value is text, so that `<not counted>` fits in, and the rest are
    bare numbers: under a locale with a decimal comma the line is no JSON.
    """
    counts: dict[str, PerfCount] = {}
    for line in output.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        try:
            count = msgspec.json.decode(line, type=PerfCount)
        except msgspec.ValidationError as error:
            missing = f"event, value, unit, share or runtime ({error})"
            raise ValueError(f"perf wrote a line without {missing}: {line.strip()}") from error
        except msgspec.DecodeError as error:
            cause = "a decimal comma" if re.search(r"\d,\d", line) else "no JSON"
            raise ValueError(f"perf wrote {cause}: {line.strip()}") from error
        if count.event in counts:
            raise ValueError(f"perf counted {count.event} twice")
        counts[count.event] = count
    if not counts:
        raise ValueError("perf wrote no counts")
    return counts


def amount(count: PerfCount, unit: str) -> float:
    """The number that was counted, in `unit`; raises ValueError for `<not supported>` and for a partial count."""
    if not re.fullmatch(r"-?\d+(\.\d+)?", count.value, re.ASCII):
        raise ValueError(f"perf says {count.value!r}")
    if count.unit != unit:
        raise ValueError(f"perf counts {count.unit!r} and not {unit}")
    if count.running_percent != 100.0:
        raise ValueError(f"perf counted {count.running_percent:g}% of the time and guessed the rest")
    return float(count.value)


def shortened(messages: str) -> str:
    """The beginning of what perf printed, which may be a page."""
    return one_line(messages, 300) or "nothing"


def why_perf_ended(fault: str, messages: str, proc: Path) -> UnavailableError:
    """Reason and fix, from what perf did not do and what it printed."""
    if re.search(r"perf_event_paranoid|CAP_PERFMON|ermission", messages):
        return NoRightError(f"perf has no right to count for the whole machine{at_level(proc)}", give("perf", proc))
    reason = f"perf stat does not start ({fault}), and says: {shortened(messages)}"
    return UnavailableError(reason, MISSING if re.search(r"unknown (switch|option)", messages) else UNABLE)


def find_program(program: str, proc: Path) -> str:
    """Where the program is.

    Raises:
        UnavailableError: it is not on PATH, or this user may not run it, or not what it starts where it is a script.
    """
    found = shutil.which(program) or shutil.which(program, mode=os.F_OK)
    if found is None:
        raise UnavailableError(f"the program {program} is not on PATH", MISSING)
    for path in (Path(found), real_perf(Path(found))):
        if path is not None and not os.access(path, os.X_OK, effective_ids=True):
            raise barred(path, proc)
    return found


def barred(path: Path, proc: Path) -> NoRightError:
    """That this user may not run a program: it belongs to a group, which can be joined."""
    status = path.stat()
    if status.st_gid == 0 or not status.st_mode & stat.S_IXGRP:
        return NoRightError(f"{path} may be run by root alone", give("perf", proc))
    try:
        group = grp.getgrgid(status.st_gid).gr_name
    except KeyError:
        group = str(status.st_gid)
    join = f"sudo usermod -aG {group} $USER"
    return NoRightError(f"{path} may be run by the group {group} alone", f"Join it and log in again: {join}")


class PerfRun:
    """One `perf stat` process that counts while it is told to, and ends with the pipe that feeds its child, a `cat`.

    The measured command is not perf's child: perf's exit status is its own, and the command's comes from its `wait4`.
    The pipe closes when this program ends, however it ends, so that perf outlives it by a second at most.
    """

    def __init__(self, program: str, events: Iterable[str], folder: Path, patience_seconds: float) -> None:
        """Starts perf without waiting for it; raises UnavailableError where the system cannot."""
        self._patience_seconds = patience_seconds
        self.output = folder / "counts.json"
        self.messages = folder / "messages.txt"
        self.output.unlink(missing_ok=True)
        orders, self._orders = os.pipe()
        self._answers, answers = os.pipe()
        self._answered = select.poll()
        self._answered.register(self._answers, select.POLLIN)
        command = [program, "stat", "-a", "-j", "-e", ",".join(events), "-o", str(self.output)]
        command += ["--control", f"fd:{orders},{answers}", "-D", "-1", "--", "cat"]
        try:
            with self.messages.open("wb") as messages:
                self.process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=messages,
                    stderr=messages,
                    pass_fds=(orders, answers),
                    env={**os.environ, "LC_ALL": "C", "LC_NUMERIC": "C"},
                    start_new_session=True,  # Ctrl-C is for the workflow: perf ends with its pipe
                )
        except OSError as error:
            os.close(self._orders)
            os.close(self._answers)
            raise UnavailableError(f"{program} cannot be started ({error.strerror})", MISSING) from error
        finally:
            os.close(orders)
            os.close(answers)

    def tell(self, order: bytes) -> str | None:
        """Gives an order, waits until perf has followed it, and returns why it did not, or None.

        Orders: `ping`, `enable`, `disable`; each is answered by `ack` (perf-stat(1), `--control`).
        """
        try:
            os.write(self._orders, order + b"\n")
        except BrokenPipeError:
            return f"perf was gone before {order.decode()!r}"
        if not self._answered.poll(self._patience_seconds * 1000):
            return f"perf did not follow {order.decode()!r} within {self._patience_seconds:g} s"
        answer = os.read(self._answers, 64)
        if not answer.startswith(b"ack"):
            return f"perf ended at {order.decode()!r}" if not answer else f"perf answered {answer!r}"
        return None

    def finish(self) -> str:
        """Ends perf and returns what it counted, as it wrote it; raises ValueError if it did not end well."""
        self.close()
        if self.process.returncode < 0:
            number = -self.process.returncode
            raise ValueError(f"perf was killed by signal {number} ({signal.strsignal(number)})")
        if self.process.returncode > 0:
            printed = shortened(self.printed())
            raise ValueError(f"perf ended with exit status {self.process.returncode} and said: {printed}")
        try:
            return self.output.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"perf's counts cannot be read: {error}") from error

    def printed(self) -> str:
        """What perf printed."""
        return self.messages.read_text(encoding="utf-8", errors="replace")

    def close(self) -> None:
        """Ends perf if it runs, and closes the pipes."""
        if self.process.stdin is None or self.process.stdin.closed:
            return
        self.process.stdin.close()
        try:
            self.process.wait(self._patience_seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self._orders)
        os.close(self._answers)


def energy_events(power: Path, proc: Path, judged: str = "package") -> dict[str, str]:
    """Events for perf's `-e`, each with its domain, that the PMU in `power` has.

    Raises UnavailableError where it does not count the domain `judged`.
    """
    read_type_and_cpus(power, proc, judged)
    return {f"power/{name}/": domain for name, domain in events_shown(power).items()}


def packages_added_up(power: Path, proc: Path, judged: str = "package", cpu_files: Path = CPU_FILES) -> int:
    """How many packages perf adds up, one for each CPU of the PMU's mask.

    Raises UnavailableError where two of these CPUs belong to one package: perf does not tell them apart, and their
    counter may be the same.
    """
    _, cpus = read_type_and_cpus(power, proc, judged)
    cpu_of_package: dict[str, int] = {}
    for cpu in cpus:
        package = die_of(cpu, cpu_files).package
        if package is not None and cpu_of_package.setdefault(package, cpu) != cpu:
            raise UnavailableError(
                f"perf adds up the counters of CPUs {cpu_of_package[package]} and {cpu}, which belong to one package",
                "Choose the source pmu or powercap, which count a package once",
            )
    return len(cpus)


class PerfSource(Source):
    """Counters read by `perf stat -a`: a window is the time between two orders that perf has acknowledged.

    Each window has a perf of its own, started after the window before it; an edge is one exchange over a pipe.
    """

    name = "perf"

    def __init__(
        self,
        events: Mapping[str, str],
        *,
        program: str = "perf",
        unit: str = "Joules",
        packages: int = 1,
        proc: Path = Path("/proc"),
        judged: str = "package",
        domains: Collection[str] = DOMAINS,
        limit_watts: float = LIMIT_WATTS,
        patience_seconds: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Starts perf and counts for a moment; `events` maps each of perf's events to a domain,
        of which those in `domains` are counted.

        `unit` is what perf must answer in, `packages` how many packages it adds up; `clock` gives seconds. Raises
        UnavailableError where the program is missing, too old (`-j` came with perf 6.0), without the right to count, or
        can't count the domain `judged`. Another event that it can't count is left out, and `notes` say so.
        """
        self._program = find_program(program, proc)
        self._events = {event: domain for event, domain in events.items() if domain in domains}
        self.notes = left_out_by_settings(domain for domain in events.values() if domain not in domains)
        self._unit = unit
        self._packages = packages
        self._limit_watts = limit_watts
        self._patience_seconds = patience_seconds
        self._clock = clock
        self._fault: str | None = None
        self._enabled = self._disabled = Exchange(0.0, 0.0)
        self.judged = judged
        self._proc = proc
        self._used = False
        with contextlib.ExitStack() as opened:
            self._folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="ergit-perf-")))
            self._run = self._next_run()
            opened.callback(self._end_run)
            self._try_out()
            self._files = opened.pop_all()
        self.domains = tuple(domain for domain in DOMAINS if domain in self._events.values())

    def start(self) -> None:
        """Orders perf to count, and returns when it does."""
        if self._used:
            self._renew()
        self._used = True
        began = self._clock()
        self._fault = self._run.tell(b"enable")
        self._enabled = Exchange(began, self._clock())

    def stop(self) -> None:
        """Orders perf to count no longer, and returns when it doesn't."""
        began = self._clock()
        self._fault = self._fault or self._run.tell(b"disable")
        self._disabled = Exchange(began, self._clock())

    def energy(self, cpu_seconds: float) -> Energy:  # noqa: ARG002
        """Energy of the window, or the problem with it; starts the perf of the next window."""
        try:
            counts = self._counts()
        except NotCountedError as refusal:
            energy = Energy({}, (), f"perf: {refusal}", is_gone=refusal.is_gone)
        else:
            results = [self._result(event, counts.get(event)) for event in self._events]
            energy = add_up(self.name, results, self._seconds(counts))
        self._renew()
        return energy

    def close(self) -> None:
        """Ends perf and removes what it wrote."""
        self._files.close()

    def _end_run(self) -> None:
        self._run.close()

    def _next_run(self) -> PerfRun:
        return PerfRun(self._program, self._events, self._folder, self._patience_seconds)

    def _renew(self) -> None:
        self._run.close()
        self._run = self._next_run()
        self._run.tell(b"ping")
        self._used = False

    def _try_out(self) -> None:
        fault = self._run.tell(b"ping")
        if fault is not None:
            self._run.close()
            raise why_perf_ended(fault, self._run.printed(), self._proc)
        self.start()
        time.sleep(TRIAL_SECONDS)
        self.stop()
        try:
            counts = self._counts()
        except NotCountedError as refusal:
            raise UnavailableError(f"a trial of perf stat failed: {refusal}", UNABLE) from refusal
        for event in list(self._events):
            if f"{event}u" in counts:  # perf's own fallback where the kernel allows it no more
                reason = f"perf may count {event} for user programs alone, and no energy{at_level(self._proc)}"
                raise NoRightError(reason, give("perf", self._proc))
            result = self._result(event, counts.get(event))
            if result.problem is not None:
                self._leave_out(result.counter, result.problem)
        self._renew()

    def _leave_out(self, counter: Counter, problem: str) -> None:
        if counter.domain == self.judged:
            raise UnavailableError(f"perf stat does not count {counter.name}: {problem}", UNABLE)
        del self._events[counter.name]
        self.notes += (f"{counter.domain} left out: {problem}",)

    def _counts(self) -> dict[str, PerfCount]:
        try:
            counts = parse(self._run.finish())
        except ValueError as refusal:
            raise NotCountedError("; ".join(filter(None, (self._fault, str(refusal))))) from refusal
        if self._fault is not None:
            raise NotCountedError(self._fault)
        return counts

    def _counted_seconds(self, count: PerfCount) -> float:
        return count.running_nanoseconds / 1e9 / self._packages

    def _seconds(self, counts: Mapping[str, PerfCount]) -> float | None:
        judged = [count for event, count in counts.items() if self._events.get(event) == self.judged]
        return self._counted_seconds(judged[0]) if judged else None

    def _result(self, event: str, count: PerfCount | None) -> CounterResult:
        domain = self._events[event]

        def record(before: Raw, after: Raw) -> Counter:
            return Counter(
                name=event, domain=domain, unit=self._unit, before=before, after=after, range=None, samples=()
            )

        if count is None:
            return CounterResult(record(None, None), 0.0, "perf wrote no count of it")
        shortest = self._disabled.began - self._enabled.ended
        longest = self._disabled.ended - self._enabled.began
        try:
            joules = amount(count, self._unit)
            refuse_other_length(self._counted_seconds(count), shortest, longest)
        except ValueError as refusal:
            return CounterResult(record(0, count.value), 0.0, str(refusal))
        counters = 1 if domain == "psys" else self._packages
        limit_watts = counters * limit_of(domain, self._packages, self._limit_watts)
        problem = implausible(joules, longest, limit_watts) or stands_still(domain, self.judged, joules, shortest)
        return CounterResult(record(0, joules), joules, problem)
