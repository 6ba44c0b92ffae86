"""What the noise floor will take: builds and readings of one commit, beside those of the study."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from ergit.config.settings import MeasureSettings, NoiseSettings
from ergit.errors import SPEAKER, ErgitError
from ergit.forecast.forecast import NO_READING, job_seconds, least_seconds_of_job
from ergit.forecast.page import aligned, duration, jobs_in_words, not_known, titled
from ergit.forecast.survey import some_records
from ergit.records.readings import read_costs

OUTPUT = re.compile("noise/[0-9a-f]{40}/[0-9]+/(?:(?P<round>[0-9]+)|build)[.]json")


@dataclass(frozen=True)
class NoiseWork:
    """How many builds and jobs of the noise floor are left."""

    builds: int
    jobs: int


def noise_work_of(outputs: Collection[str], results: str, noise: NoiseSettings) -> NoiseWork | None:
    """What is left of the noise floor, by the files that will be made; None where it is none of them.

    Before its commit is chosen, none of its builds and readings is among the files: then all of them are left.
    """
    if f"{results}/noise.json" not in outputs:
        return None
    if f"{results}/noise/control.json" in outputs:
        return NoiseWork(noise.builds, noise.builds * noise.rounds)
    names = [name for path in outputs if (name := OUTPUT.fullmatch(path.removeprefix(f"{results}/")))]
    jobs = sum(name["round"] is not None for name in names)
    return NoiseWork(len(names) - jobs, jobs) if jobs else None


def lines(results: Path, measure: MeasureSettings, work: NoiseWork) -> list[str]:
    """The forecast of the noise floor for a person; its jobs take as long as those of the study."""
    try:
        each = job_seconds([read_costs(path) for path in some_records(results)], measure)
    except ErgitError as error:
        return [f"{SPEAKER}there is no forecast of the noise floor: {error}"]
    least = work.jobs * least_seconds_of_job(measure)
    entries = [
        ("builds", f"{work.builds:,} left, of one commit"),
        ("readings", f"{work.jobs * measure.repeats:,} left: {jobs_in_words(work.jobs, measure.repeats)}"),
        ("time", f"about {duration(work.jobs * fmean(each))} to measure" if each else not_known(NO_READING, least)),
    ]
    return [titled("Forecast of the noise floor", results), *aligned(entries)]
