"""Rule files of the user's own: found in the study's folder, and not in ergit's way."""

from pathlib import Path

import pytest

from ergit.config.rule_files import refuse_replaced_names, rule_files
from ergit.errors import ErgitError


def test_paths_are_seen_from_the_studys_folder(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    for name in ("own.smk", "rules/other.smk"):
        (tmp_path / name).touch()
    found = rule_files(("own.smk", "rules/other.smk"), tmp_path)
    assert found == [f"{tmp_path}/own.smk", f"{tmp_path}/rules/other.smk"]


def test_a_file_that_is_missing_is_named_with_its_place_in_the_config(tmp_path: Path) -> None:
    (tmp_path / "own.smk").touch()
    with pytest.raises(ErgitError, match=rf"rules\[1\] is 'gone\.smk', and there is no such file in .*{tmp_path}\."):
        rule_files(("own.smk", "gone.smk"), tmp_path)


def test_a_name_of_ergits_rules_that_stands_for_something_else_is_an_error() -> None:
    before = {"settings": "the study's", "all_cores": len, "_hidden": 1}
    refuse_replaced_names(before, {**before, "mine": 1, "_hidden": 2}, "own.smk")
    with pytest.raises(ErgitError, match=r"own\.smk gives settings, all_cores another meaning"):
        refuse_replaced_names(before, {**before, "settings": 1, "all_cores": max}, "own.smk")
