"""Windows of each source against the kernel's clock: 10 W, so that the joules are ten times the seconds."""

import statistics

from ergit.config.settings import MeasureSettings
from ergit.energy import choose
from ergit.energy.pmu import PmuSource, count_and_times
from ergit.energy.source import CLOCK_SLACK_SECONDS
from tests.guest.guest import MEASURING, check, load, window

WATTS = 10.0


def main() -> None:
    """Short and long windows, then how far an event's own time lies from the clock."""
    load()
    for name in MEASURING:
        with choose(MeasureSettings(source=name)) as source:
            for seconds, number in ((0.2, 20), (1.0, 10), (5.0, 3)):
                windows = [window(source, seconds) for _ in range(number)]
                errors = [each.energy.joules.get("package", 0.0) / WATTS / each.longest_seconds - 1 for each in windows]
                edges = [each.longest_seconds - each.shortest_seconds for each in windows]
                outside = [each for each in windows if not each.is_right(WATTS)]
                check(
                    f"{name}: {number} windows of {seconds:g} s hold what the clock says",
                    right=not outside,
                    found=f"relative error, median {statistics.median(errors):+.1e}, edges "
                    f"{1e3 * statistics.median(edges):.2f} ms; {outside[0] if outside else 'all between their edges'}",
                )
                powers = [each.energy.joules.get("package", 0.0) / (each.energy.seconds or 1.0) for each in windows]
                check(
                    f"{name}: joules over the counters' own {seconds:g} s are the power",
                    right=all(abs(power / WATTS - 1) < 0.01 + 0.002 / seconds for power in powers),
                    found=f"{min(powers):.4f} to {max(powers):.4f} W",
                )
    with choose(MeasureSettings(source="pmu")) as source:
        assert isinstance(source, PmuSource)
        differences = []
        for _ in range(30):
            window(source, 0.5)
            before, after = source._before, source._after
            enabled = (count_and_times(after.reads[0])[1] - count_and_times(before.reads[0])[1]) / 1e9
            differences.append(enabled - (after.began - before.began))
    check(
        "pmu: an event's own time is that of the clock",
        right=max(map(abs, differences)) < CLOCK_SLACK_SECONDS,
        found=f"{1e3 * min(differences):+.3f} to {1e3 * max(differences):+.3f} ms over 30 windows",
    )


if __name__ == "__main__":
    main()
