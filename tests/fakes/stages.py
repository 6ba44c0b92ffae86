"""Stages around a reading that ergit does not have: they note that they ran."""

import time

from ergit.measuring.context import ReadingContext
from ergit.stages import PipelineStage


class Thermometer(PipelineStage[ReadingContext]):
    """A stage of somebody else's, which notes a fact before the window and when it ran."""

    name = "thermometer"

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.found: list[str] = []

    def run(self, context: ReadingContext) -> None:
        """Takes its time and notes a flag."""
        time.sleep(self.seconds)
        self.found.append(f"{context.attempt}, window: {context.has_window}, status: {context.status}")
        context.flags.append("room-at-21-celsius")


class Broom(Thermometer):
    """The same, also after a failure."""

    name = "broom"
    runs_after_failure = True
