"""A stage that gives each commit a Python environment of its own, with what its requirements.txt asks for.

List it in the config: `modules_enabled: [python_env_stage.py]`. The environment is made in the commit's tree, so it is
kept with the build, and the workload runs in it. pip takes its settings, such as PIP_INDEX_URL, from the config's
`build.environment`.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from ergit.stages import PipelineStage

REQUIREMENTS = "requirements.txt"
FOLDER = ".ergit-venv"


class PythonEnvStage(PipelineStage):
    """Makes the environment before the build commands run, and puts it first on PATH for them and for the workload."""

    timeout_seconds = 1800

    def run(self, context: dict[str, Any]) -> None:
        """Installs the requirements; a commit without any is built without an environment."""
        tree = Path(context["paths"]["tree"])
        requirements = tree / REQUIREMENTS
        if not requirements.exists():
            return
        environment = tree / FOLDER
        python = environment / "bin/python"
        # `check=True`: what fails ends the stage. `sys.executable` is the commit's Python, not that of ergit.
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        subprocess.run([python, "-m", "pip", "install", "--requirement", requirements], check=True)
        frozen = subprocess.run([python, "-m", "pip", "freeze"], check=True, capture_output=True, text=True)
        context["environment"]["VIRTUAL_ENV"] = str(environment)
        context["environment"]["PATH"] = f"{environment}/bin:{os.environ['PATH']}"
        context["python_packages"] = frozen.stdout.splitlines()  # stands in the record of the build


def get_stage() -> PipelineStage:
    """The stage that ergit runs."""
    return PythonEnvStage()
