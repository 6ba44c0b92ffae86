"""Flags of readings: how many have each, what was recorded, which limit it passed, and what to do."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import pandas as pd

from ergit.config.settings import MeasureSettings
from ergit.measuring.flags import LATE_EDGE_SECONDS, LATE_EDGE_SHARE, UNFINISHED_CPU_SECONDS
from ergit.records.readings import DISQUALIFYING, Reading, WindowConditions, read_readings
from ergit.text import cell, markdown_table

SHOWN_DETAILS = 3


@dataclass(frozen=True)
class FlagFacts:
    """What a flag means: the amount that was recorded, its unit, the limit in the config, and what to do."""

    amount: Callable[[Reading, WindowConditions], float | None]
    unit: str
    limit: Callable[[MeasureSettings], str]
    advice: str


@dataclass
class Flagged:
    """The readings with one flag: their number, the amounts that were recorded, and what the flags name."""

    readings: int = 0
    amounts: list[float] = field(default_factory=list)
    details: dict[str, None] = field(default_factory=dict)


def _cores(seconds: float | None, reading: Reading, conditions: WindowConditions) -> float | None:
    window = conditions.window_seconds or reading.duration_seconds
    return None if seconds is None or window <= 0 else seconds / window


def _foreign_limit(settings: MeasureSettings) -> str:
    return f"{settings.quiet.foreign_cores} cores (measure.quiet.foreign_cores)"


def _degrees(limit: float | None, key: str) -> str:
    return "" if limit is None else f"{limit} °C (measure.temperature.{key})"


FACTS = {
    "busy": FlagFacts(
        lambda _, conditions: conditions.foreign_cores_before,
        "cores",
        _foreign_limit,
        "Other programs used CPU time before the reading. Stop them, wait longer (measure.quiet.wait_seconds) or raise"
        " measure.quiet.foreign_cores.",
    ),
    "foreign-cpu": FlagFacts(
        lambda reading, conditions: _cores(conditions.foreign_cpu_seconds, reading, conditions),
        "cores",
        _foreign_limit,
        "Other programs used CPU time during the reading. Stop them (`ergit doctor` shows the load) or raise"
        " measure.quiet.foreign_cores.",
    ),
    "steal": FlagFacts(
        lambda reading, conditions: _cores(conditions.steal_seconds, reading, conditions),
        "cores",
        _foreign_limit,
        "The host of this virtual machine gave its CPU to others. Use a quieter host or raise"
        " measure.quiet.foreign_cores.",
    ),
    "suspended": FlagFacts(
        lambda _, conditions: conditions.suspended_seconds,
        "s",
        lambda _: "none",
        "The machine slept during the reading. Keep it awake.",
    ),
    "throttled": FlagFacts(
        lambda _, conditions: conditions.throttles,
        "times",
        lambda _: "none",
        "The CPU slowed down because of heat. Cool it better, or set measure.temperature.highest_celsius.",
    ),
    "too-hot": FlagFacts(
        lambda _, conditions: conditions.celsius_before,
        "°C",
        lambda settings: _degrees(settings.temperature.highest_celsius, "highest_celsius"),
        "The CPU did not cool down in time. Wait longer (measure.temperature.wait_seconds) or raise"
        " measure.temperature.highest_celsius.",
    ),
    "too-cold": FlagFacts(
        lambda _, conditions: conditions.celsius_before,
        "°C",
        lambda settings: _degrees(settings.temperature.lowest_celsius, "lowest_celsius"),
        "The CPU did not warm up in time. Wait longer (measure.temperature.wait_seconds) or lower"
        " measure.temperature.lowest_celsius.",
    ),
    "late-edge": FlagFacts(
        lambda reading, _: (
            None if reading.counted_seconds is None else reading.counted_seconds - reading.duration_seconds
        ),
        "s",
        lambda _: f"{LATE_EDGE_SECONDS} s, or {LATE_EDGE_SHARE:.0%} of the duration",
        "The counters counted longer or shorter than the command ran. Another measure.source may be more precise.",
    ),
    "unfinished-work": FlagFacts(
        lambda _, conditions: conditions.unfinished_cpu_seconds,
        "s of CPU time",
        lambda _: f"{UNFINISHED_CPU_SECONDS} s",
        "Processes of the command went on working after its end, which is not in the reading. Let the command wait for"
        " them.",
    ),
    "short-window": FlagFacts(
        lambda reading, _: reading.duration_seconds,
        "s",
        lambda settings: f"{settings.minimum_window_seconds} s (measure.minimum_window_seconds)",
        "The command ended too soon for a precise reading. Leave measure.loops at auto, or raise it.",
    ),
    "left-behind": FlagFacts(
        lambda *_: None,
        "",
        lambda _: "",
        "Processes outlived the command, idle, and were killed. They do not disqualify the reading.",
    ),
}


@dataclass(frozen=True)
class FlagRow:
    """One flag for a person: with what it names, how many readings have it, the amounts, the limit, and what to do."""

    flag: str
    named: str
    readings: int
    amounts: str
    limit: str
    advice: str | None
    disqualifies: bool


def flag_rows(table: pd.DataFrame, records: Path, settings: MeasureSettings | None) -> tuple[list[FlagRow], bool]:
    """All flags, the most frequent first, and whether another limit would judge such readings again.

    `records` is the folder with a record a commit and round, `settings` are those of the study; None for imports, which
    have no records.
    """
    flagged = table[(table["status"] == "ok") & table["flags"].notna()]
    readings = {} if settings is None or flagged.empty else _readings_of(flagged, records)
    found = _by_flag(flagged, readings)
    rows = [
        FlagRow(
            flag,
            _named(flag, seen.details),
            seen.readings,
            *_amounts(flag, seen.amounts, settings),
            FACTS[flag].advice if flag in FACTS else None,
            flag in DISQUALIFYING,
        )
        for flag, seen in sorted(found.items(), key=lambda item: -item[1].readings)
    ]
    return rows, not DISQUALIFYING.isdisjoint(found) and any(map(_can_be_judged_again, readings.values()))


def flags_part(table: pd.DataFrame, records: Path, settings: MeasureSettings | None) -> str | None:
    """A table of all flags (`flag_rows`) and what to do about them, in Markdown; None where no reading has a flag."""
    rows, can_be_judged_again = flag_rows(table, records, settings)
    if not rows:
        return None
    cells = [[cell(row.named), str(row.readings), row.amounts, row.limit] for row in rows]
    lines = [markdown_table(["flag", "readings", "median (range)", "limit"], cells)]
    advice = [f"- {row.flag}: {row.advice}" for row in rows if row.advice]
    if advice:
        lines += ["", *advice]
    if can_be_judged_again:
        lines += ["", "Another limit in the config judges these readings again; none is taken again for that."]
    return "\n".join(lines)


def _by_flag(flagged: pd.DataFrame, readings: Mapping[tuple[object, ...], Reading]) -> dict[str, Flagged]:
    found: defaultdict[str, Flagged] = defaultdict(Flagged)
    keys = flagged[["commit", "round", "repeat", "attempt"]].itertuples(index=False, name=None)
    for key, flags in zip(keys, flagged["flags"], strict=True):
        parted = [flag.partition(":") for flag in str(flags).split(";")]
        for flag in dict.fromkeys(name for name, _, _ in parted):
            seen = found[flag]
            seen.readings += 1
            seen.details |= dict.fromkeys(detail for name, _, detail in parted if name == flag and detail)
            amount = _amount(flag, readings.get(key))
            if amount is not None:
                seen.amounts.append(amount)
    return dict(found)


def _readings_of(flagged: pd.DataFrame, records: Path) -> dict[tuple[object, ...], Reading]:
    """The readings of all records that the rows are of, by commit, round, repeat and attempt."""
    return dict(_read_all(flagged[["commit", "round"]].drop_duplicates().itertuples(index=False, name=None), records))


def _read_all(jobs: Iterable[tuple[str, int]], records: Path) -> Iterator[tuple[tuple[object, ...], Reading]]:
    for commit, round_ in jobs:
        path = records / commit / f"{round_}.json"
        if path.exists():
            for reading in read_readings(path).readings:
                if not reading.warmup:
                    yield (commit, round_, reading.repeat, reading.attempt), reading


def _can_be_judged_again(reading: Reading) -> bool:
    """Whether the record has the values that flags follow from; those of 0.1.0 lack some."""
    return reading.conditions is not None and reading.conditions.window_seconds is not None


def _amount(flag: str, reading: Reading | None) -> float | None:
    if reading is None or reading.conditions is None or flag not in FACTS:
        return None
    return FACTS[flag].amount(reading, reading.conditions)


def _amounts(flag: str, amounts: Sequence[float], settings: MeasureSettings | None) -> tuple[str, str]:
    """The amounts with their unit, and the limit."""
    if not amounts or settings is None:
        return "", ""
    facts = FACTS[flag]
    low, high = min(amounts), max(amounts)
    span = "" if low == high else f" ({low:.3g} to {high:.3g})"
    return f"{median(amounts):.3g}{span} {facts.unit}", facts.limit(settings)


def _named(flag: str, details: Mapping[str, None]) -> str:
    """The flag and what it names, of many the first ones."""
    if not details:
        return flag
    names = ", ".join(list(details)[:SHOWN_DETAILS])
    more = f" and {len(details) - SHOWN_DETAILS} more" if len(details) > SHOWN_DETAILS else ""
    return f"{flag}: {names}{more}"
