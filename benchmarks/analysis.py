"""What sorting and deciding cost: `python -m benchmarks.analysis [READINGS]` prints CPU seconds and bytes on disk.

The study is made up: three readings in each of five rounds of a commit, a change of 3% every 400 commits; 50,000
readings unless told otherwise.
"""

import sys
import tempfile
import time
from pathlib import Path
from random import Random

from ergit.analysis.changes import changes_record
from ergit.analysis.readings import clean_readings
from ergit.config.settings import ChangeSettings, MeasureSettings
from ergit.measuring.flags import limits_of
from ergit.measuring.table import energy_rows
from ergit.records.changes import write_changes, write_changes_table
from ergit.records.commits import CommitRow
from ergit.records.energy_table import read_energy_table, write_energy_table
from ergit.records.readings import Counter, WindowConditions, read_readings, write_readings
from tests.fakes.job_records import reading, record

ROUNDS, REPEATS = 5, 3
COMMITS_OF_A_LEVEL = 400
CONDITIONS = WindowConditions(
    **{"waited_seconds": 0.25411, "foreign_cores_before": 0.0173, "foreign_cpu_seconds": 0.0182},
    **{"interrupt_seconds": 0.0, "steal_seconds": 0.0, "suspended_seconds": 0.0, "window_seconds": 2.0002},
    **{"processors": 16, "check_seconds": 0.2541, "steal_cores_before": 0.0, "unfinished_cpu_seconds": 0.0},
    still_running=(),
    pressure_seconds={"cpu": 0.0, "io": 0.0, "memory": 0.0},
    missing={"throttles": "no processor counts its throttling (thermal_throttle)"},
)


def made_history(commits: int) -> list[CommitRow]:
    """So many commits on one line."""
    shas = [f"{Random(number).getrandbits(160):040x}" for number in range(commits)]
    facts = {"date": "2024-05-01T12:00:00+00:00", "author": "Ada", "tags": (), "first_parent": True, "reason": ""}
    return [
        CommitRow(
            commit=sha,
            order=order,
            subject=f"Commit {order}",
            parents=tuple(shas[max(order - 1, 0) : order]),
            tree=sha[::-1],
            chosen=True,
            **facts,
        )
        for order, sha in enumerate(shas)
    ]


def write_records(folder: Path, history: list[CommitRow]) -> list[Path]:
    """Writes the records of all measuring jobs; their files."""
    random, paths = Random(1), []
    for commit in history:
        level = 20 * 1.03 ** (commit.order // COMMITS_OF_A_LEVEL)
        for round_ in range(1, ROUNDS + 1):
            readings = []
            for repeat in range(1, REPEATS + 1):
                joules = random.gauss(level, 0.2)
                count = Counter(
                    name="energy-pkg",
                    domain="package",
                    unit="2^-32 J",
                    before=10**15,
                    after=10**15 + int(joules * 2**32),
                    range=2**64,
                    samples=(),
                )
                readings.append(
                    reading(repeat=repeat, joules={"package": joules}, counters=(count,), conditions=CONDITIONS)
                )
            paths.append(folder / f"{commit.commit}.{round_}.json")
            write_readings(paths[-1], record(commit.commit, *readings, round=round_))
    return paths


def main() -> None:
    """Prints the figures."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    history = made_history(-(-wanted // (ROUNDS * REPEATS)))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = write_records(folder, history)
        readings = len(paths) * REPEATS
        size = sum(path.stat().st_size for path in paths) / readings
        print(f"{readings} readings of {len(history)} commits: {size:.0f} bytes a reading, {REPEATS} in a record")
        table = folder / "energy.csv"
        began = time.process_time()
        write_energy_table(
            table, energy_rows(map(read_readings, paths), history, limits_of(MeasureSettings()), "package")
        )
        print(f"sorted in {time.process_time() - began:.1f} CPU s")
        began = time.process_time()
        clean = clean_readings(read_energy_table(table), history, "package", str(table))
        found = changes_record(clean, history, ChangeSettings(), [], "package")
        write_changes(folder / "changes.json", found)
        write_changes_table(folder / "changes.tsv", found)
        print(f"decided in {time.process_time() - began:.1f} CPU s: {len(found.changes)} changes")


if __name__ == "__main__":
    main()
