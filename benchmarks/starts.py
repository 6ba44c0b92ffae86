"""Prints what the programs of one commit's jobs cost by themselves, in CPU time.

    python -m benchmarks.starts [--calls N] [--repository PATH [--commit NAME]]

Each program is called as its rule calls it, on a commit whose build and workload do nothing. `start` is the import of
the program, without its work. CPU time is user and system time, that of the commands that it starts included. Since
other load makes it longer, a bare Python stands beside it, and the simplest way to a tree: a copy of a clone, and
`git checkout` in it. Calls of all kinds take turns; a row has the median, and the smallest in brackets.
"""

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.window import SETTINGS
from ergit.config.handover import FIT, compile_programs, hand_over, program_variables
from ergit.config.settings import RepositorySettings, Settings
from ergit.git.mirror import mirror
from tests.fakes.repositories import new_repository

PROGRAMS = ("ergit.git.checkout", "ergit.java.choose", "ergit.building.build", "ergit.measuring.measure")
HEAD = "| what | start | all of it |\n|---|--:|--:|"


def cpu_seconds(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> float:
    """The CPU time of a command and of all that it has waited for."""
    with (folder / "printed").open("wb") as printed:
        running = subprocess.Popen(command, cwd=folder, env=environment, stdout=printed, stderr=printed)
        _, status, used = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        sys.exit(f"{' '.join(command)}:\n{(folder / 'printed').read_text(encoding='utf-8')[-2000:]}")
    return used.ru_utime + used.ru_stime


def options_of(program: str, commit: str) -> list[str]:
    """The arguments of a program, as its rule has them."""
    build = ["--build", f"results/build/{commit}.json", "--artifact", f"results/build/{commit}.tar.gz"]
    tree, java = f"results/checkout/{commit}", f"results/java/{commit}.json"
    of_program = {
        "ergit.git.checkout": ["--mirror", "results/mirror.git", "--output", tree],
        "ergit.java.choose": ["--mirror", "results/mirror.git", "--output", java],
        "ergit.building.build": [*("--java", java, "--checkout", tree), *build[2:], *("--output", build[1])],
        "ergit.measuring.measure": [*build, *("--round", "1", "--output", f"results/readings/{commit}/1.json")],
    }[program]
    return ["--commit", commit, *of_program]


def copied(clone: Path, tree: Path, commit: str) -> list[str]:
    """The command that makes a tree of a commit out of a copy of a whole clone."""
    return ["bash", "-c", f"cp -a {clone} {tree} && git -C {tree} checkout --quiet --detach {commit}"]


def kinds_of_calls(home: Path, repository: Path, name: str) -> dict[str, tuple[Callable[[], float], ...]]:
    """What is called for each row: one call for each column."""
    study = home / "study"
    for folder in ("checkout", "java", "build", "readings"):
        (study / "results" / folder).mkdir(parents=True)
    mirror(RepositorySettings(url=str(repository)), study / "results/mirror.git")
    subprocess.run(["git", "clone", "--quiet", str(repository), str(home / "clone")], check=True)
    asked = ["git", "-C", str(study / "results/mirror.git"), "rev-parse", f"{name}^{{commit}}"]
    commit = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    variable = hand_over(
        Settings(
            repository=RepositorySettings(url=str(repository)),
            commits=(commit,),
            java=None,
            build=SETTINGS.build,
            workload=SETTINGS.workload,
            measure=SETTINGS.measure,
        )
    )
    environment = {**os.environ, **program_variables(), f"{variable}{FIT}": platform.node()}
    compile_programs()  # as a run does
    python = [sys.executable, "-P"]

    def called(*words: str) -> Callable[[], float]:
        return lambda: cpu_seconds([*python, *words], study, environment)

    def copy() -> float:
        shutil.rmtree(home / "copy", ignore_errors=True)
        return cpu_seconds(copied(home / "clone", home / "copy", commit), study, environment)

    programs = {
        program: (
            called("-c", f"import {program}"),
            called("-m", program, "--settings", variable, *options_of(program, commit)),
        )
        for program in PROGRAMS
    }
    return {"python3 -P -c pass": (called("-c", "pass"),), **programs, "copy of a clone, git checkout": (copy,)}


def main() -> None:
    """The table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--repository", type=Path, help="a clone or a bare repository, instead of one with one commit")
    parser.add_argument("--commit", default="HEAD")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        if options.repository is None:
            repository = new_repository(home / "project")
            repository.commit("One", a="1")
        kinds = kinds_of_calls(home, (options.repository or home / "project").resolve(), options.commit)
        found: dict[str, list[list[float]]] = {name: [[] for _ in calls] for name, calls in kinds.items()}
        for turn in range(options.calls + 1):
            for name, calls in kinds.items():
                for column, call in zip(found[name], calls, strict=True):
                    spent = call()
                    column += [spent * 1000] if turn else []  # the first ones compile and fill caches
    print(HEAD)
    for name, columns in found.items():
        cells = [f"{statistics.median(column):.0f} ms ({min(column):.0f})" for column in columns]
        print(f"| {name} | {' | '.join(cells if len(cells) == 2 else ['', *cells])} |")


if __name__ == "__main__":
    main()
