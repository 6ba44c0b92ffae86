"""That somebody asked a run to stop is told while it goes on."""

from argparse import Namespace
from pathlib import Path

import pytest
from msgspec.structs import replace

from ergit.config.settings import MeasureSettings
from ergit.live.job import LiveJob
from ergit.live.page import html
from ergit.live.process import name_of, this_process
from ergit.live.watch import snapshot
from ergit.live.words import block, minute_line
from ergit.measuring.attempts import Attempt
from ergit.planning.requests import run, stop
from ergit.records.live import read_live, write_live
from ergit.terminal import Line
from tests.fakes.job_records import reading
from tests.fakes.live_records import dead_process, live_record


def text(line: Line) -> str:
    return "".join(piece for _, piece in line)


def test_a_stop_is_told_with_the_next_reading(tmp_path: Path) -> None:
    write_live(tmp_path / "live.json", live_record())
    told = LiveJob(tmp_path, MeasureSettings(), None, {"ERGIT_LIVE": name_of(live_record().run)}).around(
        lambda _: reading(), "measured"
    )
    told(Attempt(1))
    first = read_live(tmp_path / "live.json")
    stop(tmp_path)
    told(Attempt(2))
    second = read_live(tmp_path / "live.json")
    assert first is not None
    assert second is not None
    assert first.stop is None
    assert second.stop is not None
    assert " UTC" in second.stop


def test_the_block_a_log_and_the_page_say_that_the_run_stops_and_when() -> None:
    asked = live_record(stop="ada on box, 2024-05-01 12:00:00 UTC")
    words = "after the readings of this commit: asked by ada on box, 2024-05-01 12:00:00 UTC"
    assert f"stops      {words}" in [text(line) for line in block(asked)]
    assert f"; stops {words};" in text(minute_line(asked))
    assert f". Stops {words}" in html(asked)
    between = [text(line) for line in block(replace(asked, steps=()))]
    assert [line for line in between if "stops" in line] == [
        f"stops      {words.replace('the readings of this commit', 'what runs now')}"
    ]
    assert not [line for line in block(live_record()) if "stops" in text(line)]


def test_who_watches_sees_a_stop_at_once_and_on_one_line(tmp_path: Path) -> None:
    write_live(tmp_path / "live.json", live_record())
    stop(tmp_path)
    lines = [text(line) for line in snapshot(tmp_path, tmp_path)]
    assert len([line for line in lines if line.startswith("stops      after the readings of this commit: ")]) == 1
    assert not [line for line in lines if line.startswith("stop ")]


def test_the_page_says_by_which_limits_readings_are_flagged() -> None:
    said = (
        "Flags are those with which readings were taken; the summary and the report judge all of them by the limits of"
    )
    assert said in html(live_record())
    assert said not in html(live_record(flagged=0, flags={}))


def test_a_stop_is_asked_of_a_run_that_goes_on_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = tmp_path / "results"
    results.mkdir()
    words = Namespace(command="stop", study=tmp_path, results="results")
    killed = live_record(run=replace(this_process(), process=dead_process()))
    for record in (live_record(outcome="done"), killed):
        write_live(results / "live.json", record)
        run(words)
        assert capsys.readouterr().out.startswith("There is nothing to stop: the last run of this study has ended")
        assert not (results / "stop.json").exists()
    write_live(results / "live.json", live_record())
    run(words)
    assert capsys.readouterr().out.startswith("A run of this study ends after the readings that are being taken.")
    assert (results / "stop.json").exists()
