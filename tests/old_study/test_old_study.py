"""A finished study of ergit 0.1.0 goes on: nothing is built or measured again, and what is new joins it."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from ergit.machine.conditions import conditions
from ergit.machine.kernel import Machine
from ergit.records.changes import read_changes
from ergit.records.readings import read_readings
from tests.fakes.repositories import Repository
from tests.fakes.studies import planned, snakemake, table

ARCHIVE = Path(__file__).with_name("study-0.1.0.tar.xz")
"""Made by 0.1.0 (43779d6): eight commits (one does not build, one fails), all targets; `.snakemake` keeps its times."""

LASTING = (  # the facts of 0.1.0 that readings of one session share
    *("host", "boot", "kernel", "cpu_model", "microcode", "processors_online", "governor", "frequency_driver"),
    *("frequency_limits_kilohertz", "energy_performance_preference", "turbo", "smt", "idle_states", "supply"),
)

SPENDING = ("mirror", "checkout", "java", "build", "measure", "checkout_aa", "build_aa", "measure_aa", "aa_commit")
"""The rules whose jobs must not run again."""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the unpacked study, its config converted, and of its project."""
    home = tmp_path_factory.mktemp("old")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(home, filter="tar")
    migrated = subprocess.run(
        [sys.executable, "-P", "-m", "ergit.cli", "migrate-config", str(home / "work/config/config.yaml")],
        capture_output=True,
        text=True,
    )
    assert migrated.returncode == 0, migrated.stderr
    return home


@pytest.fixture(scope="module")
def continued(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a copy of the study on which this version has run, and of its project."""
    home = tmp_path_factory.mktemp("continued") / "study"
    shutil.copytree(unpacked, home, symlinks=True)
    done = snakemake(home / "work", "all", "export", "noise")
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture
def study(unpacked: Path, tmp_path: Path) -> Path:
    """The working directory of a copy of the unpacked study; the project lies beside it."""
    shutil.copytree(unpacked, tmp_path / "study", symlinks=True)
    return tmp_path / "study/work"


@pytest.fixture
def study_that_ran(continued: Path, tmp_path: Path) -> Path:
    """The working directory of a copy of the study on which this version has run; the project lies beside it."""
    shutil.copytree(continued, tmp_path / "study", symlinks=True)
    return tmp_path / "study/work"


def ergit(study: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """One call of the command in the study's folder."""
    command = [sys.executable, "-P", "-m", "ergit.cli", *words]
    return subprocess.run(command, cwd=study, capture_output=True, text=True, timeout=300)


def records_of(study: Path) -> Iterator[Path]:
    """The records of readings, of the study and of its noise floor."""
    yield from (study / "results/readings").glob("*/[0-9].json")
    yield from (study / "results/noise").glob("*/[0-9]/[0-9].json")


def session_of_0_1_0(facts: dict[str, object], scale: dict[str, object]) -> str:
    """The name of a session as 0.1.0 made it, written out: its formula is a promise to old studies."""
    text = json.dumps([{name: facts[name] for name in LASTING}, scale], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def test_a_plan_loads_no_package_for_tables_and_figures(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    done = snakemake(study, "--dry-run")
    assert done.returncode == 0, done.stderr
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "snakemake.dag" in loaded
    assert not {"pandas", "scipy", "matplotlib"} & loaded


def test_nothing_is_built_or_measured_again(study: Path) -> None:
    for target in ("all", "gate", "noise", "export"):
        jobs = planned(study, target)
        assert jobs.keys().isdisjoint(SPENDING)


def test_a_run_leaves_every_reading_as_it_was_and_plans_nothing_more(unpacked: Path, continued: Path) -> None:
    before, after = (
        {path.relative_to(home): path.read_bytes() for path in records_of(home / "work")}
        for home in (unpacked, continued)
    )
    assert after == before
    assert len(before) == 8 * 2 + 2 * 2
    assert planned(continued / "work", "all", "export", "noise") == Counter()


def test_the_sessions_of_its_records_are_still_computed_the_same(study: Path) -> None:
    measured = [record for path in records_of(study) if (record := read_readings(path)).source is not None]
    assert len(measured) == 18
    for record in measured:
        assert record.source is not None
        scale = {"name": "estimate", "kind": "estimated", "domains": ["package"], "watts_per_core": 12}
        assert record.session == session_of_0_1_0(record.conditions, scale)


def test_one_more_commit_joins_its_levels(study: Path) -> None:
    measure_here(study)
    project = Repository(study.parent / "project", clock=1_800_000_000)
    shutil.copy(study.parent / "project/program", study.parent / "project/copy")
    added = project.commit("One more")
    known = lasting_changes(study)
    done = snakemake(study, "all", "-R", "mirror")
    assert done.returncode == 0, done.stderr
    record = read_changes(study / "results/changes.json")
    assert [commit.part for commit in record.commits if commit.commit == added] == [0]
    assert len(record.study.parts) == 1
    assert len(record.study.parts[0].sessions) == 1
    assert record.study.measured_commits == 7
    assert len(known) == 1
    assert known <= lasting_changes(study)
    assert sum(row["commit"] == added for row in table(study)) == 6


def lasting_changes(study: Path) -> set[tuple[str, str]]:
    """The commit and direction of each persistent change; a commit measured on a busy machine may add one."""
    changes = read_changes(study / "results/changes.json").changes
    return {(change.commit, change.direction) for change in changes if change.kind == "persistent"}


def measure_here(study: Path) -> None:
    """Writes this machine into the records, by the names and formula of 0.1.0, as if they had been taken here."""
    facts = conditions(Machine()).record()
    for path in records_of(study):
        record = json.loads(path.read_text(encoding="utf-8"))
        times = path.stat()
        record["conditions"] = facts
        record["host"] = facts["host"]
        if record["source"]:
            scale = {name: record["source"][name] for name in ("name", "kind", "domains", "watts_per_core")}
            record["session"] = session_of_0_1_0(facts, scale)
        path.write_text(json.dumps(record, indent=1), encoding="utf-8")
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_every_command_works_on_it(study: Path) -> None:
    compared = ergit(study, "compare", "v1.0", "v2.0")
    assert compared.returncode == 0, compared.stderr
    assert "differs" in compared.stdout
    other = ergit(study.parent, "compare", "--study", str(study), "v1.0", "v1.1")
    assert other.returncode == 0, other.stderr
    assert "no difference of" in other.stdout
    twice = ergit(study, "compare", str(study), str(study))
    assert twice.returncode == 0, twice.stderr
    doctor = ergit(study, "doctor")
    assert doctor.returncode == 0, doctor.stderr
    gate = snakemake(study, "gate")
    assert "undecided" in gate.stdout + gate.stderr
    assert json.loads((study / "results/gate.json").read_text())["verdict"] == "undecided"


def test_its_recorded_failures_can_be_tried_again(continued: Path) -> None:
    failed = (continued / "work/results/failed.txt").read_text().split()
    jobs = planned(continued / "work", "-R", *failed)
    assert (jobs["build"], jobs["measure"]) == (1, 4)


def test_more_rounds_are_measured_and_nothing_else(study_that_ran: Path) -> None:
    study = study_that_ran
    config = study / "config/config.yaml"
    config.write_text(config.read_text(encoding="utf-8").replace("rounds: 2\n", "rounds: 3\n"), encoding="utf-8")
    jobs = planned(study)
    assert jobs["measure"] == 8
    assert jobs["build"] == jobs["checkout"] == jobs["java"] == jobs["select"] == 0
