"""The stages around a reading, in their order: the one place that names them.

Each is a `PipelineStage` whose context is that of one reading. What a stage does is never inside the window, which is
one stage of its own. The study's own batch stages stand in the same list.
"""

from collections.abc import Sequence
from typing import Protocol

from ergit.errors import ErgitError
from ergit.measuring.commands import Cleanup, Prepare
from ergit.measuring.context import ReadingContext
from ergit.measuring.gates import QuietGate, TemperatureAfter, TemperatureGate
from ergit.measuring.tests import ReportsAfter, ReportsBefore
from ergit.measuring.window import IdleWindow, WorkloadWindow
from ergit.stages import PipelineStage

Stages = tuple[PipelineStage[ReadingContext], ...]

STAGES: Stages = (
    *(Prepare(), ReportsBefore(), QuietGate(), TemperatureGate()),
    WorkloadWindow(),
    *(TemperatureAfter(), ReportsAfter(), Cleanup()),
)
"""Around each reading."""

IDLE_STAGES: Stages = (QuietGate(), IdleWindow())
"""Around the sample of the idle machine."""


class Positioned(Protocol):
    """What has a position among the stages around a reading."""

    @property
    def name(self) -> str: ...

    @property
    def before(self) -> str | None: ...

    @property
    def after(self) -> str | None: ...


def with_plug_ins(plug_ins: Sequence[PipelineStage[ReadingContext]]) -> Stages:
    """The stages around each reading, the study's own among them, as `order` says.

    Raises:
        ErgitError: one is to stand before or after a stage that is not in the list.
    """
    by_name = {stage.name: stage for stage in (*STAGES, *plug_ins)}
    return tuple(by_name[name] for name in order(plug_ins))


def order(plug_ins: Sequence[Positioned]) -> list[str]:
    """The names of all stages around a reading.

    Those of the study without `before` and `after` are the first; several at one position stay in their order.

    Raises:
        ErgitError: one has the name of a stage of ergit, or is to stand before or after one that is not in the list.
    """
    own = [stage.name for stage in STAGES]
    known = [*own, *(stage.name for stage in plug_ins)]
    for stage in plug_ins:
        if stage.name in own:
            raise ErgitError(f"modules_enabled: ergit itself has a stage {stage.name}; give the file another name.")
        wanted = stage.before or stage.after
        if wanted is not None and (wanted not in known or wanted == stage.name):
            others = ", ".join(name for name in known if name != stage.name)
            raise ErgitError(
                f"modules_enabled: the stage {stage.name} is to run {'before' if stage.before else 'after'} {wanted!r},"
                f" which is no stage around a reading. These are {others}."
            )
    found = [*(stage.name for stage in plug_ins if not (stage.before or stage.after)), *own]
    behind = {stage.name: stage.after for stage in plug_ins if stage.after}
    waiting = [stage for stage in plug_ins if stage.before or stage.after]
    while waiting:
        placeable = [stage for stage in waiting if (stage.before or stage.after) in found]
        if not placeable:
            names = " and ".join(stage.name for stage in waiting)
            raise ErgitError(f"modules_enabled: each of the stages {names} is to run before or after another of them.")
        stage = placeable[0]
        position = found.index(str(stage.before or stage.after))
        if stage.after:
            position += 1
            while position < len(found) and behind.get(found[position]) == stage.after:
                position += 1
        found.insert(position, stage.name)
        waiting.remove(stage)
    return found
