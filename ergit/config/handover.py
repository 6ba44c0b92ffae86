"""How the settings of a study reach the programs of its jobs: in the environment, under a name of the study's own.

In the command line they would be in the process list; in `params` any change would build and measure everything again;
in one fixed variable two studies in one workflow would get each other's.
"""

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from ergit.config.settings import JobSettings, Settings, StageFile
from ergit.errors import ErgitError

PREFIX = "ERGIT_SETTINGS_"
FIT = "_FIT"
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


def compile_programs(package: Path = Path(ROOT, "ergit")) -> None:
    """Compiles ergit's own modules, as Python itself does where it may: else each job would, for longer than it works.

    Python writes nothing where PYTHONDONTWRITEBYTECODE is set, as it is in many images of containers. Where the folder
    cannot be written to, nothing is done.
    """
    import compileall  # jobs import this module, and need it not

    compileall.compile_dir(package, quiet=2)


def variables_beside_others() -> dict[str, str]:
    """The variable by which scripts of jobs find `ergit` in a workflow that has other jobs too: last on PYTHONPATH.

    Nothing that other jobs find stands behind it, and PATH is as it was: `command_of_python` names the Python.
    """
    given = os.environ.get("PYTHONPATH", "")
    there = given.split(os.pathsep) if given else []
    return {"PYTHONPATH": os.pathsep.join([*there, ROOT]) if ROOT not in there else given}


def command_of_python(*, with_conda: bool) -> str:
    """The start of a shell command that runs a program of ergit in a workflow that has other jobs too.

    It is this very Python, or that of the job's conda environment, and finds `ergit` before all others.
    """
    path = f"PYTHONPATH={program_variables()['PYTHONPATH']}"
    return shlex.join(["env", path, "python3" if with_conda else sys.executable])


def entries_without(name: str, folder: str) -> list[str]:
    """The folders of the search path of that name, without that folder and without empty entries."""
    folders = os.environ.get(name, os.defpath if name == "PATH" else "").split(os.pathsep)
    return [entry for entry in folders if entry and entry != folder]


def hand_over(
    settings: Settings,
    stages: tuple[StageFile, ...] = (),
    results: str = "results",
    edited: Mapping[str, str] | None = None,
) -> str:
    """Puts the settings into this process's environment; the name of their variable, for `received`.

    Args:
        settings: those of the study.
        stages: what `modules_enabled` names, as it was found.
        results: the folder of the study's results.
        edited: the hashes of its files that are not any more as it first met them.
    """
    import hashlib  # none is of use to the programs of jobs, which import this module

    from ergit.config.fingerprint import fingerprints_of_records
    from ergit.config.study_files import all_files, hashes

    text = msgspec.json.encode(
        JobSettings(
            repository=settings.repository,
            java=settings.java,
            build=settings.build,
            workload=settings.workload,
            measure=settings.measure,
            plan=settings.plan,
            sandbox=settings.sandbox,
            files=hashes(all_files(settings).names),
            stages=stages,
            results=results,
            fingerprints=fingerprints_of_records(settings, edited, stages),
        )
    ).decode()
    name = PREFIX + hashlib.sha256(text.encode()).hexdigest()[:16]
    os.environ[name] = text
    return name


def note_fit_machine(name: str) -> None:
    """Puts into this process's environment, for its jobs, that this machine can measure these settings."""
    os.environ[f"{name}{FIT}"] = os.uname().nodename


def is_known_to_fit(name: str) -> bool:
    """Whether it was found, before any job began, that this machine can measure the settings of that name."""
    return os.environ.get(f"{name}{FIT}") == os.uname().nodename


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
