"""ergit as a module of another workflow: two studies in one parent, each with its own settings."""

import json
import shutil
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import yaml

from tests.fakes.repositories import Repository
from tests.fakes.studies import CONFIG, ROOT, SPIN

PARENT = """
configfile: "parent.yaml"

module quick:
    snakefile: "{root}/Snakefile"
    config: config["quick"]
    prefix: "quick"

use rule * from quick as quick_*

module slow:
    snakefile: "{root}/Snakefile"
    config: config["slow"]
    prefix: "slow"

use rule * from slow as slow_*

rule both:
    default_target: True
    input:
        "quick/results/energy.csv",
        "slow/results/energy.csv",
"""


def test_two_studies_in_one_workflow_get_their_own_settings(tmp_path: Path) -> None:
    project = Repository(tmp_path / "project")
    project.path.mkdir()
    project.git("init", "--quiet", "--initial-branch=main")
    (project.path / "build").write_text("#!/bin/bash\n")
    (project.path / "build").chmod(0o755)
    (project.path / "program").write_text(SPIN.format(loops=10))
    (project.path / "program").chmod(0o755)
    project.commit("Start")
    project.git("tag", "first")
    parent = tmp_path / "parent"
    parent.mkdir()
    config = {}
    for name, command in (("quick", "./built && true"), ("slow", "./built && sleep 0.1")):
        config[name] = deepcopy(CONFIG) | {"commits": ["first"], "workload": {"command": command}}
        config[name]["measure"] |= {"rounds": 1, "repeats": 1, "warmup": 0}
    (parent / "parent.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (parent / "Snakefile").write_text(PARENT.format(root=ROOT), encoding="utf-8")
    shutil.copytree(ROOT / "profiles", parent / "profiles")
    command = [sys.executable, "-m", "snakemake", "--cores", "2"]
    done = subprocess.run(command, cwd=parent, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    for name in config:
        (record,) = (parent / name / "results/readings").glob("*/1.json")
        content = json.loads(record.read_text(encoding="utf-8"))
        assert content["workload"]["command"] == config[name]["workload"]["command"]
        assert content["status"] == "measured"
