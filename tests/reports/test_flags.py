"""What the summary says of flagged readings: how many, by how much, and what to do."""

from pathlib import Path

from msgspec.structs import replace

from ergit.config.settings import MeasureSettings
from ergit.records.readings import Reading, WindowConditions, write_readings
from ergit.reports.flags import flags_part
from tests.fakes import job_records
from tests.fakes.tables import energy_table, reading, sha_of


def window(repeat: int, conditions: WindowConditions | None, warmup: bool = False) -> Reading:
    """A recorded window of 2 s."""
    return job_records.reading(repeat=repeat, warmup=warmup, conditions=conditions)


def record(folder: Path, *readings: Reading) -> None:
    """Writes the record of a job that took these readings."""
    path = folder / sha_of(0) / "1.json"
    path.parent.mkdir(parents=True)
    write_readings(path, job_records.record(sha_of(0), *readings))


def test_each_flag_is_shown_with_what_was_recorded_and_its_limit(tmp_path: Path) -> None:
    record(
        tmp_path,
        window(1, WindowConditions(foreign_cpu_seconds=9.0), warmup=True),
        window(1, WindowConditions(foreign_cpu_seconds=1.25, steal_seconds=3.0, window_seconds=2.5)),
        window(2, WindowConditions(foreign_cpu_seconds=2.0)),
        window(3, WindowConditions(foreign_cpu_seconds=4.0)),
    )
    rows = [
        reading(0, 1, 100.0, clean=False, flags="foreign-cpu;steal"),
        reading(0, 2, 100.0, clean=False, flags="foreign-cpu"),
        reading(0, 3, 100.0, clean=False, flags="foreign-cpu"),
        reading(0, 4, 100.0),
    ]
    part = flags_part(energy_table(rows), tmp_path, MeasureSettings())
    assert part is not None
    lines = [[text.strip() for text in line.split("|")[1:-1]] for line in part.splitlines() if line.startswith("| ")]
    assert lines == [
        ["flag", "readings", "median (range)", "limit"],
        ["foreign-cpu", "3", "1 (0.5 to 2) cores", "0.2 cores (measure.quiet.foreign_cores)"],
        ["steal", "1", "1.2 cores", "0.2 cores (measure.quiet.foreign_cores)"],
    ]
    assert "- foreign-cpu: Other programs used CPU time during the reading. Stop them" in part
    assert part.endswith("Another limit in the config judges these readings again; none is taken again for that.")


def test_flags_of_the_window_itself_are_shown_with_their_amounts(tmp_path: Path) -> None:
    late = replace(window(1, WindowConditions(unfinished_cpu_seconds=0.75)), counted_seconds=2.4)
    record(tmp_path, late)
    part = flags_part(
        energy_table([reading(0, 1, 100.0, clean=False, flags="late-edge;unfinished-work;short-window")]),
        tmp_path,
        MeasureSettings(minimum_window_seconds=3),
    )
    assert part is not None
    lines = [[text.strip() for text in line.split("|")[1:-1]] for line in part.splitlines() if line.startswith("| ")]
    assert lines[1:] == [
        ["late-edge", "1", "0.4 s", "0.01 s, or 1% of the duration"],
        ["unfinished-work", "1", "0.75 s of CPU time", "0.02 s"],
        ["short-window", "1", "2 s", "3 s (measure.minimum_window_seconds)"],
    ]


def test_readings_of_an_older_version_are_not_said_to_be_judged_again(tmp_path: Path) -> None:
    record(tmp_path, window(1, WindowConditions(foreign_cpu_seconds=1.0)))
    part = flags_part(
        energy_table([reading(0, 1, 100.0, clean=False, flags="foreign-cpu")]), tmp_path, MeasureSettings()
    )
    assert part is not None
    assert "again" not in part


def test_a_flag_without_a_record_or_without_a_recorded_amount_is_counted(tmp_path: Path) -> None:
    record(tmp_path, window(1, WindowConditions()), window(2, None))
    rows = [
        reading(0, 1, 100.0, clean=False, flags="throttled"),
        reading(0, 2, 100.0, clean=False, flags="throttled"),
        reading(1, 1, 100.0, flags="no-core"),
    ]
    part = flags_part(energy_table(rows), tmp_path, MeasureSettings())
    assert part is not None
    assert [line.split("|")[1:4] for line in part.splitlines() if line.startswith("| ")][1:] == [
        [" throttled ", " 2          ", "                  "],
        [" no-core   ", " 1          ", "                  "],
    ]


def test_imported_readings_have_flags_but_no_records(tmp_path: Path) -> None:
    part = flags_part(energy_table([reading(0, 1, 5.0, flags="no-core")]), tmp_path, None)
    assert part is not None
    assert "| no-core | 1" in part
    assert "judged again" not in part


def test_hundreds_of_processes_left_behind_are_one_line_that_names_three(tmp_path: Path) -> None:
    flags = ";".join(f"left-behind:java-{number}" for number in range(200))
    part = flags_part(energy_table([reading(0, 1, 5.0, flags=flags)]), tmp_path, MeasureSettings())
    assert part is not None
    assert "| left-behind: java-0, java-1, java-2 and 197 more | 1 " in part
    assert max(map(len, part.splitlines())) < 200


def test_no_flag_is_nothing_to_report(tmp_path: Path) -> None:
    assert flags_part(energy_table([reading(0, 1, 5.0)]), tmp_path, MeasureSettings()) is None
