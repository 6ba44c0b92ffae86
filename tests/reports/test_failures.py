"""The failures of a study by their reasons."""

from pathlib import Path
from typing import Any

import pytest

from ergit.errors import ErgitError
from ergit.records.build import BuildRecord, BuildStatus, write_build
from ergit.records.energy_table import EnergyRow
from ergit.records.failures import FailureRow, read_failures, write_failures
from ergit.reports.failures import failure_rows
from tests.fakes.tables import energy_table, reading, sha_of


def failed(number: int, status: str, reason: str | None, **cells: Any) -> EnergyRow:
    """A row that says why a commit has no reading."""
    return reading(number, 1, status=status, reason=reason, **cells)


def built(results: Path, number: int, status: BuildStatus) -> None:
    """Writes the record of a build."""
    record = BuildRecord(
        commit=sha_of(number),
        java=None,
        directory="/d",
        environment={},
        cached=False,
        commands=(),
        status=status,
        reason="no",
    )
    write_build(results / f"build/{sha_of(number)}.json", record)


def test_failures_with_one_reason_are_one_row_the_most_frequent_first(tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    for number in range(5):
        built(tmp_path, number, "timeout" if number == 4 else "failed")
    rows = [
        reading(9, 1, 100.0),
        failed(7, "no-jdk", "no JDK 99", source=None),
        *(failed(n, "build-failed", f"`m`: A{n}.java:{n}: error: package x does not exist") for n in (3, 1, 2)),
        failed(4, "build-failed", "`m` took longer than 3 s"),
        *(failed(n, "failed", "the workload ended with status 1", round=2) for n in (5, 6, 6)),
        failed(8, "timeout", "the workload took longer than 9 s"),
        failed(0, "killed", None),
    ]
    results = str(tmp_path)
    found = failure_rows(energy_table(rows), results)
    assert [(row.kind, row.commits, row.reason) for row in found] == [
        ("build-failed", 3, "`m`: error: package x does not exist"),
        ("workload-failed", 2, "the workload ended with status 1"),
        ("killed", 1, "no reason was recorded"),
        ("build-timeout", 1, "`m` took longer than 3 s"),
        ("no-jdk", 1, "no JDK 99"),
        ("workload-timeout", 1, "the workload took longer than 9 s"),
    ]
    first = found[0]
    assert (first.first, first.last) == (sha_of(1), sha_of(3))
    assert first.example == "`m`: A1.java:1: error: package x does not exist"
    assert first.log == f"{results}/build/{sha_of(1)}.output.log"
    assert found[1].log == f"{results}/readings/{sha_of(5)}/2.output.log"
    assert [row.log for row in found if row.kind in {"no-jdk", "killed"}] == ["", ""]


def test_a_study_without_failures_has_a_table_without_rows(tmp_path: Path) -> None:
    assert failure_rows(energy_table([reading(1, 1, 100.0)]), str(tmp_path)) == []
    write_failures(tmp_path / "failures.tsv", [])
    assert read_failures(tmp_path / "failures.tsv") == []
    assert (tmp_path / "failures.tsv").read_text() == "kind\tcommits\treason\tfirst\tlast\texample\tlog\n"


def test_the_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    row = FailureRow(kind="no-jdk", commits=3, reason='no "JDK"', first="a", last="b", example="no\tJDK", log="")
    write_failures(tmp_path / "failures.tsv", [row])
    (found,) = read_failures(tmp_path / "failures.tsv")
    assert (found.commits, found.reason, found.example, found.log) == (3, 'no "JDK"', "no JDK", "")


def test_another_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "failures.tsv").write_text("kind\tcommits\nno-jdk\tmany\n")
    with pytest.raises(ErgitError, match=r"is no table of failures .* Remove it"):
        read_failures(tmp_path / "failures.tsv")
    with pytest.raises(ErgitError, match="Run the study first"):
        read_failures(tmp_path / "gone.tsv")
