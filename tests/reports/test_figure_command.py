"""`ergit figure`: each kind in each format and size, ranges of commits, and what is refused."""

import argparse
import re
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from msgspec.structs import replace

from ergit.analysis.changes import changes_record
from ergit.analysis.readings import clean_readings
from ergit.config.settings import ChangeSettings
from ergit.errors import ErgitError
from ergit.records.changes import write_changes
from ergit.records.commits import CommitRow, write_commits
from ergit.records.energy_table import read_energy_table, write_energy_table
from ergit.records.readings import WindowConditions, write_readings
from ergit.reports.figure import KINDS, add_arguments, run
from tests.fakes import job_records, tables
from tests.fakes.tables import commit_row

COMMITS, READINGS = 30, 7
FOR_COMMITS = {name for name, kind in KINDS.items() if kind.commits is not None}


def sha(number: int) -> str:
    return f"{number:07x}".ljust(40, "f")


def level(number: int) -> float:
    """8% more from commit 12 on, and one far excursion."""
    return 640.0 if number == 20 else 108.0 if number >= 12 else 100.0


def commit(number: int) -> CommitRow:
    date = (datetime(2023, 1, 1) + timedelta(days=3 * number)).isoformat() + "+00:00"
    tags = (f"v{number // 5}",) if number % 5 == 0 else ()
    known = {"commit": sha(number), "tree": sha(number), "order": number, "date": date, "tags": tags}
    return commit_row(0, **known, reason="all")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of 30 commits with 7 readings each; the fourth does not build, some readings are flagged."""
    results = tmp_path_factory.mktemp("study") / "results"
    random = np.random.default_rng(3)
    rows, commits = [], [commit(number) for number in range(COMMITS)]
    for number, one in enumerate(commits):
        known = {"commit": one.commit, "order": number, "date": one.date}
        if number == 3:
            rows.append(tables.reading(0, 1, **known, status="build-failed", kind=None, source=None))
            continue
        windows = []
        for repeat in range(1, READINGS + 1):
            started = (datetime(2024, 5, 1) + timedelta(minutes=COMMITS * repeat + number)).isoformat() + ".000000Z"
            flagged = repeat == 2 and number % 9 == 0
            joules = float(level(number) * (1 + 0.01 * random.normal()))
            cells = {**known, "started": started, "clean": not flagged, "power_watts": joules / 2}
            rows.append(replace(tables.reading(0, repeat, joules), **cells))
            seen = WindowConditions(celsius_before=40.0 + repeat, foreign_cpu_seconds=0.1, window_seconds=2.0)
            flags = ("foreign-cpu",) if flagged else ()
            windows.append(job_records.reading(repeat=repeat, started=started, flags=flags, conditions=seen))
        write_readings(results / f"readings/{one.commit}/1.json", job_records.record(one.commit, *windows))
    write_energy_table(results / "energy.csv", rows)
    write_commits(results / "commits.tsv", commits)
    readings = clean_readings(read_energy_table(results / "energy.csv"), commits)
    write_changes(results / "changes.json", changes_record(readings, commits, ChangeSettings()))
    return results.parent


def asked(study: Path, *words: object) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args([*map(str, words), "--study", str(study)])


def draw(study: Path, file: Path, *words: object) -> bytes:
    """What is written for these words."""
    run(asked(study, *words, "--output", file))
    return file.read_bytes()


def texts(content: bytes) -> list[str]:
    """All text of an SVG."""
    return ["".join(node.itertext()) for node in ElementTree.fromstring(content).iter() if node.tag.endswith("text")]


def commits_for(kind: str) -> list[str]:
    return ["v0", "v3"] if kind in FOR_COMMITS else []


@pytest.mark.parametrize(
    ("kind", "form", "begin"),
    [*((kind, "svg", b"<?xml") for kind in KINDS), ("evolution", "pdf", b"%PDF"), ("shift", "png", b"\x89PNG")],
)
def test_each_kind_is_drawn_in_each_format_and_equal_results_give_equal_bytes(
    study: Path, tmp_path: Path, kind: str, form: str, begin: bytes
) -> None:
    first = draw(study, tmp_path / f"a.{form}", kind, *commits_for(kind), "--size", "column", "--dpi", 50)
    assert first.startswith(begin)
    assert draw(study, tmp_path / f"b.{form}", kind, *commits_for(kind), "--size", "column", "--dpi", 50) == first


@pytest.mark.parametrize("size", ["screen", "column"])
@pytest.mark.parametrize("kind", KINDS)
def test_no_text_leaves_the_figure_or_covers_another(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, size: str
) -> None:
    kept: list[Figure] = []
    monkeypatch.setattr("ergit.reports.figures.sheet.encoded", lambda figure, *_: kept.append(figure) or b"")
    draw(study, tmp_path / "a.svg", kind, *commits_for(kind), "--size", size)
    (figure,) = kept
    FigureCanvasAgg(figure).draw()
    shown = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    hidden = _beyond(figure)
    boxes = [(text.get_text(), text.get_window_extent()) for text in shown if id(text) not in hidden]
    assert len(boxes) > 5
    outside = [
        words
        for words, box in boxes
        if box.x0 < -1 or box.y0 < -1 or box.x1 > figure.bbox.x1 + 1 or box.y1 > figure.bbox.y1 + 1
    ]
    assert outside == []
    assert [
        (words, other)
        for number, (words, box) in enumerate(boxes)
        for other, there in boxes[:number]
        if box.shrunk(0.9, 0.9).overlaps(there.shrunk(0.9, 0.9))
    ] == []


def _beyond(figure: Figure) -> set[int]:
    """The labels of ticks beyond the range of their axis, which are there and not drawn."""
    found = set()
    for axes in figure.axes:
        labels = [(label, label.get_position()[0], axes.get_xlim()) for label in axes.get_xticklabels()]
        labels += [(label, label.get_position()[1], axes.get_ylim()) for label in axes.get_yticklabels()]
        found |= {id(label) for label, at, ends in labels if not min(ends) <= at <= max(ends)}
    return found


def test_a_size_in_inches_is_the_size_of_the_file(study: Path, tmp_path: Path) -> None:
    root = ElementTree.fromstring(draw(study, tmp_path / "a.svg", "evolution", "--size", "3.5x2.5"))
    assert (root.get("width"), root.get("height")) == ("252pt", "180pt")  # at 72 points an inch


def test_text_is_text_in_fonts_that_readers_have(study: Path, tmp_path: Path) -> None:
    content = draw(study, tmp_path / "a.svg", "evolution")
    assert "commits in first-parent order, oldest first, evenly spaced" in texts(content)
    assert b"'DejaVu Sans', 'Verdana', 'Arial'" in content
    assert b"<dc:date>" not in content


def test_an_excursion_stands_apart_in_the_figure_with_its_own_ticks(study: Path, tmp_path: Path) -> None:
    shown = texts(draw(study, tmp_path / "a.svg", "evolution"))
    assert {"100", "108"} <= set(shown)
    assert any(text.isdecimal() and int(text) > 600 for text in shown)


@pytest.mark.parametrize(
    ("words", "first", "last", "count"),
    [
        ([], 0, 29, 30),
        (["v1..v3"], 6, 15, 10),
        (["v4.."], 21, 29, 9),
        (["..v1"], 0, 5, 6),
        ([f"{sha(7)[:7]}..{sha(9)}"], 8, 9, 2),
    ],
)
def test_a_range_leaves_out_its_older_end(
    study: Path, tmp_path: Path, words: list[str], first: int, last: int, count: int
) -> None:
    shown = " ".join(texts(draw(study, tmp_path / "a.svg", "evolution", *words)))
    assert f" {count} commits " in shown
    for number in (first, last):
        name = f"v{number // 5}" if number % 5 == 0 else sha(number)[:7]
        assert f"{commit(number).date[:10]} {name}" in shown


def test_changes_outside_the_range_are_not_drawn(study: Path, tmp_path: Path) -> None:
    assert any("1 increase" in text for text in texts(draw(study, tmp_path / "a.svg", "evolution", "v1..v3")))
    assert not any("increase" in text for text in texts(draw(study, tmp_path / "a.svg", "evolution", "v3..")))


def test_another_quantity_has_its_own_axis_and_no_levels(study: Path, tmp_path: Path) -> None:
    shown = texts(draw(study, tmp_path / "a.svg", "evolution", "--quantity", "watts"))
    assert "power of one run (W)" in shown
    assert any(text.startswith("Power of each commit") for text in shown)
    assert "level between changes" not in shown


def test_two_commits_have_the_verdict_of_the_workflow(study: Path, tmp_path: Path) -> None:
    shown = texts(draw(study, tmp_path / "a.svg", "compare", "v0", "v3"))
    assert "Readings of v0 and v3" in shown
    (verdict,) = [text for text in shown if text.startswith("v3 uses ")]
    assert re.fullmatch(r"v3 uses [6-9]\.\d% more energy than v0 \(95% interval \+\d.*%\): differs", verdict)


def test_a_shift_shows_the_interval_of_the_workflow_beside_the_bootstrap(study: Path, tmp_path: Path) -> None:
    shown = texts(draw(study, tmp_path / "a.svg", "shift", "v0", "v3"))
    assert "95% interval of ergit: builds too" in shown
    assert draw(study, tmp_path / "b.svg", "shift", "v0", "v3", "--seed", 2) != (tmp_path / "a.svg").read_bytes()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["evolution", "v1"], "figure: 'v1' is no range of commits"),
        (["evolution", "v1...v3"], "figure: 'v1...v3' is no range of commits"),
        (["evolution", "v3..v1"], "figure: 'v3..v1' holds no commit of this study"),
        (["evolution", "v9..v3"], "figure: 'v9' is no commit, tag or branch of this study"),
        (["ecdf"], "figure: ecdf takes 1 to 7 commits, and 0 are named"),
        (["shift", "v1"], "figure: shift takes 2 commits, and 1 are named"),
        (["qq", "v1", "v1"], "figure: 'v1 v1' names a commit twice"),
        (["compare", "v1", sha(3)], f"{sha(3)[:10]} has no clean reading: build-failed"),
        (["evolution", "--quantity", "psys"], "figure: no reading of this study has psys. There are package, seconds"),
        (["compare", "v1", "v2", "--quantity", "core"], "has no reading of core"),
        (["cusum", "--axis", "log"], "figure: --axis is of evolution, distribution, not of cusum"),
        (["conditions", "--quantity", "core"], "figure: --quantity is of .*, not of conditions"),
        (["evolution", "--size", "3"], "figure: '3' is no --size"),
        (["evolution", "--size", "1x90"], "figure: '1x90' is too small or too large"),
        (["evolution", "--size", "4x1.5"], "A height of 1.5 inches leaves no room for the figure: make it"),
        (["evolution", "--size", "column", "--style", "annotated"], "figure: an annotated figure is 6 inches wide"),
        (["evolution", "--dpi", "5"], "figure: --dpi is 5, and goes from 50 to 1200"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_drawn_is_refused_in_words(study: Path, tmp_path: Path, words: list[str], message: str) -> None:
    with pytest.raises(ErgitError, match=message):
        draw(study, tmp_path / "a.svg", *words)
    assert not (tmp_path / "a.svg").exists()


def test_a_file_of_no_known_format_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(ErgitError, match=r"a\.jpg ends in none of svg, pdf, png"):
        run(asked(tmp_path, "evolution", "--output", tmp_path / "a.jpg"))


def test_a_study_without_records_of_conditions_says_so(study: Path, tmp_path: Path) -> None:
    copied = tmp_path / "imported"
    copied.mkdir()
    for name in ("energy.csv", "commits.tsv", "changes.json"):
        (copied / name).write_bytes((study / "results" / name).read_bytes())
    with pytest.raises(ErgitError, match="Imported readings have no such records"):
        draw(copied, tmp_path / "a.svg", "conditions")


def test_without_output_the_file_is_named_by_the_kind(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    run(asked(study, "cusum", "--format", "pdf", "--size", "5x3"))
    assert capsys.readouterr().out == "cusum.pdf: 5 × 3 inches\n"
    assert (tmp_path / "cusum.pdf").read_bytes().startswith(b"%PDF")
