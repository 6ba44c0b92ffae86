"""Ctrl-C ends what runs, also where a library swallows it."""

import logging
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ergit.starting.command import Interrupts

ROOT = Path(__file__).parents[2]

SWALLOWS = """
import os, signal, sys, time
sys.path.insert(0, sys.argv[1])
from ergit.starting import command
command.AGAIN_SECONDS = 1
interrupts = command.Interrupts()
try:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(1)
except BaseException:
    print("swallowed", flush=True)
try:
    time.sleep(30)
except KeyboardInterrupt:
    print("came again", flush=True)
signal.alarm(0)
"""


def test_an_interrupt_that_a_library_swallows_comes_again() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SWALLOWS, str(ROOT)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, "swallowed\ncame again\n")


@pytest.fixture
def interrupts() -> Iterator[Interrupts]:
    """Handles signals during a test."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGALRM)}
    yield Interrupts()
    signal.alarm(0)
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_what_snakemake_heeds_does_not_come_again_and_its_tracebacks_are_not_logged(interrupts: Interrupts) -> None:
    def is_logged(text: str, **extra: object) -> bool:
        record = logging.makeLogRecord({"msg": text, **extra})
        return interrupts.filter(record)

    traceback = "Traceback (most recent call last):\n\nRuntimeError: Cannot close a running event loop"
    assert is_logged(traceback, exception="RuntimeError")
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert signal.alarm(100) > 0
    assert is_logged("Terminating processes on user request, this might take some time.")
    assert signal.alarm(0) == 0
    signal.raise_signal(signal.SIGALRM)
    signal.raise_signal(signal.SIGINT)
    assert not is_logged(traceback, exception="RuntimeError")
    assert is_logged("ErgitError: The disk is full.", exception="ErgitError")


def test_a_sigterm_that_snakemake_heeds_is_told(interrupts: Interrupts, capsys: pytest.CaptureFixture[str]) -> None:
    interrupts.tell()
    record = logging.makeLogRecord({"msg": "Will exit after finishing currently running jobs (scheduler)."})
    assert interrupts.filter(record)
    interrupts.tell()
    assert capsys.readouterr().err == "ergit: interrupted; the same command continues\n"
