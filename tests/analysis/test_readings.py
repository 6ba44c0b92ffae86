"""The clean readings of a study, from its tables."""

import numpy as np
import pytest

from ergit.analysis.detection.centres import centres
from ergit.analysis.readings import clean_readings, why_none_is_clean
from ergit.errors import ErgitError
from tests.fakes.tables import commit_row, energy_table, reading, readings

HISTORY = [commit_row(number) for number in range(4)]


def test_only_clean_rows_count_in_git_order() -> None:
    rows = [
        reading(2, 1, 5.0),
        reading(0, 1, 3.0),
        reading(0, 2, 900.0, clean=False, flags="foreign-cpu"),
        reading(1, 1),
        reading(0, 3, 4.0),
    ]
    found = clean_readings(energy_table(rows), HISTORY)
    assert [row.order for row in found.commits] == [0, 2]
    assert found.observations.commit.tolist() == [0, 0, 1]
    assert found.observations.joules.tolist() == [3.0, 4.0, 5.0]
    assert found.observations.trees == (HISTORY[0].tree, HISTORY[2].tree)
    assert found.kind == "measured"


def test_sessions_and_slots_are_numbered() -> None:
    rows = [
        reading(0, 1, 1.0, session="old"),
        reading(1, 2, 1.0, round=2, session="new"),
        reading(2, 1, 1.0, host="other", session="old"),
    ]
    found = clean_readings(energy_table(rows), HISTORY)
    assert found.sessions == [("box", "old"), ("box", "new"), ("other", "old")]
    assert found.observations.session.tolist() == [0, 1, 2]
    assert found.observations.slot is not None
    assert found.observations.slot.tolist() == [0, 1, 0]


def test_the_rounds_of_an_anchor_are_those_of_its_batch() -> None:
    rows = [
        *(reading(0, 1, 1.0, round=round_) for round_ in (2001, 2002)),
        *(reading(1, 1, 1.0, round=round_) for round_ in (1, 2)),
    ]
    found = clean_readings(energy_table(rows), HISTORY)
    assert found.observations.slot is not None
    assert found.observations.slot.tolist() == [0, 1, 0, 1]


def test_a_commit_measured_in_thousands_of_rounds_loses_none() -> None:
    rows = [reading(0, 1, 1.0, round=round_) for round_ in (1, 1001)]
    found = clean_readings(energy_table(rows), HISTORY)
    assert found.observations.slot is not None
    assert found.observations.slot.tolist() == [0, 1]


def test_several_clean_attempts_at_one_reading_all_count() -> None:
    """A reading was flagged and taken again; a limit that was raised later makes both attempts clean."""
    taken = {0: (10.0, 12.0, 11.0), 1: (20.0,)}
    rows = [
        reading(number, 1, joules, attempt=attempt)
        for number, values in taken.items()
        for attempt, joules in enumerate(values, start=1)
    ]
    found = clean_readings(energy_table(rows), HISTORY)
    assert found.observations.slot is not None
    assert found.observations.slot.tolist() == [0, 1, 2, 0]
    assert np.exp(centres(found.observations).log_joules).tolist() == pytest.approx([11.0, 20.0], rel=0.01)


def test_the_domain_that_is_judged_is_the_one_that_counts() -> None:
    rows = [reading(0, 1, 50.0, energy_dram_joules=3.0), reading(1, 1, 60.0, energy_dram_joules=4.0)]
    assert clean_readings(energy_table(rows), HISTORY, "dram").observations.joules.tolist() == [3.0, 4.0]
    with pytest.raises(ErgitError, match=r"no energy of the domain 'psys', which measure\.judged names"):
        clean_readings(energy_table(rows), HISTORY, "psys")


@pytest.mark.parametrize("energy", [0.0, -3.5, None])
def test_energy_that_cannot_be_is_refused_with_its_row(energy: float | None) -> None:
    rows = readings({0: 100.0, 1: 100.0})
    rows[6] = reading(1, 2, energy, status="ok", clean=True)
    with pytest.raises(ErgitError, match=r"row 8 of results/energy\.csv"):
        clean_readings(energy_table(rows), HISTORY)


def test_measured_and_estimated_energy_are_never_mixed() -> None:
    rows = [*readings({0: 100.0}), *readings({1: 100.0}, kind="estimated")]
    with pytest.raises(ErgitError, match="estimated and measured"):
        clean_readings(energy_table(rows), HISTORY)


def test_readings_of_a_commit_that_the_table_of_commits_lacks_are_an_error() -> None:
    with pytest.raises(ErgitError, match=r"0909090909.*not in commits\.tsv"):
        clean_readings(energy_table(readings({9: 100.0})), HISTORY)


def test_no_clean_reading_is_no_kind_and_no_commit() -> None:
    found = clean_readings(energy_table([reading(0, 1)]), HISTORY)
    assert (found.kind, found.commits, found.sessions) == (None, [], [])
    assert found.observations.commits == 0
    assert np.array_equal(found.seconds, [])


def test_what_was_not_recorded_is_no_number() -> None:
    found = clean_readings(energy_table([reading(0, 1, 1.0, duration_seconds=None, power_watts=None)]), HISTORY)
    assert np.isnan(found.seconds).all()
    assert np.isnan(found.watts).all()


def test_why_no_reading_is_clean_is_said_the_most_frequent_first() -> None:
    rows = [
        reading(0, 1, status="build-failed", reason="javac ended with status 1"),
        reading(1, 1, 5.0, clean=False, flags="too-hot"),
        reading(1, 2, 5.0, clean=False, flags="foreign-cpu"),
        reading(1, 3, 5.0, clean=False, flags="foreign-cpu"),
    ]
    table = energy_table(rows)
    assert why_none_is_clean(table, [HISTORY[0].commit]) == "build-failed: javac ended with status 1"
    assert why_none_is_clean(table, [HISTORY[1].commit]) == "ok: foreign-cpu; ok: too-hot"
    assert why_none_is_clean(table, [HISTORY[3].commit]) == "it was not measured"
