"""The files of what tests did: whole, small, and readable."""

import random
from pathlib import Path

import pytest

from ergit.errors import ErgitError
from ergit.records.readings import file_of_tests
from ergit.records.tests import CaseResult, JobTests, SetsOfTests, numbered, read_tests, write_tests


def case(name: str, status: str = "passed", seconds: float | None = 0.5) -> CaseResult:
    return CaseResult(group="g", name=name, status=status, seconds=seconds)  # type: ignore[arg-type]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    cases = [case("a"), case("b", "failed"), case("c", "errored", None), case("d", "skipped")]
    results = SetsOfTests(tmp_path).results_of(reversed(cases), "now")
    path = file_of_tests(tmp_path / "readings/c/1.json")
    assert path == tmp_path / "readings/c/1.tests.json.gz"
    write_tests(path, JobTests(commit="c", results=(results,)))
    (read,) = read_tests(path).results
    assert SetsOfTests(tmp_path).cases(read) == cases


def test_the_order_of_reports_makes_no_other_set(tmp_path: Path) -> None:
    sets = SetsOfTests(tmp_path)
    first, second, third = (
        sets.results_of(cases, "") for cases in ([case("a"), case("b")], [case("b"), case("a")], [])
    )
    assert first.set == second.set != third.set


def test_equal_names_are_numbered_per_class() -> None:
    found = numbered([case("a"), case("a"), CaseResult(group="h", name="a", status="passed", seconds=None), case("a")])
    assert [(one.group, one.name) for one in found] == [("g", "a"), ("g", "a (2)"), ("h", "a"), ("g", "a (3)")]


def test_readings_of_a_thousand_tests_take_two_kilobytes_each(tmp_path: Path) -> None:
    draw = random.Random(1)
    sets = SetsOfTests(tmp_path)
    results = []
    for _ in range(5):
        cases = [case(f"handlesInput{number:x}", seconds=round(draw.expovariate(500), 3)) for number in range(1000)]
        results.append(sets.results_of(cases, "2024-05-01T12:00:00.000000Z"))
    for round_ in range(3):
        write_tests(tmp_path / f"readings/c/{round_}.tests.json.gz", JobTests(commit="c", results=tuple(results)))
    sizes = [path.stat().st_size for path in tmp_path.rglob("*.json.gz")]
    assert len(sizes) == 3 + 1
    assert sum(sizes) / 15 < 2048


def test_a_set_that_is_gone_or_damaged_is_an_error_that_names_it(tmp_path: Path) -> None:
    results = SetsOfTests(tmp_path).results_of([case("a")], "")
    (file,) = (tmp_path / "tests/sets").iterdir()
    file.write_bytes(file.read_bytes()[:-5])
    with pytest.raises(ErgitError, match=f"{file} is damaged"):
        SetsOfTests(tmp_path).cases(results)
    file.unlink()
    with pytest.raises(ErgitError, match=f"{file} cannot be read"):
        SetsOfTests(tmp_path).cases(results)
