"""What a run really took, beside its forecast."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ergit.errors import ErgitError
from ergit.forecast.forecast import build_seconds
from ergit.forecast.page import aligned, duration, energy, size, titled
from ergit.forecast.survey import bytes_of
from ergit.records.build import read_build
from ergit.records.changes import read_changes
from ergit.records.forecast import ForecastRecord
from ergit.records.readings import read_costs
from ergit.text import counted, detectable_phrase


@dataclass(frozen=True)
class Outcome:
    """What was built and measured since a moment.

    `repeated` counts how often one of the `readings` was taken again. `joules` are of the judged domain in all windows,
    `bytes` those of artifacts and records on the disk, `measuring_seconds` are those of the jobs, `lasting_change` the
    minimum detectable change that the study has now; None where there is none.
    """

    builds: int
    failed: int
    build_seconds: float
    jobs: int
    readings: int
    repeated: int
    measuring_seconds: float
    joules: float
    bytes: int
    lasting_change: float | None


def outcome(results: Path, since: float, judged: str) -> Outcome:
    """What was built and measured since that moment (seconds since 1970), by the records that were written then.

    Raises:
        ErgitError: a record is damaged.
    """
    builds = [read_build(path) for path in _written(results / "build", "*.json", since)]
    artifacts = sum(path.stat().st_size for path in _written(results / "build", "*.tar.gz", since))
    records = list(_written(results / "readings", "*/[0-9]*.json", since))
    jobs = [read_costs(path) for path in records]
    attempts = [window.attempt for job in jobs for window in job.readings if not window.warmup]
    return Outcome(
        builds=len(builds),
        failed=sum(build.status != "ok" for build in builds),
        build_seconds=sum(map(build_seconds, builds)),
        jobs=len(jobs),
        readings=attempts.count(1),
        repeated=len(attempts) - attempts.count(1),
        measuring_seconds=sum(job.lasted_seconds for job in jobs),
        joules=sum(window.joules.get(judged, 0.0) for job in jobs for window in job.readings),
        bytes=artifacts + sum(map(bytes_of, records)),
        lasting_change=_lasting_change(results / "changes.json"),
    )


def lines(before: ForecastRecord, after: Outcome, results: Path) -> list[str]:
    """The forecast and the outcome side by side."""
    failed = f" ({after.failed:,} failed)" if after.failed else ""
    repeated = f" (taken again {counted(after.repeated, 'time')})" if after.repeated else ""
    measuring = f"at least {duration(before.least_seconds)}" if before.least_seconds else "not known"
    rows = [
        ("", "forecast", "outcome"),
        ("builds", f"{before.builds_left:,}", f"{after.builds:,}{failed}"),
        ("building", _expected(before.build_seconds, duration), duration(after.build_seconds)),
        ("readings", f"{before.jobs_left * before.repeats:,}", f"{after.readings:,}{repeated}"),
        ("measuring", _expected(before.measuring_seconds, duration, measuring), duration(after.measuring_seconds)),
        ("disk", _expected(before.disk_bytes, size), size(after.bytes)),
        ("energy", _expected(before.joules, energy), energy(after.joules)),
        ("detects", _change(before.lasting_change), _change(after.lasting_change)),
    ]
    return [titled("Forecast and outcome of this run", results), *aligned(rows)]


def _expected(number: float | None, in_words: Callable[[float], str], otherwise: str = "not known") -> str:
    return otherwise if number is None else in_words(number)


def _change(change: float | None) -> str:
    return "not known" if change is None else detectable_phrase(change)


def _lasting_change(path: Path) -> float | None:
    try:
        return read_changes(path).study.minimum_detectable_change
    except ErgitError:
        return None


def _written(folder: Path, pattern: str, since: float) -> Iterator[Path]:
    """The files that were written since a moment, in a stable order; records that were set aside are none of them."""
    found = (path for path in sorted(folder.glob(pattern)) if ".superseded-" not in path.name)
    return (path for path in found if path.stat().st_mtime >= since)
