"""What the process that runs a study tells of it when jobs start and end; the measuring program goes on from there."""

import os
import re
import time
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean, median

from ergit.config.settings import Settings
from ergit.errors import ErgitError
from ergit.forecast.forecast import job_seconds
from ergit.live import words
from ergit.live.news import LAST_READINGS, MINUTE, disqualifying, last_reading, spread, stop_asked
from ergit.live.process import VARIABLE, name_of, this_process
from ergit.live.tally import RECENT, PlannedJob, Tally, Work
from ergit.planning.turn import was_asked_for
from ergit.records.commits import read_commits
from ergit.records.live import LiveCommit, LiveReading, LiveRecord, LiveStep, Outcome
from ergit.records.readings import JobCosts
from ergit.terminal import Line, Screen, Style
from ergit.text import counted, iso_time, one_line
from ergit.urls import public_url

OTHERS = {
    "mirror.json": "fetches the repository",
    "plan.json": "chooses the commits",
    "forecast.json": "makes the forecast",
    "jdks.json": "looks for JDKs",
    "energy.csv": "sorts the readings",
    "changes.json": "finds the changes",
    "context.json": "finds what differs by each change",
    "plots/evolution.svg": "draws the figures",
    "report.html": "makes the report",
    "summary.md": "writes the summary",
    "gate.json": "finds the verdict",
    "gate.md": "writes the verdict",
}
"""What jobs do that neither build nor measure, by one of their outputs; of others the rule's name is told."""

PREPARES = re.compile(r"(?:java|checkout|noise/[0-9a-f]{40}/[0-9]+/checkout)\b.*")
"""Outputs of jobs that prepare a build."""


class LiveRun:
    """The news of one run, on its screen and in the results; what cannot be written is left out."""

    def __init__(self, settings: Settings, results: Path, screen: Screen | None) -> None:
        self._settings = settings
        self._results = results
        self._screen = screen
        self._tally = Tally(results)
        self._commits: dict[str, LiveCommit] = {}
        self._running: dict[int, tuple[PlannedJob, LiveStep]] = {}
        self._last: deque[LiveReading] = deque(maxlen=LAST_READINGS)
        self._build_seconds: deque[float] = deque(maxlen=RECENT)  # from the end of one build to the end of the next
        self._gaps: deque[float] = deque(maxlen=RECENT)  # what a measuring job takes beside its readings
        self._build_ended: float | None = None
        self._job_ended: float | None = None
        self._told = 0.0
        self._outcome: Outcome | None = None
        self._ending: str | None = None
        self._process = this_process()
        with suppress(OSError):
            results.mkdir(parents=True, exist_ok=True)
            for left_by_a_kill in results.glob(".live.*.part"):
                left_by_a_kill.unlink()
        os.environ[VARIABLE] = name_of(self._process)

    def plan(self, jobs: Iterable[PlannedJob]) -> None:
        """Learns of all jobs that the workflow knows of, those included that are done."""
        with suppress(ErgitError):  # there is no such table yet, or it will be made anew
            rows = read_commits(self._results / "commits.tsv")
            self._commits = {row.commit: LiveCommit(sha=row.commit, tags=row.tags, subject=row.subject) for row in rows}
        all_work = [(work, job.is_left) for job in jobs if (work := job.work) is not None]
        for work, is_left in sorted(all_work, key=lambda each: each[0].measures):
            if self._tally.learn(work) and not is_left:
                self._count(work)

    def started(self, jobs: Mapping[int, PlannedJob]) -> None:
        """Tells that jobs begin, each under a number of its own."""
        for number, job in jobs.items():
            self._running[number] = job, self._step(job)
            if job.work is not None and job.work.measures:
                self._build_ended = None
            elif job.work is not None:
                self._job_ended = None
        self._tell([])

    def finished(self, number: int) -> None:
        """Tells what came of a job."""
        job, _ = self._running.pop(number, (None, None))
        if job is not None:
            self._tell([] if job.work is None else self._count(job.work, is_news=True))

    def failed(self, number: int, why: str | None) -> None:
        """Tells that a job failed by the fault of the machine or of the config; one that was asked to end is none.

        `why` is None where it was ended with the run, or the run with it: then the last words of the run say why.
        """
        job, step = self._running.pop(number, (None, None))
        if job is not None and step is not None:
            commit = f" of {words.commit_words(step.commit)}" if step.commit else ""
            if why is None or was_asked_for(why):
                self._tell([])
            else:
                self._tell([words.failure_line(f"job {job.rule}{commit}", why)])

    def end(self, outcome: Outcome) -> None:
        """Tells how the run ended; what is told later counts for nothing, but what a job still told is set right."""
        if self._outcome is None:
            self._running.clear()
            self._outcome = outcome
            self._ending = self._sentence(outcome)
            if self._screen is not None:
                self._screen.write([])
        spread(self._news(), self._results)

    def facts(self) -> dict[str, str]:
        """The facts of the run, as variables for a command of the user's."""
        summary, news = self._results / "summary.md", self._news()
        return {
            "ERGIT_OUTCOME": self._outcome or "",
            "ERGIT_MESSAGE": self._ending or "",
            "ERGIT_STUDY": str(Path.cwd()),
            "ERGIT_RESULTS": str(self._results.absolute()),
            "ERGIT_SUMMARY": str(summary.absolute()) if summary.exists() else "",
            "ERGIT_READINGS_DONE": str(news.readings_done),
            "ERGIT_READINGS_TOTAL": str(news.readings_total or 0),
            "ERGIT_READINGS_FLAGGED": str(news.flagged),
            "ERGIT_COMMITS_FAILED": str(len(self._tally.failed)),
        }

    def _count(self, work: Work, *, is_news: bool = False) -> list[Line]:
        """Counts a job that is done; the lines that say what came of it."""
        title = words.commit_words(self._commit(work.commit))
        with suppress(ErgitError):  # a damaged record: who needs it says so
            if work.round is None:
                self._build_ended = self._pace(self._build_seconds, self._build_ended) if is_news else None
                reason = self._tally.count_build(work)
            else:
                costs, reason = self._tally.count_readings(work)
                if costs.source is not None:
                    self._note(costs, work.round, work.commit)
                    self._job_ended = self._pace(self._gaps, self._job_ended, costs.lasted_seconds) if is_news else None
                    if is_news and reason is None and self._screen is not None and self._screen.has_block:
                        return [result_line(self._news(), costs, self._last[-1])]
            if reason is not None and is_news and is_told(len(self._tally.failed)):
                return [words.failure_line(title, reason)]
        return []

    def _note(self, costs: JobCosts, round_number: int, commit: str) -> None:
        judged = self._settings.measure.judged
        found = [last_reading(window, self._commit(commit), round_number, judged) for window in costs.readings]
        self._last += [reading for window, reading in zip(costs.readings, found, strict=True) if not window.warmup]

    @staticmethod
    def _pace(paces: deque[float], ended: float | None, lasted_seconds: float = 0.0) -> float:
        """Notes how long it was since the last job of the kind ended, beside what this one lasted; the time."""
        now = time.monotonic()
        if ended is not None:
            paces.append(max(0.0, now - ended - lasted_seconds))
        return now

    def _commit(self, sha: str) -> LiveCommit:
        return self._commits.get(sha) or LiveCommit(sha=sha)

    def _step(self, job: PlannedJob) -> LiveStep:
        since, work = iso_time(datetime.now(UTC)), job.work
        if work is None:
            found = next((OTHERS[output] for output in job.outputs if output in OTHERS), None)
            is_first = any(PREPARES.fullmatch(output) for output in job.outputs)
            return LiveStep(what=found or ("prepares builds" if is_first else f"makes {job.rule}"), since=since)
        what = words.MEASURES if work.measures else words.BUILDS
        return LiveStep(what=what, since=since, commit=self._commit(work.commit), round=work.round)

    def _tell(self, lines: list[Line]) -> None:
        if self._outcome is not None:
            return
        screen, now = self._screen, time.time()
        is_due = screen is not None and not screen.has_block and now - self._told >= MINUTE
        if is_due:
            self._told = now
        news = self._news()
        if screen is not None:
            screen.write([*lines, words.minute_line(news)] if is_due else lines, words.block(news))
        spread(news, self._results)

    def _news(self) -> LiveRecord:
        tally, measure = self._tally, self._settings.measure
        done, total = tally.jobs_done_of()
        recent = [each for each in tally.recent if each.status == "measured" and each.readings]
        windows = [window.duration_seconds for each in recent[-5:] for window in each.readings if not window.warmup]
        building, measuring = self._left(len(tally.commits_built) - len(tally.built), total - done, recent)
        is_known = bool(tally.commits_built or total) and None not in (building, measuring)
        both = (building or 0.0) + (measuring or 0.0) if is_known else None
        last = self._last[-1] if self._last else None
        return LiveRecord(
            study=public_url(self._settings.repository.url),
            run=self._process,
            written=iso_time(datetime.now(UTC)),
            repeats=measure.repeats,
            rounds=measure.rounds,
            builds_done=len(tally.built),
            builds_total=len(tally.commits_built) or None,
            jobs_done=done,
            jobs_total=total or None,
            readings_done=done * measure.repeats,
            readings_total=total * measure.repeats or None,
            seconds_left=both,
            building_seconds_left=building,
            window_seconds=fmean(windows) if windows else None,
            has_windows=bool(self._settings.plan.windows),
            steps=tuple(step for _, step in self._running.values()),
            stop=None if self._outcome else stop_asked(self._results),
            celsius=last.celsius if last else None,
            judged=measure.judged,
            kind=next((each.source.kind for each in reversed(recent) if each.source), None),
            flagged=tally.flagged,
            flags=dict(tally.flags.most_common()),
            failures=tally.failures_by_reason(),
            last=tuple(self._last),
            outcome=self._outcome,
            ending=self._ending,
            told=self._told,
        )

    def _left(self, builds: int, jobs: int, recent: list[JobCosts]) -> tuple[float | None, float | None]:
        """How many seconds building and measuring go on, by those of this run and of the records; None: not known."""
        building = builds * fmean(self._build_seconds) if self._build_seconds else None
        each = job_seconds(recent, self._settings.measure)
        gap = median(self._gaps) if self._gaps else 0.0
        measuring = jobs * (fmean(each) + gap) if each else None
        return building if builds else 0.0, measuring if jobs else 0.0

    def _sentence(self, outcome: Outcome) -> str:
        news, failed = self._news(), len(self._tally.failed)
        parts = [] if news.readings_total is None else [words.progress_words(news)]
        parts += [f"{counted(failed, 'commit')} failed"] if failed else []
        parts += [f"{counted(news.flagged, 'reading')} flagged"] if news.flagged else []
        beside = f" ({', '.join(parts)})" if parts else ""
        return f"{news.study}: {words.OUTCOMES[outcome]}{beside}"


def result_line(record: LiveRecord, costs: JobCosts, last: LiveReading) -> Line:
    """What came of a measuring job, whose last reading is given: a line that stays on the terminal."""
    taken = [window for window in costs.readings if not window.warmup]
    joules = [window.joules[record.judged] / window.loops for window in taken if record.judged in window.joules]
    seconds = [window.duration_seconds / window.loops for window in taken if window.status == "ok"]
    flagged = sum(bool(disqualifying(window.flags)) for window in taken)
    place = f"{record.jobs_done:,} of {record.jobs_total:,}" if record.jobs_total else f"{record.jobs_done:,}"
    flags: tuple[Style, str] = ("yellow", f"{flagged} of {len(taken)} flagged  ") if flagged else ("", "")
    return [
        ("dim", f"{place.rjust(13)}  "),
        ("yellow", last.commit.sha[: words.SHA]),
        ("dim", f"  round {last.round}  "),
        ("bold", f"{words.joules_words(record, median(joules)) if joules else 'no energy':>9}  "),
        ("", f"{words.seconds_words(median(seconds)) if seconds else '':>7}  "),
        flags,
        ("", one_line(" ".join((*last.commit.tags, last.commit.subject)))),
    ]


def is_told(count: int) -> bool:
    """Whether that one of many failures is told: each of the first ten, then every tenth, then every hundredth."""
    return len(str(count).rstrip("0")) == 1
