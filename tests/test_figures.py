"""The figures say what the tables hold, whatever the tables hold."""

import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from scripts.figures import distribution, evolution, median_interval, percent, plain, png, svg
from scripts.plot import read_table

ROOT = Path(__file__).parent.parent
NO_CHANGE: dict[str, Any] = {"kind": "measured", "commits": [], "changes": []}
FIGURES = pytest.mark.parametrize("draw", [evolution, distribution])
HOSTILE = "$\\frac{ $x_1$ _^ <script>alert('&')</script> 🎉漢字 \x1b[31m\u202eabc אבג سلام Z͑ͫ̓ͪ̂ͫ̽͏̴̙ \t\n" + "W" * 500


def sha(number: int) -> str:
    return f"{number:07x}".ljust(40, "f")


def reading(number: int, joules: float, **columns: object) -> dict[str, object]:
    known = {
        "commit": sha(number),
        "order": number,
        "date": "2020-01-02T03:04:05+00:00",
        "subject": f"Change {number}",
        "round": 1,
        "repeat": 1,
        "attempt": 1,
        "status": "ok",
        "clean": True,
        "kind": "measured",
        "source": "powercap",
        "energy_package_joules": joules,
        "started": "2024-01-01T00:00:00.000000Z",
        "host": "bench",
        "session": "0000000a",
    }
    return known | columns


def failure(number: int, status: str) -> dict[str, object]:
    return reading(number, np.nan, status=status, clean=False, kind="", source="")


def commits_of(rows: Sequence[dict[str, object]], tags: str = "") -> pd.DataFrame:
    seen = {row["commit"]: row for row in rows}.values()
    columns = ["commit", "order", "date", "subject", "tags", "chosen"]
    return pd.DataFrame([{**row, "chosen": "yes", "tags": tags} for row in seen], columns=columns)


def tables(rows: Sequence[dict[str, object]], changes: dict[str, Any] = NO_CHANGE) -> tuple[Any, Any, Any]:
    columns = list(reading(0, 1.0))
    return pd.DataFrame(rows, columns=columns), changes, commits_of(rows)


def study(count: int, runs: int, **columns: object) -> list[dict[str, object]]:
    """Commits at 100 J with 1 % of noise."""
    random = np.random.default_rng(1)
    return [reading(n, 100 + random.normal(), repeat=run, **columns) for n in range(count) for run in range(runs)]


def change(number: int, relative: float, **entries: object) -> dict[str, object]:
    known = {
        "commit": sha(number),
        "order": number,
        "direction": "increase" if relative > 0 else "decrease",
        "relative_change": relative,
        "ci_low": relative - 0.01,
        "ci_high": relative + 0.01,
        "q_value": 0.0001,
        "location": [sha(number)],
        "kind": "persistent",
        "joules_before": 100.0,
        "joules_after": 100 * (1 + relative),
    }
    return known | entries


def written(figure: Figure) -> list[str]:
    """All text of the figure's SVG."""
    return [
        "".join(node.itertext()) for node in ElementTree.fromstring(svg(figure)).iter() if node.tag.endswith("text")
    ]


def laid_out(figure: Figure) -> Figure:
    FigureCanvasAgg(figure).draw()
    return figure


def test_the_interval_of_a_median_lies_between_order_statistics() -> None:
    assert median_interval(np.arange(1.0, 16.0)) == (4.0, 12.0)
    assert median_interval(np.array([6.0, 1.0, 5.0, 2.0, 4.0, 3.0])) == (1.0, 6.0)


def test_five_values_are_too_few_for_an_interval() -> None:
    assert median_interval(np.array([1.0, 2.0, 3.0, 4.0, 5.0])) is None
    assert median_interval(np.array([])) is None


def test_the_interval_covers_the_median_as_often_as_it_promises() -> None:
    random = np.random.default_rng(2)
    intervals = [median_interval(random.exponential(size=12)) for _ in range(2000)]
    covered = np.mean([low <= np.log(2) <= high for low, high in filter(None, intervals)])
    assert 0.95 <= covered <= 0.985


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Fix $x_1$", "Fix $x_1$"),
        ("two\nlines\tand \x1b[1mcolour", "two lines and [1mcolour"),
        ("a 🎉 b", "a � b"),
        ("\u202eevil", "evil"),
        ("e\u0301", "é"),
        ("broken \udcff byte", "broken byte"),
        ("", ""),
        ("12345678901", "123456789…"),
    ],
)
def test_any_text_becomes_one_drawable_line(text: str, shown: str) -> None:
    assert plain(text, 10 if text.isdigit() else 40) == shown


def test_percentages_have_a_sign_and_no_false_precision() -> None:
    assert [percent(value) for value in (0.051, -0.0104, 2.5)] == ["+5.1 %", "−1.0 %", "+250 %"]


@FIGURES
@pytest.mark.parametrize("count", [1, 10, 40, 60, 500])
def test_labels_neither_overlap_nor_leave_the_figure(draw: Any, count: int) -> None:
    figure = laid_out(draw(*tables(study(count, 7))))
    ticks = [t.get_window_extent() for t in figure.axes[2].get_xticklabels() if t.get_text()]
    assert all(left.x1 <= right.x0 for left, right in pairwise(ticks))
    assert len(ticks) == count if count <= 40 else 5 <= len(ticks) <= 12
    for axes in figure.axes:
        box = axes.get_tightbbox()
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1


@FIGURES
def test_equal_data_give_equal_bytes_whatever_the_users_matplotlibrc(draw: Any) -> None:
    data = tables(study(12, 7), NO_CHANGE | {"changes": [change(5, 0.1)]})
    first = draw(*data)
    with matplotlib.rc_context({"text.usetex": True, "font.size": 30, "svg.fonttype": "path", "lines.linewidth": 9}):
        second = draw(*data)
        assert svg(second) == svg(first)
        assert png(second) == png(first)


def test_pyplot_is_not_touched() -> None:
    check = "import scripts.figures, sys; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], cwd=ROOT).returncode == 0


@FIGURES
def test_hostile_text_is_shown_and_breaks_nothing(draw: Any) -> None:
    rows = study(8, 7, subject=HOSTILE, host=HOSTILE, session=HOSTILE, source=HOSTILE)
    rows += study(8, 7, subject=HOSTILE, host="$b$", session="$s$")
    data = tables(rows, NO_CHANGE | {"changes": [change(3, 0.1)]})
    figure = draw(data[0], data[1], commits_of(rows, tags="v1.0_$x$-\u202e🎉" + "W" * 90))
    png(figure)
    tree = ElementTree.fromstring(svg(figure))
    assert not [node for node in tree.iter() if node.tag.endswith("script")]
    assert any("session $s$" in text for text in written(figure))
    assert any(text.startswith("v1.0_$x$-") for text in written(figure))
    if draw is evolution:
        assert any(text.startswith("$\\frac{ $x_1$ _^ <script>") for text in written(figure))
    assert figure.get_figwidth() == 8.0


@FIGURES
def test_an_estimate_is_called_one(draw: Any) -> None:
    figure = draw(*tables(study(4, 7, kind="estimated", source="estimate"), NO_CHANGE | {"kind": "estimated"}))
    words = written(figure)
    assert any("estimated from CPU time" in text for text in words)
    assert "estimated energy, CPU time × watts (J)" in words
    assert not any("measured" in text for text in words)


@FIGURES
def test_measured_and_estimated_energy_never_share_a_panel(draw: Any) -> None:
    rows = study(4, 7) + study(4, 7, kind="estimated", session="0000000b")
    words = written(draw(*tables(rows)))
    assert "package energy of one run (J)" in words
    assert "estimated energy, CPU time × watts (J)" in words


@FIGURES
def test_source_host_and_numbers_are_in_the_header(draw: Any) -> None:
    rows = [*study(4, 7), reading(2, 150.0, clean=False)]
    line = "source: powercap · host: bench · 4 commits · 28 clean readings · 1 flagged · 1 session"
    assert line in written(draw(*tables(rows)))


@FIGURES
def test_commits_without_energy_are_counted_by_what_happened(draw: Any) -> None:
    rows = [*study(3, 7), failure(3, "build-failed"), failure(4, "build-failed"), failure(5, "no-jdk")]
    rows += [failure(6, "timeout"), failure(7, "failed"), failure(0, "failed"), failure(8, "not-counted")]
    rows += [reading(9, 200.0, clean=False)]
    table, changes, commits = tables(rows)
    late = {"commit": sha(10), "order": 10, "date": "2020", "subject": "", "chosen": "yes"}
    dropped = late | {"commit": sha(11), "order": 11, "chosen": "no"}
    words = written(draw(table, changes, pd.concat([commits, pd.DataFrame([late, dropped])]).fillna("")))
    for label in (
        "did not build: 2 commits",
        "no JDK for it: 1 commit",
        "workload timed out: 1 commit",
        "workload failed: 1 commit, 1 in part (hollow)",
        "energy not counted: 1 commit",
        "no clean reading: 1 commit",
        "not measured yet: 1 commit",
    ):
        assert label in words


@FIGURES
@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "No reading and no commit: the table is empty."),
        ([failure(0, "build-failed")], "No clean reading of 1 commit: there is no energy to show."),
        ([reading(0, 5.0, clean=False), failure(1, "failed")], "No clean reading of 2 commits"),
        ([failure(n, "build-failed") for n in range(100)], "No clean reading of 100 commits"),
    ],
)
def test_a_study_without_energy_has_a_figure_that_says_so(draw: Any, rows: Any, words: str) -> None:
    assert any(text.startswith(words) for text in written(draw(*tables(rows, NO_CHANGE | {"kind": None}))))


@FIGURES
@pytest.mark.parametrize(
    "rows",
    [
        [reading(0, 5.0)],
        [reading(n, 5.0, repeat=run) for n in range(3) for run in range(7)],
        [reading(n, 0.0) for n in range(3)],
        [reading(n, 10.0**n) for n in range(6)],
        [reading(n, -1.0 - n) for n in range(2)],
        [reading(n * 1000, 5.0 + n) for n in range(70)],
    ],
    ids=["one reading", "all equal", "all zero", "six decades", "negative", "one reading a commit, far apart"],
)
def test_degenerate_numbers_are_drawn(draw: Any, rows: Any) -> None:
    assert png(draw(*tables(rows))).startswith(b"\x89PNG")


def test_six_decades_have_a_logarithmic_axis_that_says_so() -> None:
    figure = evolution(*tables([reading(n, 10.0**n) for n in range(6)]))
    assert "package energy of one run (J, log)" in written(figure)


def test_few_readings_have_a_range_and_no_interval() -> None:
    words = written(evolution(*tables(study(4, 5))))
    assert "range: too few readings for an interval" in words
    assert "95 % interval of the median" not in words


def test_changes_have_size_interval_commit_joules_and_subject() -> None:
    changes = [change(8, -0.05, location=[sha(7), sha(8)]), change(3, 0.123, q_value=0.0312)]
    words = written(evolution(*tables(study(12, 7), NO_CHANGE | {"changes": changes})))
    for label in ("▲ 1: +12.3 %", "▼ 2: −5.0 %", "[+11.3 %, +13.3 %]", "q = 0.031", "q < 0.001", "0000003", "Change 8"):
        assert label in words
    assert {"100 → 112.3 J", "in 2 commits", "1 increase", "1 decrease", "commits the change may lie in"} <= set(words)


def test_transients_stand_apart() -> None:
    changes = [change(3, 0.5, kind="transient"), change(8, 0.05, ci_low=None, ci_high=None, q_value=None)]
    words = written(evolution(*tables(study(12, 7), NO_CHANGE | {"changes": changes})))
    assert {"◆ 1: +50.0 %", "1 transient excursion", "transient", "▲ 2: +5.0 %", "1 increase"} <= set(words)


def test_of_many_changes_the_largest_are_listed_and_the_rest_counted() -> None:
    changes = [change(n, 0.01 * n, location=[]) for n in range(1, 26)]
    words = written(evolution(*tables(study(30, 7), NO_CHANGE | {"changes": changes})))
    assert "and 5 smaller changes, listed in results/changes.tsv" in words
    assert "▲ 20: +25.0 %" in words
    assert "▲ 1: +6.0 %" in words


def test_labels_of_neighbouring_changes_do_not_overlap() -> None:
    changes = [change(n, 0.1) for n in (0, 300, 301, 303, 310, 340, 499)]
    figure = laid_out(evolution(*tables(study(500, 6), NO_CHANGE | {"changes": changes})))
    boxes = [t.get_window_extent() for axes in figure.axes for t in axes.texts if t.get_text().startswith("▲")]
    assert len(boxes) == 7
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 for box in boxes)
    assert not any(a.overlaps(b) for number, a in enumerate(boxes) for b in boxes[:number])


def test_no_line_joins_two_commits_and_levels_end_where_another_session_begins() -> None:
    rows = study(5, 7) + [{**row, "commit": sha(5 + n), "order": 5 + n, "session": "0000000b"}
                          for n in range(5) for row in study(1, 7)]  # fmt: skip
    levels = [{"commit": sha(n), "level_joules": 100.0} for n in range(10)]
    figure = evolution(*tables(rows, NO_CHANGE | {"commits": levels}))
    panel = next(axes for axes in figure.axes if axes.get_ylabel().startswith("package"))
    assert all(line.get_linestyle() == "None" for line in panel.lines if len(set(line.get_xdata())) > 1)
    flat = [path.vertices for lines in panel.collections for path in lines.get_paths() if len(path.vertices) == 2]
    spans = [(float(a[0]), float(b[0])) for a, b in flat if a[1] == b[1] and a[0] != b[0]]
    assert spans == [(-0.5, 4.5), (4.5, 9.5)]
    words = written(figure)
    assert {"session 0000000a (5 commits)", "session 0000000b (5 commits)", "another session begins"} <= set(words)


def test_a_tag_names_its_commit() -> None:
    rows = study(2, 7)
    table, changes, _ = tables(rows)
    assert "v2.0" in written(evolution(table, changes, commits_of(rows, tags="v2.0 latest")))


def test_flagged_readings_are_hollow_and_at_the_edge_if_far_off() -> None:
    rows = [*study(4, 7), reading(1, 100.0, clean=False), reading(2, 900.0, clean=False)]
    figure = distribution(*tables(rows))
    panel = next(axes for axes in figure.axes if axes.get_ylabel().startswith("package"))
    hollow = [line for line in panel.lines if line.get_markerfacecolor() == "white" and len(line.get_xdata())]
    assert sorted((line.get_marker(), len(line.get_xdata())) for line in hollow) == [("^", 1), ("o", 1)]
    assert panel.get_ylim()[1] < 110


def test_with_many_commits_the_largest_changes_are_enlarged() -> None:
    changes = [change(n, 0.01 * n) for n in range(1, 13)] + [change(50, 9.0, kind="transient")]
    words = written(distribution(*tables(study(70, 7), NO_CHANGE | {"changes": changes})))
    assert [text for text in words if text.startswith("▲")] == [f"▲ {n}: +{n}.0 %" for n in range(5, 13)]
    assert "against the median before (%)" in words


def test_what_looks_like_a_number_or_a_missing_value_stays_the_text_it_is(tmp_path: Path) -> None:
    path = tmp_path / "energy.csv"
    pd.DataFrame([reading(0, 1.5, session="1e234567", subject="NA"), failure(1, "timeout")]).to_csv(path, index=False)
    table = read_table(path)
    assert table["session"].tolist() == ["1e234567", "0000000a"]
    assert table["subject"].tolist() == ["NA", "Change 1"]
    assert table["kind"].tolist() == ["measured", ""]
    assert table["clean"].tolist() == [True, False]
    assert table["energy_package_joules"].isna().tolist() == [False, True]
