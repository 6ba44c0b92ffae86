"""A module that goes away with its counters while a window is open, and while a job measures."""

from pathlib import Path

from ergit.config.settings import MeasureSettings
from ergit.energy import choose
from tests.guest.guest import check, later, load, run_job, settings, unload, window


def main() -> None:
    """The first ENODEV says that no later window can be counted, and ends the job."""
    load(events=0)
    with choose(MeasureSettings(source="powercap")) as source, later(0.3, unload):
        found = window(source, 1.0)
    check(
        "powercap: a zone that goes away is gone for good",
        right=not found.energy.joules and found.energy.is_gone and "ENODEV" in str(found.energy.problem),
        found=found,
    )
    load(events=0)
    leaving = settings("sleep 0.5; rmmod fakepower; sleep 0.5", source="powercap", repeats=6, warmup=0)
    status, record, printed = run_job(Path("/tmp/gone"), leaving)
    check(
        "a job whose counter goes away is the machine's fault and leaves no record",
        right=status != 0 and not record.exists() and "ENODEV" in printed and "Traceback" not in printed,
        found=f"status {status}; {printed[-300:]}",
    )


if __name__ == "__main__":
    main()
