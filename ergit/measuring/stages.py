"""The stages around a reading, in their order: the one place that names them.

Each is a `PipelineStage` whose context is that of one reading. What a stage does is never inside the window, which is
one stage of its own.
"""

from ergit.measuring.commands import Cleanup, Prepare
from ergit.measuring.context import ReadingContext
from ergit.measuring.gates import QuietGate, TemperatureAfter, TemperatureGate
from ergit.measuring.window import IdleWindow, WorkloadWindow
from ergit.stages import PipelineStage

Stages = tuple[PipelineStage[ReadingContext], ...]

STAGES: Stages = (Prepare(), QuietGate(), TemperatureGate(), WorkloadWindow(), TemperatureAfter(), Cleanup())
"""Around each reading."""

IDLE_STAGES: Stages = (QuietGate(), IdleWindow())
"""Around the sample of the idle machine."""
