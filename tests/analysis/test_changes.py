"""What the statistics say of a study, from its tables to its record."""

import csv
from pathlib import Path

import numpy as np
import pytest

from ergit.analysis.changes import anchors_named, changes_record
from ergit.analysis.readings import clean_readings
from ergit.config.settings import ChangeSettings
from ergit.errors import ErgitError
from ergit.git.runner import git_in
from ergit.records.changes import COLUMNS, ChangesRecord, read_changes, write_changes, write_changes_table
from ergit.records.energy_table import EnergyRow
from tests.fakes.repositories import Repository
from tests.fakes.tables import commit_row, energy_table, reading, sha_of

USUAL = ChangeSettings()


def stepped(
    commits: int, change_point: int, factor: float, absent: tuple[int, ...] = (), **cells: str
) -> list[EnergyRow]:
    """Five readings at 20 watts of each commit but the absent, `factor` times the energy from `change_point` on."""
    rng = np.random.default_rng(4)
    rows = []
    for number in range(commits):
        if number in absent:
            continue
        for repeat in range(1, 6):
            joules = 100 * (factor if number >= change_point else 1) * float(np.exp(rng.normal(0, 0.005)))
            rows.append(reading(number, repeat, joules, duration_seconds=joules / 20, power_watts=20.0, **cells))
    return rows


def record_of(rows: list[EnergyRow], commits: int, anchors: tuple[str, ...] = (), spacing: int = 1) -> ChangesRecord:
    """The record of a study with these readings and commits; each is the `spacing`-th of the real history."""
    history = [commit_row(number, order=number * spacing) for number in range(commits)]
    return changes_record(clean_readings(energy_table(rows), history), history, USUAL, anchors)


def test_a_change_has_size_interval_rate_joules_and_cause() -> None:
    record = record_of(stepped(40, 20, 1.1), 40)
    (change,) = record.changes
    assert (change.commit, change.order, change.kind, change.direction) == (sha_of(20), 20, "persistent", "increase")
    assert change.ci_low < 0.1 < change.ci_high
    assert change.joules_after == pytest.approx(110, rel=0.01)
    assert change.joules_before == pytest.approx(100, rel=0.01)
    assert change.duration_change == pytest.approx(0.1, abs=0.01)
    assert change.power_change == 0
    assert change.location == (sha_of(20),)
    assert change.compared_before == tuple(map(sha_of, range(20)))
    assert change.compared_after == tuple(map(sha_of, range(20, 40)))
    assert record.study.kind == "measured"
    assert record.study.judged == "package"
    assert record.study.minimum_detectable_change is not None
    assert 0 < record.study.parts[0].run_spread < 0.01


def test_an_estimate_from_cpu_time_tells_time_and_power_not_apart() -> None:
    (change,) = record_of(stepped(40, 20, 1.1, kind="estimated"), 40).changes
    assert (change.duration_change, change.power_change) == (None, None)


def test_a_change_may_lie_in_any_commit_without_a_reading_before_it() -> None:
    record = record_of(stepped(40, 20, 1.1, absent=(18, 19)), 40)
    (change,) = record.changes
    assert change.location == (sha_of(18), sha_of(19), sha_of(20))
    assert (change.after, change.commits_between, change.measured_between) == (sha_of(17), 3, 1)
    assert record.commits[19].median_joules is None
    assert record.commits[20].shift is not None
    assert record.commits[20].shift.against == sha_of(17)


def test_a_sampled_history_has_commits_between_that_are_in_no_table() -> None:
    (change,) = record_of(stepped(9, 5, 1.2), 9, spacing=169).changes
    assert change.location == (sha_of(5),)
    assert (change.after, change.commits_between, change.measured_between) == (sha_of(4), 169, 1)


def test_only_clean_readings_count() -> None:
    rows = stepped(30, 15, 1.1)
    rows += [reading(3, 6, 900.0, clean=False, flags="foreign-cpu"), reading(4, 6)]
    record = record_of(rows, 30)
    assert record.study.readings == 150
    assert record.commits[3].readings == 5


def test_the_flat_table_has_a_row_a_commit(tmp_path: Path) -> None:
    write_changes_table(tmp_path / "changes.tsv", record_of(stepped(40, 20, 1.1, absent=(5,)), 40))
    with (tmp_path / "changes.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert list(rows[0]) == list(COLUMNS)
    assert [row["commit"] for row in rows] == [sha_of(number) for number in range(40)]
    assert [row["change_kind"] for row in rows if row["change_kind"]] == ["persistent"]
    assert rows[20]["differs"] == "True"
    assert rows[5]["median_joules"] == ""
    assert float(rows[30]["level_joules"]) == pytest.approx(110, rel=0.01)


@pytest.mark.parametrize("commits", [0, 1, 2])
def test_hardly_any_commits_are_no_error(commits: int) -> None:
    record = record_of(stepped(commits, 0, 1.0), commits)
    assert record.changes == ()
    assert len(record.commits) == commits


def test_the_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    record = record_of(stepped(30, 15, 1.1), 30)
    write_changes(tmp_path / "changes.json", record)
    assert read_changes(tmp_path / "changes.json") == record


def test_sessions_without_anchors_are_never_compared() -> None:
    rows = [*stepped(20, 99, 1.0, session="old"), *stepped(40, 0, 1.7, absent=tuple(range(20)), session="new")]
    record = record_of(rows, 40)
    assert record.changes == ()
    assert record.commits[20].shift is None
    assert [part.sessions[0].session for part in record.study.parts] == ["old", "new"]


def test_hosts_are_sessions_of_their_own() -> None:
    rows = [*stepped(20, 99, 1.0, host="old"), *stepped(40, 0, 1.7, absent=tuple(range(20)), host="new")]
    assert len(record_of(rows, 40).study.parts) == 2


def test_shared_commits_show_what_a_session_adds() -> None:
    rows = [*stepped(20, 99, 1.0, session="old"), *stepped(40, 0, 1.7, absent=tuple(range(14)), session="new")]
    record = record_of(rows, 40)
    (part,) = record.study.parts
    assert part.anchors == 6
    assert part.sessions[1].ci_low < 0.7 < part.sessions[1].ci_high
    assert record.changes == ()


def test_named_anchors_alone_link_sessions_and_are_kept_with_the_changes() -> None:
    rows = [*stepped(20, 99, 1.0, session="old"), *stepped(40, 0, 1.7, absent=tuple(range(14)), session="new")]
    record = record_of(rows, 40, anchors=(sha_of(15), sha_of(16)))
    assert record.study.anchors == (sha_of(15), sha_of(16))
    assert [part.anchors for part in record.study.parts] == [2]
    assert len(record_of(rows, 40, anchors=(sha_of(15),)).study.parts) == 2


def test_anchors_are_named_as_all_commits_are(repository: Repository) -> None:
    first, second = repository.commit("One"), repository.commit("Two")
    repository.git("tag", "v1", first)
    history = [commit_row(number, commit=sha) for number, sha in enumerate((first, second))]
    with git_in(repository.path) as git:
        assert anchors_named(("v1", second[:12], first), git, history) == (first, second)
        assert anchors_named((), git, history) == ()


def test_an_anchor_that_is_no_commit_or_not_of_the_study_is_named(repository: Repository) -> None:
    first, other = repository.commit("One"), repository.commit("Two")
    with git_in(repository.path) as git:
        with pytest.raises(ErgitError, match=r"changes\.anchors.*'v1\.0'"):
            anchors_named(("v1.0",), git, [commit_row(0, commit=first)])
        with pytest.raises(ErgitError, match=r"changes\.anchors.*'a'"):
            anchors_named(("a",), git, [commit_row(0, commit=first)])
        with pytest.raises(ErgitError, match="which is no commit of this study"):
            anchors_named((other,), git, [commit_row(0, commit=first)])
