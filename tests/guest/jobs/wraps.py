"""Wraps and resets of powercap's counters (issue: resets taken for wraps)."""

import time

from ergit.config.settings import MeasureSettings
from ergit.energy import Source, choose
from tests.guest.guest import Window, check, later, load, steer, window

RANGE_UJ = 65_532_610_987


def powercap(limit_watts: float = 1000.0) -> Source:
    """The source, opened."""
    return choose(MeasureSettings(source="powercap"), limit_watts=limit_watts)


def now() -> float:
    """Seconds of the clock that the counters follow."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)


def reset_below_the_range(below_joules: float) -> Window:
    """A window at 50 W, in which the counter is set to 0 when it stands so far below its range."""
    reset_at = now() + 6
    load(watts=50, wrap_uj=round((50 * reset_at + below_joules) * 1e6))
    with powercap() as source:
        window(source, 0.5)
        with later(reset_at - now(), lambda: steer("back_ms", round(now() * 1000))):
            return window(source, reset_at + 2.5 - now())


def main() -> None:
    """Real ranges and small ones, then resets near the range, far from it, and to just below."""
    load(watts=900, wrap_uj=RANGE_UJ)
    seconds = RANGE_UJ / 900e6 + 10
    with powercap() as source:
        found = window(source, seconds)
    counter = found.energy.counters[0]
    check("a real range wraps at 900 W", right=found.is_right(900), found=found)
    falls = sum(
        isinstance(one, int) and isinstance(two, int) and two < one
        for one, two in zip((counter.before, *counter.samples), (*counter.samples, counter.after), strict=True)
    )
    check(
        "the samples beside a wrap are kept", right=falls >= 1, found=f"{falls} falls, {len(counter.samples)} samples"
    )
    load(wrap_uj=65_000_000)
    with powercap(limit_watts=20.0) as source:
        windows = [window(source, 20.0) for _ in range(2)]
    check(
        "a small range wraps three times in a window",
        right=all(each.is_right(10) for each in windows),
        found=windows[0],
    )

    for below_joules in (200, 700, 950):
        found = reset_below_the_range(below_joules)
        check(
            f"a reset {below_joules} J below the range is refused",
            right=not found.energy.joules and "reset" in str(found.energy.problem),
            found=found,
        )
    load(watts=50)
    with (
        powercap() as source,
        later(1.5, lambda: steer("back_ms", round(now() * 1000))),
    ):
        found = window(source, 3.0)
    check("a reset far below the range is refused", right=not found.energy.joules, found=found)
    load()
    with choose(MeasureSettings(source="pmu")) as source, later(1.0, lambda: steer("back_ms", 5000)):
        found = window(source, 2.0)
    check("a PMU that goes backwards is refused", right=not found.energy.joules, found=found)


if __name__ == "__main__":
    main()
