"""The variables that a commit's commands see: the user's own, what ergit sets for them, and nothing of ergit's own."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from ergit.config.handover import PROGRAMS, ROOT, entries_without
from ergit.processes.sandbox import kept_variables
from ergit.records.java import JavaRecord

STEP_FILES = ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY")
"""Files by which a step of a GitHub workflow changes the steps after it: a studied commit must not."""


def environment_of(java: JavaRecord, extra: Mapping[str, str]) -> dict[str, str]:
    """The variables that ergit sets for a commit's commands: its JDK, the study's folder, then the config's own."""
    variables = {"ERGIT_STUDY": str(Path.cwd())}
    if java.chosen:
        variables |= {
            "JAVA_HOME": java.chosen.home,
            "ERGIT_JAVA_RELEASE": str(java.wanted or java.chosen.release),
        }
    return variables | dict(extra)


def child_environment(variables: Mapping[str, str], *, in_sandbox: bool = False) -> dict[str, str]:
    """This process's environment with these variables, the JDK first on PATH, ergit and its Python out of sight.

    What the user has set reaches the commands (PYTHONPATH too, but for its empty entries), variables named ERGIT_…
    do only where they are among the given ones, those of `STEP_FILES` never. Into a sandbox only a few harmless ones of
    the user's get.
    """
    given = kept_variables(os.environ) if in_sandbox else os.environ
    environment = {
        name: value for name, value in given.items() if not name.startswith("ERGIT_") and name not in STEP_FILES
    }
    if "PYTHONPATH" in environment:
        environment["PYTHONPATH"] = os.pathsep.join(entries_without("PYTHONPATH", ROOT))
    if not environment.get("PYTHONPATH"):
        environment.pop("PYTHONPATH", None)
    if sys.prefix != sys.base_prefix:  # a virtual environment of ergit's own, activated or not
        environment["PATH"] = os.pathsep.join(entries_without("PATH", PROGRAMS))
        environment.pop("VIRTUAL_ENV", None)
    environment |= variables
    if "JAVA_HOME" in variables:
        environment["PATH"] = f"{variables['JAVA_HOME']}/bin:{environment.get('PATH', os.defpath)}"
    return environment
