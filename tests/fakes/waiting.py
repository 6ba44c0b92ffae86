"""Waiting for what a program does, however busy the machine is."""

import time
from collections.abc import Callable

PATIENCE_SECONDS = 120.0


def wait_for(condition: Callable[[], object]) -> None:
    """Waits until the condition holds; fails when it does not within minutes."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"it did not happen within {PATIENCE_SECONDS:g} s"
        time.sleep(0.01)
