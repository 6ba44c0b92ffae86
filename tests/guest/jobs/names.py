"""Two names of one counter are counted once, counters of their own are added up."""

from pathlib import Path

from ergit.config.settings import MeasureSettings
from ergit.energy import choose
from ergit.errors import ErgitError
from tests.guest.guest import check, load, window

TOPOLOGY = "/sys/devices/system/cpu/cpu{}/topology/physical_package_id"


def main() -> None:
    """Both zones and both CPUs, as one counter and as two, on the topology that the guest was booted with."""
    packages = {Path(TOPOLOGY.format(cpu)).read_text().strip() for cpu in (0, 1)}
    sockets = f"{len(packages)} package{'s' if len(packages) > 1 else ''}"
    print(f"# {sockets}")
    for second, watts in ((0, 10.0), (13, 23.0)):
        kind = "counters of their own" if second else "one counter"
        load(zones=5, watts_of_second=second)
        with choose(MeasureSettings(source="powercap")) as source:
            found = window(source, 1.0)
            check(f"powercap, two zones that are {kind}", right=found.is_right(watts), found=f"{found}; {source.notes}")
        load(cpus="0-1", watts_of_second=second)
        expected = watts if len(packages) > 1 else 10.0
        with choose(MeasureSettings(source="pmu")) as source:
            found = window(source, 1.0)
            check(
                f"pmu, two CPUs in {sockets} that are {kind}",
                right=found.is_right(expected),
                found=f"{found}; {source.notes}",
            )
        try:
            with choose(MeasureSettings(source="perf")) as source:
                found = window(source, 1.0)
                if second:
                    check(f"perf, two CPUs in {sockets}", right=found.is_right(23.0), found=found)
        except ErgitError as refusal:
            check(f"perf refuses two CPUs in {sockets}", right=len(packages) == 1, found=refusal)


if __name__ == "__main__":
    main()
