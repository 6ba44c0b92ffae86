"""Ctrl-C ends what runs, also where a library swallows it."""

import subprocess
import sys
from pathlib import Path

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
