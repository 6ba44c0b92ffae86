"""What other tools get: Parquet, Otava's CSV and asv's results."""

import csv
import json
import sys
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest
import yaml

from ergit.errors import ErgitError
from ergit.records.commits import read_commits
from ergit.records.energy_table import COLUMNS, read_energy_table, times
from ergit.reports.exports.asv import asv_files, result_files
from ergit.reports.exports.dates import dates_for_export
from ergit.reports.exports.otava import otava_configuration, otava_rows
from ergit.reports.exports.parquet import write_parquet
from tests.fakes.tables import commit_row, energy_table, reading, readings, sha_of, write_study

MIXED = [
    *readings({0: 100.0, 1: 110.0}),
    reading(2, 1, status="failed", reason="exit status 3"),
    reading(3, 1, 90.0, clean=False, flags="busy"),
]


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A results folder: two measured commits, one that failed, one without a clean reading."""
    return write_study(tmp_path / "results", MIXED, tags={1: "v1.0 stable"})


def test_parquet_comes_back_with_equal_values_and_types(study: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    table = read_energy_table(study / "energy.csv")
    write_parquet(table, tmp_path / "energy.parquet")
    back = pd.read_parquet(tmp_path / "energy.parquet", engine="pyarrow")
    pd.testing.assert_frame_equal(back, table.assign(started=times(table["started"])), check_exact=True)
    assert tuple(back.columns) == COLUMNS
    types = back.dtypes.astype(str).to_dict()
    assert types["order"] == "int64"
    assert types["loops"] == "Int64"
    assert types["clean"] == "bool"
    assert types["energy_package_joules"] == types["energy_dram_joules"] == "float64"
    assert types["started"] == "datetime64[us, UTC]"
    assert back["started"].iloc[0] == pd.Timestamp("2024-05-01T10:00:00.123456Z")
    assert back["reason"].notna().sum() == 1


def test_texts_that_look_like_missing_values_stay_texts(tmp_path: Path) -> None:
    write_study(tmp_path, [reading(0, 1, 1.0, subject="NA", host="null", session="0000")])
    row = read_energy_table(tmp_path / "energy.csv").iloc[0]
    assert (row["subject"], row["host"], row["session"]) == ("NA", "null", "0000")


def test_without_pyarrow_the_error_names_the_extra(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = read_energy_table(study / "energy.csv")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ErgitError, match="extra `parquet`"):
        write_parquet(table, tmp_path / "energy.parquet")


def test_otava_gets_a_row_a_commit_in_git_order_with_the_median_of_clean_readings(study: Path) -> None:
    rows = otava_rows(read_energy_table(study / "energy.csv"), read_commits(study / "commits.tsv"))
    assert rows.to_csv(index=False).splitlines() == [
        "time,commit,version,energy_package_joules,duration_seconds",
        f"2024-01-01T10:00:00+02:00,{sha_of(0)},,100.0,2.0",
        f"2024-01-02T10:00:00+02:00,{sha_of(1)},v1.0 stable,110.0,2.0",
    ]
    test = yaml.safe_load(otava_configuration(rows, "results/export/otava.csv"))["tests"]["energy"]
    assert (test["type"], test["time_column"], test["attributes"]) == ("csv", "time", ["commit", "version"])
    assert list(test["metrics"]) == ["energy_package_joules", "duration_seconds"]


def test_otava_gets_no_commit_beside_the_main_line() -> None:
    table, commits = energy_table(readings({0: 10.0, 1: 20.0, 2: 30.0})), [commit_row(number) for number in range(3)]
    rows = otava_rows(table, commits, {sha_of(1)})
    assert rows["commit"].tolist() == [sha_of(0), sha_of(2)]


def test_otava_never_gets_two_sessions_as_one_otava_rows(tmp_path: Path) -> None:
    write_study(tmp_path, [*readings({0: 100.0}), *readings({0: 120.0, 1: 121.0}, session="0000ffff")])
    rows = otava_rows(read_energy_table(tmp_path / "energy.csv"), read_commits(tmp_path / "commits.tsv"))
    assert rows[["commit", "branch", "energy_package_joules"]].values.tolist() == [
        [sha_of(0), "box 0000abcd", 100.0],
        [sha_of(0), "box 0000ffff", 120.0],
        [sha_of(1), "box 0000ffff", 121.0],
    ]


def test_a_metric_that_is_missing_somewhere_is_left_out_for_otava(tmp_path: Path) -> None:
    write_study(tmp_path, [reading(0, 1, 5.0, energy_core_joules=2.0), reading(1, 1, 6.0)])
    rows = otava_rows(read_energy_table(tmp_path / "energy.csv"), read_commits(tmp_path / "commits.tsv"))
    assert "energy_core_joules" not in rows.columns
    assert list(csv.reader(rows.to_csv(index=False).splitlines()))[2][-2:] == ["6.0", "2.0"]


def test_asv_results_have_the_documented_keys_and_columns(study: Path) -> None:
    files = dict(result_files(read_energy_table(study / "energy.csv")))
    path = Path("box/00000000-ergit-0000abcd.json")
    content = files[path]
    assert set(content) == {
        *("version", "commit_hash", "env_name", "date", "params", "python", "requirements", "env_vars"),
        *("durations", "result_columns", "results"),
    }
    assert content["version"] == 2
    assert content["commit_hash"] == sha_of(0)
    assert content["date"] == datetime.fromisoformat("2024-01-01T10:00:00+02:00").timestamp() * 1000
    assert content["params"]["machine"] == path.parent.name
    entry = dict(zip(content["result_columns"], content["results"]["energy"], strict=True))
    assert entry["result"] == [100.0]
    assert entry["params"] == []
    assert entry["samples"] == [[100.0, 100.5, 99.6, 100.2, 99.7]]
    assert entry["started_at"] == 1714557600123
    assert json.loads(json.dumps(content, allow_nan=False)) == content


def test_asv_gets_the_domain_that_the_study_judges(tmp_path: Path) -> None:
    write_study(tmp_path, [reading(0, 1, 5.0, energy_psys_joules=9.0), reading(0, 2, 6.0)])
    files = dict(asv_files(read_energy_table(tmp_path / "energy.csv"), "psys"))
    assert files[Path("benchmarks.json")]["energy"]["pretty_name"] == "Energy of the domain psys"
    content = files[Path("box/00000000-ergit-0000abcd.json")]
    entry = dict(zip(content["result_columns"], content["results"]["energy"], strict=True))
    assert (entry["result"], entry["samples"]) == ([9.0], [[9.0]])


def test_asv_sees_a_commit_without_a_clean_reading_as_failed(study: Path) -> None:
    files = dict(result_files(read_energy_table(study / "energy.csv")))
    for number in (2, 3):
        content = files[Path(f"box/{sha_of(number)[:8]}-ergit-0000abcd.json")]
        entry = dict(zip(content["result_columns"], content["results"]["energy"], strict=True))
        assert (entry["result"], entry["samples"]) == ([None], None)


def test_the_asv_folder_has_a_benchmark_and_a_machine_and_names_that_are_safe_as_files(tmp_path: Path) -> None:
    write_study(tmp_path, readings({0: 100.0}, host="imported", session="sessions/01.csv", started=None))
    files = {str(path): content for path, content in asv_files(read_energy_table(tmp_path / "energy.csv"))}
    name = "imported/00000000-ergit-sessions%2F01.csv.json"
    assert set(files) == {"benchmarks.json", "imported/machine.json", name}
    benchmark, machine = files["benchmarks.json"]["energy"], files["imported/machine.json"]
    assert files["benchmarks.json"]["version"] == 2
    assert [benchmark[key] for key in ("name", "unit", "params", "param_names")] == ["energy", "J", [], []]
    assert machine == {
        **{"machine": "imported", "version": 1},
        **dict.fromkeys(("arch", "cpu", "num_cpu", "os", "ram"), ""),
    }
    columns, values = files[name]["result_columns"], files[name]["results"]["energy"]
    assert values[columns.index("started_at")] is None
    assert values[columns.index("version")] == benchmark["version"]


ODD = ("%aI", None, "2024-01-03T10:00:00+518:00", "2024-01-04T10:00:00Z", "12024-01-01T00:00:00+00:00")
KNOWN = "2024-01-04T10:00:00+00:00"


def test_a_commit_without_a_readable_date_is_exported_with_that_of_its_neighbour() -> None:
    rows = [reading(number, 1, 5.0, date=date or "") for number, date in enumerate(ODD)]
    table = energy_table(rows)
    commits = [commit_row(number, date=date or "") for number, date in enumerate(ODD)]
    assert otava_rows(table, commits)["time"].tolist() == [KNOWN] * 5
    moment = datetime.fromisoformat(KNOWN).timestamp() * 1000
    assert [content["date"] for _, content in result_files(table)] == [moment] * 5


def test_dates_before_1970_and_without_an_offset_are_exported_in_utc() -> None:
    assert [date.isoformat() for date in dates_for_export(["1960-02-03T04:05:06-02:00", "2024-01-01"])] == [
        "1960-02-03T04:05:06-02:00",
        "2024-01-01T00:00:00+00:00",
    ]
    assert [date.isoformat() for date in dates_for_export(["", "soon"])] == ["1970-01-01T00:00:00+00:00"] * 2
