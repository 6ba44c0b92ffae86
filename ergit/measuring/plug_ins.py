"""The study's own batch stages, as stages around a reading."""

import os
from contextlib import ExitStack

from ergit.building.stages import added
from ergit.config.settings import StageFile
from ergit.measuring.context import ReadingContext, ReadingStage
from ergit.plugins.facts import StageFacts
from ergit.plugins.runs import end
from ergit.records.record import JsonObject


class PlugIn(ReadingStage):
    """Runs one stage of the study in a process of its own; where that fails, the reading has failed.

    What the stage leaves running goes on until the reading is over: it is a service of the workload.
    """

    def __init__(self, file: StageFile, facts: StageFacts) -> None:
        self._file = file
        self._facts = facts
        self.name = file.name
        self.before = file.before
        self.after = file.after
        self.runs_after_failure = file.runs_after_failure
        self.timeout_seconds = file.timeout_seconds

    def run(self, context: ReadingContext) -> None:
        """Notes how the stage ended, what it put into the context, and what it left running.

        Raises:
            ErgitError: the stage has ended the whole run, or cannot be run at all.
        """
        from ergit.plugins.process import run_stage  # most studies have no stages of their own

        setup = context.setup
        stage = run_stage(
            self._file,
            self._facts,
            setup.build_dir,
            put={**setup.put, **context.put},
            variables=setup.variables,
            tree=setup.build_dir,
            reading=reading_so_far(context, self._facts.round),
            title=f"of {context.attempt}",
        )
        with ExitStack() as until_here:
            result = until_here.enter_context(stage)
            if result.leftover is not None:
                context.services.append(result.leftover)
                context.until_its_end.push(until_here.pop_all())
        context.stages.append(result.recorded)
        if result.aborted is not None:
            raise end(self._facts.settings, self.name, result.aborted)
        context.put = added(result.put, setup.put)
        context.set_variables(result.variables)
        if result.reason is not None and not context.has_failed:
            context.fail(context.outcome or result.outcome, result.reason)
            context.status = result.recorded.status
        if not context.has_window:
            os.sync()  # what the stage wrote is not written to disk while the window is open


def reading_so_far(context: ReadingContext, round: int | None) -> JsonObject:
    """What a stage may know of the reading that it runs for; after the window, its joules and seconds."""
    attempt, outcome = context.attempt, context.outcome
    return {
        "round": round,
        "repeat": attempt.repeat,
        "attempt": attempt.attempt,
        "warmup": attempt.warmup,
        "status": context.status,
        "reason": context.reason,
        "joules": dict(context.energy.joules) if context.has_window else None,
        "duration_seconds": outcome.duration_seconds if context.has_window and outcome else None,
    }
