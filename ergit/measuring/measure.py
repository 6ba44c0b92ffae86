"""Measures one built commit in one round: unpacks it, runs the workload, writes the record of all its readings."""

import argparse
import errno
import json
import os
import re
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ergit.measuring.measurement import Measurement
from ergit.processes.run import die_with_parent
from ergit.energy import Roots, Source, choose
from ergit.errors import ErgitError, exit_on_user_error
from ergit.files import write_atomically
from ergit.machine import temperature
from ergit.machine.conditions import Conditions, conditions, differences
from ergit.machine.knobs import Machine
from ergit.machine.lock import lock_path, measuring_lock
from ergit.measuring.attempts import DISQUALIFYING, take_all
from ergit.building.build_dir import child_environment, unpack, workplace

SCHEMA = "ergit.readings/1"
PROTOCOL = 1  # raise by hand when readings change their meaning: all are taken anew then


def measure(
    build: Mapping[str, Any],
    artifact: Path,
    workload: Mapping[str, Any],
    settings: Mapping[str, Any],
    log: Path,
    machine: Machine,
) -> dict[str, Any]:
    """The part of the record that measuring a successful build gives.

    Raises:
        ErgitError: something is wrong with the machine or the settings, not with the commit.
    """
    sensor = temperature.find(machine, settings["temperature"]["sensor"])
    refuse_bounds_without_sensor(sensor, settings["temperature"])
    place = Path(build["directory"])
    before = conditions(machine)
    with choose(settings, Roots.of(settings)) as source, workplace(place):
        print(f"ergit: energy by {source.reason}", file=sys.stderr)
        unpack(artifact, place)
        os.sync()  # what was unpacked is not written to disk while a window is open
        measurement = Measurement(
            workload=workload,
            settings=settings,
            place=place,
            environment=child_environment({**build["environment"], **workload["environment"]}),
            log=log,
            source=source,
            sensor=sensor,
            machine=machine,
        )
        idle = measurement.idle()
        taken = take_all(measurement.take, settings)
        refuse_changed_conditions(before, machine)
        scale = scale_of(source)
        return {
            "source": scale | {"reason": source.reason},
            "session": before.session(scale),
            "host": before.lasting["host"],
            "conditions": before.record(),
            "idle": idle,
            "readings": [asdict(reading) for reading in taken],
        }


def not_measured(machine: Machine) -> dict[str, Any]:
    """The same part of the record where there is no build to measure."""
    found = conditions(machine)
    return {
        "source": None,
        "session": None,
        "host": found.lasting["host"],
        "conditions": found.record(),
        "idle": None,
        "readings": [],
    }


def scale_of(source: Source) -> dict[str, Any]:
    """What joules are read with: equal for readings that may be compared."""
    scale = {"name": source.name, "kind": source.kind, "domains": list(source.domains)}
    watts = getattr(source, "watts_per_core", None)
    return scale if watts is None else scale | {"watts_per_core": watts}


def refuse_bounds_without_sensor(sensor: temperature.Sensor | None, limits: Mapping[str, Any]) -> None:
    """Does nothing where the bounds of the temperature can be kept, or need not be.

    Raises:
        ErgitError: bounds are set, missing them is an error, and there is no sensor.
    """
    wanted = limits["lowest_celsius"] is not None or limits["highest_celsius"] is not None
    if wanted and sensor is None and limits["otherwise"] == "error":
        raise ErgitError(
            "measure.temperature sets bounds, but no sensor of the CPU's temperature is used. Name one as "
            "measure.temperature.sensor (see /sys/class/thermal and /sys/class/hwmon), remove the bounds, or set "
            "measure.temperature.otherwise to flag."
        )


def refuse_changed_conditions(before: Conditions, machine: Machine) -> None:
    """Does nothing while the machine is set as it was when the job began.

    Raises:
        ErgitError: it is not, and the readings of this job belong to no session.
    """
    changed = differences(before, machine)
    if changed:
        raise ErgitError(
            f"The machine was set differently while it measured ({'; '.join(changed)}), so these readings can be "
            "compared with no others and are not kept. Leave it as it is while a study runs, and run the same command "
            "again."
        )


def set_aside(output: Path) -> None:
    """Keeps an earlier record, and its log, beside the new one under the time it began: readings are never lost."""
    if not output.exists():
        return
    earlier = json.loads(output.read_text(encoding="utf-8"))
    started = earlier["readings"][0]["started"] if earlier["readings"] else "unmeasured"
    stamp = re.sub("[^0-9TZa-z]", "", started)
    log = log_of(output)
    if log.exists():
        log.rename(log.with_name(f"{output.stem}.superseded-{stamp}.output.log"))
    output.rename(output.with_name(f"{output.stem}.superseded-{stamp}.json"))


def log_of(output: Path) -> Path:
    """Where the workload's output is kept, beside the record."""
    return output.with_suffix(".output.log")


def summary(record: Mapping[str, Any]) -> str:
    """One line on what came out."""
    what = f"{record['commit'][:12]}, round {record['round']}"
    if record["status"] != "measured":
        return f"{what}: {record['status']}, {record['reason']}"
    taken = [reading for reading in record["readings"] if not reading["warmup"]] or record["readings"][-1:]
    flagged = sum(not DISQUALIFYING.isdisjoint(reading["flags"]) for reading in taken)
    read = [reading for reading in taken if reading["status"] == "ok" and "package" in reading["joules"]]
    words = [f"{len(taken)} readings, {flagged} flagged"]
    if read:
        joules = statistics.median(reading["joules"]["package"] / reading["loops"] for reading in read)
        estimated = " estimated from CPU time" if record["source"]["kind"] == "estimated" else ""
        words.append(f"median {joules:.4g} J{estimated}")
    words += [f"{reading['status']}: {reading['reason']}" for reading in taken[-1:] if reading["status"] != "ok"]
    return f"{what}: {', '.join(words)}"


def record_of(
    commit: str,
    round_: int,
    build: Mapping[str, Any],
    artifact: Path,
    workload: Mapping[str, Any],
    settings: Mapping[str, Any],
    log: Path,
    lock: Path,
) -> dict[str, Any]:
    """The whole record of one job.

    Raises:
        ErgitError: something is wrong with the machine or the settings, not with the commit.
    """
    if build["status"] == "ok":
        with measuring_lock(lock):
            taken = measure(build, artifact, workload, settings, log, Machine())
        status = "measured"
    else:
        taken = not_measured(Machine())
        status = "no-jdk" if build["status"] == "no-jdk" else "build-failed"
    return {
        "schema": SCHEMA,
        "protocol": PROTOCOL,
        "commit": commit,
        "round": round_,
        "status": status,
        "reason": build["reason"],
        "workload": dict(workload),
        "measure": dict(settings),
        "java": build["java"],
        **taken,
    }


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
            f"The record {output} was not written: {error.strerror} ({error.filename or 'no file named'}). Free some "
            "room, or fix the folder's rights, and run the same command again: nothing else is lost."
        ) from error


def main(arguments: Sequence[str] | None = None) -> None:
    """The program of the rule `measure`."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--build", "--artifact", "--output"):
        parser.add_argument(name, type=Path, required=True)
    for name in ("--workload", "--settings"):
        parser.add_argument(name, type=json.loads, required=True, help="that part of the config, as JSON")
    parser.add_argument("--commit", required=True)
    parser.add_argument("--round", type=int, required=True)
    parser.add_argument("--progress", type=int, help="also tell this file descriptor what came out, in one line")
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
        build = json.loads(options.build.read_text(encoding="utf-8"))
        record = record_of(
            options.commit,
            options.round,
            build,
            options.artifact.absolute(),
            options.workload,
            options.settings,
            log,
            options.lock or lock_path(),
        )
        set_aside(output)
        if log.exists():
            log.rename(log_of(output))
        write_atomically(output, json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    line = f"ergit: {summary(record)}\n"
    sys.stderr.write(line)
    if options.progress is not None:
        os.write(options.progress, line.encode(errors="replace"))


if __name__ == "__main__":
    main()
