"""Configs that an older ergit knew: their old keys are renamed, and nothing else changes."""

import argparse
from pathlib import Path

import pytest

from ergit.config.keys import keys
from ergit.config.migrate import renamed, renamings, run
from ergit.config.reading import read_config
from ergit.config.renamed import RENAMED
from ergit.errors import ErgitError

OLD = """\
# My study
repository: {url: demo}   # here
commits: [main]
workload:
    command: "true"

measure:
    'shortest_window_seconds': 0.5  # longer than the counter's step
    temperature: {otherwise: error, sensor: null}
    quiet:
        "otherwise" :   flag   # otherwise: what else?
"""

NEW = """\
# My study
repository: {url: demo}   # here
commits: [main]
workload:
    command: "true"

measure:
    'minimum_window_seconds': 0.5  # longer than the counter's step
    temperature: {on_timeout: error, sensor: null}
    quiet:
        "on_timeout" :   flag   # otherwise: what else?
"""


def migrated(text: str) -> str:
    """The text of a config with its old keys renamed."""
    return renamed(text, renamings(text))


def call(path: Path, check: bool = False) -> None:
    """`ergit migrate-config`."""
    run(argparse.Namespace(file=path, check=check))


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A config of ergit 0.1.0."""
    path = tmp_path / "study.yaml"
    path.write_text(OLD, encoding="utf-8")
    return path


def test_old_keys_get_their_new_names_and_every_other_letter_stays(
    old: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call(old)
    assert old.read_text(encoding="utf-8") == NEW
    assert capsys.readouterr().out == (
        f"{old}, line 8: measure.shortest_window_seconds is now measure.minimum_window_seconds\n"
        f"{old}, line 9: measure.temperature.otherwise is now measure.temperature.on_timeout\n"
        f"{old}, line 11: measure.quiet.otherwise is now measure.quiet.on_timeout\n"
        f"{old}: 3 keys renamed.\n"
    )
    settings = read_config(old).measure
    assert (settings.minimum_window_seconds, settings.temperature.on_timeout) == (0.5, "error")


def test_a_second_time_there_is_nothing_to_rename(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call(old)
    written = old.stat().st_mtime_ns
    capsys.readouterr()
    call(old)
    assert capsys.readouterr().out == f"{old}: nothing to rename.\n"
    assert (old.read_text(encoding="utf-8"), old.stat().st_mtime_ns) == (NEW, written)


def test_check_only_says_what_would_be_renamed(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        call(old, check=True)
    assert ended.value.code == 1
    assert "line 8: measure.shortest_window_seconds is to become measure.minimum_window_seconds\n" in (
        capsys.readouterr().out
    )
    assert old.read_text(encoding="utf-8") == OLD
    old.write_text(NEW, encoding="utf-8")
    call(old, check=True)


@pytest.mark.parametrize("path", RENAMED)
def test_an_old_key_is_refused_with_its_new_name(path: str) -> None:
    *parents, key = path.split(".")
    part: dict[str, object] = {key: 1}
    for parent in reversed(parents):
        part = {parent: part}
    smallest = {"repository": {"url": "demo"}, "commits": ["main"], "workload": {"command": "true"}}
    with pytest.raises(ErgitError) as refused:
        read_config(smallest | part)
    assert str(refused.value).startswith(
        f"config: {path} is now {RENAMED[path]}; `ergit migrate-config FILE` rewrites the file."
    )


def test_new_names_are_keys_old_ones_are_not_and_each_stays_in_its_part() -> None:
    known = {key.path for key in keys()}
    assert set(RENAMED.values()) <= known
    assert known & set(RENAMED) == set()
    assert [old for old, new in RENAMED.items() if old.rpartition(".")[0] != new.rpartition(".")[0]] == []


def test_keys_in_anchors_and_merged_parts_are_renamed_once() -> None:
    text = "measure: {temperature: &t {otherwise: flag}, quiet: {<<: *t, wait_seconds: 3}}\n"
    assert migrated(text) == text.replace("otherwise", "on_timeout")
    text = "measure: {temperature: &t {otherwise: flag}, quiet: *t}\n"
    assert migrated(text) == text.replace("otherwise", "on_timeout")
    text = "measure: {temperature: {<<: [{otherwise: flag}, {sensor: null}]}}\n"
    assert migrated(text) == text.replace("otherwise", "on_timeout")


def test_only_keys_at_their_place_are_renamed() -> None:
    text = "workload: {command: otherwise, environment: {otherwise: x}}\nbuild: {otherwise: measure.quiet.otherwise}\n"
    assert migrated(text) == text


def test_json_windows_line_ends_and_a_byte_order_mark_stay(tmp_path: Path) -> None:
    path = tmp_path / "study.json"
    path.write_bytes(b'\xef\xbb\xbf{"measure": {\r\n "quiet": {"otherwise": "flag"}}}\r\n')
    call(path)
    assert path.read_bytes() == b'\xef\xbb\xbf{"measure": {\r\n "quiet": {"on_timeout": "flag"}}}\r\n'


def test_a_key_under_both_names_is_refused() -> None:
    with pytest.raises(ErgitError) as refused:
        renamings("measure: {quiet: {on_timeout: flag, otherwise: error}}", "study.yaml")
    assert str(refused.value) == (
        "study.yaml: measure.quiet.otherwise and measure.quiet.on_timeout are two names of one key."
        " Remove measure.quiet.otherwise."
    )


def test_a_link_to_the_file_stays_a_link_and_its_rights_stay(old: Path, tmp_path: Path) -> None:
    old.chmod(0o640)
    (tmp_path / "link.yaml").symlink_to(old)
    call(tmp_path / "link.yaml")
    assert (tmp_path / "link.yaml").is_symlink()
    assert old.read_text(encoding="utf-8") == NEW
    assert old.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("text", ["", "# nothing\n", "- otherwise\n", "otherwise\n"])
def test_a_file_without_keys_has_nothing_to_rename(text: str) -> None:
    assert migrated(text) == text


def test_a_file_that_is_no_yaml_is_named(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text("a: b: c", encoding="utf-8")
    with pytest.raises(ErgitError, match=r"study\.yaml, line 1, column 5 is no YAML"):
        call(tmp_path / "study.yaml")
