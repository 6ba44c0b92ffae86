"""The faults: each harms a running study once, at a random moment."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress

from ergit.processes import trees
from tests.faults.study import RunningStudy, wait_for, words_of

Fault = Callable[[RunningStudy], bool]
"""Harms the study; whether it came to that before the command had ended."""

EARLY = 0.2
"""The share of the moments that lie before the first job."""
EARLY_SECONDS, LATE_SECONDS = 4.0, 2.0


def kill_snakemake(study: RunningStudy) -> bool:
    """kill -9 of the command itself."""
    return _at_a_moment(study) and _sent(study.process.pid if study.process else 0, signal.SIGKILL)


def kill_measuring(study: RunningStudy) -> bool:
    """kill -9 of the measuring program."""
    return _kill_job(study, "ergit.measuring.measure", 0.5, lambda pid: pid)


def kill_building(study: RunningStudy) -> bool:
    """kill -9 of the building program."""
    return _kill_job(study, "ergit.building.build", 0.6, lambda pid: pid)


def kill_launcher(study: RunningStudy) -> bool:
    """kill -9 of the launcher of the workload."""
    return _kill_job(study, "ergit.measuring.measure", 0.1, _launcher_of)


def kill_workload(study: RunningStudy) -> bool:
    """kill -9 of the workload: this one is recorded as its failure."""

    def workload(pid: int) -> int | None:
        launcher = _launcher_of(pid)
        shells = [child for child in trees.children(launcher or 0) if trees.name(child) in {"bash", "work"}]
        return shells[0] if shells and "./work" in words_of(shells[0]) else None

    return _kill_job(study, "ergit.measuring.measure", 0.1, workload, name="workload")


def kill_tar(study: RunningStudy) -> bool:
    """kill -9 of the tar that packs or unpacks a build."""
    done = study.hit

    def tar(pid: int) -> int | None:
        return next((child for child in trees.children(pid) if trees.name(child) == "tar"), None)

    while not study.has_ended():
        for module in ("ergit.building.build", "ergit.measuring.measure"):
            job = study.job(module)
            target = job and tar(job[0])
            if job and target:
                time.sleep(study.random.uniform(0, 0.03))
                done.add(job[1])
                if _sent(target, signal.SIGKILL):
                    return True
        time.sleep(0.001)
    return False


def terminate(study: RunningStudy) -> bool:
    """SIGTERM to the command, as a service manager sends it."""
    return _at_a_moment(study) and _sent(study.process.pid if study.process else 0, signal.SIGTERM)


def interrupt(study: RunningStudy) -> bool:
    """SIGINT to all in the foreground, as Ctrl-C sends it."""
    return _at_a_moment(study) and _sent_to_all(study, signal.SIGINT)


def interrupt_twice(study: RunningStudy) -> bool:
    """SIGINT twice, the second within half a second."""
    if not interrupt(study):
        return False
    time.sleep(study.random.uniform(0.05, 0.5))
    _sent_to_all(study, signal.SIGINT)
    return True


def hang_up(study: RunningStudy) -> bool:
    """SIGHUP to all in the foreground, as a terminal that closes sends it."""
    return _at_a_moment(study) and _sent_to_all(study, signal.SIGHUP)


def fill_disk(study: RunningStudy) -> bool:
    """The disk is full for a second; it has to be a small one."""
    if not _at_a_moment(study):
        return False
    filler = study.folder / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 65536)
    time.sleep(1.0)
    filler.unlink()
    return True


ENDING: dict[str, Fault] = {
    "kill -9 of the run": kill_snakemake,
    "SIGTERM": terminate,
    "SIGINT": interrupt,
    "SIGINT twice": interrupt_twice,
    "SIGHUP": hang_up,
}
"""Faults that end the command."""

WITHIN: dict[str, Fault] = {
    "kill -9 of the measuring program": kill_measuring,
    "kill -9 of the building program": kill_building,
    "kill -9 of the launcher": kill_launcher,
    "kill -9 of the workload": kill_workload,
    "kill -9 of tar": kill_tar,
    "full disk for a second": fill_disk,
}
"""Faults after which the command goes on with what else there is to do."""


def _at_a_moment(study: RunningStudy) -> bool:
    """Waits for a random moment; whether the command still runs then."""
    if study.random.random() < EARLY:
        time.sleep(study.random.uniform(0, EARLY_SECONDS))
    else:
        wait_for(lambda: study.has_ended() or study.job("ergit.measuring.measure") or study.job("ergit.building.build"))
        time.sleep(study.random.uniform(0, LATE_SECONDS))
    return not study.has_ended()


def _kill_job(
    study: RunningStudy, module: str, seconds: float, target: Callable[[int], int | None], name: str | None = None
) -> bool:
    """Kills what `target` finds for a job of that program, some time after it is there, once for each job."""
    while not study.has_ended():
        job = study.job(module)
        found = job and target(job[0])
        if job and found:
            time.sleep(study.random.uniform(0, seconds))
            study.hit |= {job[1], (name or module, *job[1][1:])}
            if _sent(found, signal.SIGKILL):
                return True
        time.sleep(0.001)
    return False


def _launcher_of(pid: int) -> int | None:
    found = ((child, " ".join(words_of(child))) for child in trees.children(pid))
    return next((child for child, words in found if "processes.launcher" in words), None)


def _sent(pid: int, number: int) -> bool:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def _sent_to_all(study: RunningStudy, number: int) -> bool:
    study.signal_all(number)
    return True
