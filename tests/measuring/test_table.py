"""From records of measuring jobs to the table of readings."""

from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pytest

from ergit.config.settings import MeasureSettings
from ergit.errors import ErgitError
from ergit.measuring.flags import Limits, limits_of
from ergit.measuring.success import refuse_all_failed
from ergit.measuring.table import energy_rows, net_joules
from ergit.records.commits import CommitRow, read_commits, write_commits
from ergit.records.energy_table import EnergyRow, read_energy_table, write_energy_table
from ergit.records.readings import IdleSample, JobRecord, WindowConditions
from tests.fakes.job_records import reading, record

OLD, NEW = "0" * 40, "f" * 40
LIMITS = limits_of(MeasureSettings())


def commit(sha: str, order: int, date: str, subject: str) -> CommitRow:
    """A chosen commit of the branch."""
    return CommitRow(
        commit=sha,
        order=order,
        date=date,
        author="Ada",
        subject=subject,
        parents=(),
        tree="",
        tags=(),
        first_parent=True,
        chosen=True,
        reason="listed",
    )


COMMITS = [commit(NEW, 9, "2024", "new"), commit(OLD, 3, "2023", "old")]


def rows(*records: JobRecord, limits: Limits = LIMITS, judged: str = "package") -> list[EnergyRow]:
    """The table's rows of these records."""
    return energy_rows(records, COMMITS, limits, judged)


def test_rows_come_in_git_order_then_round_repeat_and_attempt() -> None:
    found = rows(
        record(NEW, reading()),
        record(OLD, reading(repeat=2), reading(repeat=1, attempt=2), reading(repeat=1), round=2),
        record(OLD, reading(), round=1),
    )
    assert [(row.order, row.round, row.repeat, row.attempt) for row in found] == [
        (3, 1, 1, 1),
        (3, 2, 1, 1),
        (3, 2, 1, 2),
        (3, 2, 2, 1),
        (9, 1, 1, 1),
    ]


def test_a_reading_becomes_energy_time_and_power_of_one_run_of_the_command() -> None:
    [row] = rows(record(OLD, reading(loops=4, joules={"package": 20.0}, duration_seconds=2.0)))
    assert (row.energy_package_joules, row.duration_seconds, row.cpu_seconds) == (5.0, 0.5, 0.375)
    assert row.power_watts == 10.0
    assert row.loops == 4


def test_domains_stand_apart_and_absent_ones_are_empty() -> None:
    [row] = rows(record(OLD, reading()))
    assert (row.energy_package_joules, row.energy_dram_joules) == (20.0, 3.0)
    assert (row.energy_core_joules, row.energy_psys_joules) == (None, None)


@pytest.mark.parametrize("status", ["failed", "timeout", "not-counted"])
def test_what_did_not_end_well_has_no_joules_whatever_was_read(status: str) -> None:
    [row] = rows(record(OLD, reading(status=status, reason="because")))
    assert (row.energy_package_joules, row.power_watts) == (None, None)
    assert (row.status, row.clean, row.reason) == (status, False, "because")


def test_warm_ups_are_left_out_but_one_that_failed_stands_for_its_round() -> None:
    warm = {"warmup": True, "repeat": 1}
    assert len(rows(record(OLD, reading(**warm), reading()))) == 1
    [failed] = rows(record(OLD, reading(**warm, status="failed", reason="exit 3")))
    assert (failed.status, failed.reason) == ("failed", "exit 3")


def test_a_commit_that_did_not_build_is_a_row_a_round() -> None:
    [row] = rows(record(OLD, status="build-failed", reason="javac", source=None, session=None, round=2))
    assert (row.round, row.status, row.reason, row.clean) == (2, "build-failed", "javac", False)
    assert (row.energy_package_joules, row.kind, row.flags) == (None, None, None)


def test_contaminated_readings_stay_and_are_not_clean_while_other_flags_only_inform() -> None:
    found = rows(record(OLD, reading(flags=("foreign-cpu", "steal")), reading(duration_seconds=0.05)))
    assert [(row.flags, row.clean) for row in found] == [("foreign-cpu;steal", False), ("short-window", True)]


def idle(**changes: Any) -> IdleSample:
    """An idle machine that draws 3 W."""
    sample: dict[str, Any] = {"duration_seconds": 2.0, "joules": {"package": 6.0}, "counters": (), "reason": None}
    return IdleSample(**sample | {"flags": ()} | changes)


def test_net_energy_is_a_column_of_its_own() -> None:
    assert net_joules(20.0, 2.0, idle(), "package") == 14.0
    assert net_joules(None, 2.0, idle(), "package") is None
    assert net_joules(20.0, 2.0, None, "package") is None
    assert net_joules(20.0, 2.0, idle(flags=("busy",)), "package") is None
    assert net_joules(20.0, 2.0, idle(joules={}), "package") is None
    [row] = rows(record(OLD, reading(), idle=idle()))
    assert (row.energy_package_joules, row.energy_net_joules) == (20.0, 14.0)


def test_an_empty_study_gives_an_empty_table_with_its_columns(tmp_path: Path) -> None:
    write_energy_table(tmp_path / "energy.csv", rows())
    assert len(read_energy_table(tmp_path / "energy.csv")) == 0


def test_the_table_can_be_read_again(tmp_path: Path) -> None:
    failed = record(NEW, status="build-failed", reason="javac", source=None, session=None)
    write_energy_table(tmp_path / "energy.csv", rows(record(OLD, reading()), failed))
    table = read_energy_table(tmp_path / "energy.csv")
    assert table["commit"].tolist() == [OLD, NEW]
    assert table["clean"].tolist() == [True, False]
    assert table["energy_package_joules"].isna().tolist() == [False, True]


def test_odd_subjects_come_through_the_table_of_commits(tmp_path: Path) -> None:
    write_commits(tmp_path / "commits.tsv", [commit(OLD, 4, "2024", '"NA, 1e5')])
    [row] = energy_rows([record(OLD, reading())], read_commits(tmp_path / "commits.tsv"), LIMITS, "package")
    assert (row.order, row.subject) == (4, '"NA, 1e5')


def test_power_is_over_the_seconds_that_the_counters_counted() -> None:
    [row] = rows(record(OLD, reading(counted_seconds=2.01), idle=idle(counted_seconds=2.5)))
    assert (row.duration_seconds, row.power_watts) == (2.0, pytest.approx(20.0 / 2.01))
    assert row.energy_net_joules == pytest.approx(20.0 - 6.0 / 2.5 * 2.01)


def study(folder: Path, *records: JobRecord) -> pd.DataFrame:
    """The table of these records, as it is read from its file."""
    write_energy_table(folder / "energy.csv", rows(*records))
    return read_energy_table(folder / "energy.csv")


def test_a_study_without_one_measured_commit_has_failed_with_the_reasons(tmp_path: Path) -> None:
    broken = record(OLD, status="build-failed", reason="javac", source=None, session=None)
    failing = record(NEW, reading(status="failed", reason="exit 3"))
    table = study(tmp_path, broken, msgspec.structs.replace(broken, round=2), failing)
    reasons = r"^No commit could be measured\. 1 commit: javac; 1 commit: exit 3\. "
    with pytest.raises(ErgitError, match=reasons) as failure:
        refuse_all_failed(table, "a/results")
    assert "a/results/failures.tsv has them all, with a log of each" in str(failure.value)
    assert str(failure.value).endswith("with `-R $(cat a/results/failed.txt)`.")


def test_a_study_with_one_measured_commit_has_not_failed_even_if_its_readings_are_flagged(tmp_path: Path) -> None:
    failing = record(NEW, reading(status="failed", reason="exit 3"))
    refuse_all_failed(study(tmp_path, failing, record(OLD, reading(flags=("busy",)))), "results")


def test_power_and_net_energy_are_of_the_judged_domain() -> None:
    sample = idle(joules={"package": 6.0, "dram": 1.0})
    [row] = rows(record(OLD, reading(joules={"package": 20.0, "dram": 3.0}), idle=sample), judged="dram")
    assert (row.energy_package_joules, row.power_watts, row.energy_net_joules) == (20.0, 1.5, 2.0)


def test_another_limit_judges_old_readings_again() -> None:
    seen = WindowConditions(celsius_before=70.0)
    old = record(OLD, reading(flags=("too-hot",), conditions=seen), reading(repeat=2, conditions=seen))
    hot = msgspec.structs.replace(LIMITS, highest_celsius=60.0)
    assert [(row.flags, row.clean) for row in rows(old, limits=hot)] == [("too-hot", False)] * 2
    assert [(row.flags, row.clean) for row in rows(old)] == [("", True)] * 2
