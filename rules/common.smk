"""The study's config, and what more than one rule needs."""

import json
import os
import sys
from hashlib import sha256
from pathlib import Path

from snakemake.exceptions import WorkflowError

ROOT = str(Path(str(workflow.current_basedir)).parent)
PYTHON = sys.executable

# The programs of the rules, and this file, import `scripts.x` from there, whatever the working directory.
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, [ROOT, os.environ.get("PYTHONPATH")])
)
if ROOT not in sys.path:
    sys.path.append(ROOT)

from scripts.config import build_meaning, meaning, validated
from scripts.errors import ErgitError

if not config:
    study = Path(
        "config/config.yaml"
    )  # of the working directory, else the one that ergit comes with

    configfile: study if study.exists() else Path(ROOT) / study


try:
    config = validated(config)
except ErgitError as error:
    raise WorkflowError(str(error)) from None

# One measurement at a time, also where nobody says `--resources rapl=1`.
workflow.global_resources.setdefault("rapl", 1)

# Settings whose change alone must not build or measure anything again: formatted into the shell lines, not in `params`.
BUILD = json.dumps(config["build"])
WORKLOAD = json.dumps(config["workload"])
MEASURE = json.dumps(config["measure"])


onstart:
    # The rate limiter's timers would pass over all waiting jobs once a second for every job done, while others measure.
    workflow.scheduler.job_rate_limiter = None


onsuccess:
    summary = Path("results/summary.md")
    if summary.exists():
        print(summary.read_text(encoding="utf-8"), file=sys.stderr)


wildcard_constraints:
    commit="[0-9a-f]{40}",
    round="[0-9]+",


def all_cores(wildcards):
    """Every core: nothing runs beside a measurement."""
    return workflow.cores


def measuring_order(wildcards):
    """Round after round; within a round the order that the seed gives."""
    key = f"{config['measure']['seed']} {wildcards.commit} {wildcards.round}"
    shuffled = int.from_bytes(sha256(key.encode()).digest()[:4])
    return (shuffled >> 12) - int(wildcards.round) * 2**20


def chosen_commits():
    """The commits that `select` chose, oldest first; waits for it."""
    with checkpoints.select.get().output[0].open() as table:
        header, *rows = (line.rstrip("\n").split("\t") for line in table)
    records = (dict(zip(header, row)) for row in rows)
    return [record["commit"] for record in records if record["chosen"] == "yes"]
