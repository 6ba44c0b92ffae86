"""A study that is killed goes on: what was finished stays, nothing is torn or done twice; more by `make faults`."""

import os
import re
import sys
from pathlib import Path

import pytest

from tests.fakes.needs import needs_strace
from tests.faults.faults import ENDING, WITHIN
from tests.faults.power_loss import calls_in, not_safe, traced
from tests.faults.study import ROOT, Found, running_study

WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from ergit.records.readings import write_readings
from tests.fakes.job_records import reading, record
write_readings(Path(sys.argv[2]), record("c", reading()))
"""


def test_a_study_goes_on_after_kills_of_the_run_of_jobs_and_of_their_commands(tmp_path: Path) -> None:
    with running_study(tmp_path, seed=3, rounds=3) as study:
        study.start()
        for fault in ("kill -9 of tar", "kill -9 of the measuring program", "kill -9 of the launcher"):
            assert WITHIN[fault](study), study.printed()
            assert study.look() == Found()
        assert ENDING["kill -9 of the run"](study), study.printed()
        assert study.end() is None
        assert study.look() == Found()
        assert study.complete() == Found()


@needs_strace
def test_a_record_its_name_and_its_folders_reach_the_disk_in_this_order(tmp_path: Path) -> None:
    path = tmp_path / "results/readings/c/1.json"
    command = [sys.executable, "-c", WRITER, str(ROOT), str(path)]
    calls = traced(command, tmp_path, tmp_path / "logs", os.environ)
    assert not_safe(calls, path) is None
    (of_process,) = [found for found in calls.values() if found]
    part = path.with_name(".1.json.part")
    assert [call.synced or (call.old, call.new) for call in of_process] == [
        part,
        (part, path),
        path.parent,
        path.parent.parent,
    ]


@pytest.mark.parametrize(
    ("log", "problem"),
    [
        ('rename("r/.a.part", "r/a") = 0\nfsync(3</f/r>) = 0\n', "a: not synced before it got its name"),
        ('fsync(3</f/r/.a.part>) = 0\nrename("r/.a.part", "r/a") = 0\n', "a: its folder was not synced after"),
        (
            'fsync(3</f/r/.a.part>) = 0\nrename("r/.a.part", "r/a") = -1 ENOSPC\n',
            "a: it did not get its name by a rename",
        ),
        ('fsync(3</f/r/.a.part>) = 0\nrename("/f/r/.a.part", "/f/r/a") = 0\nfsync(3</f/r>) = 0\n', None),
    ],
)
def test_a_file_that_a_power_cut_could_take_is_found(log: str, problem: str | None) -> None:
    found = not_safe({"1": calls_in(log, Path("/f"))}, Path("/f/r/a"))
    assert (found or "").startswith(problem or "") and (found is None) == (problem is None)


def test_every_record_is_written_by_the_one_function_that_syncs() -> None:
    others = re.compile(r"""write_text\(|\.write_bytes\(|os\.replace|open\([^)]*["'][wax]b?["']""")
    found = [
        f"{path.name}: {line.strip()}"
        for path in sorted((ROOT / "ergit/records").glob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if others.search(line)
    ]
    assert found == []
