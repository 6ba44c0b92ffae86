"""Small studies for the tests of the whole workflow: how they are configured, run and looked at."""

import csv
import json
import re
import subprocess
import sys
from collections import Counter
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
PROGRAM = ("Snakefile", "rules", "scripts", "ergit", "config", "profiles", "envs", "demo")

CONFIG: dict[str, Any] = {
    "repository": {"url": "../project"},
    "commits": ["first..main"],
    "java": None,
    "build": {"commands": ["./build", "cp program built"]},
    "workload": {"command": "./built && true", "timeout_seconds": 60},
    "measure": {
        **{"source": "estimate", "rounds": 2, "repeats": 2, "warmup": 1, "retries": 0, "rest_seconds": 0},
        **{"idle_seconds": 0, "minimum_window_seconds": 0, "quiet": {"foreign_cores": 100}},
        "temperature": {"sensor": None},
    },
}

SPIN = "#!/bin/bash\nfor ((i = 0; i < {loops}; i++)); do :; done\n"


def snakemake(directory: Path, *arguments: str, program: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """One call of Snakemake in the study's folder, with what it printed."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(program / "Snakefile"), "--cores", "8", *arguments]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=600)


def planned(directory: Path, *arguments: str, program: Path = ROOT) -> Counter[str]:
    """How many jobs of each rule a call would run."""
    done = snakemake(directory, "--dry-run", *arguments, program=program)
    assert done.returncode == 0, done.stderr + done.stdout
    stats = re.search(r"^job +count\n[- ]+\n(.*?)\n\n", done.stdout + done.stderr, re.MULTILINE | re.DOTALL)
    rows = (line.split() for line in stats.group(1).splitlines()) if stats else ()
    return Counter({name: int(count) for name, count in rows if name != "total"})


def configure(directory: Path, **changes: Any) -> None:
    """Writes the study's config; `part__key=value` sets a key of a part."""
    config = deepcopy(CONFIG)
    for path, value in changes.items():
        *parents, key = path.split("__")
        part = config
        for parent in parents:
            part = part[parent]
        part[key] = value
    (directory / "config").mkdir(parents=True, exist_ok=True)
    (directory / "config/config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")


def table(directory: Path) -> list[dict[str, str]]:
    """The rows of the table of readings."""
    with (directory / "results/energy.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def windows(directory: Path) -> list[tuple[float, float, str, int]]:
    """Begin and end of each command run while measuring, with its commit and round, in order of time."""
    found = []
    for path in (directory / "results/readings").glob("*/[0-9].json"):
        record = json.loads(path.read_text(encoding="utf-8"))
        for reading in record["readings"]:
            begin = datetime.fromisoformat(reading["started"]).timestamp()
            found.append((begin, begin + reading["duration_seconds"], record["commit"], record["round"]))
    return sorted(found)
