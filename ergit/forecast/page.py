"""The forecast for a person: a few lines for the terminal, and beside them what came of it."""

from collections.abc import Sequence
from pathlib import Path

from ergit.records.forecast import ForecastRecord
from ergit.text import counted, detectable_phrase

NOISE = {
    "readings": "the noise of the readings so far",
    "noise floor": "the noise floor",
    "assumption": "assumed noise (docs/forecast.md)",
}


def lines(record: ForecastRecord, results: Path) -> list[str]:
    """The forecast of the study with that folder of results, a line for each thing that it tells."""
    entries = [
        ("commits", _commits(record)),
        ("builds", _builds(record)),
        ("readings", _readings(record)),
        ("time", _time(record)),
        *[("plan", phrase) for phrase in record.plan],
        ("disk", _disk(record)),
        ("energy", _energy(record)),
        ("detects", _detects(record)),
        *[("hint", phrase) for phrase in record.hints],
    ]
    return [titled("Forecast", results), *aligned(entries)]


def titled(title: str, results: Path) -> str:
    """The title, with the study's folder where that is not the working directory."""
    return title if results.parent == Path() else f"{title}: {results.parent}"


def not_known(reason: str, least_seconds: float) -> str:
    """That a time is not known, and what it is at least."""
    least = f"; at least {duration(least_seconds)} of rests, idle samples and shortest windows"
    return f"not known: {reason}{least if least_seconds else ''}"


def jobs_in_words(jobs: int, repeats: int) -> str:
    """`36 jobs of 3 readings`."""
    return f"{counted(jobs, 'job')} of {counted(repeats, 'reading')}"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows of a table, its columns but the last of one width."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _commits(record: ForecastRecord) -> str:
    considered = f" of {record.considered:,} considered" if record.considered > record.commits else ""
    if not record.without_jdk:
        return f"{record.commits:,}{considered}"
    missing = ", ".join(map(str, record.missing_jdks))
    releases = f" (missing: JDK {missing})" if missing else ""
    return f"{record.commits:,}{considered}; no JDK here builds {record.without_jdk:,} of them{releases}"


def _builds(record: ForecastRecord) -> str:
    failed = f"; {record.builds_failed:,} failed" if record.builds_failed else ""
    if not record.builds_left:
        return f"none left{failed}"
    took = "" if record.build_seconds is None else f", {duration(record.build_seconds)} one after another"
    return f"{record.builds_left:,} left{took}{failed}"


def _readings(record: ForecastRecord) -> str:
    jobs = jobs_in_words(record.jobs, record.repeats)
    if not record.jobs_left:
        return f"none left of {jobs}"
    left = "all" if record.jobs_left == record.jobs else f"{record.jobs_left:,}"
    return f"{record.jobs_left * record.repeats:,} left: {left} of {jobs}"


def _time(record: ForecastRecord) -> str:
    if record.measuring_seconds is None:
        return not_known(record.missing["measuring_seconds"], record.least_seconds)
    if not record.jobs_left:
        return "nothing to measure"
    return f"about {duration(record.measuring_seconds)} to measure, judged by {counted(record.jobs_seen, 'job')}"


def _disk(record: ForecastRecord) -> str:
    free = f"{size(record.free_bytes)} free"
    if record.disk_bytes is None:
        return f"not known: {record.missing['disk_bytes']}; {free}"
    short = "; that is too little" if record.disk_bytes > record.free_bytes else ""
    return f"about {size(record.disk_bytes)} more, {free}{short}"


def _energy(record: ForecastRecord) -> str:
    if record.joules is None:
        return f"not known: {record.missing['joules']}"
    estimated = ", estimated from CPU time" if record.kind == "estimated" else ""
    return f"about {energy(record.joules)} in windows ({record.judged}{estimated})"


def _detects(record: ForecastRecord) -> str:
    if record.lasting_change is None or record.newest_change is None:
        return f"nothing: {record.missing['lasting_change']}"
    is_repeated = record.repeats > 1 or record.jobs > record.commits
    return (
        f"lasting changes from {detectable_phrase(record.lasting_change)} on, the newest commit's from"
        f" {detectable_phrase(record.newest_change)} on,"
        f" by {NOISE[record.noise_from]}{'' if is_repeated else '; a gate decides nothing by one reading of a commit'}"
    )


def duration(seconds: float) -> str:
    """`40 s`, `12 min`, `2.3 h`, `3.5 days`."""
    for unit, name, most in ((1, "s", 90), (60, "min", 90), (3600, "h", 48)):
        if seconds / unit < most:
            return f"{seconds / unit:.{1 if name == 'h' else 0}f} {name}"
    return f"{seconds / 86400:.1f} days"


def size(count: float) -> str:
    """Bytes as `12 kB`, `3.4 MB`, `120 GB`."""
    return _with_prefix(count / 1000, ("kB", "MB", "GB", "TB"))


def energy(joules: float) -> str:
    """Joules as `12 J`, `3.4 kJ`, `120 MJ`."""
    return _with_prefix(joules, ("J", "kJ", "MJ", "GJ"))


def _with_prefix(number: float, units: Sequence[str]) -> str:
    """The number in the unit in which it has at most three digits before the point."""
    for unit in units[:-1]:
        if number < 999.5:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.4g} {units[-1]}"
