"""What a run is doing, in words and in lines: the same on the terminal, in `ergit watch` and on the page."""

from collections import Counter
from datetime import datetime

from ergit.errors import SPEAKER
from ergit.forecast.page import duration
from ergit.records.live import LiveCommit, LiveReading, LiveRecord, LiveStep, Outcome
from ergit.terminal import Line, Style
from ergit.text import counted, one_line

SHA = 10
TITLE = 10
BAR = 30

MEASURES, BUILDS = "measures", "builds"

OUTCOMES: dict[Outcome, str] = {
    "done": "all is done",
    "failed": "a job failed; the same command continues",
    "stopped": "it was stopped; the same command continues",
    "interrupted": "it was interrupted; the same command continues",
}


def commit_words(commit: LiveCommit) -> str:
    """`0ec90d327f v1.1 Speed up the parser`."""
    return one_line(" ".join((commit.sha[:SHA], *commit.tags, commit.subject)))


def now_words(record: LiveRecord) -> str:
    """What runs now, of several jobs the first and how many others.

    `measures 0ec90d327f v1.1 Speed up the parser, round 2 of 3, reading 3 of 5`.
    """
    if not record.steps:
        return "between two jobs"
    first, *others = sorted(record.steps, key=lambda step: step.commit is None)
    more = [f"and {counted(len(others), 'other job')}"] if others else []
    return ", ".join([_step_words(record, first), *filter(None, [record.reading]), *more])


def _step_words(record: LiveRecord, step: LiveStep) -> str:
    if step.commit is None:
        return step.what
    of = "" if step.round is None or step.round > record.rounds else f" of {record.rounds}"  # an anchor's has its batch
    return f"{step.what} {commit_words(step.commit)}" + ("" if step.round is None else f", round {step.round}{of}")


def is_building(record: LiveRecord) -> bool:
    """Whether commits are built now, and none is measured."""
    steps = {step.what for step in record.steps}
    is_begun = BUILDS in steps or not record.readings_done
    has_builds_left = record.builds_done < (record.builds_total or 0)
    return MEASURES not in steps and is_begun and has_builds_left and record.outcome is None


def builds_words(record: LiveRecord) -> str:
    """`12 of 300 builds`."""
    return f"{record.builds_done:,} of {counted(record.builds_total or 0, 'build')}"


def readings_words(record: LiveRecord) -> str:
    """`215 of 900 readings, 24%`."""
    total = record.readings_total or 0
    share = f", {record.readings_done / total:.0%}" if total else ""
    return f"{record.readings_done:,} of {counted(total, 'reading')}{share}"


def progress_words(record: LiveRecord) -> str:
    """How far the run is: builds while there are such jobs, else readings."""
    if is_building(record):
        return builds_words(record)
    return readings_words(record) if record.readings_total else "the commits are not chosen yet"


def left_words(record: LiveRecord) -> str:
    """How long it goes on: `about 41 min left`; empty where that is not known."""
    if not record.readings_total and not is_building(record):  # what there is to do is not known
        return ""
    if record.readings_total and record.readings_done >= record.readings_total:
        return ""
    if record.seconds_left is not None:
        return f"about {duration(record.seconds_left)} {'of work ' if record.has_windows else ''}left"
    return f"about {duration(record.building_seconds_left)} of building left" if record.building_seconds_left else ""


def stop_words(record: LiveRecord) -> str:
    """What the run does since somebody asked it to stop; empty where nobody did."""
    if record.stop is None:
        return ""
    measures = any(step.what == MEASURES for step in record.steps)
    return f"after {'the readings of this commit' if measures else 'what runs now'}: asked by {record.stop}"


def failed_words(record: LiveRecord) -> str:
    """How many commits failed, and why most of them did; empty where none did."""
    if not record.failures:
        return ""
    failed, most = sum(failure.commits for failure in record.failures), record.failures[0]
    share = "" if len(record.failures) == 1 else f"{most.commits:,} of them: "
    return f"{counted(failed, 'commit')} failed; {share}{most.kind}, {most.reason}"


def failed_kinds_words(record: LiveRecord) -> str:
    """`4 commits failed: 3 build-failed, 1 timed-out`; empty where none did."""
    kinds = Counter[str]()
    for failure in record.failures:
        kinds[failure.kind] += failure.commits
    by_kind = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())
    return f"{counted(kinds.total(), 'commit')} failed: {by_kind}" if kinds else ""


def flagged_words(record: LiveRecord) -> str:
    """`12 readings flagged: 9 foreign-cpu, 3 too-hot`; empty where none is."""
    if not record.flagged:
        return ""
    by_flag = ", ".join(f"{count:,} {flag}" for flag, count in record.flags.items())
    return f"{counted(record.flagged, 'reading')} flagged: {by_flag}"


def joules_words(record: LiveRecord, joules: float) -> str:
    """`1.412 J`, with `~` before it where it is an estimate."""
    return f"{'~' if record.kind == 'estimated' else ''}{joules:#.4g} J"


def seconds_words(seconds: float) -> str:
    """`0.203 s`, `3.40 ms`."""
    return f"{seconds:#.3g} s" if seconds >= 0.1 else f"{seconds * 1000:#.3g} ms"


def celsius_words(celsius: float) -> str:
    """`54 °C`."""
    return f"{celsius:.0f} °C"


def cells(record: LiveRecord, reading: LiveReading) -> tuple[str, ...]:
    """A reading as cells: time, commit, round, energy, duration, temperature, what is wrong with it, subject."""
    return (
        clock(reading.ended),
        reading.commit.sha[:SHA],
        f"round {reading.round}",
        "" if reading.joules is None else joules_words(record, reading.joules),
        "" if reading.seconds is None else seconds_words(reading.seconds),
        "" if reading.celsius is None else celsius_words(reading.celsius),
        one_line(reading.reason or ", ".join(reading.flags)),
        one_line(" ".join((*reading.commit.tags, reading.commit.subject))),
    )


def clock(moment: str) -> str:
    """A moment in ISO 8601 as the time of day here."""
    return f"{datetime.fromisoformat(moment).astimezone():%H:%M:%S}"


def failure_line(what: str, reason: str) -> Line:
    """That a commit or a job failed, and why: a line that stays."""
    return [("red", f"{SPEAKER}{what} failed: "), ("", one_line(reason.removeprefix(SPEAKER)))]


def minute_line(record: LiveRecord) -> Line:
    """All that a block says on one line, for a log, which has the reason of each failure on a line of its own."""
    waits = f"waits {record.waits}" if record.waits else ""
    stops = f"stops {stop_words(record)}" if record.stop else ""
    states = (progress_words(record), left_words(record), waits, stops)
    parts = (*states, failed_kinds_words(record), flagged_words(record))
    return [("", f"{SPEAKER}{'; '.join(filter(None, (*parts, now_words(record))))}")]


def block(record: LiveRecord, reasons: int = 1) -> list[Line]:
    """The lines below those that stay: how far, what runs now, what it waits for, what went wrong.

    Of the reasons of failures so many are named.
    """
    warmth = "" if record.celsius is None else f", {celsius_words(record.celsius)}"
    rows: list[Line] = [
        _bar_line(record),
        titled("now", ("", "" if record.outcome else f"{now_words(record)}{warmth}")),
        titled("waits", ("yellow", record.waits or "")),
        titled("stops", ("yellow", stop_words(record))),
        titled("failed", ("red", failed_words(record))),
        *(
            titled("", ("red", f"{failure.commits:,} of them: {failure.kind}, {failure.reason}"))
            for failure in record.failures[1:reasons]
        ),
        titled("flagged", ("yellow", flagged_words(record))),
    ]
    return [line for line in rows if any(text for _, text in line[1:])]


def titled(title: str, *pieces: tuple[Style, str]) -> Line:
    """A line that begins with what it is about."""
    return [("dim", f"{title.ljust(TITLE)} "), *pieces]


def bar(done: int, total: int, length: int = BAR) -> tuple[str, str]:
    """The two parts of a bar: what is done, and what is left."""
    full = min(length, length * done // total) if total else 0
    return "━" * full, "─" * (length - full)


def _bar_line(record: LiveRecord) -> Line:
    building = is_building(record)
    if not (building or record.readings_total):
        return []
    of = (record.builds_done, record.builds_total) if building else (record.readings_done, record.readings_total)
    done, left = bar(of[0], of[1] or 0)
    time_left = "" if record.outcome else left_words(record)
    title = "building" if building else "measured" if of[0] == of[1] else "measuring"
    words = titled(title, ("green", done), ("dim", left), ("bold", f"  {progress_words(record)}"))
    return [*words, ("", f"  {time_left}")] if time_left else words
