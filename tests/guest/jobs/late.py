"""perf answers 0.4 s late at the end of a window: the counters' own seconds show it."""

import os
import signal
import time

from ergit.config.settings import MeasureSettings
from ergit.energy import choose
from ergit.energy.perf import PerfSource
from tests.guest.guest import check, later, load

WATTS = 10.0


def main() -> None:
    """A command of a second, whose window perf closes 0.4 s after it was told to."""
    load()
    with choose(MeasureSettings(source="perf")) as source:
        assert isinstance(source, PerfSource)
        perf = source._run.process.pid
        source.start()
        began = time.monotonic()
        time.sleep(1.0)
        duration = time.monotonic() - began
        os.kill(perf, signal.SIGSTOP)
        with later(0.4, lambda: os.kill(perf, signal.SIGCONT)):
            source.stop()
        energy = source.energy(0.0)
    seconds = energy.seconds or 0.0
    check(
        "the late end is seen",
        right=seconds - duration > 0.35,
        found=f"{seconds - duration:+.3f} s beside {duration:.3f} s",
    )
    power = energy.joules.get("package", 0.0) / seconds
    check(
        "joules over the counters' own seconds are the power",
        right=abs(power / WATTS - 1) < 0.01,
        found=f"{power:.3f} W",
    )


if __name__ == "__main__":
    main()
