"""Takes readings of one workload, each held back until the machine is quiet and at its temperature."""

import re
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

import msgspec

from ergit.config.settings import MeasureSettings, TemperatureSettings, WorkloadSettings
from ergit.disk import refuse_full_disk
from ergit.energy.source import Energy, Source
from ergit.errors import ErgitError
from ergit.machine.interference import (
    Interference,
    MachineTotals,
    Quiet,
    between,
    flags,
    machine_totals,
    wait_until_quiet,
)
from ergit.machine.kernel import Machine
from ergit.machine.temperature import Gate, Sensor, wait_until_within
from ergit.measuring.attempts import Attempt
from ergit.processes import output
from ergit.processes.run import Outcome, Window, run
from ergit.records.readings import IdleSample, Reading, ReadingStatus, WindowConditions

NOTHING_READ = Energy({}, (), None)


class MeasuredWindow:
    """A window around a command: the energy counters are read next to it, the machine's totals around them."""

    def __init__(self, source: Source, machine: Machine) -> None:
        self._source = source
        self._take = partial(machine_totals, machine)
        self.before: MachineTotals | None = None
        self.after: MachineTotals | None = None

    def start(self) -> None:
        """Reads the energy counters last."""
        self.before = self._take()
        self._source.start()

    def stop(self) -> None:
        """Reads the energy counters first."""
        self._source.stop()
        self.after = self._take()


@dataclass
class Measurement:
    """All that stays the same for the readings of one job, and how much patience is left for the gates.

    A gate that timed out once is not waited at again in the same job: what follows is flagged at once.
    """

    workload: WorkloadSettings
    settings: MeasureSettings
    build_dir: Path  # where the build was unpacked
    environment: Mapping[str, str]
    log: Path
    source: Source
    sensor: Sensor | None
    machine: Machine = field(default_factory=Machine)
    quiet_patience_seconds: float = field(init=False)
    temperature_patience_seconds: float = field(init=False)

    def __post_init__(self) -> None:
        self.quiet_patience_seconds = self.settings.quiet.wait_seconds
        self.temperature_patience_seconds = self.settings.temperature.wait_seconds

    def take(self, attempt: Attempt) -> Reading:
        """One run of the workload in a window, with prepare before it and cleanup after it.

        A warm-up is not held back.

        Raises:
            ErgitError: a gate is not passed and the config makes that an error, a sensor is broken, or the disk is
            full.
        """
        prepared = self._run_beside("prepare", attempt)
        if prepared is not None and prepared.status != "ok":
            self._run_beside("cleanup", attempt)
            reason = failure_reason("prepare", prepared, self.workload.timeout_seconds, 1)
            return reading_of(attempt, prepared, prepared.status, reason, NOTHING_READ, (), None)
        quiet = None if attempt.warmup else self._quiet()
        gate = self._temperature(waits=not attempt.warmup)
        window = MeasuredWindow(self.source, self.machine)
        limit = self.workload.timeout_seconds * attempt.loops
        outcome = self._run(self.workload.command, str(attempt), limit, window, attempt.loops)
        cleaned = self._run_beside("cleanup", attempt)
        reason = failure_reason("the workload", outcome, limit, attempt.loops)
        if window.before is None or window.after is None:
            return reading_of(attempt, outcome, outcome.status, reason, NOTHING_READ, (), None)
        energy = self.source.energy(outcome.cpu_seconds)
        found = between(window.before, window.after, outcome.cpu_seconds)
        seen = [
            *gate_flags(quiet, gate, self.settings.temperature),
            *flags(found, self.settings.quiet.foreign_cores),
            *(f"left-behind:{re.sub(r'[^!-:<-~]', '_', name)}" for name in outcome.left_behind),
            *(["cleanup-failed"] if cleaned is not None and cleaned.status != "ok" else []),
        ]
        if outcome.status == "ok" and outcome.duration_seconds < self.settings.minimum_window_seconds:
            seen.append("short-window")
        after = self.sensor.celsius() if self.sensor else None
        conditions = window_conditions(quiet, gate, after, window.before, window.after, found)
        problem = energy.problem
        if not problem and not energy.joules.get("package"):
            problem = "0 J: the window is shorter than one step of the counter (measure.loops)"
        status = "not-counted" if outcome.status == "ok" and problem else outcome.status
        return reading_of(attempt, outcome, status, reason or problem, energy, seen, conditions)

    def idle(self) -> IdleSample | None:
        """The energy of the machine while nothing is run, as it is recorded; None where none is wanted or possible."""
        seconds = self.settings.idle_seconds
        if not seconds or self.source.kind != "measured":
            return None
        quiet = self._quiet()
        before = machine_totals(self.machine)
        self.source.start()
        started = time.monotonic()
        time.sleep(seconds)
        duration = time.monotonic() - started
        self.source.stop()
        found = between(before, machine_totals(self.machine), workload_cpu_seconds=0.0)
        energy = self.source.energy(0.0)
        return IdleSample(
            duration_seconds=duration,
            joules=energy.joules,
            counters=energy.counters,
            reason=energy.problem,
            flags=(*(() if quiet.is_quiet else ("busy",)), *flags(found, self.settings.quiet.foreign_cores)),
        )

    def _quiet(self) -> Quiet:
        limits = self.settings.quiet
        quiet = wait_until_quiet(
            limits.foreign_cores,
            self.settings.rest_seconds,
            self.quiet_patience_seconds,
            take=partial(machine_totals, self.machine),
        )
        if not quiet.is_quiet:
            if limits.on_timeout == "error":
                raise ErgitError(
                    f"The machine is not quiet: after {quiet.waited_seconds:.0f} s of waiting others still use "
                    f"{quiet.foreign_cores:.2f} cores, and measure.quiet.foreign_cores is {limits.foreign_cores:g}. "
                    "End them (see top), or set measure.quiet.on_timeout to flag."
                )
            self.quiet_patience_seconds = 0.0
        return quiet

    def _temperature(self, *, waits: bool) -> Gate:
        limits = self.settings.temperature
        lowest, highest = limits.lowest_celsius, limits.highest_celsius
        if self.sensor is None:
            return Gate(None, 0.0, None)
        if not waits:
            return Gate(self.sensor.celsius(), 0.0, None)
        gate = wait_until_within(self.sensor, lowest, highest, self.temperature_patience_seconds)
        if gate.flag:
            if limits.on_timeout == "error":
                raise ErgitError(
                    f"The CPU is {gate.flag.replace('-', ' ')}: {gate.celsius:g} °C by {self.sensor.name} after "
                    f"{gate.waited_seconds:.0f} s of waiting; measure.temperature wants {lowest} to {highest}. "
                    "Cool it better, widen the bounds, or set measure.temperature.on_timeout to flag."
                )
            self.temperature_patience_seconds = 0.0
        return gate

    def _run_beside(self, name: Literal["prepare", "cleanup"], attempt: Attempt) -> Outcome | None:
        """Runs `prepare` or `cleanup`, outside of any window; None where there is none."""
        command = self.workload.prepare if name == "prepare" else self.workload.cleanup
        if command is None:
            return None
        return self._run(command, f"{name} of {attempt}", self.workload.timeout_seconds)

    def _run(
        self, command: str, title: str, timeout_seconds: float, window: Window | None = None, loops: int = 1
    ) -> Outcome:
        start = output.head(self.log, title)
        outcome = run(
            command,
            directory=self.build_dir / self.workload.directory,
            inside=self.build_dir,
            environment=self.environment,
            timeout_seconds=timeout_seconds,
            log=self.log,
            window=window,
            loops=loops,
        )
        if outcome.status != "ok":
            refuse_full_disk((self.log.parent, self.build_dir.parent))
        output.shorten(self.log, start)
        return outcome


def reading_of(
    attempt: Attempt,
    outcome: Outcome,
    status: ReadingStatus,
    reason: str | None,
    energy: Energy,
    seen: Sequence[str],
    conditions: WindowConditions | None,
) -> Reading:
    """The record of one attempt; only a reading that is ok has joules."""
    return Reading(
        repeat=attempt.repeat,
        attempt=attempt.attempt,
        warmup=attempt.warmup,
        status=status,
        exit_code=outcome.exit_code,
        signal=outcome.signal,
        reason=reason,
        started=outcome.started,
        duration_seconds=outcome.duration_seconds,
        cpu_seconds=outcome.cpu_seconds,
        loops=max(1, outcome.loops),
        joules=energy.joules if status == "ok" else {},
        counters=energy.counters,
        flags=tuple(seen),
        conditions=conditions,
    )


def failure_reason(what: str, outcome: Outcome, timeout_seconds: float, loops: int) -> str | None:
    """Why the command does not count as done, in a few words; None where it does."""
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


def gate_flags(quiet: Quiet | None, gate: Gate, limits: TemperatureSettings) -> list[str]:
    """What the gates have to say about a reading; `limits` is `measure.temperature` of the config."""
    found = [] if quiet is None or quiet.is_quiet else ["busy"]
    if gate.flag:
        found.append(gate.flag)
    wanted = limits.lowest_celsius is not None or limits.highest_celsius is not None
    return [*found, "no-temperature"] if gate.celsius is None and wanted else found


def window_conditions(
    quiet: Quiet | None,
    gate: Gate,
    celsius_after: float | None,
    before: MachineTotals,
    after: MachineTotals,
    found: Interference,
) -> WindowConditions:
    """What was seen before, during and after one window: None where absent, with the reason."""
    seen = WindowConditions(
        waited_seconds=gate.waited_seconds + (quiet.waited_seconds if quiet else 0.0),
        foreign_cores_before=quiet.foreign_cores if quiet else None,
        foreign_cpu_seconds=found.foreign_cpu_seconds,
        interrupt_seconds=found.interrupt_seconds,
        steal_seconds=found.steal_seconds,
        suspended_seconds=found.suspended_seconds,
        pressure_seconds=found.pressure_seconds,
        throttles=found.throttles,
        celsius_before=gate.celsius,
        celsius_after=celsius_after,
        frequency_megahertz_before=before.frequency_megahertz,
        frequency_megahertz_after=after.frequency_megahertz,
    )
    missing = {name: reason for name, reason in ABSENT.items() if getattr(seen, name) is None}
    return msgspec.structs.replace(seen, missing=missing)


ABSENT = {
    "foreign_cores_before": "a warm-up is not held back",
    "pressure_seconds": "the kernel does not tell pressure (/proc/pressure)",
    "throttles": "no processor counts its throttling (thermal_throttle)",
    "celsius_before": "no temperature sensor is used",
    "celsius_after": "no temperature sensor is used",
    "frequency_megahertz_before": "no processor tells its frequency (cpufreq)",
    "frequency_megahertz_after": "no processor tells its frequency (cpufreq)",
}
