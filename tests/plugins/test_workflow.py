"""Stages of a study in the whole workflow: what reaches what, what runs again after a change, how a run is ended."""

import json
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from ergit.records.build import BuildRecord, read_build
from ergit.records.readings import JobRecord, read_readings
from tests.fakes.plug_ins import write_stage
from tests.fakes.repositories import Repository, new_repository
from tests.fakes.studies import ROOT, SPIN, configure, planned, snakemake, table

ONE_READING = {"measure__rounds": 1, "measure__repeats": 1, "measure__warmup": 0}


def add_commit(repository: Repository, subject: str, **files: str) -> str:
    """A commit whose program takes a moment; other files replace these."""
    found = {"build": "#!/bin/bash\n", "program": SPIN.format(loops=100), "about": subject, **files}
    for name in ("build", "program"):
        (repository.path / name).touch(0o755)
    return repository.commit(subject, **found)


def builds(study: Path) -> list[BuildRecord]:
    """The records of all builds, in the order of their commits' names."""
    return [read_build(path) for path in sorted((study / "results/build").glob("*.json"))]


def readings(study: Path) -> list[JobRecord]:
    """The records of all measuring jobs."""
    return [read_readings(path) for path in sorted((study / "results/readings").glob("*/1.json"))]


def run(study: Path, *targets: str) -> None:
    """Runs the study, or what makes the targets; it succeeds."""
    done = snakemake(study, *targets)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a project and a finished study of it, in `work`, that has a stage of each kind."""
    folder = tmp_path_factory.mktemp("stages")
    project = new_repository(folder / "project")
    for subject in ("One", "Two"):
        add_commit(project, subject)
    work = folder / "work"
    write_stage(work / "first.py", "Path('runs').open('a').write('x'); context['machine'] = 'mine'", kind="pre")
    body = "context['colour'] = context['machine'] + context['commit']['subject']; context['environment']['X'] = 'blue'"
    write_stage(work / "modules/tree.py", body)
    write_stage(work / "around.py", "context['of'] = context['colour']", kind="batch", before="window")
    workload = 'test "$X" = blue && ./built'
    stages = ["first.py", "tree.py", "around.py"]
    configure(work, commits=["main", "main~1"], modules_enabled=stages, workload__command=workload, **ONE_READING)
    run(work)
    return folder


@pytest.fixture
def study(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished study."""
    shutil.copytree(finished, tmp_path / "copy", symlinks=True)
    return tmp_path / "copy/work"


def test_what_stages_put_travels_with_the_commit_into_the_records(finished: Path) -> None:
    study = finished / "work"
    contexts = {"mineOne", "mineTwo"}
    assert {str(record.context["colour"]) for record in builds(study)} == contexts
    (of,) = {tuple(reading.context) for record in readings(study) for reading in record.readings}
    assert of == ("of",)
    assert {str(reading.context["of"]) for record in readings(study) for reading in record.readings} == contexts
    assert {row["status"] for row in table(study)} == {"ok"}


def test_a_pre_stage_runs_once_in_a_run(finished: Path) -> None:
    assert (finished / "work/runs").read_text() == "x"


@pytest.mark.parametrize(
    ("file", "again"),
    [
        ("first.py", {}),
        ("modules/tree.py", {"checkout": 2, "build": 2, "measure": 2}),
        ("around.py", {"measure": 2}),
    ],
)
def test_after_a_stage_is_edited_what_depends_on_it_runs_again_and_nothing_else(
    study: Path, file: str, again: dict[str, int]
) -> None:
    (study / file).touch()
    assert planned(study) == Counter()
    with (study / file).open("a") as opened:
        opened.write("# edited\n")
    assert of_interest(planned(study)) == again


@pytest.mark.parametrize(
    ("left", "again"),
    [
        (["tree.py", "around.py"], {}),
        (["first.py", "around.py"], {"checkout": 2, "build": 2, "measure": 2}),
        (["first.py", "tree.py"], {"measure": 2}),
        (["first.py", "tree.py", "around.py", "stop_file_stage.py"], {"measure": 2}),
        (["around.py", "tree.py", "first.py"], {}),
    ],
    ids=["without-pre", "without-pre-test", "without-batch", "one-more", "another-order"],
)
def test_after_a_stage_is_added_or_removed_what_depends_on_it_runs_again(
    study: Path, left: list[str], again: dict[str, int]
) -> None:
    rewrite(study, modules_enabled=left)
    assert of_interest(planned(study)) == again


def rewrite(study: Path, **changes: Any) -> None:
    """Changes keys of the config at its top level; JSON is YAML too."""
    path = study / "config/config.yaml"
    path.write_text(json.dumps(yaml.safe_load(path.read_text()) | changes))


def of_interest(jobs: Counter[str]) -> dict[str, int]:
    """The jobs that cost something."""
    return {rule: jobs[rule] for rule in ("mirror", "checkout", "java", "build", "measure") if jobs[rule]}


def test_a_stage_that_is_not_there_or_is_no_stage_is_an_error_before_anything_is_spent(study: Path) -> None:
    rewrite(study, modules_enabled=["nowhere.py"])
    done = snakemake(study, "--dry-run")
    assert done.returncode != 0
    assert "modules_enabled: there is no stage 'nowhere.py'" in done.stdout + done.stderr
    write_stage(study / "nowhere.py", "pass", kind="batch", before="windows")
    done = snakemake(study, "--dry-run")
    assert "the stage nowhere is to run before 'windows', which is no stage" in done.stdout + done.stderr


def test_a_pre_stage_that_fails_stops_the_run_before_anything_is_spent(tmp_path: Path) -> None:
    add_commit(new_repository(tmp_path / "project"), "One")
    study = tmp_path / "work"
    write_stage(study / "a.py", "raise OSError('no counter may be read')", kind="pre")
    configure(study, commits=["main"], modules_enabled=["a.py"], **ONE_READING)
    done = snakemake(study)
    assert done.returncode != 0
    assert "stage a: a.py, line 14: OSError: no counter may be read" in done.stdout + done.stderr
    assert not (study / "results/mirror.json").exists()


def test_a_run_that_a_stage_ends_records_no_failure_and_the_same_command_goes_on(tmp_path: Path) -> None:
    project = new_repository(tmp_path / "project")
    for subject in ("One", "Two", "Three"):
        add_commit(project, subject)
    study = tmp_path / "work"
    study.mkdir()
    (study / "STOP").touch()
    stages = ["stop_file_stage.py"]
    configure(study, commits=["main", "main~1", "main~2"], modules_enabled=stages, **ONE_READING)
    done = snakemake(study, "results/energy.csv")
    assert done.returncode != 0
    assert (
        f"The stage stop_file_stage set abort_pipeline, so the run ends here: there is a file {study}/STOP"
        in done.stderr
    )
    assert readings(study) == []
    assert len(list((study / "results/readings").glob("*/1.stop_file_stage.log"))) == 1  # no further job began its work
    (study / "STOP").unlink()
    run(study, "results/energy.csv")
    assert {row["status"] for row in table(study)} == {"ok"}
    assert len(table(study)) == 3


def test_a_commit_that_a_stage_gives_up_is_a_failure_and_the_study_goes_on(tmp_path: Path) -> None:
    project = new_repository(tmp_path / "project")
    for subject in ("One", "Two"):
        add_commit(project, subject)
    study = tmp_path / "work"
    body = "context['build_failed'] = context['commit']['subject'] == 'One'\ncontext['reason'] = 'too old for this'"
    write_stage(study / "old.py", body)
    configure(study, commits=["main", "main~1"], modules_enabled=["old.py"], **ONE_READING)
    run(study, "results/summary.md")
    assert [(row["subject"], row["status"], row["reason"]) for row in table(study)] == [
        ("One", "build-failed", "stage old: too old for this"),
        ("Two", "ok", ""),
    ]
    assert "stage old: too old for this" in (study / "results/summary.md").read_text()


MODULE = """
module study:
    snakefile: "{root}/Snakefile"
    config: {config}
    prefix: "below"

use rule * from study as study_*
"""


def test_as_a_module_without_handlers_the_first_job_runs_the_pre_stages_and_a_failure_is_recorded_for_no_commit(
    tmp_path: Path,
) -> None:
    add_commit(new_repository(tmp_path / "project"), "One")
    parent = tmp_path / "parent"
    write_stage(parent / "a.py", "open('runs', 'a').write('x'); raise OSError('no counter')", kind="pre")
    configure(parent, commits=["main"], modules_enabled=["a.py"], **ONE_READING)
    config = yaml.safe_load((parent / "config/config.yaml").read_text())
    shutil.rmtree(parent / "config")
    shutil.copytree(ROOT / "profiles", parent / "profiles")
    (parent / "Snakefile").write_text(MODULE.format(root=ROOT, config=config))
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "below/results/energy.csv"]
    done = subprocess.run(command, cwd=parent, capture_output=True, text=True, timeout=300)
    assert done.returncode != 0
    assert "OSError: no counter" in (parent / "below/results/mirror.log").read_text()
    assert (parent / "runs").read_text() == "x"
    assert sorted(path.name for path in (parent / "below/results").iterdir()) == [
        ".run.lock",
        "live.html",
        "live.json",
        "mirror.log",
        "pre.a.log",
        "run.json",
    ]


def wheel(folder: Path, version: str) -> None:
    """A package `lib` of that version."""
    info = f"lib-{version}.dist-info"
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"lib-{version}-py3-none-any.whl", "w") as file:
        file.writestr("lib.py", f"VERSION = {version!r}\n")
        file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: lib\nVersion: {version}\n")
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{info}/RECORD", "")


def test_each_commit_is_measured_with_its_own_requirements_beside_a_service(tmp_path: Path) -> None:
    project = new_repository(tmp_path / "project")
    lines = [
        "import lib, os, urllib.request",
        "served = urllib.request.urlopen(os.environ['SERVICE_URL'] + '/about').read()",
        "print(lib.VERSION, served)",
    ]
    benchmark = "\n".join(lines)
    for version in ("1.0", "2.0"):
        wheel(tmp_path / "wheels", version)
        add_commit(project, version, requirements__txt=f"lib=={version}\n", benchmark__py=benchmark)
    study = tmp_path / "work"
    pip = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "wheels"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    configure(
        study,
        commits=["main", "main~1"],
        modules_enabled=["python_env_stage.py", "service_stage.py"],
        build={"commands": [], "environment": pip},
        workload__command="python benchmark.py",
        **ONE_READING,
    )
    run(study, "results/energy.csv")
    assert sorted(str(record.context["python_packages"]) for record in builds(study)) == [
        "['lib==1.0']",
        "['lib==2.0']",
    ]
    assert [row["status"] for row in table(study)] == ["ok", "ok"]
    logs = [path.read_text() for path in (study / "results/readings").glob("*/1.output.log")]
    assert sorted(log.splitlines()[-1] for log in logs) == ["1.0 b'1.0'", "2.0 b'2.0'"]
    served = [reading.conditions for record in readings(study) for reading in record.readings]
    assert all(conditions is not None and conditions.service_cpu_seconds is not None for conditions in served)
