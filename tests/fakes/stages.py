"""Stages around a reading that ergit does not have: they note that they ran."""

import time

from ergit.measuring.context import ReadingContext
from ergit.stages import PipelineStage


class Thermometer(PipelineStage[ReadingContext]):
    """A stage of somebody else's, which notes a fact before the window and when it ran."""

    name = "thermometer"

    def __init__(self) -> None:
        self.found: list[str] = []
        self.ended = 0.0  # by the monotonic clock

    def run(self, context: ReadingContext) -> None:
        """Notes a flag."""
        self.found.append(f"{context.attempt}, window: {context.has_window}, status: {context.status}")
        context.flags.append("room-at-21-celsius")
        self.ended = time.monotonic()


class Broom(Thermometer):
    """The same, also after a failure."""

    name = "broom"
    runs_after_failure = True
