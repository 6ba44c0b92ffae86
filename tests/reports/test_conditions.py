"""The conditions of readings over time, from their records."""

from pathlib import Path

import numpy as np
import pytest

from ergit.records.readings import WindowConditions, write_readings
from ergit.reports.conditions import COLUMNS, conditions_over_time
from tests.fakes import tables
from tests.fakes.job_records import reading, record
from tests.fakes.tables import energy_table, sha_of


def test_each_window_has_what_was_seen_in_the_order_of_their_beginning(tmp_path: Path) -> None:
    seen = WindowConditions(
        celsius_before=41.0,
        celsius_after=57.5,
        frequency_megahertz_before=2400.0,
        foreign_cpu_seconds=0.5,
        window_seconds=2.5,
        throttles=2,
        waited_seconds=1.25,
    )
    later = reading(conditions=seen, started="2024-05-01T12:05:00.000000Z", flags=("throttled", "short-window"))
    warmup = reading(warmup=True, conditions=seen, started="2024-05-01T11:59:00.000000Z")
    write_readings(tmp_path / f"readings/{sha_of(1)}/1.json", record(sha_of(1), warmup, later))
    write_readings(tmp_path / f"readings/{sha_of(2)}/1.json", record(sha_of(2), reading(conditions=seen)))
    table = energy_table([tables.reading(number, 1, 20.0) for number in (1, 2, 3)])  # 3 has no record
    found = conditions_over_time(table, tmp_path)
    assert found["commit"].tolist() == [sha_of(2), sha_of(1)]
    assert found["clean"].tolist() == [True, False]
    assert found["flags"].tolist() == ["", "throttled short-window"]
    assert found["foreign_cores"].tolist() == [0.2, 0.2]
    assert found["celsius_after"].tolist() == [57.5, 57.5]
    assert found["megahertz_before"].tolist() == [2400.0, 2400.0]
    assert np.isnan(found["megahertz_after"]).all()
    assert np.isnan(found["steal_cores"]).all()
    assert str(found["started"][1]) == "2024-05-01 12:05:00+00:00"


@pytest.mark.parametrize("rows", [[], [tables.reading(1, 1, 20.0, source="imported")]], ids=["empty", "imported"])
def test_where_there_is_no_record_there_is_no_row(tmp_path: Path, rows: list[tables.EnergyRow]) -> None:
    found = conditions_over_time(energy_table(rows), tmp_path)
    assert len(found) == 0
    assert found.columns.tolist() == list(COLUMNS)
