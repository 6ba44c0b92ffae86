"""How the settings of a study reach the programs of its jobs: in the environment, under a name of the study's own.

In the command line they would be in the process list; in `params` any change would build and measure everything again;
in one fixed variable two studies in one workflow would get each other's.
"""

import hashlib
import os
import sys
from pathlib import Path

import msgspec

from ergit.config.settings import JobSettings, Settings, StageFile
from ergit.config.study_files import all_files, hashes
from ergit.errors import ErgitError

PREFIX = "ERGIT_SETTINGS_"
ROOT = str(Path(__file__).parents[2])
PROGRAMS = str(Path(sys.executable).parent)


def program_variables() -> dict[str, str]:
    """The variables by which the programs of jobs find `ergit` and this very Python.

    Entries of PYTHONPATH that mean the working directory (empty ones and `.`) are left out: a study folder may hold
    modules of any name. A workload that needs such an entry gets it from `workload.environment`.
    """
    modules = [entry for entry in entries_without("PYTHONPATH", ROOT) if os.path.normpath(entry) != os.curdir]
    return {
        "PYTHONPATH": os.pathsep.join([ROOT, *modules]),
        "PATH": os.pathsep.join([PROGRAMS, *entries_without("PATH", PROGRAMS)]),
    }


def entries_without(name: str, folder: str) -> list[str]:
    """The folders of the search path of that name, without that folder and without empty entries."""
    folders = os.environ.get(name, os.defpath if name == "PATH" else "").split(os.pathsep)
    return [entry for entry in folders if entry and entry != folder]


def hand_over(settings: Settings, stages: tuple[StageFile, ...] = (), results: str = "results") -> str:
    """Puts the settings into this process's environment; the name of their variable, for `received`.

    Args:
        settings: those of the study.
        stages: what `modules_enabled` names, as it was found.
        results: the folder of the study's results.
    """
    text = msgspec.json.encode(
        JobSettings(
            repository=settings.repository,
            java=settings.java,
            build=settings.build,
            workload=settings.workload,
            measure=settings.measure,
            files=hashes(all_files(settings).names),
            stages=stages,
            results=results,
        )
    ).decode()
    name = PREFIX + hashlib.sha256(text.encode()).hexdigest()[:16]
    os.environ[name] = text
    return name


def received(name: str) -> JobSettings:
    """The settings in the environment variable of that name.

    Raises:
        ErgitError: there is none, or it holds no settings.
    """
    try:
        return msgspec.json.decode(os.environ[name], type=JobSettings)
    except (KeyError, msgspec.ValidationError, msgspec.DecodeError) as error:
        raise ErgitError(
            f"The settings of the study are not in the environment variable {name} ({error!r}): the workflow puts them"
            " there. Was this program started by hand?"
        ) from None
