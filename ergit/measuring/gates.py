"""The stages that hold a reading back until the machine is quiet and at its temperature, for a bounded time."""

from functools import partial

from ergit.errors import ErgitError
from ergit.machine.interference import machine_totals, wait_until_quiet
from ergit.machine.temperature import wait_until_within
from ergit.measuring.context import ReadingContext, ReadingStage


class QuietGate(ReadingStage):
    """Rests, then waits until other programs use little CPU time; a warm-up is not held back."""

    name = "quiet"

    def run(self, context: ReadingContext) -> None:
        """Notes what else ran in the last moment.

        Raises:
            ErgitError: the machine does not become quiet, and the config makes that an error; or the run is to stop.
        """
        setup, limits = context.setup, context.setup.settings.quiet
        if context.attempt.warmup:
            return
        quiet = wait_until_quiet(
            limits.foreign_cores,
            setup.settings.rest_seconds,
            0.0 if self.name in setup.timed_out else limits.wait_seconds,
            take=partial(machine_totals, setup.machine),
            on_wait=lambda cores: setup.tell_wait(
                f"for quiet: others use {cores:.2f} cores, and {limits.foreign_cores:g} are allowed"
                f" (at most {limits.wait_seconds:g} s)"
            ),
            go_on=partial(_end_where_stopped, context),
        )
        setup.tell_wait(None)
        context.note(
            waited_seconds=(context.conditions.waited_seconds or 0.0) + quiet.waited_seconds,
            foreign_cores_before=quiet.foreign_cores,
            steal_cores_before=quiet.seen.steal_seconds / quiet.seen.seconds if quiet.seen.seconds > 0 else 0.0,
            check_seconds=quiet.seen.seconds,
        )
        if quiet.is_quiet:
            return
        setup.timed_out.add(self.name)
        if limits.on_timeout == "error":
            raise ErgitError(
                f"The machine is not quiet: after {quiet.waited_seconds:.0f} s of waiting others still use"
                f" {quiet.foreign_cores:.2f} cores, and measure.quiet.foreign_cores is {limits.foreign_cores:g}. End"
                " them (see top), or set measure.quiet.on_timeout to flag."
            )


class TemperatureGate(ReadingStage):
    """Waits until the CPU is neither too hot nor too cold; a warm-up is not held back."""

    name = "temperature"

    def run(self, context: ReadingContext) -> None:
        """Notes the temperature, and how long it was waited for.

        Raises:
            ErgitError: the sensor is broken; the bounds are not reached, and the config makes that an error; or the run
                is to stop.
        """
        setup, limits = context.setup, context.setup.settings.temperature
        waited = context.conditions.waited_seconds or 0.0
        if setup.sensor is None:
            context.note(waited_seconds=waited)
            return
        if context.attempt.warmup:
            context.note(waited_seconds=waited, celsius_before=setup.sensor.celsius())
            return
        found = wait_until_within(
            setup.sensor,
            limits.lowest_celsius,
            limits.highest_celsius,
            0.0 if self.name in setup.timed_out else limits.wait_seconds,
            on_wait=lambda flag, celsius: setup.tell_wait(
                f"for the CPU, which is {flag.replace('-', ' ')}: {celsius:g} °C (at most {limits.wait_seconds:g} s)"
            ),
            go_on=partial(_end_where_stopped, context),
        )
        setup.tell_wait(None)
        context.note(waited_seconds=waited + found.waited_seconds, celsius_before=found.celsius)
        if found.flag is None:
            return
        setup.timed_out.add(self.name)
        if limits.on_timeout == "error":
            raise ErgitError(
                f"The CPU is {found.flag.replace('-', ' ')}: {found.celsius:g} °C by {setup.sensor.name} after"
                f" {found.waited_seconds:.0f} s of waiting; measure.temperature wants {limits.lowest_celsius} to"
                f" {limits.highest_celsius}. Cool it better, widen the bounds, or set measure.temperature.on_timeout to"
                " flag."
            )


def _end_where_stopped(context: ReadingContext) -> None:
    """Ends the job where the run is to stop and no reading would be lost: before the first one of the job.

    Raises:
        ErgitError: somebody asked for it.
    """
    if (context.attempt.repeat, context.attempt.attempt) == (1, 1):
        context.setup.refuse_stopped()


class TemperatureAfter(ReadingStage):
    """Reads the temperature right after the window."""

    name = "temperature-after"
    runs_after_failure = True

    def run(self, context: ReadingContext) -> None:
        """Notes the temperature.

        Raises:
            ErgitError: the sensor is broken.
        """
        if context.setup.sensor is not None and context.has_window:
            context.note(celsius_after=context.setup.sensor.celsius())
