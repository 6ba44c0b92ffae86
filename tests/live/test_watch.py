"""What is seen of a run from another terminal."""

import os
import pty
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from ergit.errors import ErgitError
from ergit.live.process import life_of, this_process
from ergit.live.watch import changes, pause, snapshot
from ergit.machine.kernel import Machine
from ergit.planning.requests import pause as ask_for_a_pause
from ergit.records.live import LiveRecord, write_live
from ergit.text import iso_time
from tests.fakes.another_user import another_user
from tests.fakes.live_records import dead_process, live_record
from tests.fakes.studies import ROOT


def seen(study: Path, record: LiveRecord | None = None) -> str:
    results = study / "results"
    results.mkdir(exist_ok=True)
    if record is not None:
        write_live(results / "live.json", record)
    return "\n".join("".join(text for _, text in line) for line in snapshot(study, results))


def test_a_run_is_seen_with_its_last_readings_and_what_it_waits_for(tmp_path: Path) -> None:
    text = seen(tmp_path, live_record(waits="for quiet: others use 1.80 cores"))
    assert text.startswith("Energy of https://example.org/jsoup\nrun        runs: process ")
    assert "\nwaits      for quiet: others use 1.80 cores\n" in text
    assert "\n           1 of them: workload-timeout, the workload took longer than 60 s\n" in text
    assert "0ec90d327f  round 2  1.399 J  0.203 s  54 °C  foreign-cpu  v1.1 Speed up the <parser>\n" in text
    assert "0ec90d327f  round 2  1.412 J  0.203 s  54 °C               v1.1 Speed up the <parser>\n" in text
    assert text.splitlines()[-1].startswith("news       of ")


def test_a_run_that_was_killed_is_not_taken_for_one_that_runs(tmp_path: Path) -> None:
    run = replace(this_process(), process=dead_process())
    text = seen(tmp_path, live_record(run=run))
    assert "run        the run was killed; the same command continues (process" in text
    assert "215 of 900 readings, 24%\n" in text
    assert "\nnow " not in text


def test_another_process_with_the_same_number_is_not_the_run(tmp_path: Path) -> None:
    assert life_of(this_process()) == "runs"
    assert life_of(replace(this_process(), ticks=1)) == "ended"
    assert life_of(replace(this_process(), boot="before the power cut")) == "ended"
    assert life_of(replace(this_process(), boot="other", host="another")) == "unknown"
    assert life_of(replace(this_process(), ticks=1, host="a container")) == "unknown"
    (tmp_path / "sys/kernel/random").mkdir(parents=True)
    (tmp_path / "self/ns").mkdir(parents=True)
    (tmp_path / "self/ns/pid").symlink_to("pid:[4026532000]")  # a container's
    (tmp_path / "sys/kernel/random/boot_id").write_text(this_process().boot)
    run = replace(this_process(), process=dead_process())
    assert life_of(run, Machine(proc=tmp_path)) == "unknown"


def test_a_pause_that_was_asked_for_is_seen_at_once(tmp_path: Path) -> None:
    seen(tmp_path, live_record())
    ask_for_a_pause(tmp_path / "results")
    assert "\npause      asked for by " in seen(tmp_path)


def test_a_study_that_has_not_run_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(ErgitError, match="no job of a run has begun in"):
        seen(tmp_path)


def test_a_file_that_may_not_be_read_is_an_error_that_says_whom_to_ask(tmp_path: Path) -> None:
    seen(tmp_path, live_record())
    (tmp_path / "results/live.json").chmod(0)
    with another_user(tmp_path), pytest.raises(ErgitError, match=r"Permission denied\. Ask its owner"):
        seen(tmp_path)


def test_another_login_sees_whether_the_run_lives(tmp_path: Path) -> None:
    seen(tmp_path, live_record())
    with another_user(tmp_path):
        assert "run        runs: process" in seen(tmp_path)


@pytest.mark.parametrize(("until", "seconds"), [(None, 5.0), (12.5, 12.5), (0.2, 2.0), (600.0, 30.0), (-3.0, 5.0)])
def test_nothing_is_looked_at_until_the_reading_is_over(until: float | None, seconds: float) -> None:
    now = datetime.now(UTC)
    at = None if until is None else iso_time(now + timedelta(seconds=until))
    assert pause(live_record(until=at), now) == seconds


def test_only_news_are_shown_until_the_run_has_ended(tmp_path: Path) -> None:
    seen(tmp_path, live_record())
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            write_live(tmp_path / "results/live.json", live_record(outcome="done", steps=(), reading=None))

    shown = list(changes(tmp_path, tmp_path / "results", sleep))
    assert len(shown) == 2
    assert "all is done" in shown[-1][1][1][1]
    assert slept == [5.0] * 3


def test_the_command_ends_with_ctrl_c_and_leaves_what_was_seen(tmp_path: Path) -> None:
    seen(tmp_path, live_record())
    terminal, given = pty.openpty()
    command = [sys.executable, "-P", "-m", "ergit.cli", "watch", "--study", str(tmp_path)]
    environment = {**os.environ, "TERM": "xterm", "PYTHONPATH": str(ROOT)}
    heeding = ["env", "--default-signal=INT", *command]  # what runs in the background of a shell ignores it
    watch = subprocess.Popen(heeding, stdin=given, stdout=given, stderr=given, env=environment, start_new_session=True)
    os.close(given)
    shown = b""
    while b"news" not in shown:
        shown += os.read(terminal, 10_000)
    watch.send_signal(signal.SIGINT)
    with suppress(OSError):  # the program has closed it
        while part := os.read(terminal, 10_000):
            shown += part
    os.close(terminal)
    assert watch.wait(timeout=60) == 0
    assert shown.count(b"Energy of") == 2
    assert b"Traceback" not in shown


def test_without_a_terminal_it_is_one_snapshot(tmp_path: Path) -> None:
    seen(tmp_path, live_record())
    command = [sys.executable, "-P", "-m", "ergit.cli", "watch", "--study", str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=True)
    assert done.stdout.count("Energy of") == 1
    assert "\x1b" not in done.stdout
