"""`ergit run`: one run at a time, no lock to remove by hand, and none taken from a Snakemake that lives."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from msgspec.structs import replace

from ergit.errors import ErgitError
from ergit.machine.kernel import FIRST_PID_NAMESPACE, Machine
from ergit.starting.lock import run_lock
from ergit.starting.stale import remove_stale_locks
from tests.fakes.studies import configure
from tests.fakes.waiting import wait_for

ERGIT = [sys.executable, str(Path(__file__).parents[2] / "bin/ergit"), "run"]
PLAIN = ("--snakefile", "Snakefile", "--workflow-profile", "none", "--cores", "1")
RULES = """
rule all:
    input: "done"
rule slow:
    output: touch("done")
    shell: "touch started; sleep $(cat seconds)"
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A folder with one rule that takes as long as the file `seconds` says."""
    (tmp_path / "Snakefile").write_text(RULES, encoding="utf-8")
    (tmp_path / "seconds").write_text("600", encoding="utf-8")
    return tmp_path


def ergit_run(study: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """One call of `ergit run` on the rule."""
    return subprocess.run([*ERGIT, *PLAIN, *options], cwd=study, capture_output=True, text=True, timeout=300)


@pytest.fixture
def running(study: Path) -> Iterator[subprocess.Popen[str]]:
    """An `ergit run` whose rule has begun."""
    with started([*ERGIT, *PLAIN], study) as process:
        yield process


@contextmanager
def started(command: list[str], study: Path) -> Iterator[subprocess.Popen[str]]:
    """The command in a session of its own, as soon as the rule has begun; what is left is killed at the end."""
    process = subprocess.Popen(command, cwd=study, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        wait_for(lambda: (study / "started").exists() or process.poll() is not None)
        assert process.poll() is None, process.communicate()
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.parametrize(
    ("words", "last"),
    [
        (
            ["-n", "builts"],
            "ergit: There is no target 'builts'. Did you mean 'builds'? `ergit run --list-target-rules`",
        ),
        (["--cors", "2"], "ergit run: error: unrecognized arguments: --cors"),
        (["--cores", "many"], "ergit run: error: Error parsing number of cores"),
    ],
    ids=lambda words: words[0],
)
def test_wrong_words_end_with_status_2_and_few_lines(tmp_path: Path, words: list[str], last: str) -> None:
    configure(tmp_path)
    done = subprocess.run([*ERGIT, *words], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    told = (done.stdout + done.stderr).splitlines()
    assert any(line.startswith(last) for line in told)
    assert len(told) <= 4


def test_a_second_run_is_refused_with_the_name_of_the_first(study: Path, running: subprocess.Popen[str]) -> None:
    second = ergit_run(study)
    assert second.returncode == 1
    assert f"is being run by process {running.pid} of " in second.stderr
    assert "ergit stop" in second.stderr


def test_after_a_kill_the_same_command_goes_on_and_a_dry_run_before_it_removes_nothing(
    study: Path, running: subprocess.Popen[str]
) -> None:
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    locks = sorted((study / ".snakemake/locks").iterdir())
    assert locks
    assert ergit_run(study, "-n").returncode == 0
    assert sorted((study / ".snakemake/locks").iterdir()) == locks
    (study / "seconds").write_text("0", encoding="utf-8")
    again = ergit_run(study, "--rerun-incomplete")
    assert again.returncode == 0, again.stderr
    assert "the last run was killed" in again.stderr
    assert (study / "done").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_it_with_a_sentence_and_status_1(
    study: Path, running: subprocess.Popen[str], number: signal.Signals
) -> None:
    os.killpg(running.pid, number)  # as a terminal does on Ctrl-C, and `timeout` when the time is over
    _, said = running.communicate(timeout=300)
    assert running.returncode == 1
    assert "Traceback" not in said
    assert said.endswith("ergit: interrupted; the same command continues\n")
    (study / "seconds").write_text("0", encoding="utf-8")
    assert ergit_run(study, "--rerun-incomplete").returncode == 0


def test_an_interrupt_that_is_heeded_is_not_repeated_while_a_job_takes_long_to_end(study: Path) -> None:
    stubborn = RULES.replace("touch started; sleep", "trap '' INT; touch started; sleep")
    (study / "Snakefile").write_text(stubborn, encoding="utf-8")
    (study / "seconds").write_text("9", encoding="utf-8")  # the second comes after 5 s
    with started([*ERGIT, *PLAIN], study) as running:
        os.killpg(running.pid, signal.SIGINT)
        _, said = running.communicate(timeout=300)
    assert running.returncode == 1
    assert "Traceback" not in said
    assert said.endswith("ergit: interrupted; the same command continues\n")


def test_the_lock_of_a_snakemake_that_runs_is_not_removed(study: Path) -> None:
    with started([sys.executable, "-m", "snakemake", *PLAIN], study) as other:
        refused = ergit_run(study)
        assert refused.returncode == 1
        assert f"Process {other.pid} runs Snakemake in " in refused.stderr
        assert list((study / ".snakemake/locks").iterdir())


def test_its_words_after_run_are_snakemakes_and_a_wrong_one_is_refused(study: Path) -> None:
    done = ergit_run(study, "--no-such-option")
    assert done.returncode == 2
    assert "--no-such-option" in done.stderr


def locked(study: Path, namespace: str = FIRST_PID_NAMESPACE, kind: str = "ext4") -> Machine:
    """A machine on which nothing runs; the study has a lock and is on a file system of that kind."""
    (study / ".snakemake/locks").mkdir(parents=True)
    (study / ".snakemake/locks/0.input.lock").touch()
    proc = study / "proc"
    (proc / "self/ns").mkdir(parents=True)
    (proc / "self/ns/pid").symlink_to(namespace)
    device = study.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    (proc / "self/mountinfo").write_text(f"1 2 {number} / /studies rw - {kind} disk rw\n", encoding="utf-8")
    return Machine(proc=proc)


def test_a_lock_of_nobody_on_this_machine_is_removed(tmp_path: Path) -> None:
    assert remove_stale_locks(tmp_path, None, locked(tmp_path)) == 1
    assert remove_stale_locks(tmp_path, None, Machine()) == 0


@pytest.mark.parametrize(
    ("namespace", "kind", "why"),
    [("pid:[4026532500]", "ext4", "outside of this container"), (FIRST_PID_NAMESPACE, "nfs4", "several machines")],
)
def test_a_lock_that_somebody_unseen_may_hold_stays(tmp_path: Path, namespace: str, kind: str, why: str) -> None:
    machine = locked(tmp_path, namespace, kind)
    with pytest.raises(ErgitError, match=why):
        remove_stale_locks(tmp_path, None, machine)
    assert list((tmp_path / ".snakemake/locks").iterdir())


def test_a_lock_that_the_last_run_has_left_is_removed_wherever_it_is(tmp_path: Path) -> None:
    machine = locked(tmp_path, "pid:[4026532500]", "nfs4")
    with run_lock(tmp_path):
        pass
    with run_lock(tmp_path) as last:
        assert last is not None
        before = replace(last, started="2020-01-01 00:00:00 UTC")
        assert remove_stale_locks(tmp_path, before, machine) == 1
