"""Finished studies for the report, judged by the real statistics: a small one, a large one, a failed one."""

import csv
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path

import numpy as np
from msgspec.structs import replace

from ergit.analysis.changes import changes_record
from ergit.analysis.readings import clean_readings
from ergit.config.reading import read_config
from ergit.importing.files import ImportedFile, read_file
from ergit.importing.table import import_record, imported_rows
from ergit.records.changes import ChangeResult, write_changes
from ergit.records.commits import CommitRow, write_commits
from ergit.records.context import (
    ChangeContext,
    ChangedFile,
    ChangedFiles,
    ContextRecord,
    Differences,
    EqualNeighbours,
    Kind,
    KindFiles,
    write_context,
)
from ergit.records.energy_table import EnergyRow, write_energy_table
from ergit.records.failures import write_failures
from ergit.records.readings import Reading, WindowConditions, write_readings
from ergit.reports.failures import failure_rows
from ergit.reports.html.study import ReportStudy
from tests.fakes import job_records
from tests.fakes.results import context
from tests.fakes.studies import CONFIG
from tests.fakes.tables import commit_row, energy_table, reading

HOSTILE = "</script><script>alert(1)</script> <img src=x onerror=alert(2)> & \"q\" 'a' {{ 7 * 7 }} 漢字 \u202eabc"
BEGAN = datetime(2024, 5, 1, 10, tzinfo=UTC)
KINDS: tuple[tuple[Kind, ...], ...] = (
    ("program",),
    ("workload",),
    ("program", "workload"),
    ("build", "dependencies"),
    (),
)


def sha(number: int) -> str:
    """A made-up SHA, one for each number."""
    return f"{number:08x}" * 5


def commits(subjects: Sequence[str], step: int = 1) -> list[CommitRow]:
    """A history of commits with these subjects, by two authors."""
    authors = cycle(["Ada Lindqvist", "Tomás Okafor"])
    return [
        commit_row(
            0,
            commit=sha(number),
            order=number * step,
            date=(BEGAN + timedelta(days=number)).isoformat(),
            author=author,
            subject=subject,
            tree=f"{number:040x}",
            tags=("v1.0",) if number == 3 else (),
        )
        for number, (subject, author) in enumerate(zip(subjects, authors, strict=False))
    ]


def row_of(commit: CommitRow, round_: int, repeat: int, joules: float | None, **cells: object) -> EnergyRow:
    """One row of a commit's readings."""
    known = {"commit": commit.commit, "order": commit.order, "date": commit.date, "subject": commit.subject}
    return replace(reading(0, repeat, joules), **known, round=round_, **cells)


def study_of(
    results: Path,
    history: Sequence[CommitRow],
    rows: Sequence[EnergyRow],
    files: Sequence[ImportedFile] = (),
) -> ReportStudy:
    """The study of these readings, its changes found by the real statistics, and something in each of them."""
    settings = read_config(CONFIG | ({"imported": ["raw.csv"]} if files else {}))
    table = energy_table(rows)
    record = changes_record(clean_readings(table, history), history, settings.changes)
    kinds = zip(record.changes, cycle(KINDS), strict=False)
    equal = tuple(one.commit for one in record.commits[1:] if one.shift is not None)[:12]
    found = ContextRecord(
        changes=tuple(_context(change, kind, history) for change, kind in kinds),
        accepted=(),
        equal=EqualNeighbours(
            pairs=len(equal),
            by_build=0,
            differ=0,
            median_difference=0.004 if equal else None,
            largest_usual_difference=0.011 if equal else None,
            false_alarms=(),
            commits=equal,
        ),
    )
    failures = tuple(failure_rows(table, str(results)))
    results.mkdir(parents=True, exist_ok=True)
    write_energy_table(results / "energy.csv", rows)
    write_commits(results / "commits.tsv", history)
    write_changes(results / "changes.json", record)
    write_context(results / "context.json", found)
    write_failures(results / "failures.tsv", failures)
    return ReportStudy(
        repository="https://example.org/words.git",
        results=results,
        settings=settings,
        table=table,
        history=tuple(history),
        changes=record,
        context=found,
        failures=failures,
        imported=import_record(files, {row.commit: row for row in history}, ()) if files else None,
    )


def _context(change: ChangeResult, kinds: tuple[Kind, ...], history: Sequence[CommitRow]) -> ChangeContext:
    row = next(row for row in history if row.commit == change.commit)
    named = {"program": "src/main/Tokens.java", "workload": "src/test/TokensTest.java", "build": "pom.xml"}
    files = tuple(KindFiles(kind=kind, files=(path,)) for kind, path in named.items() if kind in kinds)
    return context(
        change,
        subject=row.subject,
        date=row.date,
        author=row.author,
        link=f"https://example.org/words/commit/{change.commit}",
        files=ChangedFiles(
            count=len(files),
            added=12,
            removed=3,
            largest=tuple(ChangedFile(path=one.files[0], added=12, removed=3) for one in files),
            unlisted=0,
            build_files=(),
            test_files=0,
        ),
        differs=Differences(kinds=kinds, files=files),
    )


def measured_study(results: Path) -> ReportStudy:
    """A study of 30 commits in three interleaved rounds: two changes, a passing one, failures, a flag.

    Its records have temperatures and foreign load but no frequency. One reading was repeated. One subject is hostile,
    and so are the reasons.
    """
    random = np.random.default_rng(7)
    subjects = [HOSTILE if number == 10 else f"Step {number}" for number in range(30)]
    history = commits(subjects)
    rows, moment = [], 0
    for round_ in range(1, 4):
        for number, commit in enumerate(history):
            if number in (5, 6):
                status = "build-failed" if number == 5 else "failed"
                rows.append(
                    row_of(commit, round_, 1, None, status=status, reason=f"exit status 1: {HOSTILE}", host="box")
                )
                continue
            level = 100 * (1.2 if number >= 10 else 1) * (0.9 if number >= 20 else 1) * (2 if number == 15 else 1)
            windows: list[Reading] = []
            for repeat in (1, 2, 3):
                attempts = 2 if (number, round_, repeat) == (8, 2, 1) else 1
                for attempt in range(1, attempts + 1):
                    joules = level * float(np.exp(random.normal(0, 0.005)))
                    started = (BEGAN + timedelta(seconds=10 * moment)).isoformat()
                    moment += 1
                    flags = "foreign-cpu" if attempt < attempts else ""
                    cells = {"attempt": attempt, "clean": not flags, "flags": flags or None, "started": started}
                    rows.append(
                        row_of(commit, round_, repeat, joules, power_watts=joules / 2, cpu_seconds=1.9, **cells)
                    )
                    seen = WindowConditions(
                        foreign_cpu_seconds=0.9 if flags else 0.02,
                        steal_seconds=0.0,
                        window_seconds=2.0,
                        celsius_before=45 + moment / 100,
                        celsius_after=50 + moment / 100,
                        missing={"frequency_megahertz_before": "no processor tells its frequency (cpufreq)"},
                    )
                    window = {"repeat": repeat, "attempt": attempt, "started": started, "conditions": seen}
                    windows.append(job_records.reading(**window, flags=(flags,) if flags else ()))
            path = results / "readings" / commit.commit / f"{round_}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_readings(path, job_records.record(commit.commit, *windows, round=round_, session="0000abcd"))
    return study_of(results, history, sorted(rows, key=lambda row: row.order))


def failed_study(results: Path) -> ReportStudy:
    """A study in which no commit was built."""
    history = commits([f"Step {number}" for number in range(12)])
    rows = [
        row_of(commit, 1, 1, None, status="build-failed", reason="exit status 1: no such file", kind=None, source=None)
        for commit in history
    ]
    return study_of(results, history, rows)


def large_study(results: Path, sessions: Iterable[Path] = (), most: int = 2_000) -> ReportStudy:
    """An imported study of about 2,000 commits × 15: that of these files, in the order of sorted.csv beside them.

    Without files, a made one of this size, with a change every thirty commits.
    """
    paths = sorted(sessions)
    if paths:
        order = paths[0].parents[1] / "sorted.csv"
        with order.open(newline="", encoding="utf-8") as file:
            shas = list(dict.fromkeys(cells[0] for cells in csv.reader(file)))[:most]
        files = [read_file(path) for path in paths]
    else:
        shas = [sha(number) for number in range(most)]
        files = [read_file(made_file(results / "raw.csv", shas))]
    history = [
        replace(row, commit=given)
        for row, given in zip(commits([f"Step {n}" for n in range(len(shas))]), shas, strict=True)
    ]
    chosen = {row.commit: row for row in history}
    return study_of(results, history, imported_rows(files, chosen), files)


def made_file(path: Path, shas: Sequence[str]) -> Path:
    """A file of readings as EnergyTrackr writes them, 15 of each commit, with a change every thirty commits."""
    random = np.random.default_rng(3)
    levels = 100 * np.cumprod([random.uniform(0.92, 1.1) if number % 30 == 29 else 1.0 for number in range(len(shas))])
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (
        f"{name},{level * float(np.exp(random.normal(0, 0.01))):.2f}\n"
        for name, level in zip(shas, levels, strict=True)
        for _ in range(15)
    )
    path.write_text("".join(lines), encoding="utf-8")
    return path
