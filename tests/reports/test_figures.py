"""The figures say what the tables hold, whatever the tables hold."""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from msgspec.structs import replace

from ergit.errors import ErgitError
from ergit.records.changes import ChangeResult, ChangesRecord, CommitResult, ComparablePart
from ergit.records.commits import CommitRow
from ergit.records.energy_table import EnergyRow
from ergit.reports.figures import cusum, distribution, encoded, evolution
from ergit.reports.figures.contents import median_interval
from ergit.reports.figures.evolution import percent
from ergit.reports.figures.labels import clipped, plain
from ergit.reports.figures.legend import session_names
from tests.fakes import results, tables
from tests.fakes.results import changes_record
from tests.fakes.tables import commit_row, energy_table

Rows = list[EnergyRow]

NO_CHANGE = changes_record()
FIGURES = pytest.mark.parametrize("name", ["evolution", "distribution"])
HOSTILE = "$\\frac{ $x_1$ _^ <script>alert('&')</script> 🎉漢字 \x1b[31m\u202eabc אבג سلام Z͑ͫ̓ͪ̂ͫ̽͏̴̙ \t\n" + "W" * 500


def sha(number: int) -> str:
    return f"{number:07x}".ljust(40, "f")


def reading(number: int, joules: float | None, **cells: Any) -> EnergyRow:
    known = {"commit": sha(number), "date": "2020-01-02T03:04:05+00:00", "subject": f"Change {number}"}
    machine = {"host": "bench", "session": "0000000a", "started": "2024-01-01T00:00:00.000000Z"}
    row = tables.reading(0, 1, joules)
    return replace(row, order=number, **known | machine | cells)


def failure(number: int, status: str) -> EnergyRow:
    return reading(number, None, status=status, kind=None, source=None)


def study(count: int, runs: int, **cells: Any) -> Rows:
    """Commits at 100 J with 1% of noise."""
    random = np.random.default_rng(1)
    return [reading(n, 100 + random.normal(), repeat=run, **cells) for n in range(count) for run in range(runs)]


def listed(row: EnergyRow, tags: str, chosen: bool = True) -> CommitRow:
    """The commit of a reading, as the table of commits lists it."""
    known = {"commit": row.commit, "order": row.order, "date": row.date, "subject": row.subject}
    return commit_row(0, **known, tags=tuple(tags.split()), chosen=chosen)


def draw(
    name: str, rows: Rows, record: ChangesRecord = NO_CHANGE, tags: str = "", absent: Sequence[int] = ()
) -> Figure:
    seen = [*{row.commit: row for row in rows}.values(), *(reading(number, 0.0) for number in absent)]
    commits = [*(listed(row, tags) for row in seen), listed(reading(10**6, 0.0), "", chosen=False)]
    commits.sort(key=lambda commit: commit.order)
    table = energy_table(rows)
    return evolution(table, commits, record) if name == "evolution" else distribution(table, commits)


def change(number: int, relative: float, **entries: Any) -> ChangeResult:
    return results.change(0, relative, **{"commit": sha(number), "order": number, "location": (sha(number),)} | entries)


def written(figure: Figure) -> list[str]:
    """All text of the figure's SVG."""
    tree = ElementTree.fromstring(encoded(figure, "svg"))
    return ["".join(node.itertext()) for node in tree.iter() if node.tag.endswith("text")]


@cache
def drawn(name: str, count: int) -> Figure:
    """A figure of so many commits as it is laid out."""
    record = changes_record(*(change(number, 0.1) for number in (0, 300, 301, 303, 310, 340, 499) if number < count))
    figure = draw(name, study(count, 6), record)
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
    assert [percent(value) for value in (0.051, -0.0104, 2.5)] == ["+5.1%", "−1.0%", "+250%"]


@pytest.mark.parametrize(
    ("name", "count"),
    [("evolution", 1), ("evolution", 40), ("distribution", 60), ("evolution", 500), ("distribution", 500)],
)
def test_names_neither_overlap_nor_leave_the_figure(name: str, count: int) -> None:
    figure = drawn(name, count)
    names = [label.get_window_extent() for label in figure.axes[-1].get_xticklabels()]
    assert all(left.x1 <= right.x0 for left, right in pairwise(names))
    assert len(names) == count if count <= 40 else 20 <= len(names) <= 40
    boxes = [*(axes.get_tightbbox() for axes in figure.axes), figure.legends[0].get_window_extent()]
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 and box.y0 >= 0 and box.y1 <= figure.bbox.y1 for box in boxes)


def test_labels_of_neighbouring_changes_do_not_overlap() -> None:
    figure = drawn("evolution", 500)
    boxes = [text.get_bbox_patch().get_window_extent() for text in figure.axes[0].texts]
    assert len(boxes) == 7
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 for box in boxes)
    assert not any(a.overlaps(b) for number, a in enumerate(boxes) for b in boxes[:number])


@FIGURES
def test_equal_data_give_equal_bytes_whatever_the_users_matplotlibrc(name: str) -> None:
    rows, record = study(5, 7), changes_record(change(3, 0.1))
    first = draw(name, rows, record)
    with matplotlib.rc_context({"text.usetex": True, "font.size": 30, "svg.fonttype": "path", "lines.linewidth": 9}):
        second = draw(name, rows, record)
        assert encoded(second, "svg") == encoded(first, "svg")
        assert encoded(second, "png") == encoded(first, "png")


@FIGURES
def test_hostile_text_is_shown_and_breaks_nothing(name: str) -> None:
    rows = study(4, 7, subject=HOSTILE, host=HOSTILE, session=HOSTILE, source=HOSTILE)
    rows += [*study(4, 7, subject=HOSTILE, host="$b$", session="$s$"), failure(4, HOSTILE)]
    figure = draw(name, rows, changes_record(change(3, 0.1)), tags="v1.0_$x$-\u202e🎉" + "W" * 90)
    tree = ElementTree.fromstring(encoded(figure, "svg"))
    assert not [node for node in tree.iter() if node.tag.endswith("script")]
    words = written(figure)
    assert any("session $s$" in text for text in words)
    assert any(text.startswith("2020-01-02 v1.0_$x$-") for text in words)
    assert name == "distribution" or any(text.startswith("$\\frac{ $x_1$ _^ <script>") for text in words)


@FIGURES
@pytest.mark.parametrize(
    ("kind", "title", "axis"),
    [
        ("measured", "measured", "package energy of one run (J)"),
        ("estimated", "estimated from CPU time", "estimated energy, CPU time × watts (J)"),
    ],
)
def test_title_and_axis_say_the_kind_of_energy(name: str, kind: str, title: str, axis: str) -> None:
    words = written(draw(name, study(4, 7, kind=kind)))
    assert axis in words
    assert any(text.endswith(f"of each commit, {title}") for text in words)


def test_measured_and_estimated_energy_are_not_drawn_together() -> None:
    with pytest.raises(ErgitError, match="both estimated and measured"):
        draw("evolution", study(2, 7) + study(2, 7, kind="estimated"))


def test_source_host_and_numbers_are_in_the_header() -> None:
    line = "source: powercap · host: bench · 4 commits · 28 clean readings · 1 flagged · 1 session"
    assert line in written(draw("evolution", [*study(4, 7), reading(2, 150.0, clean=False)]))


def test_commits_without_energy_are_counted_by_what_happened() -> None:
    rows = [*study(3, 7), failure(3, "build-failed"), failure(4, "build-failed"), failure(5, "no-jdk")]
    rows += [failure(6, "timeout"), failure(7, "failed"), failure(0, "failed"), failure(8, "not-counted")]
    rows += [reading(9, 200.0, clean=False), failure(10, "struck-by-lightning"), failure(12, "killed")]
    words = written(draw("evolution", rows, absent=[11]))
    assert {
        "did not build: 2",
        "no JDK for it: 1",
        "workload timed out: 1",
        "workload failed: 2",
        "energy not counted: 1",
        "no clean reading: 1",
        "struck-by-lightning: 1",
        "measuring was killed: 1",
        "not measured yet: 1",
    } <= set(words)


@FIGURES
@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "Nothing is measured yet."),
        (
            [reading(0, 5.0, clean=False), failure(1, "failed")],
            "No reading is clean: all 1 are flagged. The summary says why.",
        ),
        ([failure(n, "build-failed") for n in range(100)], "No commit could be measured."),
    ],
    ids=["empty", "flagged only", "no build"],
)
def test_a_study_without_energy_has_a_figure_that_says_so(name: str, rows: Rows, words: str) -> None:
    texts = written(draw(name, rows))
    assert words in texts
    assert any(text.endswith("no clean reading") for text in texts)
    assert not any("increase" in text or "session " in text for text in texts)


@FIGURES
@pytest.mark.parametrize(
    "rows",
    [
        [reading(0, 5.0)],
        [reading(n, 0.0, repeat=run) for n in range(3) for run in range(7)],
        [reading(n, 10.0**n) for n in range(6)],
        [reading(n * 1000, 5.0 + n) for n in range(70)],
    ],
    ids=["one reading", "all zero", "six decades", "one reading a commit, far apart"],
)
def test_degenerate_numbers_are_drawn(name: str, rows: Rows) -> None:
    assert any(text.startswith("package energy of one run (J)") for text in written(draw(name, rows)))


def test_changes_have_commit_size_interval_joules_whereabouts_and_subject() -> None:
    changes = [change(8, -0.05, location=(sha(7), sha(8))), change(3, 0.123)]
    words = written(draw("evolution", study(12, 7), changes_record(*changes)))
    assert {"0000003 +12.3%", "0000008 −5.0%", "[+11.3%, +13.3%]", "100 → 112.3 J"} <= set(words)
    assert {"1 commit", "Change 8", "1 increase", "1 decrease"} <= set(words)
    assert {"commit", "change", "95% interval", "joules before → after", "lies in", "subject"} <= set(words)


def test_a_change_of_a_sampled_history_counts_the_commits_that_nobody_measured() -> None:
    found = change(8, -0.05, location=(sha(7), sha(8)), commits_between=169, measured_between=2)
    assert "169 commits, 2 measured" in written(draw("evolution", study(12, 7), changes_record(found)))


def test_a_record_of_an_older_version_counts_the_commits_of_the_study() -> None:
    found = change(8, -0.05, location=(sha(7), sha(8)), after=None, commits_between=None, measured_between=None)
    assert "2 commits" in written(draw("evolution", study(12, 7), changes_record(found)))


def test_the_legend_has_no_entry_for_what_is_not_drawn() -> None:
    words = written(draw("evolution", study(4, 7)))
    assert not [text for text in words if "increase" in text or "transient" in text or "lie in" in text]
    assert "level between changes" not in words
    assert "its 95% interval, from 6 readings on" in words
    assert "its 95% interval, from 6 readings on" not in written(draw("evolution", study(4, 5)))
    flagged = "flagged reading (triangle: beyond the axis)"
    assert flagged not in written(draw("distribution", study(4, 7)))
    assert flagged in written(draw("distribution", [*study(4, 7), reading(1, 100.0, clean=False)]))


def test_commits_that_imported_files_lack_are_not_called_unmeasured_yet() -> None:
    rows = study(3, 7, source="imported", host="imported")
    words = written(draw("evolution", rows, absent=[3]))
    assert "not in the files: 1" in words
    assert not any("not measured yet" in text for text in words)


def test_commits_that_are_measured_as_an_equal_one_are_not_called_unmeasured_yet() -> None:
    rows = study(2, 7)
    commits = [listed(row, "") for row in {row.commit: row for row in rows}.values()]
    reused = replace(listed(reading(2, 0.0), ""), reason=f"all; measured once, as {sha(1)}")
    words = written(evolution(energy_table(rows), [*commits, reused], NO_CHANGE))
    assert "measured as an equal one: 1" in words
    assert not any("not measured yet" in text for text in words)


def test_a_study_with_short_stretches_only_has_no_sums_of_residuals_and_says_so() -> None:
    rows = study(4, 7)
    commits = [listed(row, "") for row in {row.commit: row for row in rows}.values()]
    words = written(cusum(energy_table(rows), commits, NO_CHANGE))
    assert "No stretch between two changes has 8 commits." in words
    assert not any("within the bounds" in text or "beyond" in text for text in words)


def test_imported_files_are_named_without_the_folder_that_they_share() -> None:
    assert session_names(["/data/jsoup/sessions/01.csv", "/data/jsoup/sessions/02.csv"]) == ["01.csv", "02.csv"]
    assert session_names(["/data/jsoup/raw.csv"]) == ["raw.csv"]
    assert session_names(["a/long-name-of-a-file-1.csv", "b/long-name-of-a-file-2.csv"]) == [
        "…of-a-file-1.csv",
        "…of-a-file-2.csv",
    ]
    assert session_names(["0000000a", "0000000b"]) == ["0000000a", "0000000b"]
    assert session_names([]) == []


def test_many_sessions_share_one_entry_of_the_legend() -> None:
    rows = [reading(n, 100.0, repeat=run, session=f"{n:08x}") for n in range(40) for run in range(7)]
    words = written(draw("evolution", rows))
    assert "median of clean readings; the 40 sessions differ in colour or mark" in words
    assert sum("median of clean readings" in text for text in words) == 1


def test_another_domain_is_drawn_where_the_study_judges_it() -> None:
    rows = [reading(n, 100.0, repeat=run, energy_psys_joules=500.0) for n in range(3) for run in range(7)]
    figure = draw("evolution", rows, changes_record(judged="psys"))
    assert "psys energy of one run (J)" in written(figure)
    low, high = figure.axes[0].get_ylim()
    assert low < 500 < high


def test_what_a_small_study_assumes_stands_below_the_changes() -> None:
    part = ComparablePart(
        **{"commits": 3, "anchors": 0, "sessions": (), "run_spread": 0.01, "build_spread": 0.005, "drift_spread": 0.0},
        **{"tail_degrees": 5.0, "identical_neighbours": 0, "assumed_build_difference": 0.015},
    )
    words = written(draw("evolution", study(3, 7), changes_record(parts=(part,))))
    assert any(
        text.startswith("The intervals assume that builds of the same source differ by at most 1.5%") for text in words
    )


@pytest.mark.parametrize("letter", ["W", "i", "漢", "m "])
def test_text_is_clipped_to_the_room_that_there_is(letter: str) -> None:
    found = change(8, 12.2, location=(sha(8),), commits_between=12345, measured_between=1234, joules_before=98765.0)
    figure = draw("evolution", study(12, 7, subject=letter * 300), changes_record(found, found))
    FigureCanvasAgg(figure).draw()
    boxes = [text.get_window_extent() for text in figure.texts]
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 for box in boxes)
    rows = [box for box in boxes if box.y1 < figure.axes[-1].get_window_extent().y0]
    assert len(rows) == 3 * 7
    assert not any(a.overlaps(b) for number, a in enumerate(rows) for b in rows[:number])
    assert clipped("short", 4.0) == "short"


def test_transients_stand_apart() -> None:
    changes = changes_record(change(3, 0.5, kind="transient"), change(8, 0.05))
    words = written(draw("evolution", study(12, 7), changes))
    assert {"0000003 +50.0%", "1 transient excursion", "1 commit, transient", "0000008 +5.0%", "1 increase"} <= set(
        words
    )


def test_of_many_changes_the_largest_are_listed_and_the_rest_counted() -> None:
    changes = [change(n, 0.01 * n) for n in range(1, 25)] + [change(26, 0.9, kind="transient")]
    words = written(draw("evolution", study(30, 7), changes_record(*changes)))
    assert "and 5 further changes, listed in changes.tsv" in words
    assert {"0000018 +24.0%", "0000005 +5.0%"} <= set(words)
    assert not {"0000004 +4.0%", "000001a +90.0%"} & set(words)


def test_no_line_joins_two_commits_and_a_level_is_drawn_where_there_is_one() -> None:
    levels = tuple(
        CommitResult(
            **{"commit": sha(n), "order": n, "part": 0, "readings": 7, "mad_joules": 1.0},
            **{"median_joules": 100.0, "mean_joules": 100.0, "shift": None, "minimum_detectable_change": None},
            level_joules=None if n == 2 else 100.0,
        )
        for n in range(4)
    )
    panel = draw("evolution", study(4, 7), replace(NO_CHANGE, commits=levels)).axes[0]
    assert all(line.get_linestyle() == "None" for line in panel.lines if len(set(line.get_xdata())) > 1)
    ends = [path.vertices for lines in panel.collections for path in lines.get_paths() if len(path.vertices)]
    flat = [(float(a[0]), float(b[0])) for a, b in ends if a[1] == b[1]]
    assert flat == [(-0.5, 0.5), (0.5, 1.5), (2.5, 3.5)]


@FIGURES
def test_sessions_are_told_apart_also_at_one_commit(name: str) -> None:
    rows = study(2, 7) + study(2, 7, session="0000000b", started="2024-01-02T00:00:00.000000Z")
    figure = draw(name, rows)
    points = [line for line in figure.axes[0].lines if line.get_linestyle() == "None"]
    assert len({(line.get_color(), line.get_marker()) for line in points}) == 2
    positions = [{round(float(x), 6) for x in line.get_xdata()} for line in points]
    assert not any(a & b for number, a in enumerate(positions) for b in positions[:number])
    assert {"0000000a", "0000000b"} <= {text[-8:] for text in written(figure)}


@pytest.mark.parametrize(("date", "name"), [("", "0000001"), ("%aI", "%aI 0000001"), ("漢\x1b[31m", "�[31m 0000001")])
def test_a_commit_without_a_readable_date_is_named_all_the_same(date: str, name: str) -> None:
    assert name in written(draw("evolution", study(2, 7, date=date)))


def test_a_tag_names_its_commit() -> None:
    assert "2020-01-02 v2.0" in written(draw("evolution", study(2, 7), tags="v2.0 latest"))


def test_flagged_readings_are_hollow_and_at_the_edge_if_far_off() -> None:
    rows = [*study(4, 7), reading(1, 100.0, clean=False), reading(2, 900.0, clean=False)]
    panel = draw("distribution", rows).axes[0]
    hollow = [line for line in panel.lines if line.get_markerfacecolor() == "white"]
    assert sorted((line.get_marker(), len(line.get_xdata())) for line in hollow) == [("^", 1), ("o", 1)]
    assert panel.get_ylim()[1] < 110


def test_what_looks_like_a_number_or_a_missing_value_stays_the_text_it_is() -> None:
    rows = [*study(3, 7, session="1e234567", host="NA"), *study(3, 7, session="0000000a", host="null")]
    words = written(draw("evolution", rows))
    assert "median of clean readings, session 1e234567" in words
    assert any("host: NA, null" in text for text in words)
