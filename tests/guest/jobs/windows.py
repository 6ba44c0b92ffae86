"""Windows of each source against the kernel's clock: 10 W, so that the joules are ten times the seconds.

Under emulation an event's own time lags behind where the host is busy: some windows are refused, none may be wrong.
"""

import statistics

from ergit.config.settings import MeasureSettings
from ergit.energy import choose
from ergit.energy.pmu import PmuSource, count_and_times
from ergit.energy.source import CLOCK_SLACK_SECONDS
from tests.guest.guest import MEASURING, check, load, window

WATTS = 10.0
MOST_REFUSED = 5  # one in five, where the host is busy


def main() -> None:
    """Short and long windows, then how far an event's own time lies from the clock."""
    load()
    for name in MEASURING:
        with choose(MeasureSettings(source=name)) as source:
            for seconds, number in ((0.2, 20), (1.0, 10), (5.0, 3)):
                taken = [window(source, seconds) for _ in range(number)]
                counted = [each for each in taken if each.energy.problem is None]
                refused = [each for each in taken if each.energy.problem is not None]
                wrong = [each for each in counted if not each.is_right(WATTS)]
                edges = statistics.median(each.longest_seconds - each.shortest_seconds for each in taken)
                errors = [each.energy.joules["package"] / WATTS / each.longest_seconds - 1 for each in counted]
                powers = [each.energy.joules["package"] / (each.energy.seconds or 1.0) for each in counted]
                check(
                    f"{name}: {number} windows of {seconds:g} s hold what the clock says",
                    right=not wrong and len(refused) <= number / MOST_REFUSED,
                    found=f"relative error, median {statistics.median(errors):+.1e}, edges {1e3 * edges:.2f} ms, "
                    f"{len(refused)} refused; {(wrong or refused or ['all between their edges'])[0]}",
                )
                check(
                    f"{name}: joules over the counters' own {seconds:g} s are the power",
                    right=abs(statistics.median(powers) / WATTS - 1) < 0.01,
                    found=f"{min(powers):.4f} to {max(powers):.4f} W",
                )
    with choose(MeasureSettings(source="pmu")) as source:
        assert isinstance(source, PmuSource)
        differences = []
        for _ in range(30):
            window(source, 0.5)
            before, after = source._sampler.samples[0], source._sampler.samples[-1]
            enabled = (count_and_times(after.reads[0])[1] - count_and_times(before.reads[0])[1]) / 1e9
            differences.append(enabled - (after.began - before.began))
    check(
        "pmu: an event's own time is that of the clock",
        right=abs(statistics.median(differences)) < CLOCK_SLACK_SECONDS,
        found=f"median {1e3 * statistics.median(differences):+.3f}, {1e3 * min(differences):+.3f} to "
        f"{1e3 * max(differences):+.3f} ms over {len(differences)} windows",
    )


if __name__ == "__main__":
    main()
