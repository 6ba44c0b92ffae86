"""One job from build to record: whatever the workload does, the record says what it was and nothing is lost."""

import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ergit.config.handover import FIT, program_variables
from ergit.config.settings import (
    BuildSettings,
    JobSettings,
    MeasureSettings,
    QuietSettings,
    RepositorySettings,
    SandboxSettings,
    TemperatureSettings,
    WorkloadSettings,
)
from ergit.errors import ErgitError
from ergit.measuring.measure import refuse_uncounted
from ergit.planning.requests import stop
from ergit.records.build import BuildRecord, write_build
from ergit.records.readings import JobRecord, read_readings, write_readings
from ergit.records.retakes import retake_mark
from ergit.records.unfinished import unfinished_path
from tests.fakes import job_records
from tests.fakes.job_records import reading
from tests.fakes.needs import needs_bubblewrap, needs_root
from tests.fakes.shell import until_asleep
from tests.fakes.waiting import wait_for

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OTHER = "f" * 40
UNLIMITED = QuietSettings(foreign_cores=1000.0, wait_seconds=0.0)
NO_SENSOR = TemperatureSettings(sensor=None, wait_seconds=0.0)
SETTINGS = MeasureSettings(
    source="estimate",
    allow_estimate=True,
    repeats=2,
    rest_seconds=0.0,
    idle_seconds=0.0,
    minimum_window_seconds=0.0,
    retries=0,
    temperature=NO_SENSOR,
    quiet=UNLIMITED,
)
BUSY = QuietSettings(foreign_cores=1e-9, wait_seconds=0.0)
SMALL: dict[str, Any] = {"warmup": 0, "repeats": 1}


@dataclass
class Study:
    """A folder with one successful build, and the program that measures it."""

    folder: Path
    lock: Path

    @property
    def output(self) -> Path:
        """Where the record is written."""
        return self.folder / f"results/readings/{COMMIT}/1.json"

    @property
    def log(self) -> str:
        """The workload's output."""
        return self.output.with_suffix(".output.log").read_text(errors="replace")

    def build(self, **others: Any) -> None:
        """Writes the record of the build."""
        made = BuildRecord(
            commit=COMMIT,
            java=None,
            directory=str(self.folder / "work/0123456789abcdef"),
            environment={},
            cached=False,
            commands=(),
            status="ok",
            reason=None,
        )
        write_build(self.folder / "build.json", msgspec.structs.replace(made, **others))

    def start(
        self,
        command: str,
        settings: dict[str, Any] | None = None,
        *,
        progress: bool = False,
        sandbox: SandboxSettings | None = None,
        **workload: Any,
    ) -> "subprocess.Popen[str]":
        """The program, running; with `progress` its standard output is that descriptor."""
        job = JobSettings(
            repository=RepositorySettings(url="project"),
            java=None,
            build=BuildSettings(),
            workload=WorkloadSettings(command=command, **{"timeout_seconds": 30.0} | workload),
            measure=msgspec.structs.replace(SETTINGS, **settings or {}),
            sandbox=sandbox or SandboxSettings(),
        )
        options = {
            "settings": "ERGIT_SETTINGS_TEST",
            "build": "build.json",
            "artifact": "build.tar.gz",
            "commit": COMMIT,
            "round": "1",
            "output": str(self.output.relative_to(self.folder)),
            "lock": str(self.lock),
        }
        if progress:
            options["progress"] = "1"
        return subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", "ergit.measuring.measure"),
                *(part for key in options for part in (f"--{key}", options[key])),
            ],
            cwd=self.folder,
            env=os.environ
            | program_variables()
            | {"ERGIT_SETTINGS_TEST": msgspec.json.encode(job).decode(), f"ERGIT_SETTINGS_TEST{FIT}": platform.node()},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def measure(self, command: str, settings: dict[str, Any] | None = None, **workload: Any) -> JobRecord:
        """The record of measuring this command."""
        program = self.start(command, settings, **workload)
        _, errors = program.communicate(timeout=300)
        assert program.returncode == 0, errors
        return read_readings(self.output)

    def refusal(self, command: str, settings: dict[str, Any] | None = None, **workload: Any) -> str:
        """What the program says when it does not measure."""
        program = self.start(command, settings, **workload)
        _, errors = program.communicate(timeout=300)
        assert program.returncode == 1, errors
        assert "Traceback" not in errors
        return errors


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """A study whose build holds one file."""
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "kept").write_text("what was built\n")
    subprocess.run(["tar", "-czf", tmp_path / "build.tar.gz", "-C", tree, "."], check=True)
    made = Study(tmp_path, tmp_path / "lock")
    made.build()
    return made


@contextmanager
def busy_core() -> Iterator[None]:
    """Somebody else's work on one processor, until the end of the block."""
    with subprocess.Popen(["bash", "-c", "while :; do :; done"]) as neighbour:
        try:
            yield
        finally:
            neighbour.kill()


def all_programs() -> str:
    """The command lines of all processes."""
    return subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout


def shape(record: JobRecord) -> list[tuple[bool, int, int, str]]:
    """Of each reading: whether it is a warm-up, repeat, attempt, status."""
    return [(each.warmup, each.repeat, each.attempt, each.status) for each in record.readings]


def test_warm_ups_come_first_and_then_the_repeats(study: Study) -> None:
    record = study.measure("cat kept && cat kept")
    assert shape(record) == [(True, 1, 1, "ok"), (False, 1, 1, "ok"), (False, 2, 1, "ok")]
    assert (record.schema, record.status, record.round) == ("ergit.readings/2", "measured", 1)
    assert record.source is not None
    assert record.source.kind == "estimated"
    assert study.log.count("what was built\n") == 6
    assert study.log.count("--- reading 2\n") == 1


def test_an_estimate_is_cpu_time_and_has_no_idle_sample(study: Study) -> None:
    record = study.measure("true", {"idle_seconds": 0.1})
    for each in record.readings:
        assert each.joules == {"package": pytest.approx(10.0 * each.cpu_seconds)}
    assert record.idle is None


def test_a_failing_workload_has_a_status_and_no_joules_and_is_not_tried_again(study: Study) -> None:
    record = study.measure("echo broken; exit 3")
    assert shape(record) == [(True, 1, 1, "failed")]
    assert (record.readings[0].exit_code, record.readings[0].joules) == (3, {})
    assert record.readings[0].reason == "the workload ended with status 3: broken"
    assert "broken\n" in study.log


def test_a_workload_that_fails_later_keeps_what_was_read_before(study: Study) -> None:
    record = study.measure("echo x >> runs; [ $(wc -l < runs) -lt 3 ]")
    assert shape(record) == [(True, 1, 1, "ok"), (False, 1, 1, "ok"), (False, 2, 1, "failed")]


def test_a_workload_that_hangs_is_a_timeout(study: Study) -> None:
    record = study.measure("sleep 60", timeout_seconds=0.2)
    assert shape(record) == [(True, 1, 1, "timeout")]
    assert record.readings[0].reason == "the workload took longer than 0.2 s"


def test_a_workload_that_is_killed_tells_the_signal(study: Study) -> None:
    record = study.measure("kill -SEGV $$")
    assert record.readings[0].signal == signal.SIGSEGV
    assert record.readings[0].reason == "the workload was killed by SIGSEGV"


def test_a_workload_that_kills_its_parent_is_recorded(study: Study) -> None:
    record = study.measure("kill -KILL $PPID; exit 4")
    assert shape(record) == [(True, 1, 1, "failed")]
    assert record.readings[0].exit_code == 4


def test_a_daemon_is_named_in_the_flags(study: Study) -> None:
    record = study.measure(f"setsid sleep 7152 & {until_asleep('7152')}", SMALL)
    assert shape(record) == [(False, 1, 1, "ok")]
    assert "left-behind:sleep" in record.readings[0].flags


def test_output_that_is_no_text_does_no_harm(study: Study) -> None:
    assert shape(study.measure(r"printf '\xff\xfe'", SMALL)) == [(False, 1, 1, "ok")]


def test_of_a_long_output_both_ends_are_kept_and_the_gap_is_told(study: Study) -> None:
    study.measure("echo begin; head -c 50000000 /dev/zero; echo end", SMALL)
    assert len(study.log) < 1_000_200
    assert "begin\n" in study.log
    assert study.log.endswith("end\n")
    assert "\n--- 49000010 bytes of output left out here\n" in study.log


def test_a_folder_that_this_commit_lacks_is_a_failure(study: Study) -> None:
    record = study.measure("true", directory="absent")
    assert (
        record.readings[0].reason
        == "the workload could not be started: its folder is not there in this commit, or leads out of it"
    )


def test_prepare_and_cleanup_run_around_each_reading_and_outside_of_its_window(study: Study) -> None:
    note = f"date +%s.%N >> {study.folder}/moments"
    record = study.measure("cat made", prepare=f"echo fresh > made; {note}", cleanup=f"{note}; rm made")
    assert shape(record) == [(True, 1, 1, "ok"), (False, 1, 1, "ok"), (False, 2, 1, "ok")]
    moments = [float(line) for line in (study.folder / "moments").read_text().splitlines()]
    assert len(moments) == 6
    edges = zip(moments[::2], windows(record), moments[1::2], strict=True)
    assert all(prepared <= began + 1e-6 and ended <= cleaned + 0.001 for prepared, (began, ended), cleaned in edges)


def test_a_prepare_that_fails_fails_the_reading_and_is_cleaned_up(study: Study) -> None:
    record = study.measure("true", prepare="exit 9", cleanup="echo tidied")
    assert shape(record) == [(True, 1, 1, "failed")]
    assert record.readings[0].reason == "prepare ended with status 9"
    assert "tidied" in study.log


def test_a_short_command_is_repeated_inside_the_window(study: Study) -> None:
    record = study.measure("echo run", {"minimum_window_seconds": 0.5, "repeats": 1})
    warmup, *more, reading = record.readings
    assert (warmup.loops, warmup.flags) == (1, ("short-window",))
    assert all(each.warmup for each in more)  # where this machine has become faster since
    assert reading.loops > 1
    assert (reading.warmup, reading.flags) == (False, ())
    assert study.log.count("run\n") == sum(each.loops for each in record.readings)


def test_a_count_of_loops_that_is_set_is_kept(study: Study) -> None:
    record = study.measure("true", {"loops": 4, "repeats": 1})
    assert [reading.loops for reading in record.readings] == [1, 4]


def test_a_reading_on_a_busy_machine_is_kept_flagged_and_taken_again(study: Study) -> None:
    busy = {"quiet": BUSY, "retries": 2, "repeats": 1}
    with busy_core():
        record = study.measure("sleep 0.3", busy)
    assert shape(record) == [(True, 1, 1, "ok")] + [(False, 1, attempt, "ok") for attempt in (1, 2, 3)]
    assert all({"busy", "foreign-cpu"} <= set(reading.flags) for reading in record.readings[1:])


def test_a_busy_machine_is_an_error_where_the_config_says_so(study: Study) -> None:
    strict = {"quiet": msgspec.structs.replace(BUSY, on_timeout="error")}
    with busy_core():
        assert "The machine is not quiet" in study.refusal("true", strict)
    assert not study.output.exists()


def test_bounds_without_a_sensor_flag_the_readings(study: Study) -> None:
    bounds = msgspec.structs.replace(NO_SENSOR, highest_celsius=60.0)
    record = study.measure("true", {"temperature": bounds, "warmup": 0, "repeats": 1})
    assert "no-temperature" in record.readings[0].flags
    assert record.readings[0].conditions is not None
    assert record.readings[0].conditions.missing["celsius_before"] == "no temperature sensor is used"


def test_bounds_without_a_sensor_are_an_error_where_the_config_says_so(study: Study) -> None:
    bounds = msgspec.structs.replace(NO_SENSOR, highest_celsius=60.0, on_timeout="error")
    assert "no sensor of the CPU's temperature" in study.refusal("true", {"temperature": bounds})


def test_a_sensor_that_is_not_there_is_an_error_and_nothing_is_written(study: Study) -> None:
    named = msgspec.structs.replace(NO_SENSOR, sensor="imagined")
    assert "measure.temperature.sensor is imagined" in study.refusal("true", {"temperature": named})
    assert not study.output.exists()


def test_a_failed_build_is_recorded_without_readings(study: Study) -> None:
    study.build(status="failed", reason="`make` ended with status 2")
    record = study.measure("true")
    assert (record.status, record.reason) == ("build-failed", "`make` ended with status 2")
    assert (record.readings, record.source) == ((), None)


@pytest.mark.parametrize(("build", "status"), [("timeout", "build-failed"), ("no-jdk", "no-jdk")])
def test_other_builds_that_are_none_are_recorded_too(study: Study, build: str, status: str) -> None:
    study.build(status=build, reason="because")
    assert study.measure("true").status == status


def test_a_damaged_artifact_is_an_error(study: Study) -> None:
    (study.folder / "build.tar.gz").write_bytes(b"no archive")
    assert "tar" in study.refusal("true")
    assert not study.output.exists()


def test_the_workload_sees_its_own_environment_and_not_that_of_ergit(study: Study) -> None:
    study.build(environment={"JAVA_HOME": "/jdk", "GREETING": "hello"})
    study.measure('echo "$GREETING $NAME ${PYTHONPATH-none} ${PATH%%:*}"', environment={"NAME": "world"})
    assert "hello world none /jdk/bin\n" in study.log


def test_an_earlier_record_is_kept_beside_the_new_one(study: Study) -> None:
    first = study.measure("echo first", SMALL)
    study.measure("echo second", SMALL)
    kept = list(study.output.parent.glob("1.superseded-*.json"))
    assert [read_readings(path) for path in kept] == [first]
    logs = list(study.output.parent.glob("1.superseded-*.output.log"))
    assert ["first" in path.read_text() for path in logs] == [True]
    assert "second" in study.log


def test_an_earlier_record_stays_where_it_is_when_the_job_fails(study: Study) -> None:
    first = study.measure("true")
    (study.folder / "build.tar.gz").write_bytes(b"no archive")
    study.refusal("true")
    assert read_readings(study.output) == first
    assert [path.name for path in study.output.parent.glob("*.json")] == ["1.json"]


def test_a_damaged_earlier_record_is_kept_too(study: Study) -> None:
    study.output.parent.mkdir(parents=True)
    study.output.write_text("{")
    study.measure("true", SMALL)
    assert (study.output.parent / "1.superseded-damaged.json").read_text() == "{"


def test_a_retake_that_fails_changes_the_fingerprint_until_it_has_ended_well(study: Study) -> None:
    study.measure("true", SMALL)
    assert retake_mark(study.output) == ""
    whole = (study.folder / "build.tar.gz").read_bytes()
    (study.folder / "build.tar.gz").write_bytes(b"no archive")
    study.refusal("true")
    noted = retake_mark(study.output)  # by Snakemake, as a part of the param, when the next call runs the job
    assert noted.startswith(" retake ")
    study.refusal("true")
    assert retake_mark(study.output) not in ("", noted)
    noted = retake_mark(study.output)
    (study.folder / "build.tar.gz").write_bytes(whole)
    study.measure("true", SMALL)
    assert retake_mark(study.output) == noted


def test_a_retake_that_a_stop_ends_before_it_measures_is_not_forgotten(study: Study) -> None:
    first = study.measure("true", SMALL)
    stop(study.folder / "results")
    assert "asked this study to stop" in study.refusal("true", SMALL)
    assert read_readings(study.output) == first
    assert retake_mark(study.output).startswith(" retake ")


def test_a_first_job_that_fails_leaves_no_mark_of_a_retake(study: Study) -> None:
    (study.folder / "build.tar.gz").write_bytes(b"no archive")
    study.refusal("true")
    assert retake_mark(study.output) == ""


def windows(record: JobRecord) -> list[tuple[float, float]]:
    """When each reading began and ended, in seconds since 1970."""
    began = [datetime.fromisoformat(reading.started).timestamp() for reading in record.readings]
    return [(start, start + each.duration_seconds) for start, each in zip(began, record.readings, strict=True)]


def test_two_programs_never_measure_at_once_and_say_whom_they_wait_for(study: Study) -> None:
    studies = [Study(study.folder / name, lock=study.lock) for name in ("one", "other")]
    for each in studies:
        each.folder.mkdir()
        (each.folder / "build.tar.gz").symlink_to(study.folder / "build.tar.gz")
        each.build()
    begun, go = study.folder / "begun", study.folder / "go"
    first = studies[0].start(f"touch {begun}; until [ -e {go} ]; do sleep 0.02; done", SMALL, timeout_seconds=300)
    wait_for(begun.exists)
    second = studies[1].start("true", SMALL)
    assert second.stderr is not None
    assert f"waits for process {first.pid} " in second.stderr.readline()
    go.touch()
    for program in (first, second):
        _, errors = program.communicate(timeout=300)
        assert program.returncode == 0, errors
        assert "waits for process" not in errors
    (one,), (other,) = (windows(read_readings(each.output)) for each in studies)
    assert one[1] <= other[0]


def test_a_program_that_is_killed_leaves_no_record_no_process_and_no_lock(study: Study) -> None:
    mark = f"1234.{time.monotonic_ns()}"
    program = study.start(f"touch {study.folder}/runs; sleep {mark}")
    wait_for((study.folder / "runs").exists)
    program.kill()
    program.communicate()
    assert not study.output.exists()
    assert shape(study.measure("true", SMALL)) == [(False, 1, 1, "ok")]
    wait_for(lambda: mark not in all_programs())


def test_a_program_that_is_told_to_end_takes_the_workload_along_and_tidies_up(study: Study) -> None:
    mark = f"1234.{time.monotonic_ns()}"
    program = study.start(f"touch {study.folder}/runs; setsid sleep {mark} & sleep {mark}")
    wait_for((study.folder / "runs").exists)
    program.send_signal(signal.SIGTERM)
    program.communicate(timeout=60)
    assert program.returncode == 128 + signal.SIGTERM
    assert mark not in all_programs()
    assert not study.output.exists()
    assert not unfinished_path(study.output).exists()  # it does not count as killed
    assert not (study.folder / "work/0123456789abcdef").exists()


def kill(study: Study) -> None:
    """Kills the program while its workload runs."""
    begun = study.folder / "begun"
    program = study.start(f"touch {begun}; sleep 60", SMALL)
    wait_for(begun.exists)
    program.kill()
    program.communicate()
    begun.unlink()


def other_commit(study: Study, sha: str, **changes: Any) -> Path:
    """Writes the record of another commit."""
    path = study.output.parent.parent / sha / "1.json"
    write_readings(path, job_records.record(sha, **changes) if changes else job_records.record(sha, reading()))
    return path


def test_a_job_that_dies_twice_is_its_commits_failure_if_another_commit_was_measured_in_between(study: Study) -> None:
    kill(study)
    other_commit(study, OTHER)
    kill(study)
    record = study.measure("true", SMALL)
    assert (record.status, record.readings, record.source) == ("killed", (), None)
    assert record.reason is not None
    assert record.reason.startswith("killed: ")
    assert shape(study.measure("true", SMALL)) == [(False, 1, 1, "ok")]  # `retry` takes it


def test_a_machine_that_kills_every_job_is_no_commits_failure(study: Study) -> None:
    kill(study)
    kill(study)
    assert shape(study.measure("true", SMALL)) == [(False, 1, 1, "ok")]


def failed_commits(study: Study, number: int, reason: str = "the workload ended with status 3") -> None:
    """Writes the records of so many commits that failed."""
    for commit in range(number):
        other_commit(study, f"{commit:040x}", readings=(reading(status="failed", reason=reason),))


def test_ten_commits_that_fail_with_the_same_reason_end_the_run_with_the_last_output(study: Study) -> None:
    failed_commits(study, 9, reason="the workload ended with status 3: Where is Maven?")
    words = study.refusal("echo Where is Maven?; exit 3")
    assert "10 commits failed with the same reason and none has succeeded" in words
    assert "the workload ended with status 3" in words
    assert words.endswith("  Where is Maven?\n")
    assert not study.output.exists()


def test_nine_commits_that_fail_end_nothing(study: Study) -> None:
    failed_commits(study, 8)
    assert shape(study.measure("exit 3")) == [(True, 1, 1, "failed")]


def test_other_reasons_do_not_count(study: Study) -> None:
    failed_commits(study, 12, reason="the workload was killed by SIGSEGV")
    assert shape(study.measure("exit 3")) == [(True, 1, 1, "failed")]


def test_after_one_success_failures_end_no_run(study: Study) -> None:
    failed_commits(study, 12)
    other_commit(study, OTHER)
    assert shape(study.measure("exit 3")) == [(True, 1, 1, "failed")]


def test_failures_of_an_earlier_run_do_not_count(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    failed_commits(study, 12)
    monkeypatch.setenv("ERGIT_RUN_STARTED", str(time.time() + 1))
    assert shape(study.measure("exit 3")) == [(True, 1, 1, "failed")]


def test_ten_builds_that_fail_with_the_same_reason_end_the_run_with_the_output_of_the_build(study: Study) -> None:
    for commit in range(9):
        other_commit(study, f"{commit:040x}", status="build-failed", reason="`make` failed", source=None)
    study.build(status="failed", reason="`make` failed")
    (study.folder / "build.output.log").write_text("make: not found\n")
    assert study.refusal("true").endswith("  make: not found\n")


def test_a_job_of_which_no_window_was_counted_is_the_machines_error() -> None:
    with pytest.raises(ErgitError, match=r"The energy of no window could be counted \(0 J\)"):
        refuse_uncounted(
            [reading(warmup=True, status="not-counted", reason="0 J"), reading(status="not-counted", reason="0 J")]
        )


def test_one_window_that_was_counted_makes_a_record() -> None:
    refuse_uncounted([reading(status="not-counted", reason="0 J"), reading()])


def test_a_workload_that_fails_is_recorded_whether_or_not_windows_were_counted() -> None:
    refuse_uncounted([reading(warmup=True, status="not-counted", reason="0 J"), reading(status="failed", reason="")])


@needs_root
def test_a_disk_that_fills_inside_the_window_is_the_machines_error_and_shown_on_the_terminal(study: Study) -> None:
    results = study.folder / "results"
    results.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3M", "ergit-test", results], check=True)
    try:
        program = study.start(f"head -c 9000000 /dev/zero > {results}/fill; true", progress=True)
        progress, errors = program.communicate(timeout=300)
        assert program.returncode == 1, errors
        assert f"Nothing can be written in {study.output.parent}: No space left on device" in progress, errors
        assert not study.output.exists()
    finally:
        subprocess.run(["umount", results], check=True)


@needs_bubblewrap
def test_readings_in_a_sandbox_are_of_a_session_of_their_own_and_say_so(study: Study) -> None:
    without = study.measure("true", SMALL)
    within = study.measure("cat kept", SMALL, sandbox=SandboxSettings(enabled=True))
    assert (shape(within), study.log.count("what was built\n")) == ([(False, 1, 1, "ok")], 1)
    assert within.session != without.session
    assert (without.sandbox, within.sandbox) == (
        None,
        {"enabled": True, "network": "build", "read": [], "write": []},
    )


@needs_bubblewrap
def test_what_prepare_leaves_in_tmp_and_home_is_there_for_the_workload_in_a_sandbox(study: Study) -> None:
    given = SandboxSettings(enabled=True)
    record = study.measure(
        "cat /tmp/made ~/made",
        SMALL,
        sandbox=given,
        prepare="echo made | tee /tmp/made > ~/made",
        cleanup="! test -e /run",
    )
    assert (shape(record), record.readings[0].flags) == ([(False, 1, 1, "ok")], ())
    assert list((study.folder / "work").iterdir()) == []


@needs_bubblewrap
def test_a_workload_that_needs_the_network_fails_in_a_sandbox_with_that_reason(study: Study) -> None:
    command = "exec 3<>/dev/tcp/192.0.2.1/80"
    reason = study.measure(command, SMALL, sandbox=SandboxSettings(enabled=True)).readings[0].reason
    assert reason is not None
    assert reason.startswith(
        "the workload ended with status 1 (it tried to reach the network: no network in the sandbox)"
    )


@needs_bubblewrap
def test_a_sandbox_that_cannot_be_made_is_the_machines_fault_and_nothing_is_recorded(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = study.folder / "bin/bwrap"
    refusing.parent.mkdir()
    refusing.write_text("#!/bin/sh\necho 'bwrap: No permissions to create a new namespace' >&2\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setenv("PATH", f"{refusing.parent}:{os.environ['PATH']}")
    said = study.refusal("true", SMALL, sandbox=SandboxSettings(enabled=True))
    assert "bwrap: No permissions to create a new namespace" in said
    assert not study.output.exists()
