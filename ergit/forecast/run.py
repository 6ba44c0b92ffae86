"""The lines about the forecast that begin and end a run."""

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ergit.errors import SPEAKER, ErgitError
from ergit.forecast import outcome, page
from ergit.forecast.forecast import StudySettings, Work, forecast
from ergit.records.forecast import ForecastRecord, read_forecast, write_forecast

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

    @property
    def _path(self) -> Path:
        return self.results / "forecast.json"

    def begin(self, settings: StudySettings, work: Work | None) -> list[str]:
        """The lines that begin a run; none where it builds and measures nothing.

        `work` is what the run will do, None where the checkpoint `forecast` is part of it, which says the same.
        """
        self.began = time.time()
        is_told = work is not None and bool(work.builds or work.jobs)
        are_chosen = all((self.results / name).exists() for name in ("commits.tsv", "plan.json"))
        if not are_chosen or (self._path.exists() and not is_told):
            return []
        try:
            record = forecast(self.results, settings, work)
        except ErgitError as error:
            return [f"{SPEAKER}there is no forecast: {error}"]
        if not self._path.exists():  # in a study that was begun before there were forecasts
            write_forecast(self._path, record)
        if not is_told:
            return []
        self.record = record
        return page.lines(record, self.results)

    def end(self) -> list[str]:
        """The lines that end a run; none where it has built and measured nothing, or no forecast was told.

        Raises:
            ErgitError: a record is damaged.
        """
        before = self._told()
        if before is None or self.began is None:
            return []
        after = outcome.outcome(self.results, self.began, before.judged)
        return outcome.lines(before, after, self.results) if after.builds or after.jobs else []

    def _told(self) -> ForecastRecord | None:
        """The forecast that was told last in this run: by the checkpoint, or when the run began."""
        if self.began is not None and self._path.exists():
            made = read_forecast(self._path)
            if datetime.fromisoformat(made.made).timestamp() >= self.began:
                return made
        return self.record
