"""Stages of a study's own, written into its folder."""

from pathlib import Path
from textwrap import dedent, indent

STAGE = """\
import os
import subprocess
import sys
import time
from pathlib import Path

from ergit.stages import PipelineStage


class Stage(PipelineStage):
{attributes}
    def run(self, context):
{body}


def get_stage():
    return Stage()
"""


def write_stage(path: Path, body: str, **attributes: object) -> Path:
    """Writes a stage whose `run` has this body and whose class has these attributes."""
    lines = "".join(f"    {name} = {value!r}\n" for name, value in attributes.items())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(STAGE.format(attributes=lines, body=indent(dedent(body).strip() or "pass", " " * 8)))
    return path


def line_of(path: Path, text: str) -> int:
    """The line of the file that holds the text."""
    return next(number for number, line in enumerate(path.read_text().splitlines(), 1) if text in line)
