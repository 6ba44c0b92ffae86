"""A stopwatch in the place of an energy source."""

import time


class Stopwatch:
    """A window that reads the clock, as an energy source reads its counter."""

    def __init__(self) -> None:
        self.started = self.ended = 0.0

    def start(self) -> None:
        """Reads the clock as the last thing before the command."""
        self.started = time.perf_counter()

    def stop(self) -> None:
        """Reads the clock as the first thing after the command."""
        self.ended = time.perf_counter()
