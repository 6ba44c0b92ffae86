"""What the measuring program tells of its job: before each reading, and while one is held back."""

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from msgspec.structs import replace

from ergit.config.settings import MeasureSettings
from ergit.errors import SPEAKER
from ergit.live.news import LAST_READINGS, MINUTE, last_reading, spread, stop_asked
from ergit.live.process import VARIABLE, name_of
from ergit.live.words import block, minute_line
from ergit.measuring.attempts import Attempt
from ergit.records.live import NAME, LiveRecord, read_live
from ergit.records.readings import Reading
from ergit.terminal import Screen
from ergit.text import iso_time

Take = Callable[[Attempt], Reading]

PAGE_SECONDS = 5.0


class LiveJob:
    """The news of a measuring job, on top of those of the run; nothing is told while a window is open.

    Where no run tells of itself (a cluster whose nodes do not share the folder, a program started by hand), the job
    tells nothing either.
    """

    def __init__(
        self,
        results: Path,
        settings: MeasureSettings,
        screen: Screen | None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._results = results
        self._settings = settings
        self._screen = screen
        self._began = time.monotonic()
        self._told = time.time()
        self._page_written = float("-inf")
        self._window_seconds: float | None = None
        self._news = self._news_of_run(environment.get(VARIABLE))

    def around(self, take: Take, kind: Literal["measured", "estimated"]) -> Take:
        """The same, that takes a reading, and tells of it before; `kind` is that of its joules."""
        if self._news is not None:
            self._news = replace(self._news, kind=kind)

        def told(attempt: Attempt) -> Reading:
            self._begins(attempt)
            reading = take(attempt)
            self._has(attempt, reading)
            return reading

        return told

    def waits(self, why: str | None) -> None:
        """Tells why the job takes no reading now; None: it does again."""
        if self._news is not None and why != self._news.waits:
            self._tell(replace(self._news, waits=why, until=None if why else self._news.until))

    def waits_long(self, why: str) -> None:
        """The same before the first reading, for hours maybe: a log gets a line of its own."""
        if self._screen is not None and not self._screen.has_block:
            self._screen.write([[("", f"{SPEAKER}{why}")]])
        self.waits(why)

    def _news_of_run(self, run: str | None) -> LiveRecord | None:
        with suppress(OSError):
            found = read_live(self._results / NAME) if run else None
            return found if found is not None and name_of(found.run) == run else None
        return None

    def _begins(self, attempt: Attempt) -> None:
        if self._news is None:
            return
        done = attempt.repeat - 1
        of = self._settings.warmup if attempt.warmup else self._settings.repeats
        again = f", taken again ({attempt.attempt - 1})" if attempt.attempt > 1 else ""
        title = f"{'warm-up' if attempt.warmup else 'reading'} {attempt.repeat} of {of}{again}"
        window = self._window_seconds or self._news.window_seconds
        rest = 0.0 if attempt.warmup else self._settings.rest_seconds
        until = None if window is None else iso_time(datetime.now(UTC) + timedelta(seconds=rest + window))
        readings_done = self._readings_before + (0 if attempt.warmup else done)
        self._tell(replace(self._news, reading=title, until=until, waits=None, readings_done=readings_done))

    def _has(self, attempt: Attempt, reading: Reading) -> None:
        """Keeps what is told of the reading with the next one: it is over, and the next begins at once."""
        news = self._news
        if news is None or attempt.warmup or not news.steps or news.steps[0].commit is None:
            return
        self._window_seconds = reading.duration_seconds
        told = last_reading(reading, news.steps[0].commit, news.steps[0].round or 0, self._settings.judged)
        flags = dict(news.flags)
        for flag in told.flags:
            flags[flag] = flags.get(flag, 0) + 1
        self._news = replace(
            news,
            last=(*news.last, told)[-LAST_READINGS:],
            celsius=told.celsius,
            flags=flags,
            flagged=news.flagged + bool(told.flags),
        )

    @property
    def _readings_before(self) -> int:
        return 0 if self._news is None else self._news.jobs_done * self._news.repeats

    def _tell(self, news: LiveRecord) -> None:
        now, elapsed = time.time(), time.monotonic() - self._began
        self._began += elapsed
        left = None if news.seconds_left is None else max(0.0, news.seconds_left - elapsed)
        written, stop = iso_time(datetime.now(UTC)), stop_asked(self._results)
        news = replace(news, written=written, seconds_left=left, stop=stop)
        if self._screen is not None:
            is_due = not self._screen.has_block and now - max(news.told, self._told) >= MINUTE
            if is_due:
                news = replace(news, told=now)
            self._screen.write([minute_line(news)] if is_due else [], block(news))
        self._news = news
        spread(news, self._results, with_page=self._is_page_due(news))

    def _is_page_due(self, news: LiveRecord) -> bool:
        """Whether the page is written anew: not for each of many short readings, since nobody loads it that often."""
        now = time.monotonic()
        is_long = news.until is None or _seconds_between(news.written, news.until) >= PAGE_SECONDS
        is_due = is_long or now - self._page_written >= PAGE_SECONDS
        if is_due:
            self._page_written = now
        return is_due


def _seconds_between(first: str, second: str) -> float:
    return (datetime.fromisoformat(second) - datetime.fromisoformat(first)).total_seconds()
