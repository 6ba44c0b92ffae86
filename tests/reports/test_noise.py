"""The noise floor in words."""

from msgspec.structs import replace

from ergit.records.changes import RunsNeeded
from ergit.records.noise import DetectableChange, NoiseRecord
from ergit.reports.noise import page

NOISE = NoiseRecord(
    commit="a" * 40,
    chosen="the newest that is built",
    kind="measured",
    source="pmu",
    host="box",
    session="00ab",
    builds=2,
    rounds=10,
    readings=100,
    unclean_readings=1,
    readings_of_other_sessions=0,
    minutes=12,
    median_joules=12.345,
    run_spread=0.012,
    round_spread=0.003,
    build_spread=0.004,
    likely_build_spread=0.0045,
    largest_build_difference=0.006,
    jobs=20,
    changes_reported=0,
    planned_rounds=3,
    planned_repeats=5,
    planned_commits=50,
    least_change=0.01,
    false_discovery_rate=0.05,
    visible=(DetectableChange(commits_after=1, change=0.02), DetectableChange(commits_after=5, change=0.012)),
    runs_needed=(
        RunsNeeded(change=0.01, commits_after=1, runs=None),
        RunsNeeded(change=0.03, commits_after=1, runs=9),
        RunsNeeded(change=0.01, commits_after=5, runs=40),
        RunsNeeded(change=0.03, commits_after=5, runs=3),
    ),
)


def rows_of(text: str, header: str) -> list[list[str]]:
    """The cells of the table with that header."""
    table = text[text.index(f"| {header}") :].partition("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table if not line.startswith("|:")]


def test_the_page_has_the_spreads_and_what_they_let_one_detect() -> None:
    text = page(NOISE)
    assert rows_of(text, "spread") == [
        ["spread", "relative standard deviation"],
        ["from reading to reading within a round", "1.20%"],
        ["from round to round, in addition", "0.30%"],
        ["between builds of the same source, in addition", "0.40%"],
    ]
    assert rows_of(text, "changed commits") == [
        ["changed commits", "minimum detectable change", "runs for 1%", "runs for 3%"],
        ["the newest one", "2.0%", "never", "9"],
        ["the newest 5", "1.2%", "40", "3"],
    ]
    assert "- Left out: 1 reading flagged or not counted\n" in text
    assert "show no change, as expected" in text


def test_files_are_named_below_the_studys_prefix() -> None:
    text = page(replace(NOISE, readings_of_other_sessions=2), "slow/results")
    assert f"remove their files in slow/results/noise/{NOISE.commit}/" in text


def test_a_false_alarm_is_stated_with_what_to_do() -> None:
    text = page(replace(NOISE, changes_reported=2))
    assert "show 2 changes where there is none: the machine is not steady.**" in text
    assert "`ergit doctor`" in text


def test_an_estimate_is_called_one_and_what_one_build_cannot_show_is_stated() -> None:
    text = page(replace(NOISE, kind="estimated", source="estimate", builds=1, build_spread=None, run_spread=None))
    assert "- Energy estimated from CPU time on box, session 00ab\n- **Estimated**: CPU time" in text
    assert "not known: one reading a round" in text
    assert "not measured: one build" in text
    assert "0.5% is assumed" in text
