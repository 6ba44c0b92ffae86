"""What is broken at a commit, from rows of the table of readings."""

from pathlib import Path

import pytest

from ergit.analysis.broken import Broken, broken_at
from tests.fakes.tables import energy_table, reading, sha_of

HEAD = sha_of(1)


def test_a_commit_that_does_not_build_is_broken_with_the_reason_and_the_log_of_its_build() -> None:
    rows = [reading(0, 1, 1.0), reading(1, 1, status="build-failed", reason="`make` ended with status 2: error: no ;.")]
    assert broken_at(energy_table(rows), HEAD, "results") == Broken(
        "0101010101 does not build: `make` ended with status 2: error: no ;.",
        Path(f"results/build/{HEAD}.output.log"),
    )
    assert broken_at(energy_table(rows), sha_of(0), "results") is None


@pytest.mark.parametrize(
    ("status", "verb"), [("failed", "fails"), ("timeout", "takes too long"), ("killed", "is killed")]
)
def test_one_failed_reading_among_good_ones_is_enough(status: str, verb: str) -> None:
    rows = [reading(1, 1, 1.0), reading(1, 2, status=status, round=2, reason="status 3"), reading(1, 3, 1.0)]
    assert broken_at(energy_table(rows), HEAD, "r") == Broken(
        f"the workload of 0101010101 {verb} in 1 of 3 readings: status 3.", Path(f"r/readings/{HEAD}/2.output.log")
    )


def test_a_commit_without_a_jdk_is_broken_and_so_is_one_without_a_reason() -> None:
    found = broken_at(energy_table([reading(1, 1, status="no-jdk", reason=None)]), HEAD, "results")
    assert found is not None
    assert found.sentence == "0101010101 does not build."


@pytest.mark.parametrize("row", [reading(1, 1, 1.0, clean=False, flags="hot"), reading(1, 1, status="not-counted")])
def test_what_the_machine_did_does_not_break_a_commit(row: object) -> None:
    assert broken_at(energy_table([row]), HEAD, "results") is None  # type: ignore[list-item]
    assert broken_at(energy_table([reading(0, 1, 1.0)]), HEAD, "results") is None
