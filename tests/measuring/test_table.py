"""From records of measuring jobs to the table of readings."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ergit.measuring.table import COLUMNS, net_joules, read_commits, table

OLD, NEW = "0" * 40, "f" * 40
COMMITS = pd.DataFrame({"commit": [NEW, OLD], "order": [9, 3], "date": ["2024", "2023"], "subject": ["new", "old"]})


def reading(**changes: Any) -> dict[str, Any]:
    """A reading of 20 J in 2 s."""
    return {
        **{"repeat": 1, "attempt": 1, "warmup": False, "status": "ok", "exit_code": 0, "signal": None, "reason": None},
        **{"started": "2024-05-01T12:00:00.000000Z", "duration_seconds": 2.0, "cpu_seconds": 1.5, "loops": 1},
        **{"joules": {"package": 20.0, "dram": 3.0}, "counters": [], "flags": [], "conditions": {}},
    } | changes


def record(commit: str, *readings: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The record of one measuring job."""
    return {
        **{"commit": commit, "round": 1, "status": "measured", "reason": None, "host": "box", "session": "s1"},
        **{"source": {"name": "pmu", "kind": "measured"}, "idle": None, "readings": list(readings)},
    } | changes


def test_rows_come_in_git_order_then_round_repeat_and_attempt() -> None:
    frame = table(
        [
            record(NEW, reading()),
            record(OLD, reading(repeat=2), reading(repeat=1, attempt=2), reading(repeat=1), round=2),
            record(OLD, reading(), round=1),
        ],
        COMMITS,
    )
    assert list(frame.columns) == COLUMNS
    assert frame[["order", "round", "repeat", "attempt"]].to_numpy().tolist() == [
        [3, 1, 1, 1],
        [3, 2, 1, 1],
        [3, 2, 1, 2],
        [3, 2, 2, 1],
        [9, 1, 1, 1],
    ]


def test_a_reading_becomes_energy_time_and_power_of_one_run_of_the_command() -> None:
    row = table([record(OLD, reading(loops=4, joules={"package": 20.0}, duration_seconds=2.0))], COMMITS).iloc[0]
    assert (row["energy_package_joules"], row["duration_seconds"], row["cpu_seconds"]) == (5.0, 0.5, 0.375)
    assert row["power_watts"] == 10.0
    assert row["loops"] == 4


def test_domains_stand_apart_and_absent_ones_are_empty() -> None:
    row = table([record(OLD, reading())], COMMITS).iloc[0]
    assert (row["energy_package_joules"], row["energy_dram_joules"]) == (20.0, 3.0)
    assert pd.isna(row["energy_core_joules"])
    assert pd.isna(row["energy_psys_joules"])


@pytest.mark.parametrize("status", ["failed", "timeout", "not-counted"])
def test_what_did_not_end_well_has_no_joules_whatever_was_read(status: str) -> None:
    row = table([record(OLD, reading(status=status, reason="because"))], COMMITS).iloc[0]
    assert pd.isna(row["energy_package_joules"])
    assert pd.isna(row["power_watts"])
    assert (row["status"], row["clean"], row["reason"]) == (status, False, "because")


def test_warm_ups_are_left_out_but_one_that_failed_stands_for_its_round() -> None:
    warm = reading(warmup=True, repeat=0)
    assert len(table([record(OLD, warm, reading())], COMMITS)) == 1
    failed = table([record(OLD, warm | {"status": "failed", "reason": "exit 3"})], COMMITS)
    assert failed[["status", "reason"]].to_numpy().tolist() == [["failed", "exit 3"]]


def test_a_commit_that_did_not_build_is_a_row_a_round() -> None:
    frame = table([record(OLD, status="build-failed", reason="javac", source=None, round=2)], COMMITS)
    assert frame[["round", "status", "reason", "clean"]].to_numpy().tolist() == [[2, "build-failed", "javac", False]]
    assert pd.isna(frame.iloc[0]["energy_package_joules"])


def test_contaminated_readings_stay_and_are_not_clean_while_other_flags_only_inform() -> None:
    frame = table([record(OLD, reading(flags=["foreign-cpu", "steal"]), reading(flags=["short-window"]))], COMMITS)
    assert frame[["flags", "clean"]].to_numpy().tolist() == [["foreign-cpu;steal", False], ["short-window", True]]


def test_net_energy_is_a_column_of_its_own() -> None:
    idle = {"duration_seconds": 2.0, "joules": {"package": 6.0}, "flags": []}
    assert net_joules(20.0, 2.0, idle) == 14.0
    assert net_joules(None, 2.0, idle) is None
    assert net_joules(20.0, 2.0, None) is None
    assert net_joules(20.0, 2.0, idle | {"flags": ["busy"]}) is None
    row = table([record(OLD, reading(), idle=idle)], COMMITS).iloc[0]
    assert (row["energy_package_joules"], row["energy_net_joules"]) == (20.0, 14.0)


def test_an_empty_study_gives_an_empty_table_with_its_columns() -> None:
    assert list(table([], COMMITS).columns) == COLUMNS


def test_the_table_of_commits_keeps_odd_subjects(tmp_path: Path) -> None:
    (tmp_path / "commits.tsv").write_text('commit\torder\tsubject\n0e1\t4\t"NA\n', encoding="utf-8")
    assert read_commits(tmp_path / "commits.tsv").to_numpy().tolist() == [["0e1", 4, '"NA']]
