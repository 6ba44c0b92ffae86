"""Writes the beginnings of a stage and its test: `ergit new-stage`."""

import argparse
import re
from pathlib import Path

from ergit.errors import ErgitError
from ergit.files import write_atomically
from ergit.plugins.files import FOLDER, NAME, RESERVED

MOMENTS = {
    "pre": "once per run that measures, before anything is built",
    "pre-test": "once per commit, in its tree, before the build commands",
    "batch": "before each measured run of the workload, in the commit's tree",
}

STAGE = '''\
"""A stage that … (say here what it does, in one sentence).

It runs {moment}. List it in the config: `modules_enabled: [{name}.py]`.
"""

import subprocess
from pathlib import Path
from typing import Any

from ergit.stages import PipelineStage


class {class_name}(PipelineStage):
    """What it does, and why this study needs it."""

    kind = "{kind}"
    timeout_seconds = 600

    def run(self, context: dict[str, Any]) -> None:
        """Notes the version of Git; put your own work here.

        docs/stages.md lists what is in the context. What fails has to raise: `check=True` sees to that.
        """
        folder = Path(context["paths"]["{folder}"])
        done = subprocess.run(["git", "--version"], cwd=folder, check=True, capture_output=True, text=True)
        context["git_version"] = done.stdout.strip()


def get_stage() -> PipelineStage:
    """The stage that ergit runs."""
    return {class_name}()
'''

TEST = '''\
"""Test of the stage {name}: run it with ergit's Python, as `python3 {folder}/test_{name}.py`."""

import unittest
from pathlib import Path
from runpy import run_path
from tempfile import TemporaryDirectory

STAGE = run_path(str(Path(__file__).with_name("{name}.py")))["get_stage"]()


class {class_name}Test(unittest.TestCase):
    def test_it_notes_the_version_of_git(self) -> None:
        with TemporaryDirectory() as folder:
            context = {{"paths": {{"study": folder, "tree": folder}}, "environment": {{}}}}
            STAGE.run(context)
        self.assertTrue(context["git_version"].startswith("git version "))


if __name__ == "__main__":
    unittest.main()
'''


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of `ergit new-stage`."""
    parser.add_argument("name", metavar="NAME", help="what the stage is called: the name of its file, without .py")
    parser.add_argument("--kind", choices=tuple(MOMENTS), default="pre-test", help="when it runs (default: pre-test)")
    parser.add_argument(
        "--study", type=Path, default=Path(), metavar="DIR", help="the study's folder (default: the working directory)"
    )


def run(options: argparse.Namespace) -> None:
    """Writes both files into the study's `modules`, and says what to do with them.

    Raises:
        ErgitError: the name is none, or a file is there already.
    """
    name = str(options.name).removesuffix(".py")
    if not NAME.fullmatch(name) or name in RESERVED:
        raise ErgitError(
            f"{name!r} cannot be the name of a stage: use letters, digits and `_`, as in python_env_stage."
        )
    folder = options.study / FOLDER
    files = {folder / f"{name}.py": stage_text(name, options.kind), folder / f"test_{name}.py": test_text(name)}
    there = next((path for path in files if path.exists()), None)
    if there is not None:
        raise ErgitError(f"{there} is there already, and is left as it is. Choose another name, or remove it.")
    for path, text in files.items():
        write_atomically(path, text)
        print(f"wrote {path}")
    print(
        f"Test it with `python3 {folder}/test_{name}.py`. To enable it, add {name}.py to modules_enabled in the config."
    )


def stage_text(name: str, kind: str) -> str:
    """The file of the stage."""
    folder = "study" if kind == "pre" else "tree"
    return STAGE.format(name=name, kind=kind, moment=MOMENTS[kind], class_name=class_name(name), folder=folder)


def test_text(name: str) -> str:
    """The file of its test."""
    return TEST.format(name=name, class_name=class_name(name), folder=FOLDER)


def class_name(name: str) -> str:
    """`python_env_stage` as `PythonEnvStage`, and `disk_guard` as `DiskGuardStage`."""
    words = [word[:1].upper() + word[1:] for word in re.split("[_-]+", name) if word]
    return "".join(words).removesuffix("Stage") + "Stage"
