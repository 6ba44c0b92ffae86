"""Pull requests that pass, fail, are undecided and are broken: in throw-away projects, as a person and CI call it."""

import fcntl
import json
import os
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from ergit.gate.command import STATUS
from tests.fakes.action import Runner
from tests.fakes.counter_trees import zone
from tests.fakes.git_server import git_server
from tests.fakes.repositories import Repository, new_repository
from tests.fakes.studies import ROOT

CONFIG = """\
java: null
build:
  commands: [./build]
workload:
  command: ./program
measure:
  source: powercap
  powercap: {powercap}
  rounds: {rounds}
  repeats: {rounds}
  warmup: 0
  rest_seconds: 0
  idle_seconds: 0
  minimum_window_seconds: 0
  retries: 20
  quiet: {{foreign_cores: 100}}
  temperature: {{sensor: null}}
changes: {{least_change: 0.5}}
"""
PROGRAM = """\
#!/bin/bash
# {name}
exec 9> {counter}.lock
flock 9
count=$(< {counter})
printf '%012d\n' $((10#$count + {joules} * 1000000)) 1<> {counter}
flock --unlock 9
sleep 0.1
"""
"""Counts its joules itself: what it takes in time and power is up to how busy this machine is."""
BUILD = "#!/bin/bash\ntest ! -e broken || { echo 'error: package x does not exist' >&2; exit 3; }\n"


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Path]:
    """The counter of a powercap tree whose machine draws 0.2 W at most, beside what programs add to it."""
    made = zone(tmp_path / "powercap/intel-rapl:0", "package-0", f"{0:012}")
    ended = threading.Event()

    def count() -> None:
        with made.open("r+b", buffering=0) as file, Path(f"{made}.lock").open("w") as lock:
            while not ended.wait(0.001):
                fcntl.flock(lock, fcntl.LOCK_EX)
                os.pwrite(file.fileno(), b"%012d\n" % (int(os.pread(file.fileno(), 20, 0)) + 200), 0)
                fcntl.flock(lock, fcntl.LOCK_UN)

    thread = threading.Thread(target=count, name="counter", daemon=True)
    thread.start()
    yield made
    ended.set()
    thread.join()


def project(folder: Path, counter: Path, rounds: int = 2) -> Repository:
    """A project whose branch `main` has moved on since its pull requests: a slower, a tidier and a broken one."""
    made = new_repository(folder)

    def program(name: str, joules: int) -> str:
        return PROGRAM.format(name=name, joules=joules, counter=counter)

    made.commit("Start", program=program("start", 10), build=BUILD)
    for name in ("program", "build"):
        (folder / name).chmod(0o755)
    made.commit("Fork", ergit__yaml=CONFIG.format(powercap=counter.parents[1], rounds=rounds))
    for branch, files in {
        "slower": {"program": program("slower", 35)},
        "tidier": {"program": program("tidier", 10)},
        "wrong": {"broken": ""},
    }.items():
        made.git("checkout", "--quiet", "-b", branch, "main")
        made.commit(f"Make it {branch}", **files)
    made.git("checkout", "--quiet", "main")
    made.commit("Go on", program=program("main has moved on", 15))
    return made


def gate(clone: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """One call of `ergit gate` in a clone."""
    command = [sys.executable, "-P", "-m", "ergit.cli", "gate", *words]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")} | variables
    return subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, timeout=300)


def test_a_clone_judges_its_head_where_it_left_the_base_and_shows_nothing_of_that(
    tmp_path: Path, counter: Path
) -> None:
    made = project(tmp_path / "project", counter)
    made.git("checkout", "--quiet", "slower")
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    failed = gate(made.path, "--base", "main", **cache)
    assert failed.returncode == 3, failed.stderr
    slower, fork = made.git("rev-parse", "slower"), made.git("rev-parse", "main~1")
    said = f"ergit: gate: fail: {slower[:10]} uses [0-9.]+% more energy than {fork[:10]} \\(95% interval "
    assert re.search(said, failed.stdout), failed.stdout
    assert "Estimated" not in failed.stdout
    assert made.git("status", "--porcelain", "--ignored") == ""

    passed = gate(made.path, "--base", "main", "--head", "tidier", "--work", "ergit-work")
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert "ergit: gate: pass: " in passed.stdout
    assert "An increase of 50% or more (changes.least_change) is ruled out." in passed.stdout
    assert made.git("status", "--porcelain") == ""
    (results,) = (made.path / "ergit-work").glob("*-against-main/results")
    assert {"gate.md", "junit.xml", "energy.csv"} <= {path.name for path in results.iterdir()}
    assert len(list((made.path / "ergit-work/builds").glob("*.tar.gz"))) == 2


def test_a_job_of_github_sees_a_merge_of_depth_one_and_a_broken_head_never_passes(
    tmp_path: Path, counter: Path
) -> None:
    made = project(tmp_path / "served/project", counter)
    made.git("checkout", "--quiet", "--detach", "main")
    made.git("merge", "--quiet", "--no-ff", "--message", "Merge the pull request", "wrong")
    made.git("update-ref", "refs/pull/7/merge", "HEAD")
    made.git("branch", "--quiet", "--delete", "--force", "wrong")  # of a fork: its branch is not here
    merged = made.git("rev-parse", "HEAD")
    with git_server(tmp_path / "served", "x-access-token", "t0ken") as address:
        clone = new_repository(tmp_path / "workspace/project")
        header = "AUTHORIZATION: basic eC1hY2Nlc3MtdG9rZW46dDBrZW4="
        clone.git("remote", "add", "origin", f"http://{address}/project")
        clone.git("config", f"http.http://{address}/.extraheader", header)
        clone.git("fetch", "--quiet", "--no-tags", "--depth=1", "origin", f"+{merged}:refs/remotes/pull/7/merge")
        clone.git("checkout", "--quiet", "--force", "refs/remotes/pull/7/merge")
        (tmp_path / "runner").mkdir()
        (tmp_path / "runner/ergit-python").symlink_to(sys.prefix)
        runner = Runner(
            action=ROOT / "action.yml",
            folder=tmp_path,
            workspace=tmp_path / "workspace",
            contexts={
                **{"github.base_ref": "main", "github.action_path": str(ROOT), "inputs.directory": "project"},
                **{"steps.python.outputs.python-version": "3.12", "steps.environment.outputs.cache-hit": "true"},
            },
            environment={
                **{"GITHUB_ACTIONS": "true", "GITHUB_ACTION_PATH": str(ROOT), "RUNNER_TEMP": str(tmp_path / "runner")},
                **{"GITHUB_WORKSPACE": str(tmp_path / "workspace"), "RUNNER_OS": "Linux", "RUNNER_ARCH": "X64"},
            },
        )
        status = runner.run()
        assert clone.git("rev-parse", "--is-shallow-repository") == "true"
        assert clone.git("status", "--porcelain", "--ignored") == ""
    assert status == 5, runner.printed
    assert runner.contexts["steps.gate.outputs.verdict"] == "broken"
    assert f"::error title=Energy gate%3A broken::{merged[:10]} does not build: " in runner.printed
    stop, resume, annotated = (runner.printed.index(text) for text in ("::stop-commands::", "\n::", "::error "))
    assert stop == 0 < resume < annotated
    assert 0 < runner.printed.index("package x does not exist") < resume
    assert "error: package x does not exist" in runner.summary
    assert runner.summary.startswith("## Energy gate: broken\n")
    assert header.split()[-1] not in runner.printed
    results = Path(runner.contexts["steps.gate.outputs.results"])
    (error,) = ElementTree.parse(results / "junit.xml").iter("error")
    assert error.get("type") == "broken"
    assert (results / "plots/evolution.svg").exists()


def test_a_job_of_gitlab_sees_a_detached_pipeline_and_one_reading_of_each_side_decides_nothing(
    tmp_path: Path, counter: Path
) -> None:
    made = project(tmp_path / "project", counter, rounds=1)
    tip = made.git("rev-parse", "slower")
    made.git("update-ref", "refs/pipelines/11", tip)
    made.git("branch", "--quiet", "--delete", "--force", "slower")
    clone = new_repository(tmp_path / "builds/project")
    clone.git("remote", "add", "origin", f"file://{made.path}")
    clone.git("fetch", "--quiet", "--no-tags", "--depth=1", "origin", "+refs/pipelines/11:refs/pipelines/11")
    clone.git("checkout", "--quiet", "--force", "--detach", tip)
    job = yaml.safe_load((ROOT / "docs/examples/gitlab-ci.yml").read_text(encoding="utf-8"))["energy"]
    *_, line = job["script"]
    words = shlex.split(line.replace("$CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"))
    assert words[:2] == ["/opt/ergit/.venv/bin/ergit", "gate"]
    assert job["allow_failure"]["exit_codes"] == [STATUS["undecided"]]
    done = gate(clone.path, *words[2:])
    assert done.returncode == 4, done.stdout + done.stderr
    assert "set measure.rounds or measure.repeats to 2 or more and run again." in done.stdout
    assert clone.git("status", "--porcelain") == ""
    (record,) = clone.path.glob(".ergit/*/results/gate.json")
    found = json.loads(record.read_text())
    assert (found["head"], found["comparison"]["base"]) == (tip, [made.git("rev-parse", "main~1")])
    assert found["comparison"]["runs"] == 1
