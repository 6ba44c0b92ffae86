"""Takes readings of one workload: each goes through all stages, from the gates over the window to the clean-up."""

from contextlib import ExitStack, suppress

from msgspec import Struct

from ergit.errors import CommitError, ErgitError
from ergit.measuring.attempts import Attempt
from ergit.measuring.context import ReadingContext, ReadingSetup
from ergit.measuring.stages import IDLE_STAGES, STAGES, Stages
from ergit.records.readings import DISQUALIFYING, IdleSample, Reading


class Measurement(Struct, frozen=True):
    """The readings of one job; the stages run around each of them in their order."""

    setup: ReadingSetup
    stages: Stages = STAGES
    idle_stages: Stages = IDLE_STAGES

    def take(self, attempt: Attempt) -> Reading:
        """One run of the workload in a window, with all that comes before and after it.

        Raises:
            ErgitError: something is wrong with the machine (a gate that the config makes strict, a broken sensor, a
            counter that is gone, a full disk), not with the commit.
        """
        with ExitStack() as until_its_end:
            context = ReadingContext(self.setup, attempt, until_its_end=until_its_end)
            return run_stages(self.stages, context).reading()

    def idle(self) -> IdleSample | None:
        """The energy of the machine while nothing is run; None where none is wanted or possible.

        Raises:
            ErgitError: something is wrong with the machine.
        """
        if not self.setup.settings.idle_seconds or self.setup.source.kind != "measured":
            return None
        sample = run_stages(self.idle_stages, ReadingContext(self.setup, Attempt(1))).reading()
        return IdleSample(
            duration_seconds=sample.duration_seconds,
            joules=sample.joules,
            counters=sample.counters,
            reason=sample.reason,
            flags=tuple(flag for flag in sample.flags if flag in DISQUALIFYING),
            counted_seconds=sample.counted_seconds,
        )


def run_stages(stages: Stages, context: ReadingContext) -> ReadingContext:
    """The context after the stages; once a reading has failed, only those run that give back what others took.

    They also run where a stage raises, as a gate does when the run is to stop: what `prepare` has started may be in the
    way of the next reading of this commit.
    """
    remaining = iter(stages)
    try:
        for stage in remaining:
            if not context.has_failed or stage.runs_after_failure:
                stage.run(context)
    except (ErgitError, CommitError):
        for stage in remaining:
            if stage.runs_after_failure:
                with suppress(ErgitError, CommitError):
                    stage.run(context)
        raise
    return context
