"""When the jobs of a whole study run, from the start times in the records."""

import os
import shutil
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ergit.planning.requests import pause, resume, stop
from ergit.records.readings import JobRecord, read_readings
from tests.fakes.repositories import Repository, new_repository
from tests.fakes.studies import ROOT, configure, planned, snakemake, table
from tests.fakes.waiting import wait_for

QUICK = {"build": {"commands": ["true"]}, "workload__command": "true", "measure__repeats": 1, "measure__warmup": 0}


def history(folder: Path, commits: int) -> Repository:
    """A history of so many commits, each with a tag: c1, c2, ..."""
    project = new_repository(folder / "project")
    for number in range(1, commits + 1):
        project.commit(f"c{number}", **{"a__txt": str(number)})
        project.git("tag", f"c{number}")
    return project


def records(study: Path) -> list[JobRecord]:
    """The records of all measuring jobs, in the order in which they began."""
    found = [read_readings(path) for path in (study / "results/readings").glob("*/*.json")]
    return sorted(found, key=lambda record: record.readings[0].started)


@pytest.fixture(scope="module")
def batches(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A finished study of six commits in batches of two, newest first, with c1 and c4 as anchors; the tags by SHA."""
    folder = tmp_path_factory.mktemp("batches")
    project = history(folder, 6)
    plan = {"batch": 2, "newest_first": True, "anchors": ["c1", "c4"]}
    configure(folder / "work", commits=["c1", "c1..main"], plan=plan, **QUICK)
    done = snakemake(folder / "work")
    assert done.returncode == 0, done.stderr
    return folder / "work", {project.git("rev-parse", f"c{number}"): f"c{number}" for number in range(1, 7)}


def test_batches_follow_one_another_and_each_measures_the_anchors(batches: tuple[Path, dict[str, str]]) -> None:
    study, tags = batches
    order = [(tags[record.commit], record.round) for record in records(study)]
    second, first = order[:8], order[8:]
    assert {tag for tag, _ in second} == {"c1", "c4", "c5", "c6"}
    assert {tag for tag, _ in first} == {"c1", "c4", "c2", "c3"}
    assert {number for tag, number in second if tag in {"c1", "c4"}} == {1001, 1002}
    for batch in (second, first):  # round by round in each
        assert [number % 1000 for _, number in batch] == [1] * 4 + [2] * 4


def test_each_batch_is_a_session_and_the_anchors_link_them(batches: tuple[Path, dict[str, str]]) -> None:
    study, _ = batches
    sessions = [record.session for record in records(study)]
    assert len({*sessions[:8]}) == len({*sessions[8:]}) == 1
    assert sessions[0] != sessions[-1]
    assert len(table(study)) == 16


def test_a_study_in_batches_has_nothing_left_to_do(batches: tuple[Path, dict[str, str]]) -> None:
    study, _ = batches
    assert planned(study) == Counter()
    record = next((study / "results/readings").glob("*/1.json")).relative_to(study)
    marker = urlsafe_b64encode(str(record).encode()).decode()
    noted = study / ".snakemake/metadata" / marker
    noted.rename(study / ".snakemake/incomplete" / marker)  # as a run leaves it that is killed alone
    assert planned(study) == Counter()


def test_readings_are_taken_in_their_windows_only(tmp_path: Path) -> None:
    history(tmp_path, 2)
    study = tmp_path / "work"
    configure(study, commits=["main"], plan={"windows": ["12:00-13:00"]}, measure__rounds=1, **QUICK)
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "8"]
    for lead in (20, 60, 180):  # a busy machine may get to the readings when the window is open already
        shutil.rmtree(study / "results/readings", ignore_errors=True)
        opens = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=lead)
        zone = {**os.environ, "TZ": zone_where_it_is_noon(opens)}
        done = subprocess.run(
            [*command, "results/energy.csv"], cwd=study, env=zone, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stderr
        if "ergit: no readings before" in done.stderr:
            break
    assert "ergit: no readings before" in done.stderr
    (record,) = records(study)
    assert datetime.fromisoformat(record.readings[0].started) >= opens


def zone_where_it_is_noon(moment: datetime) -> str:
    """A time zone for TZ in which it is 12:00 at that moment of UTC."""
    offset = moment.replace(hour=12, minute=0, second=0) - moment
    sign, seconds = "-" if offset > timedelta(0) else "", int(abs(offset).total_seconds())
    return f"XXX{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"  # POSIX: hours west


def test_a_stopped_and_a_paused_study_go_on_with_what_is_missing(tmp_path: Path) -> None:
    history(tmp_path, 6)
    study = tmp_path / "work"
    configure(study, commits=["c1..main"], **{**QUICK, "workload__command": "sleep 0.3"})
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "8"]
    running = subprocess.Popen(command, cwd=study, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: any((study / "results/readings").glob("*/1.json")))
    stop(study / "results")
    _, printed = running.communicate(timeout=300)
    assert running.returncode == 1
    assert "asked this study to stop" in printed.splitlines()[-2]
    before = {path: path.read_bytes() for path in (study / "results/readings").glob("*/*.json")}
    assert 0 < len(before) < 10

    pause(study / "results")
    running = subprocess.Popen(command, cwd=study, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert running.stderr
    assert any("asked this study to pause" in line for line in running.stderr)
    assert {path: path.read_bytes() for path in (study / "results/readings").glob("*/*.json")} == before
    resume(study / "results")
    running.communicate(timeout=300)
    assert running.returncode == 0
    assert len(records(study)) == 10
    assert all(path.read_bytes() == content for path, content in before.items())
