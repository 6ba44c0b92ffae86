"""The window: energy counters read next to a command, or to a pause, and the machine's totals around them."""

import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from ergit.energy.source import Energy, Source
from ergit.errors import ErgitError
from ergit.machine.interference import Interference, MachineTotals, between, machine_totals
from ergit.machine.kernel import Machine
from ergit.measuring.context import ReadingContext, ReadingStage
from ergit.processes.run import Leftover, Outcome
from ergit.text import iso_time

NAMED_PROGRAMS = 5


class MeasuredWindow:
    """A window around a command: the energy counters are read next to it, the machine's totals around them."""

    def __init__(self, source: Source, machine: Machine, services: Sequence[Leftover] = ()) -> None:
        self._source = source
        self._machine = machine
        self._services = services
        self._service_cpu_seconds_before = 0.0
        self.service_cpu_seconds = 0.0  # what the workload's services used in the window
        self.before: MachineTotals | None = None
        self.after: MachineTotals | None = None

    def start(self) -> None:
        """Reads the energy counters last."""
        self._service_cpu_seconds_before = self._read_services()
        self.before = machine_totals(self._machine)
        self._source.start()

    def stop(self) -> None:
        """Reads the energy counters first."""
        self._source.stop()
        self.after = machine_totals(self._machine)
        self.service_cpu_seconds = max(0.0, self._read_services() - self._service_cpu_seconds_before)

    def _read_services(self) -> float:
        return sum(service.cpu_seconds() for service in self._services)


class WorkloadWindow(ReadingStage):
    """Runs the workload in a window."""

    name = "window"

    def run(self, context: ReadingContext) -> None:
        """Notes the energy, how the command ended, and what else the machine did.

        Raises:
            ErgitError: the counters are gone, or a disk is full.
        """
        setup, attempt = context.setup, context.attempt
        window = MeasuredWindow(setup.source, setup.machine, context.services)
        limit = setup.workload.timeout_seconds * attempt.loops
        outcome = setup.run(setup.workload.command, str(attempt), limit, window, attempt.loops)
        context.outcome = outcome
        if outcome.status != "ok":
            context.fail(outcome, setup.reason_of("the workload", outcome, limit, attempt.loops))
        if window.before is None or window.after is None:
            return
        context.has_window = True
        if context.services:
            context.note(service_cpu_seconds=window.service_cpu_seconds)
        cpu_seconds = outcome.cpu_seconds + window.service_cpu_seconds
        context.energy = energy_of(setup.source, cpu_seconds)
        problem = context.energy.problem
        if not problem and not context.energy.joules.get(setup.settings.judged):
            problem = "0 J: the window is shorter than one step of the counter (measure.loops)"
        if problem and context.status == "ok":
            context.status, context.reason = "not-counted", problem
        note_totals(context, window.before, window.after, outcome, cpu_seconds)


class IdleWindow(ReadingStage):
    """Opens a window in which nothing is run."""

    name = "idle-window"

    def run(self, context: ReadingContext) -> None:
        """Notes the energy of the idle machine, and what it did nevertheless.

        Raises:
            ErgitError: the counters are gone.
        """
        setup = context.setup
        window = MeasuredWindow(setup.source, setup.machine)
        started = datetime.now(UTC)
        window.start()
        began = time.monotonic()
        time.sleep(setup.settings.idle_seconds)
        seconds = time.monotonic() - began
        window.stop()
        outcome = Outcome(
            status="ok",
            exit_code=None,
            signal=None,
            started=iso_time(started),
            duration_seconds=seconds,
            cpu_seconds=0.0,
            left_behind=(),
            loops=1,
        )
        context.outcome, context.has_window = outcome, True
        context.energy = energy_of(setup.source, cpu_seconds=0.0)
        context.reason = context.energy.problem
        if window.before is not None and window.after is not None:
            note_totals(context, window.before, window.after, outcome, cpu_seconds=0.0)


def energy_of(source: Source, cpu_seconds: float) -> Energy:
    """The energy of the last window, or the problem with it.

    Raises:
        ErgitError: a counter is gone, so that no later window can be counted either.
    """
    energy = source.energy(cpu_seconds)
    if energy.is_gone:
        raise ErgitError(
            f"A counter cannot be read any more ({energy.problem}). That is the machine's fault, so nothing was"
            " recorded for this commit. See `ergit doctor`, and run the same command again once the counter is back."
        )
    return energy


def note_totals(
    context: ReadingContext, before: MachineTotals, after: MachineTotals, outcome: Outcome, cpu_seconds: float
) -> None:
    """Notes what the machine did in the window, and what the command left behind.

    `cpu_seconds` is the CPU time of the workload and its services, which is not foreign.
    """
    found: Interference = between(before, after, cpu_seconds)
    context.note(
        foreign_cpu_seconds=found.foreign_cpu_seconds,
        interrupt_seconds=found.interrupt_seconds,
        steal_seconds=found.steal_seconds,
        suspended_seconds=found.suspended_seconds,
        pressure_seconds=found.pressure_seconds,
        throttles=found.throttles,
        frequency_megahertz_before=before.frequency_megahertz,
        frequency_megahertz_after=after.frequency_megahertz,
        window_seconds=found.seconds,
        processors=found.processors,
        unfinished_cpu_seconds=outcome.unfinished_cpu_seconds,
        still_running=outcome.still_running,
    )
    context.flags += left_behind_flags(outcome.left_behind)


def left_behind_flags(names: Sequence[str]) -> list[str]:
    """A flag for each program that outlived the command; of many the first ones, and how many more there are."""
    programs = list(dict.fromkeys(re.sub(r"[^!-:<-~]", "_", name) for name in names))
    more = len(programs) - NAMED_PROGRAMS
    named = [f"left-behind:{program}" for program in programs[:NAMED_PROGRAMS]]
    return [*named, f"left-behind:{more}-more"] if more > 0 else named
