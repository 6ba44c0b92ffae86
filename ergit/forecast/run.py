"""The lines about the forecast that begin and end a run."""

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ergit.errors import SPEAKER, ErgitError
from ergit.forecast import outcome, page
from ergit.forecast.forecast import StudySettings, Work, forecast
from ergit.records.forecast import ForecastRecord, read_forecast

OUTPUT = re.compile("(?:readings/(?P<measured>[0-9a-f]{40})/(?P<round>[0-9]+)|build/(?P<built>[0-9a-f]{40}))[.]json")


def work_of(outputs: Iterable[str], results: str) -> Work:
    """What is built and measured, by the files that will be made; `results` is the folder of the study's results."""
    names = (OUTPUT.fullmatch(path.removeprefix(f"{results}/")) for path in outputs)
    found = [name for name in names if name]
    return Work(
        builds=frozenset(name["built"] for name in found if name["built"]),
        jobs=frozenset((name["measured"], int(name["round"])) for name in found if name["measured"]),
    )


@dataclass
class RunForecast:
    """The forecast of one run; `began` is in seconds since 1970, None before it began."""

    results: Path
    began: float | None = None
    record: ForecastRecord | None = None

    def begin(self, settings: StudySettings, work: Work | None) -> list[str]:
        """The lines that begin a run; none where it builds and measures nothing.

        `work` is what the run will do, None where the checkpoint `forecast` is part of it, which says the same.
        """
        self.began = time.time()
        if work is None or not (work.builds or work.jobs):
            return []
        try:
            self.record = forecast(self.results, settings, work)
        except ErgitError as error:
            return [f"{SPEAKER}there is no forecast: {error}"]
        return page.lines(self.record)

    def end(self) -> list[str]:
        """The lines that end a run; none where it has built and measured nothing.

        Raises:
            ErgitError: a record is damaged.
        """
        if self.began is None:
            return []
        before = self.record or read_forecast(self.results / "forecast.json")
        after = outcome.outcome(self.results, self.began, before.judged)
        return outcome.lines(before, after) if after.builds or after.jobs else []
