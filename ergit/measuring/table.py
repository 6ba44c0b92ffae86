"""From the records of measuring jobs to the rows of the table of readings, in Git order."""

from collections.abc import Iterable, Iterator, Sequence

from ergit.measuring.flags import Limits, judged_again
from ergit.records.commits import CommitRow
from ergit.records.energy_table import EnergyRow
from ergit.records.readings import DISQUALIFYING, IdleSample, JobRecord, Reading, SourceRecord


def energy_rows(
    records: Iterable[JobRecord], commits: Sequence[CommitRow], limits: Limits, judged: str
) -> list[EnergyRow]:
    """The rows of all readings: in Git order, then round, repeat, attempt.

    Their flags are those of the limits; power and net energy are of the judged domain.
    """
    by_sha = {commit.commit: commit for commit in commits}
    found = [row for record in records for row in rows_of(record, by_sha[record.commit], limits, judged)]
    return sorted(found, key=lambda row: (row.order, row.round, row.repeat, row.attempt))


def rows_of(record: JobRecord, commit: CommitRow, limits: Limits, judged: str) -> Iterator[EnergyRow]:
    """The rows of one measuring job: one a reading (warm-ups left out), or one that says why there is none."""
    if record.source is None:
        yield EnergyRow(
            commit=record.commit,
            order=commit.order,
            date=commit.date,
            subject=commit.subject,
            round=record.round,
            repeat=1,
            attempt=1,
            status=record.status,
            clean=False,
            host=record.host,
            session=record.session,
            reason=record.reason,
        )
        return
    readings = [reading for reading in record.readings if not reading.warmup] or record.readings[-1:]
    for reading in readings:
        yield reading_row(judged_again(reading, limits), record, record.source, commit, judged)


def reading_row(reading: Reading, record: JobRecord, source: SourceRecord, commit: CommitRow, judged: str) -> EnergyRow:
    """The row of one reading; energy, time and CPU time are those of one run of the command.

    Power is joules over the seconds that the counters counted; over those of the command where they do not tell.
    """
    loops = reading.loops
    joules = {domain: value / loops for domain, value in reading.joules.items()} if reading.status == "ok" else {}
    judged_joules = joules.get(judged)
    duration = reading.duration_seconds
    counted = reading.counted_seconds or duration
    return EnergyRow(
        commit=record.commit,
        order=commit.order,
        date=commit.date,
        subject=commit.subject,
        round=record.round,
        repeat=reading.repeat,
        attempt=reading.attempt,
        status=reading.status,
        clean=reading.is_clean,
        kind=source.kind,
        source=source.name,
        energy_package_joules=joules.get("package"),
        energy_core_joules=joules.get("core"),
        energy_uncore_joules=joules.get("uncore"),
        energy_dram_joules=joules.get("dram"),
        energy_psys_joules=joules.get("psys"),
        energy_net_joules=net_joules(judged_joules, counted / loops, record.idle, judged),
        duration_seconds=duration / loops,
        cpu_seconds=reading.cpu_seconds / loops,
        power_watts=None if judged_joules is None else judged_joules * loops / counted,
        started=reading.started,
        host=record.host,
        session=record.session,
        loops=loops,
        flags=";".join(reading.flags),
        reason=reading.reason,
    )


def net_joules(joules: float | None, counted_seconds: float, idle: IdleSample | None, judged: str) -> float | None:
    """Joules above those of the idle machine for as long; None where either were not read, or others ran."""
    if joules is None or idle is None or judged not in idle.joules or not DISQUALIFYING.isdisjoint(idle.flags):
        return None
    return joules - idle.joules[judged] / (idle.counted_seconds or idle.duration_seconds) * counted_seconds
