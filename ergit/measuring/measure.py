"""Measures one built commit in one round: unpacks it, runs the workload, writes the record of all its readings."""

import argparse
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from ergit.building.artifacts import is_evicted, unpack
from ergit.building.build_dir import locked_build_dir
from ergit.building.dependencies import dependencies_of
from ergit.building.eviction import evict_beyond, folder_of_builds_again
from ergit.building.sandboxes import measuring_sandbox
from ergit.config.handover import is_known_to_fit, received
from ergit.config.settings import JobSettings, TemperatureSettings
from ergit.config.study_files import refuse_edited
from ergit.disk import explain_write_error, write_problem
from ergit.energy import Roots, Source, choose
from ergit.errors import CommitError, ErgitError, exit_on_user_error
from ergit.live.job import LiveJob
from ergit.machine import temperature
from ergit.machine.conditions import Conditions, Fact, conditions, differences
from ergit.machine.kernel import Machine
from ergit.machine.lock import lock_path, measuring_lock
from ergit.measuring.attempts import take_all
from ergit.measuring.context import ReadingSetup
from ergit.measuring.filters import filter_variables
from ergit.measuring.measurement import Measurement
from ergit.measuring.plug_ins import PlugIn
from ergit.measuring.stages import with_plug_ins
from ergit.planning.budget import note_spent
from ergit.planning.requests import refuse_stopped
from ergit.planning.turn import WindowClosed, wait_for_turn, window_now
from ergit.plugins.facts import StageFacts
from ergit.plugins.runs import begin
from ergit.processes.environment import child_environment
from ergit.processes.kills import count_kills
from ergit.processes.parent import die_with_parent
from ergit.processes.sandbox import Sandbox
from ergit.records.build import BuildRecord, read_build
from ergit.records.readings import (
    DISQUALIFYING,
    IdleSample,
    JobRecord,
    JobStatus,
    Reading,
    SourceRecord,
    file_of_tests,
    output_log_of,
    read_readings,
    set_aside,
    write_readings,
)
from ergit.records.record import JsonObject
from ergit.records.retakes import remembered_retake
from ergit.records.tests import JobTests, SetsOfTests, write_tests
from ergit.same_failures import refuse_same_failures
from ergit.terminal import say, screen_of, show
from ergit.text import counted, iso_time


class MeasuringJob(Struct, frozen=True):
    """One built commit in one round; the output of its commands is in the logs."""

    commit: str
    round: int
    build: BuildRecord
    build_record: Path
    artifact: Path
    settings: JobSettings
    log: Path
    stages: StageFacts  # of the study's own stages
    live: LiveJob  # what is told of it
    context: JsonObject = field(default_factory=dict)  # what pre stages have put into it
    tests: SetsOfTests | None = None  # where what tests did is kept, if reports are asked for
    batch: str | None = None  # the one in which the commit is measured, where there are several
    build_number: int = 1  # which of the commit's builds is measured

    def waits_for(self, what: str) -> None:
        """Tells, on the terminal and in the log, what the job waits for before its turn comes."""
        say(None, what)
        self.live.waits_long(what)

    def waits_for_lock(self, holder: str) -> None:
        """Tells which other program measures on this machine now."""
        self.live.waits_long(f"for {holder}")


def record_of(job: MeasuringJob, lock: Path) -> JobRecord:
    """The whole record of one job; it measures under the lock, if there is a build to measure.

    Raises:
        ErgitError: something is wrong with the machine or the settings, not with the commit.
    """
    if job.build.status != "ok":
        status: JobStatus = "no-jdk" if job.build.status == "no-jdk" else "build-failed"
        return without_readings(job, status, job.build.reason, Machine())
    if is_evicted(job.artifact):
        from ergit.building.again import built_again  # most jobs need not load what builds

        build, number = built_again(job.settings, job.build, job.artifact, job.context)
        job = replace(job, build=build, build_number=number)
        if build.status != "ok":
            return without_readings(job, "build-failed", build.reason, Machine())
    elif folder_of_builds_again(job.artifact, job.commit).exists():
        from ergit.building.again import standing_build

        build, number = standing_build(job.build, job.build_record, job.artifact)
        job = replace(job, build=build, build_number=number)
    try:
        with measuring_lock(lock, job.waits_for_lock):
            refuse_stopped(Path(job.settings.results))  # while it waited for another study
            began = time.monotonic()
            record = replace(measured(job, Machine()), seconds=time.monotonic() - began)
            note_spent(job.settings, record)
            return record
    finally:
        evict_beyond(job.settings, job.artifact)


def measured(job: MeasuringJob, machine: Machine) -> JobRecord:
    """The record of measuring a successful build.

    Raises:
        ErgitError: something is wrong with the machine or the settings, not with the commit.
        WindowClosed: no readings may be taken now.
    """
    workload, settings = job.settings.measured_workload(), job.settings.measure
    sensor = temperature.find(machine, settings.temperature.sensor)
    refuse_bounds_without_sensor(sensor, settings.temperature)
    build_dir = Path(job.build.directory)
    sandbox = measuring_sandbox(job.settings, build_dir)
    before = conditions(machine)
    turn = turn_facts(job, datetime.now())
    with choose(settings, Roots.of(settings)) as source:
        print(f"ergit: energy by {source.reason}", file=sys.stderr)
        idle, readings = None, list[Reading]()
        dependencies = dependencies_of(job.settings, build_dir)
        variables = dependencies.variables({**job.build.environment, **workload.environment})
        try:
            with locked_build_dir(build_dir):
                unpack(job.artifact, build_dir)
                dependencies.give_back()
                variables |= filter_variables(job.settings, build_dir)
                os.sync()  # what was unpacked is not written to disk while a window is open
                measurement = Measurement(
                    ReadingSetup(
                        workload=workload,
                        settings=settings,
                        build_dir=build_dir,
                        environment=child_environment(variables, in_sandbox=sandbox is not None),
                        log=job.log,
                        source=source,
                        sensor=sensor,
                        machine=machine,
                        put={**job.context, **job.build.context},
                        variables=variables,
                        tests=job.tests,
                        sandbox=sandbox,
                        tell_wait=job.live.waits,
                        refuse_stopped=partial(refuse_stopped, Path(job.settings.results)),
                    ),
                    with_plug_ins([PlugIn(stage, job.stages) for stage in job.stages.settings.stages_of("batch")]),
                )
                idle = measurement.idle()
                readings += take_all(job.live.around(measurement.take, source.kind), settings)
        except CommitError as failure:
            readings.append(failed_reading(str(failure)))
        refuse_uncounted(readings)
        refuse_changed_conditions(before, machine)
        return job_record(
            job,
            status="measured",
            reason=job.build.reason,
            found=before,
            source=source.record(),
            session=before.session(scale_of(source, sandbox) | turn),
            idle=idle,
            readings=tuple(readings),
        )


def turn_facts(job: MeasuringJob, now: datetime) -> dict[str, Fact]:
    """The batch and the window of time in which a job measures, as they enter the session; empty without them.

    Raises:
        WindowClosed: no readings may be taken now.
    """
    window = window_now(job.settings.plan, now)
    facts: dict[str, Fact] = {} if job.batch is None else {"batch": job.batch}
    return facts if window is None else facts | {"window": window}


def failed_reading(reason: str) -> Reading:
    """A reading that was not even tried, with the reason."""
    return Reading(
        repeat=1,
        attempt=1,
        warmup=False,
        status="failed",
        exit_code=None,
        signal=None,
        reason=reason,
        started=iso_time(datetime.now(UTC)),
        duration_seconds=0.0,
        cpu_seconds=0.0,
        loops=1,
        joules={},
        counters=(),
        flags=(),
        conditions=None,
    )


def without_readings(job: MeasuringJob, status: JobStatus, reason: str | None, machine: Machine) -> JobRecord:
    """The record of a commit that was not measured."""
    return job_record(
        job,
        status=status,
        reason=reason,
        found=conditions(machine),
        source=None,
        session=None,
        idle=None,
        readings=(),
    )


def job_record(
    job: MeasuringJob,
    *,
    status: JobStatus,
    reason: str | None,
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
        reason=reason,
        workload=msgspec.to_builtins(job.settings.workload),
        measure=msgspec.to_builtins(job.settings.measure),
        java=job.build.java,
        source=source,
        session=session,
        host=str(found.lasting["host"]),
        conditions={**found.record()},
        idle=idle,
        readings=readings,
        sandbox=msgspec.to_builtins(job.settings.sandbox) if job.settings.sandbox.enabled else None,
        build=job.build_number,
        fingerprint=job.settings.fingerprints.readings,
    )


def scale_of(source: Source, sandbox: Sandbox | None = None) -> dict[str, Fact]:
    """What joules are read with and in, as it enters the session: equal for readings that may be compared."""
    scale: dict[str, Fact] = {"name": source.name, "kind": source.kind, "domains": list(source.domains)}
    if source.watts_per_core is not None:
        scale["watts_per_core"] = source.watts_per_core
    return scale if sandbox is None else scale | {"sandbox": True}


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


def refuse_unfit_machine(settings: JobSettings, results: Path) -> None:
    """Does nothing where this machine can measure what the settings ask for.

    The workflow asks so once, before its first job. Where that was left out (ergit as a module whose handlers are not
    called) or was on another machine (a cluster), each measuring job asks, in 0.2 s and before its first reading.

    Raises:
        ErgitError: it cannot; says what is missing and how to get it.
    """
    from ergit.machine.doctor.report import refuse_unfit  # most jobs need not load all these checks

    refuse_unfit(settings.measure, results, sample_seconds=0.0, sandbox=settings.sandbox)


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


def summary(record: JobRecord, judged: str) -> str:
    """One line on what came out, with the energy of the judged domain."""
    what = f"{record.commit[:12]}, round {record.round}"
    if record.source is None:
        return f"{what}: {record.status}, {record.reason}"
    taken = [reading for reading in record.readings if not reading.warmup] or record.readings[-1:]
    flagged = sum(not DISQUALIFYING.isdisjoint(reading.flags) for reading in taken)
    read = [reading for reading in taken if reading.status == "ok" and judged in reading.joules]
    words = [f"{counted(len(taken), 'reading')}, {flagged} flagged"]
    if read:
        from statistics import median  # slow to load: not before the last reading

        joules = median(reading.joules[judged] / reading.loops for reading in read)
        estimated = " estimated from CPU time" if record.source.kind == "estimated" else ""
        words.append(f"median {joules:.4g} J{estimated}")
    words += [f"{reading.status}: {reading.reason}" for reading in taken[-1:] if reading.status != "ok"]
    return f"{what}: {', '.join(words)}"


def failure_of(record: JobRecord) -> str | None:
    """Why the commit of a record was not measured; None where a reading of it succeeded."""
    if record.source is None:
        return record.reason or record.status
    if any(reading.status == "ok" and not reading.warmup for reading in record.readings):
        return None
    return next((reading.reason for reading in reversed(record.readings)), None) or "no reading was taken"


def refuse_uncounted(readings: Sequence[Reading]) -> None:
    """Does nothing where a window was counted, or the workload failed.

    Raises:
        ErgitError: the workload did its work in every window, and none could be counted: the machine is at fault.
    """
    if readings and all(reading.status == "not-counted" for reading in readings):
        raise ErgitError(
            f"The energy of no window could be counted ({readings[-1].reason}). That is the machine's fault, so nothing"
            " was recorded for this commit. See `ergit doctor`, and run the same command again."
        )


def records_of_other_commits(output: Path) -> Iterator[tuple[str, Path]]:
    """The other commits, and the records that are there of each; none for the noise floor, which has one commit."""
    for path in output.parent.parent.glob("*/*.json"):
        if path.parent != output.parent and re.fullmatch("[0-9a-f]{40}", path.parent.name):
            yield path.parent.name, path


def failure_in(path: Path) -> str | None:
    """Why the commit of the record in a file was not measured; None where a reading of it succeeded."""
    return failure_of(read_readings(path))


def measure(job: MeasuringJob, output: Path, lock: Path) -> JobRecord:
    """The record of the job, which is written then; an earlier one is kept beside it.

    Raises:
        ErgitError: something is wrong with the machine or the settings; nothing is written then.
    """
    others = records_of_other_commits(output)
    try:
        with count_kills(output, (path for _, path in others)):
            job.log.unlink(missing_ok=True)
            return written(job, output, record_of(job, lock))
    except CommitError as failure:
        return written(job, output, without_readings(job, "killed", str(failure), Machine()))


def measured_in_turn(job: MeasuringJob, output: Path, lock: Path) -> JobRecord:
    """The same, when the job's turn has come; where it comes too late for a window of time, in the next one.

    Raises:
        ErgitError: as `measure`; or somebody asked the run to stop, or the budget is spent.
    """
    while True:
        if job.build.status == "ok":
            wait_for_turn(job.settings, job.waits_for)
            job.live.waits(None)
        with suppress(WindowClosed):  # while it waited for another study, or built the commit again
            return measure(job, output, lock)


def written(job: MeasuringJob, output: Path, record: JobRecord) -> JobRecord:
    """The record, when it is on the disk beside an earlier one and the output of its commands.

    Raises:
        ErgitError: it is one of many that say the same, so that the run ends.
    """
    reason = failure_of(record)
    if reason is not None:
        log = job.log if job.log.exists() else output_log_of(job.build_record)
        refuse_same_failures(reason, log, records_of_other_commits(output), failure_in)
    set_aside(output)
    if job.log.exists():
        job.log.rename(output_log_of(output))
    if job.tests is not None and job.tests.found:
        write_tests(file_of_tests(output), JobTests(commit=job.commit, results=tuple(job.tests.found)))
    write_readings(output, record)
    return record


@contextmanager
def tell_where_the_log_is_full(progress: int | None, folder: Path) -> Iterator[None]:
    """Writes an error to the descriptor too, where the disk of the folder, and so of the log, takes nothing more."""
    try:
        yield
    except ErgitError as error:
        if progress is not None and write_problem(folder):
            show(progress, f"ergit: {error}\n")
        raise


def main(arguments: Sequence[str] | None = None) -> None:
    """The program of rules `measure` and `measure_aa`."""
    parser = argparse.ArgumentParser(prog="python3 -m ergit.measuring.measure", description=__doc__)
    for name in ("--build", "--artifact", "--output"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--settings", required=True, help="the environment variable that holds the study's settings")
    parser.add_argument("--commit", required=True)
    parser.add_argument("--round", type=int, required=True)
    parser.add_argument("--batch", help="the batch in which it is measured, where there are several")
    parser.add_argument("--progress", type=int, help="a file descriptor that also gets the line on what came out")
    parser.add_argument("--lock", type=Path, help="the file to lock instead of the one that all users share")
    options = parser.parse_args(arguments)
    die_with_parent()
    progress: int | None = options.progress
    if progress is not None:
        os.set_inheritable(progress, False)
    output: Path = options.output.absolute()
    with (
        exit_on_user_error(),
        tell_where_the_log_is_full(progress, output.parent),
        explain_write_error(output),
        remembered_retake(output),
    ):
        output.parent.mkdir(parents=True, exist_ok=True)
        settings = received(options.settings)
        refuse_edited(settings)
        if not is_known_to_fit(options.settings):
            refuse_unfit_machine(settings, output.parent)
        context = begin(settings)
        stages = StageFacts(settings, output, options.commit, options.round)
        stages.forget()
        build = read_build(options.build)
        job = MeasuringJob(
            commit=options.commit,
            round=options.round,
            build=build,
            build_record=options.build,
            artifact=options.artifact.absolute(),
            settings=settings,
            log=output.with_name(f".{output.stem}.output.log.part"),
            stages=stages.with_jdk(build.java),
            live=LiveJob(Path(settings.results), settings.measure, screen_of(progress)),
            context=context,
            tests=SetsOfTests(Path(settings.results)) if settings.measured_workload().reports else None,
            batch=options.batch,
        )
        record = measured_in_turn(job, output, options.lock or lock_path())
    say(None, summary(record, job.settings.measure.judged))


if __name__ == "__main__":
    main()
