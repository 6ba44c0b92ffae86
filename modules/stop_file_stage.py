"""A stage that ends the run in an orderly way as soon as there is a file STOP in the study's folder.

`touch STOP` ends a study of days after the reading that is being taken; remove the file, and the same command goes on.
"""

from pathlib import Path
from typing import Any

from ergit.stages import PipelineStage

FILE = "STOP"


class StopFileStage(PipelineStage):
    """Looks for the file before each reading."""

    kind = "batch"

    def run(self, context: dict[str, Any]) -> None:
        """Ends the run where the file is there."""
        path = Path(context["paths"]["study"]) / FILE
        if path.exists():
            context["abort_pipeline"] = True
            context["reason"] = f"there is a file {path}"


def get_stage() -> PipelineStage:
    """The stage that ergit runs."""
    return StopFileStage()
