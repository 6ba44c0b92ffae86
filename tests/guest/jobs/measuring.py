"""The building and the measuring program on a known counter, by each source."""

from pathlib import Path

from ergit.records.readings import read_readings
from tests.guest.guest import MEASURING, check, load, run_job, settings

WATTS = 10.0
SLACK = {"pmu": 0.01, "powercap": 0.01, "perf": 0.06}  # perf's edges are exchanges with a second process


def main() -> None:
    """Readings of a sleep, of work and of a command that is repeated, each with the joules of its seconds."""
    load()
    for name in ("auto", *MEASURING):
        for title, command in (
            ("a sleep", "sleep 1"),
            ("work", "timeout 1 sh -c 'while :; do :; done' || :"),
            ("true", "true"),
        ):
            status, path, printed = run_job(Path(f"/tmp/{name}"), settings(command, source=name))
            if status:
                check(f"{name}: {title}", right=False, found=f"status {status}: {printed[-300:]}")
                continue
            record = read_readings(path)
            assert record.source is not None
            readings = [reading for reading in record.readings if not reading.warmup]
            errors = [each.joules.get("package", 0.0) / (WATTS * each.duration_seconds) - 1 for each in readings]
            slack = SLACK[record.source.name] + 0.03 / min(each.duration_seconds for each in readings)
            check(
                f"{name}: {title}, by {record.source.name}",
                right=all(each.status == "ok" for each in readings)
                and all(-0.001 <= error <= slack for error in errors),
                found=f"relative error {min(errors):+.2e} to {max(errors):+.2e}, {[each.status for each in readings]}, "
                f"flags {sorted({flag for each in readings for flag in each.flags})}",
            )


if __name__ == "__main__":
    main()
