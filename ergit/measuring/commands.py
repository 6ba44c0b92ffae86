"""The stages that run the user's commands before and after each reading, outside its window."""

from ergit.measuring.context import ReadingContext, ReadingStage


class Prepare(ReadingStage):
    """Runs `workload.prepare`; where it fails, the reading has failed."""

    name = "prepare"

    def run(self, context: ReadingContext) -> None:
        """Runs the command, if there is one."""
        setup = context.setup
        if setup.workload.prepare is None:
            return
        limit = setup.workload.timeout_seconds
        outcome = setup.run(setup.workload.prepare, f"prepare of {context.attempt}", limit)
        if outcome.status != "ok":
            context.fail(outcome, setup.reason_of("prepare", outcome, limit))


class Cleanup(ReadingStage):
    """Runs `workload.cleanup`, also after a failure; where it fails, the reading is flagged."""

    name = "cleanup"
    runs_after_failure = True

    def run(self, context: ReadingContext) -> None:
        """Runs the command, if there is one."""
        setup = context.setup
        if setup.workload.cleanup is None:
            return
        outcome = setup.run(setup.workload.cleanup, f"cleanup of {context.attempt}", setup.workload.timeout_seconds)
        if outcome.status != "ok" and context.has_window:
            context.flags.append("cleanup-failed")
