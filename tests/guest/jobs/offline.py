"""An event whose CPU goes offline in the window, with a PMU that moves its events and with one that does not."""

from ergit.config.settings import MeasureSettings
from ergit.energy import choose
from ergit.energy.source import CLOCK_SLACK_SECONDS
from tests.guest.guest import CPU_1_ONLINE, check, later, load, window


def switch(online: int) -> None:
    """Switches CPU 1."""
    CPU_1_ONLINE.write_text(str(online))


def main() -> None:
    """CPU 1, on which the event counts, goes offline after half a second of three."""
    for name in ("pmu", "perf"):
        load(cpus="1")
        with choose(MeasureSettings(source=name)) as source:
            with later(0.5, lambda: switch(0)):
                found = window(source, 3.15)
            switch(1)
            check(
                f"{name}: an event that stops inside the window gives no energy",
                right=not found.energy.joules and bool(found.energy.problem),
                found=found,
            )
            after = window(source, 0.5)
            right = after.is_right(10.0) or (not after.energy.joules and (after.energy.is_gone or name == "perf"))
            check(
                f"{name}: the window after it is right, or refused",
                right=right,
                found=f"{after}; gone: {after.energy.is_gone}",
            )
        load(cpus="1", migrate=1)
        with choose(MeasureSettings(source=name)) as source:
            with later(0.5, lambda: switch(0)):
                found = window(source, 3.15)
            switch(1)
            check(
                f"{name}: an event that moves to another CPU is counted, but for the moment of its move, or refused",
                right=not found.energy.joules or found.is_right(10.0, lost_seconds=CLOCK_SLACK_SECONDS + 0.004),
                found=found,
            )


if __name__ == "__main__":
    main()
