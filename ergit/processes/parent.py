"""A program that ends with the process that started it; apart from all else, since every program of a job begins so."""

import ctypes
import signal
import sys
from types import FrameType

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
PR_SET_PDEATHSIG = 1  # prctl(2)


def die_with_parent() -> None:
    """From now on this program ends when the process that started it does, and takes its commands along.

    SIGTERM (which the kernel sends when the parent's thread is gone, prctl(2)), SIGINT and SIGHUP become an orderly
    exit with 128 plus the signal's number, once.
    """
    for number in ENDING_SIGNALS:
        signal.signal(number, _exit_once)
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _exit_once(number: int, _frame: FrameType | None) -> None:
    for ending in ENDING_SIGNALS:
        signal.signal(ending, signal.SIG_IGN)
    sys.exit(128 + number)


def prctl(option: int, value: int) -> None:
    """Sets an option of this process (prctl(2))."""
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
