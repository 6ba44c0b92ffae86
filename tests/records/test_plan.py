"""The rounds of each commit."""

from pathlib import Path

import pytest

from ergit.errors import ErgitError
from ergit.records.plan import RoundsPlan, read_plan, write_plan


def test_a_commit_without_rounds_of_its_own_has_those_of_the_config(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    write_plan(path, RoundsPlan(rounds={"a": None, "b": 1, "c": 3, "d": 0}))
    assert read_plan(path).readings(2) == [("a", 1), ("a", 2), ("b", 1), ("c", 1), ("c", 2), ("c", 3)]


def test_a_damaged_plan_is_named_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text('{"schema": "ergit.plan/1", "rounds": {"a": "many"}}', encoding="utf-8")
    with pytest.raises(ErgitError, match=r"plan.json is damaged .* Remove it"):
        read_plan(path)
