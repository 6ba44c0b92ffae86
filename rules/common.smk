"""The study's config, and what more than one rule needs."""

import json
import os
import sys
from hashlib import sha256
from pathlib import Path

from snakemake.exceptions import WorkflowError

ROOT = str(Path(str(workflow.current_basedir)).parent)
if ROOT not in sys.path:  # it is there, unless ergit is used as a module
    sys.path.append(ROOT)

from scripts.config import build_meaning, meaning, refuse_duplicates, validated
from scripts.doctor import refuse_unfit
from scripts.errors import ErgitError
from scripts.measure import PROTOCOL
from scripts.workplace import program_variables

if not workflow.overwrite_configfiles:
    study = Path("config/config.yaml")
    if not study.exists() and Path(ROOT) != Path.cwd():
        raise WorkflowError(
            f"There is no {study} in {Path.cwd()}. Make one, or name the study's config with --configfile."
        )

    configfile: study


try:
    for path in workflow.configfiles:
        refuse_duplicates(Path(path).read_text(encoding="utf-8"))
    config = validated(config)
except ErgitError as error:
    raise WorkflowError(str(error)) from None

# One measurement at a time, also where nobody says `--resources rapl=1`.
workflow.global_resources.setdefault("rapl", 1)

# Else a timer a job passes over all waiting jobs once a second, for every job done, while others measure.
if workflow.scheduling_settings:
    workflow.scheduling_settings.max_jobs_per_timespan = None

# The programs find `scripts.x` and this very Python, and their settings, in the environment. In `params` any change of a
# setting would build and measure everything again; which ones have to, `meaning` says.
os.environ.update(program_variables())
os.environ.update(
    {
        f"ERGIT_{part.upper()}": json.dumps(config.get(part))
        for part in ("repository", "java", "build", "workload", "measure")
    }
)


onstart:
    # Before anything is spent: can this machine measure what the config asks for?
    if workflow.local_exec and measuring_may_follow():
        try:
            refuse_unfit(config["measure"])
        except ErgitError as error:
            raise WorkflowError(str(error)) from None


onsuccess:
    page = Path(f"results/{'noise' if noise_is_asked_for() else 'summary'}.md")
    if page.exists() and any(job.rule.name in ("summary", "noise_floor") for job in workflow.dag.jobs):
        print(page.read_text(encoding="utf-8"), file=sys.stderr)


onerror:
    # What the programs said; Snakemake itself, told to be quiet about its rules, is quiet about their errors too.
    failed = sorted(workflow.scheduler.failed, key=str)
    logs = [path for path in (Path(job.log[0]) for job in failed) if path.exists()]
    for path in logs[:3]:
        print(f"\nfrom {path}:\n{path.read_text(encoding='utf-8', errors='replace')[-2000:]}", file=sys.stderr)
    if len(logs) > 3:
        print(f"and {len(logs) - 3} more of such logs", file=sys.stderr)


wildcard_constraints:
    commit="[0-9a-f]{40}",
    build="[0-9]+",
    round="[0-9]+",


def literally(value):
    """A param as it is: braces in a user's text are no wildcards."""
    return lambda wildcards: value


def all_cores(wildcards):
    """Every core: nothing runs beside a measurement."""
    return workflow.cores


def measuring_order(wildcards):
    """Round after round; within a round the order that the seed gives."""
    key = f"{config['measure']['seed']} {' '.join(wildcards)}"
    shuffled = int.from_bytes(sha256(key.encode()).digest()[:4])
    return (shuffled >> 12) - int(wildcards.round) * 2**20


def measuring_may_follow():
    """Whether this call measures, or may yet find out that there is something to measure."""
    leading = ("mirror", "select", "measure", "control", "measure_control")
    return not config["imported"] and any(job.rule.name in leading for job in workflow.dag.needrun_jobs())


def noise_is_asked_for():
    """Whether the noise floor is a target of this call."""
    return any(rule.name == "noise" for rule in workflow.dag.targetrules)


def chosen_commits():
    """The commits that `select` chose, oldest first; waits for it."""
    with checkpoints.select.get().output[0].open() as table:
        header, *rows = (line.rstrip("\n").split("\t") for line in table)
    records = (dict(zip(header, row)) for row in rows)
    return [record["commit"] for record in records if record["chosen"] == "yes"]


def readings_of_all_rounds(wildcards):
    """The records of every chosen commit in every round, in Git order; none where readings are imported."""
    if config["imported"]:
        return []
    return expand(
        "results/readings/{commit}/{round}.json",
        commit=chosen_commits(),
        round=range(1, config["measure"]["rounds"] + 1),
    )


def readings_of_control(wildcards):
    """The records of every build of the control in every round of the noise floor."""
    with checkpoints.control.get().output[0].open() as record:
        commit = json.load(record)["commit"]
    return expand(
        "results/noise/{commit}/{build}/{round}.json",
        commit=commit,
        build=range(1, config["noise"]["builds"] + 1),
        round=range(1, config["noise"]["rounds"] + 1),
    )
