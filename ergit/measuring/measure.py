"""Measures one built commit in one round: unpacks it, runs the workload, writes the record of all its readings."""

import argparse
import errno
import os
import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ergit.building.artifacts import unpack
from ergit.building.build_dir import locked_build_dir
from ergit.config.handover import received
from ergit.config.settings import JobSettings, TemperatureSettings
from ergit.energy import Roots, Source, choose
from ergit.errors import ErgitError, exit_on_user_error
from ergit.machine import temperature
from ergit.machine.conditions import Conditions, Fact, conditions, differences
from ergit.machine.kernel import Machine
from ergit.machine.lock import lock_path, measuring_lock
from ergit.measuring.attempts import take_all
from ergit.measuring.context import ReadingSetup
from ergit.measuring.measurement import Measurement
from ergit.processes.environment import child_environment
from ergit.processes.run import die_with_parent
from ergit.records.build import BuildRecord, read_build
from ergit.records.readings import (
    DISQUALIFYING,
    IdleSample,
    JobRecord,
    JobStatus,
    Reading,
    SourceRecord,
    output_log_of,
    set_aside,
    write_readings,
)
from ergit.text import counted


@dataclass(frozen=True)
class Job:
    """One built commit in one round; `log` is the file to which the workload's output is added."""

    commit: str
    round: int
    build: BuildRecord
    artifact: Path
    settings: JobSettings
    log: Path


def record_of(job: Job, lock: Path) -> JobRecord:
    """The whole record of one job; it measures under the lock, if there is a build to measure.

    Raises:
        ErgitError: something is wrong with the machine or the settings, not with the commit.
    """
    if job.build.status != "ok":
        return not_measured(job, Machine())
    with measuring_lock(lock):
        return measured(job, Machine())


def measured(job: Job, machine: Machine) -> JobRecord:
    """The record of measuring a successful build.

    Raises:
        ErgitError: something is wrong with the machine or the settings, not with the commit.
    """
    workload, settings = job.settings.measured_workload(), job.settings.measure
    sensor = temperature.find(machine, settings.temperature.sensor)
    refuse_bounds_without_sensor(sensor, settings.temperature)
    build_dir = Path(job.build.directory)
    before = conditions(machine)
    with choose(settings, Roots.of(settings)) as source, locked_build_dir(build_dir):
        print(f"ergit: energy by {source.reason}", file=sys.stderr)
        unpack(job.artifact, build_dir)
        os.sync()  # what was unpacked is not written to disk while a window is open
        measurement = Measurement(
            ReadingSetup(
                workload=workload,
                settings=settings,
                build_dir=build_dir,
                environment=child_environment({**job.build.environment, **workload.environment}),
                log=job.log,
                source=source,
                sensor=sensor,
                machine=machine,
            )
        )
        idle = measurement.idle()
        taken = take_all(measurement.take, settings)
        refuse_changed_conditions(before, machine)
        return job_record(
            job,
            status="measured",
            found=before,
            source=source.record(),
            session=before.session(scale_of(source)),
            idle=idle,
            readings=tuple(taken),
        )


def not_measured(job: Job, machine: Machine) -> JobRecord:
    """The record where there is no build to measure."""
    return job_record(
        job,
        status="no-jdk" if job.build.status == "no-jdk" else "build-failed",
        found=conditions(machine),
        source=None,
        session=None,
        idle=None,
        readings=(),
    )


def job_record(
    job: Job,
    *,
    status: JobStatus,
    found: Conditions,
    source: SourceRecord | None,
    session: str | None,
    idle: IdleSample | None,
    readings: tuple[Reading, ...],
) -> JobRecord:
    """The record of the job, with its settings and the conditions of the machine."""
    return JobRecord(
        commit=job.commit,
        round=job.round,
        status=status,
        reason=job.build.reason,
        workload=msgspec.to_builtins(job.settings.workload),
        measure=msgspec.to_builtins(job.settings.measure),
        java=job.build.java,
        source=source,
        session=session,
        host=str(found.lasting["host"]),
        conditions={**found.record()},
        idle=idle,
        readings=readings,
    )


def scale_of(source: Source) -> dict[str, Fact]:
    """What joules are read with, as it enters the session: equal for readings that may be compared."""
    scale: dict[str, Fact] = {"name": source.name, "kind": source.kind, "domains": list(source.domains)}
    return scale if source.watts_per_core is None else scale | {"watts_per_core": source.watts_per_core}


def refuse_bounds_without_sensor(sensor: temperature.Sensor | None, limits: TemperatureSettings) -> None:
    """Does nothing where the bounds of the temperature can be kept, or need not be.

    Raises:
        ErgitError: bounds are set, missing them is an error, and there is no sensor.
    """
    wanted = limits.lowest_celsius is not None or limits.highest_celsius is not None
    if wanted and sensor is None and limits.on_timeout == "error":
        raise ErgitError(
            "measure.temperature sets bounds, but no sensor of the CPU's temperature is used. Name one as "
            "measure.temperature.sensor (see /sys/class/thermal and /sys/class/hwmon), remove the bounds, or set "
            "measure.temperature.on_timeout to flag."
        )


def refuse_changed_conditions(before: Conditions, machine: Machine) -> None:
    """Does nothing while the machine is set as it was when the job began.

    Raises:
        ErgitError: it is not, and the readings of this job belong to no session.
    """
    changed = differences(before, machine)
    if changed:
        raise ErgitError(
            f"Machine settings changed during the measurement ({'; '.join(changed)}), so these readings can be compared"
            " with no others and are not kept. Leave the machine as it is while a study runs, and run the same command"
            " again."
        )


def summary(record: JobRecord) -> str:
    """One line on what came out."""
    what = f"{record.commit[:12]}, round {record.round}"
    if record.source is None:
        return f"{what}: {record.status}, {record.reason}"
    taken = [reading for reading in record.readings if not reading.warmup] or record.readings[-1:]
    flagged = sum(not DISQUALIFYING.isdisjoint(reading.flags) for reading in taken)
    read = [reading for reading in taken if reading.status == "ok" and "package" in reading.joules]
    words = [f"{counted(len(taken), 'reading')}, {flagged} flagged"]
    if read:
        joules = statistics.median(reading.joules["package"] / reading.loops for reading in read)
        estimated = " estimated from CPU time" if record.source.kind == "estimated" else ""
        words.append(f"median {joules:.4g} J{estimated}")
    words += [f"{reading.status}: {reading.reason}" for reading in taken[-1:] if reading.status != "ok"]
    return f"{what}: {', '.join(words)}"


@contextmanager
def explain_write_error(output: Path) -> Iterator[None]:
    """Turns what a full disk or a missing right does to the writing of results into words.

    Raises:
        ErgitError: nothing can be written there.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES}:
            raise
        raise ErgitError(
            f"The record {output} was not written: {error.strerror} ({error.filename or 'no file named'}). Free some"
            " room, or fix the folder's rights, and run the same command again: nothing else is lost."
        ) from error


def main(arguments: Sequence[str] | None = None) -> None:
    """The program of the rules `measure` and `measure_aa`."""
    parser = argparse.ArgumentParser(prog="python3 -m ergit.measuring.measure", description=__doc__)
    for name in ("--build", "--artifact", "--output"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--settings", required=True, help="the environment variable that holds the study's settings")
    parser.add_argument("--commit", required=True)
    parser.add_argument("--round", type=int, required=True)
    parser.add_argument("--progress", type=int, help="a file descriptor that also gets the line on what came out")
    parser.add_argument("--lock", type=Path, help="the file to lock instead of the one that all users share")
    options = parser.parse_args(arguments)
    die_with_parent()
    if options.progress is not None:
        os.set_inheritable(options.progress, False)
    output: Path = options.output.absolute()
    output.parent.mkdir(parents=True, exist_ok=True)
    log = output.with_name(f".{output.stem}.output.log.part")
    log.unlink(missing_ok=True)
    with exit_on_user_error(), explain_write_error(output):
        job = Job(
            commit=options.commit,
            round=options.round,
            build=read_build(options.build),
            artifact=options.artifact.absolute(),
            settings=received(options.settings),
            log=log,
        )
        record = record_of(job, options.lock or lock_path())
        set_aside(output)
        if log.exists():
            log.rename(output_log_of(output))
        write_readings(output, record)
    line = f"ergit: {summary(record)}\n"
    sys.stderr.write(line)
    if options.progress is not None:
        os.write(options.progress, line.encode(errors="replace"))


if __name__ == "__main__":
    main()
