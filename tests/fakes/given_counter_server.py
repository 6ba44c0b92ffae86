"""Serves a powercap tree whose one counter counts what it is given: the microjoules that a file holds.

python -m tests.fakes.given_counter_server MOUNTPOINT FILE

Each job tries its counter out before it takes readings, and one that stands still is refused: so the counter also
counts a microjoule at each of the first reads after it was opened, those of the trial.
"""

import sys
from pathlib import Path

import mfusepy

from tests.fakes.live_counter import RANGE_UJ
from tests.fakes.live_counter_server import Counters

READS_OF_TRIAL = 3
"""One at opening, and one at each edge of the window of the trial."""


class GivenCounter(Counters):
    """The tree of one package."""

    def __init__(self, given: Path) -> None:
        super().__init__(given)
        self.zones = {"intel-rapl:0": "package-0"}
        self._tried = 0
        self._reads = 0

    def content(self, path: str) -> bytes:
        """What a file holds at this moment."""
        if not path.endswith("/energy_uj"):
            return super().content(path)
        if self._reads < READS_OF_TRIAL:
            self._reads += 1
            self._tried += 1
        return f"{(int(self.control.read_text()) + self._tried) % (RANGE_UJ + 1)}\n".encode()

    def open(self, path: str, flags: int) -> int:  # noqa: ARG002
        """Counts the reads anew."""
        if path.endswith("/energy_uj"):
            self._reads = 0
        return 0


if __name__ == "__main__":
    mfusepy.FUSE(GivenCounter(Path(sys.argv[2])), sys.argv[1], foreground=True, nothreads=True, direct_io=True)
