"""The variables that a commit's commands see: the user's own, what ergit sets for them, and nothing of ergit's own."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from ergit.config.handover import PROGRAMS, ROOT, entries_without
from ergit.records.java import JavaRecord


def environment_of(java: JavaRecord, extra: Mapping[str, str]) -> dict[str, str]:
    """The variables that ergit sets for a commit's commands: its JDK, the study's folder, then the config's own."""
    variables = {"ERGIT_STUDY": str(Path.cwd())}
    if java.chosen:
        variables |= {
            "JAVA_HOME": java.chosen.home,
            "ERGIT_JAVA_RELEASE": str(java.wanted or java.chosen.release),
        }
    return variables | dict(extra)


def child_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with these variables, the JDK first on PATH, ergit and its Python out of sight.

    What the user has set reaches the commands (PYTHONPATH too, but for its empty entries), variables named ERGIT_…
    do only where they are among the given ones.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ERGIT_")}
    modules = entries_without("PYTHONPATH", ROOT)
    environment["PYTHONPATH"] = os.pathsep.join(modules)
    if not modules:
        del environment["PYTHONPATH"]
    if sys.prefix != sys.base_prefix:  # a virtual environment of ergit's own, activated or not
        environment["PATH"] = os.pathsep.join(entries_without("PATH", PROGRAMS))
        environment.pop("VIRTUAL_ENV", None)
    environment |= variables
    if "JAVA_HOME" in variables:
        environment["PATH"] = f"{variables['JAVA_HOME']}/bin:{environment.get('PATH', os.defpath)}"
    return environment
